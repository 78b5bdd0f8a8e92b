"""What pages refer to, how long a browser keeps it, and what is compressed for whom."""

from __future__ import annotations

import gzip
import json

import pytest
from starlette.testclient import TestClient

from api.assets import FILES, VERSION, asset, asset_address
from indexer.collection import Collection
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from tests.api.conftest import connect
from tests.toys import ToyEncoder

FOREVER = "public, max-age=31536000, immutable"


def test_files_of_this_version_are_kept(reader: TestClient) -> None:
    """Every file has its own type and may be kept for a year unasked: another version has another address."""
    types = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "woff2": "font/woff2"}
    assert {"style.css", "icon.svg", "js/app.js", "js/search.js"} <= FILES.keys()
    for name in FILES:
        response = reader.get(asset_address(name))
        assert response.content == asset(name)
        assert response.headers["content-type"].split(";")[0] == types[name.rpartition(".")[2]]
        assert response.headers["cache-control"] == FOREVER
        assert response.headers["x-content-type-options"] == "nosniff"
    assert asset_address("style.css") == f"/assets/{VERSION}/style.css"


@pytest.mark.parametrize("version", ["0123456789ab", "x", VERSION.upper() + "0", "%20"])
def test_files_of_another_version_are_not_kept(reader: TestClient, version: str) -> None:
    """A page of before an update still finds its files, as they are now, and must not take them for those of then."""
    response = reader.get(f"/assets/{version}/style.css")
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "name",
    [
        "base.html", "../templates/base.html", "..%2Ftemplates%2Fbase.html", "..%2F..%2F..%2Fcli.py", "%00",
        "style.css%00", "style.css/", "/style.css", "js", "js/", "js/../style.css", "js%2F..%2Fstyle.css", "STYLE.CSS",
        "..%5Ctemplates%5Cbase.html", "%2Fetc%2Fpasswd", "katex/LICENSE", "x" * 5_000, "",
    ],
)  # fmt: skip
def test_nothing_else_can_be_read(reader: TestClient, name: str) -> None:
    """Only the files that are known by name are there, whatever is written in the address; a failure is not kept."""
    # The client would tidy "..": what a browser would ask for is asked for as it is.
    response = reader.get(f"http://127.0.0.1/assets/{VERSION}/{name.replace('..', '%2E%2E')}")
    assert response.status_code == 404
    assert "cache-control" not in response.headers


@pytest.mark.parametrize("name", ["..%2F__init__.py", "..%2F..%2F__init__.py", "%00", "x" * 5_000, ""])
def test_nothing_else_of_the_description(reader: TestClient, name: str) -> None:
    """The same of the files that the description of the interface needs."""
    assert reader.get(f"/docs/assets/{name}").status_code == 404


def test_a_file_that_pages_do_not_have() -> None:
    """A template that names a file which is not there fails, instead of a page that loads nothing."""
    with pytest.raises(KeyError):
        asset_address("nothing.css")


def test_docs(reader: TestClient) -> None:
    """The description of the interface can be read in a browser, which asks this server for it."""
    page = reader.get("/docs")
    assert page.status_code == 200
    assert "'/openapi.json'" in page.text


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """A client whose answers are long enough to be compressed."""
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path_factory.mktemp("large") / "collection", encoder.identity)
    papers = [Paper(f"p{n}", f"speech {n}", "Of speech. " * 20, published="2025-06-20") for n in range(10)]
    ingest(collection, encoder, papers, Report())
    return connect(collection, encoder)


@pytest.mark.parametrize("address", ["/", "/search", "/search?q=speech", "/papers/p1", "/feed", "/help", "/nothing"])
def test_pages_are_compressed(large: TestClient, address: str) -> None:
    """A browser gets a page compressed, the same that another client gets as it is; caches are told that it differs."""
    packed = large.get(address, headers={"accept": "text/html", "accept-encoding": "gzip"})
    plain = large.get(address, headers={"accept": "text/html", "accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert packed.text.startswith("<!doctype html>")


def test_files_are_compressed(large: TestClient) -> None:
    """Style and scripts, too, to what they are."""
    with large.stream("GET", asset_address("style.css"), headers={"accept-encoding": "gzip"}) as response:
        assert response.headers["content-encoding"] == "gzip"
        assert gzip.decompress(b"".join(response.iter_raw())) == asset("style.css")


@pytest.mark.parametrize(
    "address", ["/v1/search?q=speech", "/v1/papers", "/v1/feed", "/v1/facets?q=speech", "/api/papers/search?q=speech"]
)
def test_programs_get_answers_as_they_are(large: TestClient, address: str) -> None:
    """Compressing costs more than it saves where a program asks from nearby."""
    response = large.get(address, headers={"accept-encoding": "gzip"})
    assert response.status_code == 200
    assert len(response.content) > 1_000 or "facets" in address
    assert "content-encoding" not in response.headers
    assert json.loads(response.content)
