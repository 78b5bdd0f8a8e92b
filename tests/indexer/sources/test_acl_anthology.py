"""The ACL Anthology's XML: ids old and new, titles and formulas, what a paper takes from its volume."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import UnreadableSource
from indexer.paper import Paper
from indexer.report import Note, Report
from indexer.sources import acl_anthology
from tests.indexer.sources.test_xml_records import recorded

NEW = """<?xml version='1.0' encoding='UTF-8'?>
<collection id="2031.cats">
  <volume id="long" ingest-date="2031-08-27" type="proceedings">
    <meta>
      <booktitle>Proceedings of the First Meeting on <fixed-case>C</fixed-case>ats (Volume 1: Long Papers)</booktitle>
      <editor><first>Ed</first><last>Itor</last></editor>
      <publisher>Somebody</publisher><address>Catania</address>
      <month>August</month>
      <year>2031</year>
      <url hash="e8f6811d">2031.cats-long</url><venue>cats</venue><doi>10.18653/v1/2031.cats-long</doi>
    </meta>
    <frontmatter><url hash="fb124a2f">2031.cats-long.0</url><bibkey>cats-2031-long</bibkey></frontmatter>
    <paper id="1">
      <title><fixed-case>M</fixed-case>eow<fixed-case>LM</fixed-case>: the <tex-math>\\infty</tex-math>-purr</title>
      <author><first>Ada B.</first><last>See</last><affiliation>Cat University</affiliation></author>
      <author id="li-wei-9"><first/><last>Li</last></author>
      <author><last>Mörk</last></author>
      <editor><first>Ed</first><last>Itor</last></editor>
      <pages>1-17</pages>
      <abstract>Cats <i>purr</i> up to 3<tex-math>\\times</tex-math> as long at <b>p</b> &lt; 0.05:
see <url>https://example.org/cats</url>.</abstract>
      <url hash="17bb3556">2031.cats-long.1</url>
      <bibkey>see-etal-2031-meowlm</bibkey><award>Best Cat</award>
      <doi>10.18653/v1/2031.cats-long.1</doi>
      <revision id="1" href="2031.cats-long.1v1" hash="5fdb577f"/>
    </paper>
    <paper id="2"><title>Second</title><abstract>Two.</abstract></paper>
  </volume>
</collection>
"""
OLD = """<?xml version='1.0' encoding='UTF-8'?>
<collection id="%s"><volume id="%s"><meta><booktitle>Old Cats</booktitle><month>%s</month><year>%s</year></meta>
%s</volume></collection>
"""


def parse(data: str | bytes) -> tuple[list[Paper], Report]:
    """The papers of a file called "f" and its report."""
    report = Report()
    content = data if isinstance(data, bytes) else data.encode()
    return list(acl_anthology.parse(io.BytesIO(content), "f", report)), report


def old(collection: str = "P19", volume: str = "1", month: str = "", year: str = "2019", paper: str = "") -> Paper:
    """The single paper of a collection of an old year."""
    paper = paper or '<paper id="7"><title>T</title><abstract>S</abstract></paper>'
    (found,), report = parse(OLD % (collection, volume, month, year, paper))
    assert (report.read, report.notes) == (1, [])
    return found


def test_papers_of_a_volume() -> None:
    """Inline markup is joined, formulas stand between dollars, editors and front matter are no authors and no paper."""
    papers, report = parse(NEW)
    venue = "Proceedings of the First Meeting on Cats (Volume 1: Long Papers)"
    assert papers == [
        Paper(
            "acl:2031.cats-long.1",
            "MeowLM: the $\\infty$-purr",
            "Cats purr up to 3$\\times$ as long at p < 0.05: see https://example.org/cats.",
            ("Ada B. See", "Li", "Mörk"),
            published="2031-08",
            url="https://aclanthology.org/2031.cats-long.1",
            venue=venue,
            identifiers=("acl:2031.cats-long.1", "doi:10.18653/v1/2031.cats-long.1"),
            source="acl-anthology",
        ),
        Paper(
            "acl:2031.cats-long.2",
            "Second",
            "Two.",
            published="2031-08",
            url="https://aclanthology.org/2031.cats-long.2",
            venue=venue,
            identifiers=("acl:2031.cats-long.2",),
            source="acl-anthology",
        ),
    ]
    assert (report.read, report.notes) == (2, [])


@pytest.mark.parametrize(
    ("collection", "volume", "paper", "number"),
    [
        ("P19", "1", "7", "P19-1007"),
        ("P19", "1", "123", "P19-1123"),
        ("W19", "1", "7", "W19-0107"),
        ("W19", "64", "12", "W19-6412"),
        ("W06", "16", "1", "W06-1601"),
        ("D19", "1", "12", "D19-1012"),
        ("D19", "57", "3", "D19-5703"),
        ("C69", "1", "1", "C69-0101"),
        ("2024.acl", "long", "1", "2024.acl-long.1"),
        ("2020.lrec", "1", "99", "2020.lrec-1.99"),
    ],
)
def test_ids_are_made_of_their_parts(collection: str, volume: str, paper: str, number: str) -> None:
    """Until 2019 one digit names the volume and three the paper, in workshops two and two; later there is a dot."""
    found = old(collection, volume, paper=f'<paper id="{paper}"><title>T</title><abstract>S</abstract></paper>')
    assert (found.id, found.url) == (f"acl:{number}", f"https://aclanthology.org/{number}")


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("P19-1099", "P19-1099"),
        ("http://www.aclweb.org/anthology/P19-1099", "P19-1007"),
        ("http://example.org/cats.pdf", "P19-1007"),
        ("", "P19-1007"),
    ],
)
def test_the_address_of_a_paper(url: str, number: str) -> None:
    """What a paper says of its own id is preferred to one made of parts; addresses elsewhere are no ids."""
    found = old(paper=f'<paper id="7"><title>T</title><abstract>S</abstract><url>{url}</url></paper>')
    assert found.identifiers == (f"acl:{number}",)


def test_a_paper_without_an_id() -> None:
    """Where no id can be made the paper is kept under its title, and the report says so."""
    (paper,), report = parse(
        OLD % ("P19", "x", "", "2019", '<paper id="7"><title>T</title><abstract>S</abstract></paper>')
    )
    assert (paper.id, paper.url) == ("t", None)
    assert report.notes == [Note("missing", "f:3", "Anthology id")]


@pytest.mark.parametrize(
    ("month", "published"),
    [
        ("August", "2019-08"),
        ("may", "2019-05"),
        ("Sept", "2019-09"),
        ("July-August", "2019"),
        ("31 July – 2 August", "2019"),
        ("November 2–4", "2019-11"),
        ("6", "2019-06"),
        ("06", "2019-06"),
        ("12", "2019-12"),
        ("13", "2019"),
        ("Spring", "2019"),
        ("", "2019"),
    ],
)
def test_months(month: str, published: str) -> None:
    """A month is a name or a number; of several none is certain."""
    assert old(month=month).published == published


@pytest.mark.parametrize(
    ("collection", "year", "published"),
    [
        ("P19", "2018", "2018"),
        ("2024.acl", "", "2024"),
        ("P19", "", None),
        ("P19", "19", None),
        ("J90", "c. 1990", "1990"),
    ],
)
def test_years(collection: str, year: str, published: str | None) -> None:
    """The volume tells the year, and where it does not the id of a new collection does."""
    assert old(collection, year=year).published == published


def test_a_paper_speaks_for_itself() -> None:
    """Old records give the title of the book, the year and the month paper by paper."""
    own = "<booktitle>Own Cats</booktitle><year>2001</year><month>June</month>"
    found = old(month="July", paper=f'<paper id="7"><title>T</title><abstract>S</abstract>{own}</paper>')
    assert (found.venue, found.published) == ("Own Cats", "2001-06")


def test_volumes_do_not_speak_for_each_other() -> None:
    """What is said of a volume, or of the conference, is not taken for papers of another volume."""
    paper = '<paper id="1"><title>%s</title><abstract>S</abstract></paper>'
    data = (
        '<collection id="2024.cats"><volume id="a"><meta><booktitle>A</booktitle><year>2023</year></meta>'
        f'{paper % "in A"}</volume><volume id="b">{paper % "in B"}</volume><event id="cats-2024"><meta>'
        '<title>Cats</title><year>1999</year></meta></event></collection><collection id="2025.cats">'
        f'<volume id="c">{paper % "in C"}</volume></collection>'
    )
    papers, report = parse(data)
    assert [(one.title, one.id, one.venue, one.published) for one in papers] == [
        ("in A", "acl:2024.cats-a.1", "A", "2023"),
        ("in B", "acl:2024.cats-b.1", None, "2024"),
        ("in C", "acl:2025.cats-c.1", None, "2025"),
    ]
    assert report.notes == []


def test_retracted_papers_are_kept_and_told() -> None:
    """Readers must learn that a paper was retracted or removed, and find it all the same."""
    both = (
        '<paper id="7"><title>T</title><abstract>S</abstract>'
        '<retracted date="2022-05-06">Not <b>meant</b>.</retracted></paper>\n'
        '<paper id="8"><title>U</title><abstract>S</abstract><removed date="1984-01-01"/></paper>'
    )
    papers, report = parse(OLD % ("P19", "1", "", "2019", both))
    assert [paper.title for paper in papers] == ["T", "U"]
    assert report.notes == [
        Note("ignored", "f:3", "P19-1007 was retracted 2022-05-06: Not meant.; it is kept"),
        Note("ignored", "f:4", "P19-1008 was removed 1984-01-01: no reason is given; it is kept"),
    ]


def test_what_is_no_paper_is_skipped() -> None:
    """Indexes at the end of a volume and papers without a title are skipped by their lines."""
    papers, report = parse(
        OLD % ("P19", "1", "", "2019", '<paper id="7" type="backmatter"><title>Index</title></paper>\n<paper id="8"/>')
    )
    assert (papers, report.read) == ([], 2)
    assert report.notes == [
        Note("skipped", "f:3", "the backmatter of a volume is no paper"),
        Note("skipped", "f:4", "The paper's title is empty."),
    ]


def test_truncation_at_every_byte() -> None:
    """A file that is cut off gives the papers before the cut and says so."""
    data = NEW.encode()
    whole, _ = parse(data)
    for cut in range(0, len(data) - 1, 3):
        try:
            papers, report = parse(data[:cut])
        except UnreadableSource:
            assert cut < data.index(b"<volume")
            continue
        assert papers == whole[: len(papers)]
        assert len(papers) == data[:cut].count(b"</paper>")
        assert any("cut off" in note.what for note in report.of("skipped"))


@given(st.recursive(st.text(max_size=8), lambda inner: st.lists(inner, max_size=3), max_leaves=8), st.data())
@settings(max_examples=60)
def test_any_shape_is_read_or_told(content: object, data: st.DataObject) -> None:
    """Elements inside elements where a text is expected, many where there is one: papers or notes, never an error."""

    def element(value: object) -> str:
        name = data.draw(
            st.sampled_from(["title", "author", "first", "url", "doi", "year", "month", "retracted", "url"])
        )
        inner = "".join(map(element, value)) if isinstance(value, list) else str(value).replace("<", "")
        return f"<{name}>{inner}</{name}>"

    paper = f"<paper id='{data.draw(st.sampled_from(['', '1', 'x', '²']))}'>{element(content)}</paper>"
    papers, report = parse(
        f"<collection id='P19'><volume id='²'><meta>{element(content)}</meta>{paper}</volume></collection>"
    )
    assert report.read == 1
    assert len(papers) + report.counts["skipped"] == 1


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (NEW, True),
        (OLD, True),
        ('<collection xmlns="http://www.loc.gov/MARC21/slim"><record><volume>', False),
        ("<collection><document id='1'>", False),
        ("<volume id='P19'><paper id='1001'>", False),
        ('{"collection": "<volume"}', False),
        ("", False),
    ],
)
def test_recognises(head: str, expected: bool) -> None:
    """A collection of volumes is the Anthology's; libraries have collections of other things."""
    assert acl_anthology.recognises(head.encode()) is expected


def test_recognises_none_of_the_recorded_files() -> None:
    """No file of another format is taken for the Anthology's."""
    assert [path for path in recorded() if acl_anthology.recognises(path.read_bytes()[:65_536])] == []
