"""PubMed's XML: articles, books and deletions, whose names are whose, and the recorded files."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import UnreadableSource
from indexer.paper import Paper
from indexer.report import Note, Report
from indexer.sources import pubmed_xml
from tests.indexer.sources.test_xml_records import recorded, samples

HEAD = """<?xml version="1.0" ?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" "https://dtd.nlm.nih.gov/x.dtd">
<PubmedArticleSet>
"""
TAIL = "</PubmedArticleSet>\n"
FULL = """<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="2">12345678</PMID>
<DateCompleted><Year>2020</Year><Month>01</Month><Day>02</Day></DateCompleted>
<DateRevised><Year>2021</Year><Month>06</Month><Day>07</Day></DateRevised>
<Article PubModel="Print-Electronic"><Journal><ISSN IssnType="Print">0000-0000</ISSN>
<JournalIssue CitedMedium="Print">
<Volume>7</Volume><PubDate><Year>2020</Year><Month>Mar</Month></PubDate></JournalIssue>
<Title>Journal of cats</Title><ISOAbbreviation>J Cats</ISOAbbreviation></Journal>
<ArticleTitle>CO<sub>2</sub> in <i>Felis &amp; catus</i>.</ArticleTitle>
<ELocationID EIdType="pii" ValidYN="Y">S0000</ELocationID>
<ELocationID EIdType="doi" ValidYN="N">10.1000/wrong</ELocationID>
<ELocationID EIdType="doi" ValidYN="Y">10.1000/CATS.1</ELocationID>
<Abstract><AbstractText Label="BACKGROUND" NlmCategory="BACKGROUND">Cats purr at 10<sup>-3</sup>.</AbstractText>
<AbstractText Label="UNLABELLED">They <b>do</b>.</AbstractText><AbstractText Label="RESULTS"/>
<AbstractText Label="CONCLUSIONS:">p &lt; 0.05.</AbstractText>
<CopyrightInformation>Copyright.</CopyrightInformation></Abstract>
<AuthorList CompleteYN="Y"><Author ValidYN="Y"><LastName>See</LastName><ForeName>Ada B</ForeName>
<Initials>AB</Initials>
<AffiliationInfo><Affiliation>Cat University</Affiliation></AffiliationInfo></Author>
<Author ValidYN="N"><LastName>Zee</LastName><ForeName>Ada B</ForeName></Author>
<Author ValidYN="Y"><LastName>Mörk</LastName><Initials>J</Initials><Suffix>Jr</Suffix></Author>
<Author ValidYN="Y"><CollectiveName>Cat Study Group</CollectiveName></Author></AuthorList>
<Language>eng</Language><ArticleDate DateType="Electronic"><Year>2019</Year><Month>12</Month>
<Day>31</Day></ArticleDate>
</Article><MedlineJournalInfo><MedlineTA>J Cats</MedlineTA></MedlineJournalInfo>
<CommentsCorrectionsList><CommentsCorrections RefType="CommentIn">
<PMID Version="1">11111111</PMID></CommentsCorrections>
</CommentsCorrectionsList><MeshHeadingList><MeshHeading><DescriptorName UI="D1">Animals</DescriptorName>
<QualifierName UI="Q1">physiology</QualifierName></MeshHeading><MeshHeading>
<DescriptorName UI="D2">Cats</DescriptorName>
</MeshHeading></MeshHeadingList></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="pubmed">12345678</ArticleId><ArticleId IdType="pii">S0000</ArticleId>
<ArticleId IdType="doi">10.1000/cats.1</ArticleId><ArticleId IdType="pmc">PMC7654321</ArticleId></ArticleIdList>
<ReferenceList><Reference><Citation>Dogs.</Citation><ArticleIdList><ArticleId IdType="doi">10.1000/dogs.1</ArticleId>
<ArticleId IdType="pubmed">22222222</ArticleId>
<ArticleId IdType="pmc">PMC2222222</ArticleId></ArticleIdList></Reference>
<ReferenceList><Reference><ArticleIdList>
<ArticleId IdType="doi">10.1000/dogs.2</ArticleId></ArticleIdList></Reference>
</ReferenceList></ReferenceList></PubmedData></PubmedArticle>
"""
BOOK = """<PubmedBookArticle><BookDocument><PMID Version="1">20301295</PMID>
<ArticleIdList><ArticleId IdType="bookaccession">NBK1103</ArticleId><ArticleId IdType="doi">10.1000/book.1</ArticleId>
</ArticleIdList><Book><Publisher><PublisherName>Cat Press</PublisherName></Publisher>
<BookTitle book="c">Cats and Genes</BookTitle>
<PubDate><Year>1993</Year></PubDate><AuthorList Type="editors"><Author><LastName>Itor</LastName>
<ForeName>Ed</ForeName></Author>
</AuthorList><AuthorList Type="authors"><Author><LastName>Whole</LastName>
<ForeName>Book</ForeName></Author></AuthorList></Book>
%s<Abstract><AbstractText>A chapter.</AbstractText></Abstract><ContributionDate><Year>2001</Year>
<Month>02</Month><Day>03</Day>
</ContributionDate><DateRevised><Year>2020</Year><Month>1</Month><Day>9</Day></DateRevised></BookDocument>
<PubmedBookData>
<ArticleIdList><ArticleId IdType="pubmed">20301295</ArticleId></ArticleIdList></PubmedBookData></PubmedBookArticle>
"""


def parse(data: str | bytes) -> tuple[list[Paper], Report]:
    """The papers of a file called "f" and its report."""
    report = Report()
    content = data if isinstance(data, bytes) else data.encode()
    return list(pubmed_xml.parse(io.BytesIO(content), "f", report)), report


def file(*records: str) -> str:
    return f"{HEAD}{''.join(records)}{TAIL}"


def article(inside: str = "", *, outside: str = "", data: str = "") -> str:
    """An article whose `Article` element has this inside, a title unless there is one, and an abstract."""
    if "ArticleTitle" not in inside:
        inside += "<ArticleTitle>T.</ArticleTitle>"
    if "Abstract" not in inside + outside:
        inside += "<Abstract><AbstractText>S.</AbstractText></Abstract>"
    citation = f"<MedlineCitation><PMID>7</PMID><Article>{inside}</Article>{outside}</MedlineCitation>"
    return f"<PubmedArticle>{citation}<PubmedData>{data}</PubmedData></PubmedArticle>\n"


def one(inside: str = "", *, outside: str = "", data: str = "") -> Paper:
    """The single paper of an article that needs no note."""
    (paper,), report = parse(file(article(inside, outside=outside, data=data)))
    assert (report.read, report.notes) == (1, [])
    return paper


def test_an_article_in_full() -> None:
    """Every field has its place, and the names of cited, corrected and commenting papers have none."""
    (paper,), report = parse(file(FULL))
    assert paper == Paper(
        "doi:10.1000/cats.1",
        "CO2 in Felis & catus.",
        "BACKGROUND: Cats purr at 10^-3.\n\nThey do.\n\nCONCLUSIONS: p < 0.05.",
        ("Ada B See", "J Mörk Jr", "Cat Study Group"),
        published="2019-12-31",
        updated="2021-06-07",
        categories=("Animals", "Cats"),
        url="https://pubmed.ncbi.nlm.nih.gov/12345678/",
        venue="Journal of cats",
        identifiers=("doi:10.1000/cats.1", "pmc:PMC7654321", "pmid:12345678"),
        source="pubmed",
    )
    assert (report.read, report.notes) == (1, [])


# Identifiers


def test_cited_papers_lend_no_names() -> None:
    """A paper that only cites others has none of their DOIs: sharing one would merge all that cite the same."""
    references = "".join(
        f"<Reference><ArticleIdList><ArticleId IdType='{scheme}'>{value}</ArticleId></ArticleIdList></Reference>"
        for scheme, value in (("doi", "10.1000/dogs"), ("pubmed", "9"), ("pmc", "PMC9"), ("pmcid", "PMC8"))
    )
    paper = one(data=f"<ReferenceList>{references}<ReferenceList>{references}</ReferenceList></ReferenceList>")
    assert (paper.id, paper.identifiers) == ("pmid:7", ("pmid:7",))
    citing = (
        "<CommentsCorrectionsList><CommentsCorrections><PMID>9</PMID></CommentsCorrections></CommentsCorrectionsList>"
    )
    assert one(outside=citing).identifiers == ("pmid:7",)


def test_recorded_papers_have_no_name_of_a_paper_that_they_cite() -> None:
    """In all recorded files the names of a paper stand in it outside of its references."""
    for path in samples("pubmed"):
        papers, _ = read_sample(path)
        parts = path.read_text(encoding="utf-8").split("<PubmedArticle>")[1:]
        for paper, part in zip(papers, parts, strict=True):
            own = part.partition("<ReferenceList>")[0].lower()
            assert paper.identifiers
            assert all(name.partition(":")[2].lower() in own for name in paper.identifiers)
    # Had references been read, papers would share names. Two records do: the versions of one article.
    (path,) = samples("pubmed", "pubmed21n1298*")
    names = Counter(name for paper in read_sample(path)[0] for name in paper.identifiers)
    assert len(names) == 489
    assert {name for name, times in names.items() if times > 1} == {"pmid:30271887", "pmc:PMC6134338"}


@pytest.mark.parametrize(
    ("location", "listed", "found", "notes"),
    [
        ("", "", (), 0),
        ('<ELocationID EIdType="doi">10.1000/a</ELocationID>', "", ("doi:10.1000/a",), 0),
        ("", '<ArticleId IdType="doi">10.1000/A</ArticleId>', ("doi:10.1000/a",), 0),
        ("", '<ArticleId IdType="pmcid">PMC3</ArticleId>', ("pmc:PMC3",), 0),
        ("", '<ArticleId IdType="doi"/><ArticleId IdType="x">1</ArticleId>', (), 0),
        ('<ELocationID EIdType="doi">S0140</ELocationID>', "", (), 1),
        ('<ELocationID EIdType="doi">10.48550/arXiv.1706.03762</ELocationID>', "", (), 0),
    ],
)
def test_names(location: str, listed: str, found: tuple[str, ...], notes: int) -> None:
    """DOIs stand in two places, and what is none is dropped and told; the number is always there."""
    (paper,), report = parse(file(article(location, data=f"<ArticleIdList>{listed}</ArticleIdList>")))
    assert (paper.identifiers, len(report.notes)) == ((*found, "pmid:7"), notes)


# Titles and abstracts


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("<ArticleTitle>[On the purring of cats].</ArticleTitle>", "On the purring of cats."),
        ("<ArticleTitle>[On the purring of cats]</ArticleTitle>", "On the purring of cats"),
        ("<ArticleTitle>[Do cats purr?].</ArticleTitle>", "Do cats purr?"),
        ("<ArticleTitle>[11C]raclopride and [18F]FDG.</ArticleTitle>", "[11C]raclopride and [18F]FDG."),
        ("<ArticleTitle>[11C] and [18F].</ArticleTitle>", "[11C] and [18F]."),
        ("<ArticleTitle>[Uptake of [11C]methionine in [cats]].</ArticleTitle>", "Uptake of [11C]methionine in [cats]."),
        (
            "<ArticleTitle>[Not Available].</ArticleTitle><VernacularTitle>Über Katzen.</VernacularTitle>",
            "Über Katzen.",
        ),
        ("<ArticleTitle/><VernacularTitle>Über Katzen.</VernacularTitle>", "Über Katzen."),
        ("<ArticleTitle>On cats.</ArticleTitle><VernacularTitle>Über Katzen.</VernacularTitle>", "On cats."),
    ],
)
def test_titles(written: str, title: str) -> None:
    """Translated titles lose their brackets and no others; one that is not available comes in its own language."""
    assert one(written).title == title


@pytest.mark.parametrize(
    "written",
    ["", "<ArticleTitle/>", "<ArticleTitle>[Not Available].</ArticleTitle>", "<ArticleTitle>null</ArticleTitle>"],
)
def test_no_title(written: str) -> None:
    """An article without a title is known by its abstract, and the report says so; without both it is skipped."""
    none = written or "<x>ArticleTitle</x>"  # the word alone keeps `article` from adding one
    inside = f"{none}<Abstract><AbstractText>S.</AbstractText></Abstract>"
    (paper,), report = parse(file(article(inside)))
    assert (paper.title, paper.abstract) == ("", "S.")
    assert report.notes == [Note("missing", "f:4", "title of 'S.'")]
    papers, report = parse(file(article(f"{none}<Abstract/>")))
    assert (papers, report.read, report.notes) == ([], 1, [Note("skipped", "f:4", "The paper's title is empty.")])


@pytest.mark.parametrize(
    ("inside", "outside", "abstract"),
    [
        ("<Abstract><AbstractText>A.</AbstractText><AbstractText>B.</AbstractText></Abstract>", "", "A.\n\nB."),
        ("<Abstract><AbstractText Label='Aim'>A.</AbstractText></Abstract>", "", "Aim: A."),
        (
            "<Abstract><AbstractText>A.</AbstractText></Abstract>",
            "<OtherAbstract Language='eng'><AbstractText>O.</AbstractText></OtherAbstract>",
            "A.",
        ),
        ("", "<OtherAbstract Language='eng'><AbstractText>O.</AbstractText></OtherAbstract>", "O."),
        (
            "<Abstract><AbstractText/></Abstract>",
            "<OtherAbstract><AbstractText>O.</AbstractText></OtherAbstract>",
            "O.",
        ),
        (
            "",
            "<OtherAbstract Language='spa'><AbstractText>E.</AbstractText></OtherAbstract>"
            "<OtherAbstract Language='eng'><AbstractText>O.</AbstractText></OtherAbstract>",
            "O.",
        ),
    ],
)
def test_abstracts(inside: str, outside: str, abstract: str) -> None:
    """Sections become paragraphs behind their labels; an English abstract is taken where there is no own one."""
    assert one(inside, outside=outside).abstract == abstract


def test_missing_abstracts_are_told() -> None:
    """Many articles have no abstract; they are kept, and the report counts them."""
    spanish = "<OtherAbstract Language='spa'><AbstractText>E.</AbstractText></OtherAbstract>"
    (paper,), report = parse(file(article(outside=spanish)))
    assert (paper.abstract, report.notes) == ("", [Note("missing", "f:4", "abstract of 'T.'")])


# Days


def pub_date(inside: str) -> str:
    return f"<Journal><JournalIssue><PubDate>{inside}</PubDate></JournalIssue></Journal>"


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("<Year>2000</Year><Month>Feb</Month><Day>24</Day>", "2000-02-24"),
        ("<Year>2000</Year><Month>02</Month><Day>4</Day>", "2000-02-04"),
        ("<Year>2000</Year><Month>12</Month>", "2000-12"),
        ("<Year>2000</Year>", "2000"),
        ("<Year>2000</Year><Season>Spring</Season>", "2000"),
        ("<Year>2000</Year><Month>Feb</Month><Day>31</Day>", "2000-02"),
        ("<Year>2000</Year><Month>13</Month><Day>1</Day>", "2000"),
        ("<Year>2000</Year><Month>Jul-Aug</Month>", "2000"),
        ("<Month>Feb</Month>", None),
        ("<MedlineDate>2000 Spring</MedlineDate>", "2000"),
        ("<MedlineDate>Winter 2000</MedlineDate>", "2000"),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", "1998"),
        ("<MedlineDate>2018 Jul-Aug</MedlineDate>", "2018"),
        ("<MedlineDate>2018 Jul 15-30</MedlineDate>", "2018-07"),
        ("<MedlineDate>2018 Jul 15</MedlineDate>", "2018-07-15"),
        ("<MedlineDate>1976-1977</MedlineDate>", "1976"),
        ("<MedlineDate>2000 1st Quart</MedlineDate>", "2000"),
        ("<MedlineDate>some day</MedlineDate>", None),
        ("", None),
    ],
)
def test_dates_of_issues(written: str, published: str | None) -> None:
    """Of a date is kept what is certain: a season is no month, and two months are none."""
    assert one(pub_date(written)).published == published


def test_the_day_of_the_article_comes_first() -> None:
    """Where an article appeared before its issue, or the issue's date is vague, that day is taken."""
    day = "<ArticleDate><Year>2019</Year><Month>12</Month><Day>31</Day></ArticleDate>"
    assert one(pub_date("<Year>2020</Year>") + day).published == "2019-12-31"
    assert one(pub_date("<Year>2020</Year>") + "<ArticleDate><Month>3</Month></ArticleDate>").published == "2020"


# Other records


def test_a_chapter_of_a_book() -> None:
    """A chapter has its own title and authors; the book is where it appeared."""
    own = (
        "<ArticleTitle book='c'>A Gene</ArticleTitle><AuthorList Type='authors'><Author><LastName>See</LastName>"
        "<ForeName>Ada</ForeName></Author></AuthorList>"
    )
    (paper,), report = parse(file(BOOK % own))
    assert paper == Paper(
        "doi:10.1000/book.1",
        "A Gene",
        "A chapter.",
        ("Ada See",),
        published="2001-02-03",
        updated="2020-01-09",
        url="https://pubmed.ncbi.nlm.nih.gov/20301295/",
        venue="Cats and Genes",
        identifiers=("doi:10.1000/book.1", "pmid:20301295"),
        source="pubmed",
    )
    assert (report.read, report.notes) == (1, [])


def test_a_whole_book() -> None:
    """A book is called what it is called, and its editors are not its authors."""
    (paper,), _ = parse(file((BOOK % "").replace("ContributionDate", "OtherDate")))
    assert (paper.title, paper.authors, paper.venue, paper.published) == (
        "Cats and Genes",
        ("Book Whole",),
        None,
        "1993",
    )


def test_deleted_numbers_are_told() -> None:
    """Update files list what PubMed deleted; each number is skipped by name, and nothing else is affected."""
    deleted = "<DeleteCitation>\n<PMID Version='1'>101</PMID><PMID>102</PMID></DeleteCitation>\n"
    papers, report = parse(file(article(), deleted))
    assert ([paper.id for paper in papers], report.read) == (["pmid:7"], 3)
    assert report.notes == [Note("skipped", "f:5", "PubMed deleted 101"), Note("skipped", "f:5", "PubMed deleted 102")]


def test_citations_without_articles_around_them() -> None:
    """Old files have bare citations."""
    bare = "<MedlineCitation><PMID>7</PMID><Article><ArticleTitle>T.</ArticleTitle></Article></MedlineCitation>"
    (paper,), report = parse(f"<MedlineCitationSet>{bare}</MedlineCitationSet>")
    assert (paper.title, paper.identifiers, report.read) == ("T.", ("pmid:7",), 1)


@pytest.mark.parametrize(
    "record", ["<PubmedArticle/>", "<PubmedArticle><MedlineCitation/></PubmedArticle>", "<PubmedBookArticle/>"]
)
def test_empty_records_are_skipped(record: str) -> None:
    """A record without content is skipped by its line."""
    papers, report = parse(file(record))
    assert (papers, report.read) == ([], 1)
    assert [(note.kind, note.where) for note in report.notes] == [("skipped", "f:4")]


def test_an_empty_set() -> None:
    """A search without hits is an empty set."""
    for data in (file(), "<PubmedArticleSet></PubmedArticleSet>", "<PubmedArticleSet/>"):
        papers, report = parse(data)
        assert (papers, report.read, report.notes) == ([], 0, [])


def test_several_answers_in_one_file() -> None:
    """Answers of E-utilities saved one behind the other are read like one."""
    papers, report = parse(file(article()) + file(FULL))
    assert [paper.id for paper in papers] == ["pmid:7", "doi:10.1000/cats.1"]
    assert report.notes == []


# Damage


def test_truncation_at_every_byte() -> None:
    """A file that is cut off gives the papers before the cut and says so."""
    data = file(article(), FULL, BOOK % "").encode()
    whole, _ = parse(data)
    for cut in range(0, len(data) - 1, 11):
        try:
            papers, report = parse(data[:cut])
        except UnreadableSource:
            assert cut < data.index(b"<PubmedArticle>")
            continue
        assert papers == whole[: len(papers)]
        assert len(papers) == data[:cut].count(b"</PubmedArticle>") + data[:cut].count(b"</PubmedBookArticle>")
        assert any("cut off" in note.what for note in report.of("skipped"))


@given(st.recursive(st.text(max_size=8), lambda inner: st.lists(inner, max_size=3), max_leaves=8), st.data())
@settings(max_examples=100)
def test_any_shape_is_read_or_told(content: object, data: st.DataObject) -> None:
    """Elements inside elements where a text is expected, many where there is one: papers or notes, never an error."""
    names = ["ArticleTitle", "Abstract", "AbstractText", "AuthorList", "Author", "LastName", "PubDate", "Year", "Month"]
    names += ["ArticleDate", "MedlineDate", "ELocationID", "Journal", "Title", "PMID", "Article", "Book", "BookTitle"]

    def element(value: object) -> str:
        name = data.draw(st.sampled_from(names))
        inner = "".join(map(element, value)) if isinstance(value, list) else str(value).replace("<", "")
        return f"<{name} EIdType='doi'>{inner}</{name}>"

    book = f"<PubmedBookArticle><BookDocument>{element(content)}</BookDocument></PubmedBookArticle>"
    papers, report = parse(file(article(element(content), outside=element(content)), book))
    assert report.read == 2
    assert len(papers) + report.counts["skipped"] == 2


# Telling it from others


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (HEAD, True),
        ("<PubmedArticle><MedlineCitation>", True),
        ("<?xml version='1.0'?><PubmedBookArticleSet>", True),
        ("<MedlineCitationSet>", True),
        ("<pmc-articleset><article>", False),
        ("<eSearchResult><IdList><Id>7</Id>", False),
        ("<article><PubmedArticleSet>", False),
        ("PMID- 7\nTI  - <PubmedArticle>", False),
        ("", False),
    ],
)
def test_recognises(head: str, expected: bool) -> None:
    """PubMed's sets and their members are taken, and no other XML of the same library."""
    assert pubmed_xml.recognises(head.encode()) is expected


def test_recognises_its_own_among_the_recorded_files() -> None:
    """Of all recorded files of all formats exactly those of this format are taken."""
    taken = {path for path in recorded() if pubmed_xml.recognises(path.read_bytes()[:65_536])}
    assert taken == set(samples("pubmed"))


# Recorded files


def read_sample(path: Path) -> tuple[list[Paper], Report]:
    report = Report()
    with path.open("rb") as stream:
        return list(pubmed_xml.parse(stream, path.name, report)), report


def test_recorded_files() -> None:
    """Every recorded file gives all its articles; a tenth of them lacks the abstract."""
    counts = {}
    for path in samples("pubmed"):
        papers, report = read_sample(path)
        counts[path.stem] = (report.read, len(papers), dict(report.counts))
        assert all(paper.title and paper.published and paper.updated and paper.venue for paper in papers)
        assert all(paper.url and paper.url.startswith("https://pubmed.ncbi.nlm.nih.gov/") for paper in papers)
        assert not any(sign in paper.title + paper.abstract for paper in papers for sign in ("</", "&lt;", "&amp;"))
    assert counts == {
        "pubmed-29768149": (1, 1, {}),
        "pubmed1": (2, 2, {"missing": 1}),
        "pubmed2": (2, 2, {}),
        "pubmed21n1298_first200": (200, 200, {"missing": 21}),
        "pubmed4": (1, 1, {}),
        "pubmed5": (1, 1, {}),
        "pubmed6": (1, 1, {}),
        "pubmed7": (1, 1, {}),
    }


def test_recorded_papers() -> None:
    """Some recorded articles field by field: seasons, groups, translated titles, MathML, chemistry."""
    by_name = {path.stem: path for path in samples("pubmed")}
    papers, _ = read_sample(by_name["pubmed1"])
    assert [(paper.id, paper.published, paper.updated) for paper in papers] == [
        ("pmid:12091962", "1990", "2007-11-15"),
        ("doi:10.1016/0005-2795(76)90109-4", "1976-09-28", "2019-06-09"),
    ]
    assert papers[0].authors == ("J Michael Olivero",)
    (paper,), _ = read_sample(by_name["pubmed6"])
    assert paper.title.startswith('A "Blood Relationship" Between the Overlooked Minimum Lactate Equivalent')
    assert "maximal oxygen uptake ( V.O2max" in paper.abstract
    (paper,), _ = read_sample(by_name["pubmed7"])
    assert "Canadian Respiratory Research Network" in paper.authors
    papers, _ = read_sample(by_name["pubmed21n1298_first200"])
    by_id = {paper.id: paper for paper in papers}
    assert by_id["doi:10.24875/ciru.18000420"].title.startswith("Valor predictivo de la procalcitonina")
    assert by_id["doi:10.1039/c8pp00518d"].title.endswith("photocatalytic CO2 reduction on TiO2.")
    assert papers[0].abstract.startswith("BACKGROUND: Drugs of abuse have a common property in mammals")
    assert papers[0].abstract.count("\n\n") == 2
    assert papers[0].identifiers == ("doi:10.1016/s0960-9822(00)00336-5", "pmid:10704411")
