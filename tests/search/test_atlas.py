"""The file of the map: it comes back as it was, and whatever is not as it was written counts as none."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.directory import ATLAS
from search.atlas import Atlas, Cluster

CLUSTERS = (
    Cluster(0, 0, None, ("speech", "TTS"), 5, 6, 3),
    Cluster(1, 1, 0, ("emotional speech",), 5, 6, 2),
    Cluster(2, 1, 0, ("singing",), 7, 65_535, 1),
)
MAP = Atlas(
    "sha",
    12,
    np.array([1, 5, 9], dtype=np.int64),
    np.array([(5, 6), (0, 65_535), (7, 65_535)], dtype=np.uint16),
    np.array([1, 1, 2], dtype=np.uint16),
    CLUSTERS,
)


def test_round_trip(tmp_path: Path) -> None:
    """What is saved is loaded; an equal map has the same id, another drawing another."""
    MAP.save(tmp_path)
    loaded = Atlas.load(tmp_path, "sha")
    assert loaded is not None
    assert (loaded.id, loaded.sequence, loaded.clusters) == (MAP.id, 12, CLUSTERS)
    assert loaded.keys.tolist() == [1, 5, 9]
    assert loaded.places.tolist() == MAP.places.tolist()
    assert loaded.groups.tolist() == [1, 1, 2]
    assert [path.name for path in tmp_path.iterdir()] == [ATLAS]
    moved = Atlas("sha", 12, MAP.keys, MAP.places[::-1], MAP.groups, CLUSTERS)
    assert moved.id != MAP.id


def test_of_another_model_or_missing(tmp_path: Path) -> None:
    """A map of rows of another model is none, nor is a folder of that name."""
    assert Atlas.load(tmp_path, "sha") is None
    MAP.save(tmp_path)
    assert Atlas.load(tmp_path, "another") is None
    (tmp_path / ATLAS).unlink()
    (tmp_path / ATLAS).mkdir()
    assert Atlas.load(tmp_path, "sha") is None


def test_larger_than_memory(tmp_path: Path) -> None:
    """A sparse file of 50 GB, and one whose header claims as much, are none: no more than the header is read."""
    MAP.save(tmp_path)
    path = tmp_path / ATLAS
    os.truncate(path, 50_000_000_000)
    assert Atlas.load(tmp_path, "sha") is None
    papers = 3_500_000_000
    path.write_bytes(content := forged(put("papers", papers)))
    os.truncate(path, len(content) + (papers - 3) * 14)
    assert Atlas.load(tmp_path, "sha") is None


def test_what_is_no_file(tmp_path: Path) -> None:
    """A link is not followed, and a pipe is not waited for."""
    MAP.save(tmp_path)
    path = tmp_path / ATLAS
    path.rename(tmp_path / "another")
    path.symlink_to(tmp_path / "another")
    assert Atlas.load(tmp_path, "sha") is None
    path.unlink()
    os.mkfifo(path)
    assert Atlas.load(tmp_path, "sha") is None


@given(st.data())
def test_damage_anywhere(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Cut anywhere, lengthened, or with any bit flipped, it is none, and no error."""
    folder = tmp_path_factory.mktemp("damaged")
    MAP.save(folder)
    content = bytearray((folder / ATLAS).read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    how = data.draw(st.sampled_from(("cut", "flipped", "longer")))
    if how == "cut":
        del content[at:]
    elif how == "longer":
        content += b"\0"
    else:
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    (folder / ATLAS).write_bytes(content)
    assert Atlas.load(folder, "sha") is None


def forged(change: Callable[[dict[str, Any]], object], arrays: Callable[[bytes], bytes] = lambda each: each) -> bytes:
    """The file with another header and arrays, and a checksum of that."""
    body = MAP._body()
    length = int.from_bytes(body[:4], "little")
    facts = json.loads(body[4 : 4 + length])
    change(facts)
    header = json.dumps(facts).encode()
    body = len(header).to_bytes(4, "little") + header + arrays(body[4 + length :])
    return b"PKATLAS1" + hashlib.sha256(body).digest() + body


def put(name: str, value: Any, cluster: int | None = None) -> Callable[[dict[str, Any]], object]:
    return lambda facts: (facts if cluster is None else facts["clusters"][cluster]).update({name: value})


def array(number: int, value: int) -> Callable[[bytes], bytes]:
    """Another first key (0), x (1), y (2) or cluster (3)."""
    start, size = ((0, 8), (24, 2), (30, 2), (36, 2))[number]
    return lambda each: each[:start] + value.to_bytes(size, "little") + each[start + size :]


def test_a_forged_one_that_is_well_is_read(tmp_path: Path) -> None:
    """The forger below forges well: with nothing changed the file is good."""
    (tmp_path / ATLAS).write_bytes(forged(lambda _: None))
    assert Atlas.load(tmp_path, "sha") is not None


@pytest.mark.parametrize(
    "content",
    [
        forged(put("papers", 4)),
        forged(put("papers", 0)),
        forged(put("papers", 10**30)),
        forged(put("papers", -3)),
        forged(put("papers", 3.0)),
        forged(put("sequence", "12")),
        forged(put("clusters", [])),
        forged(put("clusters", {"0": 1})),
        forged(put("clusters", [7, 8, 9])),
        forged(put("id", 7, cluster=1)),
        forged(put("level", 2, cluster=1)),
        forged(put("level", 0, cluster=2)),
        forged(put("parent", 1, cluster=2)),
        forged(put("parent", None, cluster=2)),
        forged(put("parent", 0, cluster=0)),
        forged(put("x", 65_536, cluster=0)),
        forged(put("y", True, cluster=0)),
        forged(put("papers", float("nan"), cluster=0)),
        forged(put("words", [], cluster=0)),
        forged(put("words", "speech", cluster=0)),
        forged(put("words", ["a\nb"], cluster=0)),
        forged(put("words", ["a" * 1_000], cluster=0)),
        forged(put("words", ["singing"], cluster=1)),
        forged(put("more", 1, cluster=0), array(3, 3)),
        forged(lambda _: None, array(0, 0)),
        forged(lambda _: None, array(0, 5)),
        forged(lambda _: None, array(0, 2**63)),
        forged(lambda _: None, array(3, 3)),
        forged(lambda _: None, array(3, 0)),
        b"PKATLAS1" + bytes(32) + b"\xff\xff\xff\xff",
        b"",
    ],
)
def test_values_that_cannot_be(tmp_path: Path, content: bytes) -> None:
    """A stranger can make the checksum right: every value is looked at."""
    (tmp_path / ATLAS).write_bytes(content)
    assert Atlas.load(tmp_path, "sha") is None
