"""The commands that look after papers: what they are made of, apart and together, out and in again, and from afar."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from indexer.collection import Collection
from indexer.identity import Record
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from tests.api.conftest import Done, Run, connect
from tests.indexer.fetch.server import Answer, Arxiv, HuggingFace, Server, recorded_days, recorded_records
from tests.toys import ToyEncoder

PREPRINT = {
    "id": "2401.00001", "title": "Emotion from speech", "abstract": "People hear it.", "authors": ["Ada Bee"],
    "source": "arxiv", "version": 2,
}  # fmt: skip
PUBLISHED = {
    "id": "W1", "title": "Emotion, from speech", "venue": "Mind", "upvotes": 3, "source": "openalex",
    "identifiers": ["doi:10.1093/x.1", "arxiv:2401.00001"],
}  # fmt: skip
OTHER = {"id": "b", "title": "Faces", "abstract": "Who is who.", "published": "2024-06"}


def write(path: Path, *records: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


@pytest.fixture
def merged(index: Run, tmp_path: Path) -> Run:
    """The command line on two papers, of which one is made of two records."""
    done = index("index", write(tmp_path / "f.jsonl", PREPRINT, PUBLISHED, OTHER), "--json")
    assert (done.json["added"], done.json["merged"], done.json["papers"]) == (2, 1, 2)
    return index


def exported(run: Run, *arguments: str) -> list[dict[str, Any]]:
    done = run("export", *arguments)
    assert (done.status, done.err) == (0, "")
    return [json.loads(line) for line in done.out.splitlines()]


# show


@pytest.fixture
def sources(toys: Run, collection: Collection, encoder: ToyEncoder) -> Run:
    """The command line on the toy papers and one that two sources describe: for what needs no model."""
    records = [
        Record(
            Paper("2401.00001", "Emotion from speech", source="arxiv", version=2, authors=("Ada Bee",)), "dump.json"
        ),
        Record(Paper("w", "Emotion!", identifiers=("doi:10.1093/x.1", "arxiv:2401.00001"), venue="Mind")),
    ]
    ingest(collection, encoder, records, Report())
    return toys


NAMES = (
    "2401.00001",
    "2401.00001v1",
    "arXiv:2401.00001",
    "https://arxiv.org/abs/2401.00001v2",
    "10.1093/x.1",
    "doi:10.1093/X.1",
    "https://doi.org/10.1093/x.1",
    "w",
)


@pytest.mark.parametrize("name", NAMES)
def test_show_by_any_name(sources: Run, name: str) -> None:
    """A paper is shown by its id, an identifier in any form, an address, or the id of one of its records."""
    done = sources("show", name)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "Emotion from speech"
    assert "id         2401.00001" in lines
    assert "venue      Mind" in lines
    assert "known as   arxiv:2401.00001, doi:10.1093/x.1" in lines
    assert sources("show", name, "--json").json["id"] == "2401.00001"


def test_show_sources(sources: Run, collection: Collection) -> None:
    """Below the paper stands what it was made of: who said it, under which id, in which file, and when it came."""
    entry = collection.snapshot().store.entries([collection.snapshot().store.find("w")[0]])
    ((first, second),) = (held.records for held in entry.values())
    done = sources("show", "10.1093/x.1", "--sources")
    assert (done.status, done.err) == (0, "")
    assert done.out == (
        sources("show", "10.1093/x.1").out
        + "\nmade of 2 records:\n"
        + f"  unknown · w · Emotion!\n    from a program on {first.came[:10]}\n"
        + f"  arxiv · 2401.00001 v2 · Emotion from speech\n    from dump.json on {second.came[:10]}\n"
    )


def test_show_sources_for_programs(sources: Run, collection: Collection, encoder: ToyEncoder) -> None:
    """As JSON the sources are what the REST interface answers, but for the index version."""
    answered = connect(collection, encoder).get("/v1/papers/w/sources").json()
    done = sources("show", "w", "--sources", "--json")
    assert done.json == {name: value for name, value in answered.items() if name in done.json}
    assert {"id", "records"} <= done.json.keys()
    assert [one["record"]["id"] for one in done.json["records"]] == ["w", "2401.00001"]


def test_sources_of_no_paper(sources: Run) -> None:
    """A name that means no paper is told as such."""
    done = sources("show", "10.1093/nothing", "--sources")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("paperkin: No paper has the id '10.1093/nothing'.")


def test_related_and_remove_by_any_name(merged: Run) -> None:
    """Other commands know papers by any name, too."""
    found = merged("related", "https://doi.org/10.1093/x.1", "--json")
    assert [hit["paper"]["id"] for hit in found.json["hits"]] == ["b"]
    done = merged("remove", "10.1093/x.1", "W1", "--json")
    assert (set(done.json["ids"]), done.json["removed"]) == ({"2401.00001"}, 1)
    assert [paper["id"] for paper in exported(merged)] == ["b"]


# split and merge


def test_split(merged: Run, tmp_path: Path) -> None:
    """A record that was merged wrongly becomes a paper of its own, and stays one when its file is read again."""
    assert merged("split", "10.1093/x.1", "openalex", "W1") == Done(0, "It is the paper W1 now.\n", "")
    papers = {paper["id"]: paper for paper in exported(merged)}
    assert (papers["2401.00001"]["venue"], papers["W1"]["venue"]) == (None, "Mind")
    assert papers["2401.00001"]["identifiers"] == ["arxiv:2401.00001"]
    assert "kept apart" in merged("show", "W1", "--sources").out
    assert "kept apart" not in merged("show", "2401.00001", "--sources").out
    again = merged("index", str(tmp_path / "f.jsonl"), "--json").json
    assert (again["unchanged"], again["merged"], again["papers"]) == (3, 0, 3)
    newer = write(tmp_path / "g.jsonl", PREPRINT | {"version": 3}, PUBLISHED | {"upvotes": 4})
    assert merged("index", newer, "--json").json["updated"] == 2
    assert {paper["id"]: paper["upvotes"] for paper in exported(merged)} == {"2401.00001": None, "W1": 4, "b": None}
    assert merged("verify").status == 0
    found = merged("search", "emotion", "--mode", "lexical", "--json").json["hits"]
    assert {hit["paper"]["id"] for hit in found} == {"2401.00001", "W1"}


def test_split_off_the_record_that_gave_the_id(merged: Run) -> None:
    """The paper keeps its id, by which people know it; the record that is taken out gets another."""
    done = merged("split", "2401.00001", "arxiv", "2401.00001")
    assert done.status == 0
    new_id = done.out.removeprefix("It is the paper ").removesuffix(" now.\n")
    papers = {paper["id"]: paper["title"] for paper in exported(merged)}
    assert papers == {"2401.00001": "Emotion, from speech", new_id: "Emotion from speech", "b": "Faces"}
    assert new_id.startswith("2401.00001-")


def test_split_by_a_source_without_a_name(merged: Run, tmp_path: Path) -> None:
    """A record whose source is not known is named as it is shown."""
    merged("index", write(tmp_path / "g.jsonl", {"id": "mine", "title": "Mine", "identifiers": ["doi:10.1093/x.1"]}))
    assert "unknown · mine · Mine" in merged("show", "mine", "--sources").out
    assert merged("split", "mine", "unknown", "mine") == Done(0, "It is the paper mine now.\n", "")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["split", "nobody", "arxiv", "2401.00001"], 1, "No paper has the id 'nobody'."),
        (["split", "2401.00001", "arxiv", "W1"], 2, "'2401.00001' has no record 'W1' of 'arxiv'."),
        (["split", "2401.00001", "Arxiv", "2401.00001"], 2, "has no record '2401.00001' of 'Arxiv'."),
        (["split", "b", "unknown", "b"], 2, "'b' has only this record."),
        (["merge", "2401.00001", "nobody"], 1, "No paper has the id 'nobody'."),
        (["merge", "2401.00001", "10.1093/x.1"], 2, "Both are the paper '2401.00001'."),
    ],
)
def test_what_cannot_be_split_or_merged(merged: Run, arguments: list[str], status: int, message: str) -> None:
    """What is not there, or is one already, is told, and nothing changes."""
    before = exported(merged)
    done = merged(*arguments)
    assert (done.status, done.out) == (status, "")
    assert message in done.err
    assert exported(merged) == before


def test_merge(merged: Run, tmp_path: Path) -> None:
    """A person knows that two papers are one: the first keeps its id, both keep their records, every name means it."""
    assert merged("merge", "b", "https://arxiv.org/abs/2401.00001") == Done(0, "Both are the paper b now.\n", "")
    (paper,) = exported(merged)
    assert (paper["id"], paper["title"], paper["venue"], paper["published"]) == (
        "b",
        "Emotion from speech",
        "Mind",
        "2024-06",
    )
    for name in ("2401.00001", "W1", "10.1093/x.1", "b"):
        assert merged("show", name, "--json").json["id"] == "b"
    assert merged("index", str(tmp_path / "f.jsonl"), "--json").json["unchanged"] == 3
    assert merged("verify").status == 0
    assert [hit["paper"]["id"] for hit in merged("search", "speech", "--json").json["hits"]] == ["b"]


def test_split_undoes_merge(merged: Run) -> None:
    """What was merged by mistake is taken apart again, and merged again after that."""
    before = {paper["id"]: paper for paper in exported(merged)}
    merged("merge", "2401.00001", "b")
    assert merged("split", "2401.00001", "unknown", "b").out == "It is the paper b now.\n"
    assert {paper["id"]: paper for paper in exported(merged)} == before
    assert merged("merge", "2401.00001", "b").status == 0
    assert len(exported(merged)) == 1
    assert "kept apart" not in merged("show", "b", "--sources").out


# export, backup, restore, compact


def test_export_and_index_again(merged: Run, tmp_path: Path) -> None:
    """An export is a file of our own format: another collection made of it has the same papers, field by field."""
    done = merged("export")
    (tmp_path / "export.jsonl").write_text(done.out, encoding="utf-8")
    other = ("--collection", str(tmp_path / "other"))
    report = merged("index", str(tmp_path / "export.jsonl"), *other, "--json").json
    assert (report["added"], report["merged"], report["updated"]) == (2, 0, 0)
    assert merged("export", *other).out == done.out
    assert merged("index", str(tmp_path / "export.jsonl"), *other, "--json").json["unchanged"] == 2


def test_export_into_the_same_collection(merged: Run, tmp_path: Path) -> None:
    """Indexing an export where it came from makes no second paper of any, and changes none."""
    done = merged("export")
    (tmp_path / "export.jsonl").write_text(done.out, encoding="utf-8")
    report = merged("index", str(tmp_path / "export.jsonl"), "--json").json
    assert (report["added"], report["papers"]) == (0, 2)
    assert merged("export").out == done.out


@pytest.mark.xfail(strict=True, reason="the line of a paper does not say that it was set apart; a backup keeps it")
def test_an_export_of_papers_that_were_taken_apart(merged: Run, tmp_path: Path) -> None:
    """What a person has taken apart is two papers in a collection that is made of the export, too."""
    merged("split", "2401.00001", "openalex", "W1")
    done = merged("export")
    (tmp_path / "export.jsonl").write_text(done.out, encoding="utf-8")
    other = ("--collection", str(tmp_path / "other"))
    merged("index", str(tmp_path / "export.jsonl"), *other)
    assert merged("export", *other).out == done.out


def test_backup_and_restore(merged: Run, tmp_path: Path) -> None:
    """One file holds the whole collection: papers, records and rows. What is made of it answers the same."""
    file = tmp_path / "backup.db"
    done = merged("backup", str(file))
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"{file} holds 2 papers, checked (0.")
    assert done.out.endswith(" MB).\n")
    other = ("--collection", str(tmp_path / "other"))
    assert merged("restore", str(file), *other) == Done(0, f"{tmp_path / 'other'} holds 2 papers again.\n", "")
    assert merged("export", *other).out == merged("export").out
    assert merged("show", "W1", "--sources", *other).out == merged("show", "W1", "--sources").out
    assert merged("info", "--json", *other).json["index_version"] == merged("info", "--json").json["index_version"]
    assert merged("verify", *other).status == 0
    assert merged("index", str(tmp_path / "f.jsonl"), "--json", *other).json["unchanged"] == 3


def test_a_backup_is_never_written_over_something_else(merged: Run, tmp_path: Path) -> None:
    """A file that is there is kept; an earlier backup is replaced where that is asked for, anything else never."""
    file, note = tmp_path / "backup.db", tmp_path / "note.txt"
    note.write_text("mine")
    assert merged("backup", str(file)).status == 0
    before = file.read_bytes()
    merged("remove", "b")
    refused = merged("backup", str(file))
    assert (refused.status, refused.out) == (1, "")
    assert f"{file} exists" in refused.err
    assert file.read_bytes() == before
    assert merged("backup", "--overwrite", str(file)).out.startswith(f"{file} holds 1 paper, checked")
    assert merged("backup", "--overwrite", str(note)).status == 1
    assert note.read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"backup.db", "note.txt", "f.jsonl", "collection"}


def test_restore_never_overwrites(merged: Run, tmp_path: Path) -> None:
    """A directory that holds anything is left as it is: another collection, or other files."""
    merged("backup", str(tmp_path / "backup.db"))
    before = merged("export").out
    merged("remove", "b")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    for place in (tmp_path / "collection", tmp_path / "full"):
        done = merged("restore", str(tmp_path / "backup.db"), "--collection", str(place))
        assert (done.status, done.out) == (1, "")
        assert f"{place} is not empty." in done.err
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["note.txt"]
    assert len(exported(merged)) == 1
    (tmp_path / "empty").mkdir()
    assert merged("restore", str(tmp_path / "backup.db"), "--collection", str(tmp_path / "empty")).status == 0
    assert merged("export", "--collection", str(tmp_path / "empty")).out == before


def test_a_damaged_backup_is_not_restored(merged: Run, tmp_path: Path) -> None:
    """One wrong letter in a backup is found before anything is made of it."""
    file = tmp_path / "backup.db"
    merged("backup", str(file))
    data = file.read_bytes()
    assert b"People hear it." in data
    file.write_bytes(data.replace(b"People hear it.", b"People fear it."))
    done = merged("restore", str(file), "--collection", str(tmp_path / "other"))
    assert (done.status, done.out) == (1, "")
    assert "is damaged" in done.err
    assert not (tmp_path / "other" / "papers.db").exists()


def test_compact(merged: Run, tmp_path: Path) -> None:
    """After a paper was removed, compacting leaves not one byte of its text in any file, and all else as it was."""
    place = tmp_path / "collection"

    def traces() -> list[str]:
        return [path.name for path in place.rglob("*") if path.is_file() and b"Who is who" in path.read_bytes()]

    assert traces()
    merged("remove", "b")
    before = merged("export").out
    done = merged("compact")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"{place} is compact: ")
    assert traces() == []
    assert merged("verify").status == 0
    assert merged("export").out == before


# fetch


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    """Starts a service on this machine, which the setting of this name then means."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with ExitStack() as stack:

        def start(setting: str, usual: Callable[[dict[str, str]], Answer]) -> Server:
            server = stack.enter_context(Server(usual).running())
            monkeypatch.setenv(setting, f"{server.address}/api")
            return server

        yield start


DAY = "2024-05-27"


def test_fetch_hf(index: Run, serve: Callable[..., Server], tmp_path: Path) -> None:
    """A day of Daily Papers is fetched, kept and indexed; asked for again it is neither fetched nor encoded again."""
    days = recorded_days()
    if not days:
        pytest.skip("the recorded answers are not beside this checkout")
    server = serve("PAPERKIN_HF_URL", HuggingFace(days))
    arguments = ("fetch", "hf", "--date", DAY, "--folder", str(tmp_path / "fetched"), "--json")
    done = index(*arguments)
    count = len(days[DAY])
    assert (done.status, done.json["read"], done.json["added"], done.json["skipped"]) == (0, count, count, 0)
    assert done.err.splitlines()[0] == f"Fetched daily_papers_{DAY}.json (1 answer) …"
    assert {asked.query["date"] for asked in server.asked} == {DAY}
    assert "paperkin" in server.asked[0].headers["user-agent"].lower()
    papers = exported(index)
    assert {paper["id"] for paper in papers} == {item["paper"]["id"] for item in days[DAY]}
    assert {paper["daily"] for paper in papers} == {DAY}
    asked = len(server.asked)
    again = index(*arguments)
    assert (again.status, again.json["unchanged"], len(server.asked)) == (0, count, asked)


def test_fetch_a_day_without_papers(index: Run, serve: Callable[..., Server], tmp_path: Path) -> None:
    """There is nothing to index, which is no failure, and no collection is made."""
    serve("PAPERKIN_HF_URL", HuggingFace({}))
    done = index("fetch", "hf", "--date", DAY, "--folder", str(tmp_path / "fetched"))
    assert (done.status, done.out) == (0, "Nothing is there.\n")
    assert index("fetch", "hf", "--date", DAY, "--folder", str(tmp_path / "fetched"), "--json").json == {"read": 0}
    assert not (tmp_path / "collection").exists()


def test_fetch_arxiv(index: Run, serve: Callable[..., Server], tmp_path: Path) -> None:
    """A category's records are fetched by OAI-PMH, kept and indexed, and found by their arXiv ids."""
    recorded = recorded_records()
    if not recorded:
        pytest.skip("the recorded answers are not beside this checkout")
    first = min(day for day, _ in recorded)
    last = max(day for day, _ in recorded)
    some = [one for one in recorded if one[0] in {first, last}]
    server = serve("PAPERKIN_ARXIV_URL", Arxiv(some, a_page=10_000, answered=last))
    arguments = ("--category", "cs.CL", "--since", first, "--until", last, "--folder", str(tmp_path / "fetched"))
    done = index("fetch", "arxiv", *arguments, "--json")
    assert done.status == 0
    assert done.json["read"] == len(some)
    assert done.json["added"] + done.json["superseded"] + done.json["unchanged"] + done.json["skipped"] == len(some)
    assert done.json["added"] > 0
    assert server.asked[0].query["verb"] == "ListRecords"
    papers = exported(index)
    assert {paper["source"] for paper in papers} == {"arxiv"}
    assert index("show", f"arXiv:{papers[0]['id']}", "--json").json["id"] == papers[0]["id"]


def test_a_fetch_that_fails_keeps_what_came(index: Run, serve: Callable[..., Server], tmp_path: Path) -> None:
    """What came before a service failed is indexed before the failure is told."""
    item = {"paper": {"id": "2405.00001", "title": "Emotion from speech", "summary": "People hear it."}}
    server = serve("PAPERKIN_HF_URL", HuggingFace({DAY: [item]}))
    folder = ("--folder", str(tmp_path / "fetched"))
    assert index("fetch", "hf", "--date", DAY, *folder, "--json").json["added"] == 1
    index("remove", "2405.00001")
    server.usual = lambda _: Answer(b"gone", status=404)
    done = index("fetch", "hf", "--since", DAY, "--until", "2024-05-28", *folder)
    assert done.status == 1
    assert done.out.startswith("Read 1 record: 1 added, 0 updated, 0 unchanged.\n")
    assert "404" in done.err
    assert [paper["id"] for paper in exported(index)] == ["2405.00001"]
