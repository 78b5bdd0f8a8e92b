"""Citations by REST and on the command line; and that Markdown shows a stranger's title as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from starlette.testclient import TestClient

from api import markdown
from indexer.collection import Collection
from indexer.errors import InvalidPaper
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from tests.api.conftest import Run, connect, error_code
from tests.toys import PAPERS, ToyEncoder

CITED = Paper(
    "2401.00001", "Emotion from {Speech}", "People hear it.", ("Ada Lovelace", "Ludwig van Beethoven"),
    published="2024-05-01", venue="Mind", identifiers=("doi:10.1093/x.1",), version=2, categories=("cs.CL", "cs.SD"),
    url="https://example.org/a?b=1&c=(2)",
)  # fmt: skip
BIBTEX = r"""@article{lovelace2024emotion,
  author = {Lovelace, Ada and van Beethoven, Ludwig},
  title = {Emotion from \textbraceleft{}Speech\textbraceright{}},
  journal = {Mind},
  year = {2024},
  month = may,
  day = {1},
  eprint = {2401.00001v2},
  archiveprefix = {arXiv},
  primaryclass = {cs.CL},
  doi = {10.1093/x.1},
  url = {https://example.org/a?b=1&c=(2)},
  keywords = {cs.CL, cs.SD},
  abstract = {People hear it.}
}
"""
RIS = (
    """TY  - JOUR
ID  - 2401.00001
AU  - Lovelace, Ada
AU  - van Beethoven, Ludwig
TI  - Emotion from {Speech}
T2  - Mind
PY  - 2024
DA  - 2024/05/01/
DO  - 10.1093/x.1
AN  - arXiv:2401.00001v2
UR  - https://example.org/a?b=1&c=(2)
KW  - cs.CL
KW  - cs.SD
AB  - People hear it.
DP  - Paperkin
ER  -"""
    + " \n"
)
CSL = [
    {
        "id": "2401.00001",
        "citation-key": "lovelace2024emotion",
        "type": "article-journal",
        "title": "Emotion from {Speech}",
        "author": [
            {"family": "Lovelace", "given": "Ada"},
            {"family": "Beethoven", "given": "Ludwig", "non-dropping-particle": "van"},
        ],
        "issued": {"date-parts": [[2024, 5, 1]]},
        "container-title": "Mind",
        "number": "arXiv:2401.00001v2",
        "DOI": "10.1093/x.1",
        "URL": "https://example.org/a?b=1&c=(2)",
        "abstract": "People hear it.",
        "keyword": "cs.CL, cs.SD",
        "source": "Paperkin",
    }
]
MARKDOWN = (
    r"- **[Emotion from \{Speech\}](https://example.org/a?b=1&c=%282%29)**. Ada Lovelace, Ludwig van Beethoven."
    " *Mind*, 2024-05-01. [arXiv:2401.00001](https://arxiv.org/abs/2401.00001),"
    " [doi:10.1093/x.1](https://doi.org/10.1093/x.1).\n"
)
WRITTEN = {"bibtex": BIBTEX, "ris": RIS, "csl-json": json.dumps(CSL, indent=2) + "\n", "markdown": MARKDOWN}
MEDIA = {
    "bibtex": ("application/x-bibtex", "bib"),
    "ris": ("application/x-research-info-systems", "ris"),
    "csl-json": ("application/vnd.citationstyles.csl+json", "json"),
    "markdown": ("text/markdown; charset=utf-8", "md"),
}
NAMES = ("2401.00001", "arXiv:2401.00001v1", "https://doi.org/10.1093/X.1", "doi:10.1093/x.1")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of the toy papers and one that has everything to cite, shared: nothing here changes them."""
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path_factory.mktemp("cite") / "collection", encoder.identity)
    ingest(collection, encoder, [*PAPERS, CITED], Report())
    with connect(collection, encoder) as client:
        yield client


# REST


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("name", NAMES)
def test_a_citation(client: TestClient, form: str, name: str) -> None:
    """A paper by any of its names, in each format, under its media type; shown and not saved."""
    response = client.get("/v1/cite", params={"id": name, "format": form})
    assert (response.status_code, response.text) == (200, WRITTEN[form])
    assert response.headers["content-type"] == MEDIA[form][0]
    assert "content-disposition" not in response.headers


@pytest.mark.parametrize("form", WRITTEN)
def test_a_file(client: TestClient, form: str) -> None:
    """Where it is asked for a browser saves the same as a file of the format's name."""
    by_address = client.get("/v1/cite", params={"id": NAMES[0], "format": form, "download": "true"})
    by_body = client.post("/v1/cite", json={"ids": [NAMES[0]], "format": form, "download": True})
    for response in (by_address, by_body):
        assert response.text == WRITTEN[form]
        assert response.headers["content-disposition"] == f'attachment; filename="paperkin.{MEDIA[form][1]}"'


def test_order(client: TestClient) -> None:
    """Papers come in the order of their ids, a paper that is named twice once; BibTeX is what is meant by default."""
    ids = [PAPERS[2].id, CITED.id, PAPERS[0].id, "doi:10.1093/x.1"]
    response = client.post("/v1/cite", json={"ids": ids, "format": "csl-json"})
    assert [record["id"] for record in response.json()] == ids[:3]
    assert client.get("/v1/cite", params={"id": ids, "format": "csl-json"}).text == response.text
    assert client.get("/v1/cite", params={"id": CITED.id}).text == BIBTEX


def test_many(client: TestClient) -> None:
    """A thousand ids are cited, one more is refused, by address and by body."""
    for count, status in ((1_000, 200), (1_001, 422)):
        ids = ["a"] * count
        answers = client.get("/v1/cite", params={"id": ids}), client.post("/v1/cite", json={"ids": ids})
        assert [answer.status_code for answer in answers] == [status, status]
        if status == 422:
            assert {error_code(answer) for answer in answers} == {"ids_out_of_range"}
            assert "1,000" in answers[0].json()["error"]["next_step"]


def test_unknown_papers(client: TestClient) -> None:
    """One unknown id is an error that names it, and nothing is cited."""
    for response in (
        client.get("/v1/cite", params={"id": [CITED.id, "nobody"]}),
        client.post("/v1/cite", json={"ids": [CITED.id, "nobody"]}),
    ):
        assert (response.status_code, error_code(response)) == (404, "paper_not_found")
        assert "'nobody'" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "missing_field"),
        ("id=a&format=word", "invalid_value"),
        ("id=a&style=apa", "unknown_field"),
        ("id=a&download=perhaps", "wrong_type"),
        (f"id={'x' * 513}", "value_too_long"),
    ],
)
def test_refused_addresses(client: TestClient, query: str, code: str) -> None:
    """What cannot be asked is said in our shape."""
    response = client.get(f"/v1/cite?{query}")
    assert (response.status_code, error_code(response)) == (422, code)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_field"),
        ({"ids": []}, "ids_out_of_range"),
        ({"ids": "a"}, "wrong_type"),
        ({"ids": ["a"], "format": "word"}, "invalid_value"),
        ({"ids": ["a"], "download": "true"}, "wrong_type"),
        ({"id": ["a"], "ids": ["a"]}, "unknown_field"),
    ],
)
def test_refused_bodies(client: TestClient, body: dict[str, object], code: str) -> None:
    """The same for bodies, which must say what they mean in JSON's own types."""
    response = client.post("/v1/cite", json=body)
    assert (response.status_code, error_code(response)) == (422, code)


# The command


def test_command(toys: Run, collection: Collection, encoder: ToyEncoder) -> None:
    """`paperkin cite` prints what REST answers, BibTeX where nothing is said, several papers in their order."""
    ingest(collection, encoder, [CITED], Report())
    for form, written in WRITTEN.items():
        done = toys("cite", NAMES[2], "--format", form)
        assert (done.status, done.out, done.err) == (0, written, "")
    assert toys("cite", CITED.id).out == BIBTEX
    several = toys("cite", PAPERS[0].id, CITED.id, "-f", "markdown").out
    assert (several.count("\n"), several.endswith(MARKDOWN)) == (2, True)
    assert toys("cite", CITED.id, "--format", "word").status == 2


def test_command_for_nobody(toys: Run) -> None:
    """An unknown paper is said, with nothing on standard output."""
    done = toys("cite", "a", "nobody")
    assert (done.status, done.out) == (1, "")
    assert "No paper has the id 'nobody'." in done.err


# Markdown

HOSTILE = (
    "<script>alert(1)</script>", "<b>", "&lt;", "&amp;", "*", "**", "_", "__", "`", "``", "~~", "[", "]",
    "](javascript:x)", "![x](y)", "[x]: y", "#", "- ", "1. ", "> ", "|", "\\", "\\*", "$x$", "<https://a.b>",
    "https://a.b", "www.a.b", "a@b.c", ":smile:", "^1^", "==", "\n\n", "\n# h", "---", "{", "}", "!", "'", '"',
    "é", "中", "\u200b", "\u00a0", "<!--", "]]>",
)  # fmt: skip
titles = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=6), min_size=1, max_size=6).map("".join)
PARSER = MarkdownIt("gfm-like", {"html": True, "typographer": True, "linkify": False})


def shown(tokens: list[Token]) -> str:
    """The text within the bold part, which is all that a reader sees of it."""
    inline = next(token for token in tokens if token.type == "inline")
    children = inline.children or []
    kinds = [child.type for child in children]
    inside = children[kinds.index("strong_open") + 1 : len(kinds) - kinds[::-1].index("strong_close") - 1]
    assert {child.type for child in inside} <= {"text", "text_special", "link_open", "link_close"}
    return "".join(child.content for child in inside)


@pytest.mark.parametrize("address", [None, "https://example.org/a_(b)*c*?x=<y>&copy;[z]\\`q`"])
@given(title=titles)
@example(title="*a*")
@example(title='"Hello" (again)!')
@example(title="Ends in \\")
def test_markdown_shows_titles(address: str | None, title: str) -> None:
    """One bold text in one list item, with exactly the letters of the title, and no HTML of a stranger's."""
    try:
        paper = Paper("t", title, authors=(title[:400],), venue=title[:400], url=address)
    except InvalidPaper:  # blank, or with control characters
        return
    written = markdown.write([paper, paper])
    tokens = PARSER.parse(written)
    assert [token.type for token in tokens].count("list_item_open") == 2
    assert {token.type for token in tokens} <= {
        "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "paragraph_open",
        "paragraph_close", "inline",
    }  # fmt: skip
    assert not any(child.type.startswith("html") for token in tokens for child in token.children or [])
    assert shown(tokens) == paper.title
    for token in tokens:
        for child in token.children or []:
            if child.type == "link_open" and address:
                assert str(child.attrs["href"]).startswith("https://example.org/a_%28b%29*c*?x=%3Cy%3E&copy;")
    rendered = PARSER.render(written)
    assert unescape(rendered).count(paper.title) >= 2


def test_more_authors_than_are_written_at_once(client: TestClient) -> None:
    """Papers of thousands of authors are cited a few at a time, and the refusal says so."""
    for n in range(4):
        facts = {"id": f"m{n}", "title": f"Collision {n}", "authors": [f"Ann{n} B{m}" for m in range(2_600)]}
        assert client.post("/v1/papers", json=facts).status_code == 200
    refused = client.get("/v1/cite", params={"id": ["m0", "m1", "m2", "m3"], "format": "ris"})
    assert (refused.status_code, error_code(refused)) == (422, "too_many_authors")
    assert refused.json()["error"]["message"] == "Together these papers have 10,400 authors, more than 10,000."
    assert client.get("/v1/cite", params={"id": ["m0", "m1", "m2"], "format": "ris"}).status_code == 200


def test_markdown_of_many_authors() -> None:
    """Twenty names are written out and the others counted; where only their number is known that is said."""
    many = Paper("a", "Is it?", authors=tuple(f"A{n} B" for n in range(3_000)))
    assert markdown.write([many]) == f"- **Is it?** {', '.join(f'A{n} B' for n in range(20))} and 2,980 others.\n"
    assert markdown.write([Paper("a", "T", author_count=1, published="2024")]) == "- **T**. 1 author. 2024.\n"
    assert markdown.write([Paper("a", "", abstract="Only *this*.")]) == "- **Only \\*this\\*.**\n"
    assert markdown.write([]) == ""
