"""Rate limits: so much for each key and each address, told in headers, and nothing on loopback unless asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.limits import _network
from api.service import Service, open_service
from indexer.collection import Collection
from indexer.errors import InvalidSetting
from indexer.readers import Readers
from indexer.settings import Settings
from search.engine import Engine
from tests.api.conftest import KEY, DecodedOnce, error_code
from tests.toys import ToyEncoder


def limited(collection: Collection, limit: str | None) -> TestClient:
    encoder = ToyEncoder()
    service = Service(collection, encoder, Engine(collection, encoder), KEY, loopback=False, rate_limit=limit)
    return TestClient(DecodedOnce(create_app(service)), base_url="http://127.0.0.1")


def test_what_is_left_is_told(collection: Collection) -> None:
    """Three an hour: the fourth is refused until the first is an hour old."""
    with limited(collection, "3/hour") as client:
        for left in (2, 1, 0):
            answer = client.get("/v1/search?q=speech")
            assert answer.status_code == 200
            assert answer.headers["ratelimit-policy"] == '"default";q=3;w=3600'
            assert re.fullmatch(rf'"default";r={left};t=3(600|59\d)', answer.headers["ratelimit"])
        refused = client.get("/v1/search?q=speech")
        assert (refused.status_code, error_code(refused)) == (429, "rate_limited")
        assert 3590 <= int(refused.headers["retry-after"]) <= 3600
        assert refused.headers["ratelimit"].startswith('"default";r=0;t=')
        assert client.get("/healthz").status_code == 200
        assert client.get("/api/daily_papers").json()["error"].startswith("More than 3 requests an hour were made.")


def test_every_key_has_its_own(collection: Collection) -> None:
    """An address that has used its share still answers who sends a key; a key that nobody has is no way around."""
    ada = Readers.open(collection.directory).add_key("Ada")
    with limited(collection, "1/hour") as client:
        assert client.get("/v1/collection").status_code == 200
        assert client.get("/v1/collection").status_code == 429
        assert client.get("/v1/collection", headers={"X-API-Key": "invented"}).status_code == 429
        for key in (ada, KEY):
            assert client.get("/v1/collection", headers={"Authorization": f"Bearer {key}"}).status_code == 200
            assert client.get("/v1/collection", headers={"X-API-Key": key}).status_code == 429


def test_addresses_of_one_customer_are_one() -> None:
    """Of IPv6 everybody has 2^64."""
    assert _network("2001:db8:1:2:3::4") == _network("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert _network("192.0.2.7") == "192.0.2.7"
    assert _network("testclient") == "testclient"


def test_loopback_has_none(collection: Collection) -> None:
    """No header, no counting."""
    with limited(collection, None) as client:
        assert "ratelimit" not in client.get("/v1/collection").headers


@pytest.mark.parametrize(
    ("written", "loopback", "limit"),
    [(None, True, None), (None, False, "300/minute"), ("off", False, None), ("5/second", True, "5/second")],
)
def test_the_setting(
    real_collection: Collection, model_cache: Path, written: str | None, loopback: bool, limit: str | None
) -> None:
    """Off on loopback, 300 a minute elsewhere, and as it is written."""
    settings = Settings.from_environment(
        {"PAPERKIN_CACHE": str(model_cache)} | ({"PAPERKIN_RATE_LIMIT": written} if written else {}),
        collection=real_collection.directory,
    )
    assert open_service(settings, loopback=loopback).rate_limit == limit


@pytest.mark.parametrize("written", ["many", "0/minute", "5/week", "5 per minute", "-1/hour"])
def test_what_is_no_limit_is_refused(written: str) -> None:
    """With how to write one."""
    with pytest.raises(InvalidSetting, match="which is no limit"):
        Settings.from_environment({"PAPERKIN_RATE_LIMIT": written})
