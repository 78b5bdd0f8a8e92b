"""Identifiers: one spelling for every way to write one, arXiv ids that went through a number, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.identifiers import (
    SCHEMES,
    best_id,
    complete,
    find_identifier,
    identifier,
    mend_arxiv,
    split_arxiv,
)

SHA = "204e3073870fae3d05bcbc2f6a8e263d9b72e776"


# arXiv


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1706.03762", ("1706.03762", None)),
        ("1706.03762v5", ("1706.03762", 5)),
        (" arXiv:1706.03762v12 ", ("1706.03762", 12)),
        ("ARXIV: 1706.03762", ("1706.03762", None)),
        ("1706.03762v5.pdf", ("1706.03762", 5)),
        ("0704.0001", ("0704.0001", None)),  # the first
        ("1412.9999v1", ("1412.9999", 1)),  # the last month of four digits
        ("1501.00001", ("1501.00001", None)),
        ("hep-th/9901001", ("hep-th/9901001", None)),
        ("hep-th/9901001v3", ("hep-th/9901001", 3)),
        ("math.GT/0309136v2", ("math/0309136", 2)),
        ("math/0309136", ("math/0309136", None)),
        ("Astro-Ph/0601001", ("astro-ph/0601001", None)),
        ("cs.AI/0703999", ("cs/0703999", None)),
        ("acc-phys/9411001", ("acc-phys/9411001", None)),
    ],
)
def test_arxiv_ids_are_split(written: str, expected: tuple[str, int | None]) -> None:
    """An id is apart from its version; an old id's subject class, its case and the word "arXiv" are no part of it."""
    assert split_arxiv(written) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1706",
        "1706.0376",  # five digits since 2015
        "1412.00001",  # four until then
        "0703.0001",  # before the first
        "1713.00001",  # no month
        "1700.00001",
        "1706.037621",
        "1706.03762v",
        "1706.03762v1234",
        "1706.03762 v1",
        "hep-th/9913001",
        "hep-th/0704001",  # after the last
        "hep-th/99010011",
        "hep-th/990100",
        "9901001",
        "10.48550/arXiv.1706.03762",
        "P19-1001",
        "1706.03762.1",
        "١٧٠٦.٠٣٧٦٢",
        "17٠6.03762",
        "1706.٠٣٧٦٢",
        "hep-th/99٠1001",
    ],
)
def test_what_is_no_arxiv_id(text: str) -> None:
    """Months that never were, the wrong number of digits for the year, digits of other scripts: all something else."""
    assert split_arxiv(text) is None
    assert identifier("arxiv", text) is None


@pytest.mark.parametrize("text", ["corpus/0001234", "page/0102003", "acl/0506001", "abcdefgh-ijk/0001001"])
def test_archives_that_arxiv_never_had(text: str) -> None:
    """A file that numbers its records below a word gives them no arXiv ids; such an id is kept letter by letter."""
    assert split_arxiv(text) is None
    assert find_identifier(text) is None


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("704.0291", "0704.0291"),
        ("704.029", "0704.0290"),
        ("1501.0009599999998", "1501.00096"),
        ("1501.00095999", "1501.00096"),
        ("1412.1", "1412.1000"),
        ("1501.1", "1501.10000"),
        ("1706.0376", "1706.03760"),
        ("912.2", "0912.2000"),
        (" 704.0291 ", "0704.0291"),
        ("1312.6113999999998", "1312.6114"),
    ],
)
def test_ids_that_went_through_a_number(number: str, expected: str) -> None:
    """Zeros that a number lost at either end come back, and digits that it gained are rounded away."""
    assert mend_arxiv(number) == expected


@pytest.mark.parametrize(
    "text",
    [
        "1706.03762",  # whole: nothing to mend
        "0704.0291",
        "704",
        "704.",
        ".0291",
        "704.0",  # no paper has the number 0
        "1501.0000001",
        "1501.9999999",  # rounds to a sixth digit
        "1713.1",
        "304.5",  # before 2007
        "15010.1",
        "-704.0291",
        "7.04e2",
        "nan",
        "٧٠٤.٠٢٩١",
        "704.٠٢٩",
    ],
)
def test_numbers_that_were_no_arxiv_id(text: str) -> None:
    """What could not have been an id before it was a number is not made one."""
    assert mend_arxiv(text) is None


# Every scheme


@pytest.mark.parametrize(
    ("scheme", "written", "expected"),
    [
        ("arxiv", "1706.03762v5", "arxiv:1706.03762"),
        ("arXiv", "arXiv:1706.03762", "arxiv:1706.03762"),
        ("arxiv", "https://arxiv.org/abs/1706.03762v5", "arxiv:1706.03762"),
        ("arxiv", "http://export.arxiv.org/pdf/math.GT/0309136v2.pdf?download=1#page=3", "arxiv:math/0309136"),
        ("acl", "P19-1001", "acl:P19-1001"),
        ("acl", "p19-1001", "acl:P19-1001"),
        ("acl", "W19-10001", "acl:W19-10001"),
        ("acl", "2020.acl-main.703", "acl:2020.acl-main.703"),
        ("acl", "2020.ACL-Main.703", "acl:2020.acl-main.703"),
        ("acl", "2024.findings-emnlp.12.pdf", "acl:2024.findings-emnlp.12"),
        ("acl", "https://aclanthology.org/2020.acl-main.703/", "acl:2020.acl-main.703"),
        ("doi", "10.1093/mind/LIX.236.433", "doi:10.1093/mind/lix.236.433"),
        ("doi", "doi:10.1093/mind/lix.236.433", "doi:10.1093/mind/lix.236.433"),
        ("doi", "https://doi.org/10.1093/mind%2FLIX.236.433", "doi:10.1093/mind/lix.236.433"),
        ("doi", "http://dx.doi.org/10.1145/3292500.3330701", "doi:10.1145/3292500.3330701"),
        ("doi", "10.1145/3292500.3330701.", "doi:10.1145/3292500.3330701"),
        ("doi", "10.1016/S0140-6736(05)61030-0)", "doi:10.1016/s0140-6736(05)61030-0"),
        ("doi", "10.1016/S0140-6736(05)", "doi:10.1016/s0140-6736(05)"),
        ("doi", "10.1000.10/123456", "doi:10.1000.10/123456"),
        (
            "doi",
            "https://doi.org/10.1002/(SICI)1097-0258(19980815)17:15%3C1661::AID-SIM968%3E3.0.CO;2-2",
            "doi:10.1002/(sici)1097-0258(19980815)17:15<1661::aid-sim968>3.0.co;2-2",
        ),
        ("pmid", "12345678", "pmid:12345678"),
        ("pmid", "00012", "pmid:12"),
        ("pmid", "https://pubmed.ncbi.nlm.nih.gov/12345678/", "pmid:12345678"),
        ("pmid", "https://www.ncbi.nlm.nih.gov/pubmed/12345678", "pmid:12345678"),
        ("pmc", "PMC1234567", "pmc:PMC1234567"),
        ("pmc", "pmc1234567", "pmc:PMC1234567"),
        ("pmc", "1234567", "pmc:PMC1234567"),
        ("pmc", "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC1234567/pdf", "pmc:PMC1234567"),
        ("pmc", "https://pmc.ncbi.nlm.nih.gov/articles/PMC1234567/", "pmc:PMC1234567"),
        ("openalex", "w2741809807", "openalex:W2741809807"),
        ("openalex", "https://openalex.org/W2741809807", "openalex:W2741809807"),
        ("openalex", "https://api.openalex.org/works/W2741809807", "openalex:W2741809807"),
        ("s2", SHA.upper(), f"s2:{SHA}"),
        ("s2", f"https://www.semanticscholar.org/paper/Attention-is-All/{SHA}", f"s2:{SHA}"),
        ("s2", f"https://www.semanticscholar.org/paper/{SHA}", f"s2:{SHA}"),
        ("corpusid", "13756489", "corpusid:13756489"),
    ],
)
def test_every_scheme_has_one_spelling(scheme: str, written: str, expected: str) -> None:
    """However a source writes a name, and whether it gives the name or its address, it is the same name."""
    assert identifier(scheme, written) == expected


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        ("isbn", "978-3-16-148410-0"),
        ("", "10.1093/x"),
        ("doi", ""),
        ("doi", "10.1093"),
        ("doi", "10.12/x"),
        ("doi", "11.1093/x"),
        ("doi", "10.1093/"),
        ("doi", "10.1093/a b"),
        ("doi", "10.1093/" + "x" * 300),
        ("doi", "none"),
        ("doi", "10.٠٩٣٤/x"),
        ("acl", "P19-101"),
        ("acl", "PP19-1001"),
        ("acl", "2020.acl-main"),
        ("acl", "https://aclanthology.org/events/acl-2020/"),
        ("pmid", "0"),
        ("pmid", "12345678.0"),
        ("pmid", "-5"),
        ("pmid", "1" * 13),
        ("pmid", "١٢"),
        ("pmc", "PMC"),
        ("pmc", "PMCX12"),
        ("openalex", "A2741809807"),  # an author
        ("openalex", "https://openalex.org/A2741809807"),
        ("openalex", "W"),
        ("s2", SHA[:-1]),
        ("s2", "g" * 40),
        ("corpusid", "13756489a"),
        ("arxiv", "10.48550/arXiv.2405"),
    ],
)
def test_what_is_none_of_its_scheme(scheme: str, value: str) -> None:
    """A value that its scheme could not have given is no identifier: it would make two papers one."""
    assert identifier(scheme, value) is None


@pytest.mark.parametrize(
    "written",
    [
        "10.48550/arXiv.1706.03762",
        "10.48550/ARXIV.1706.03762V5",
        "https://doi.org/10.48550/arXiv.1706.03762",
        "doi:10.48550/arxiv.1706.03762",
    ],
)
def test_the_doi_of_an_arxiv_paper_is_its_arxiv_id(written: str) -> None:
    """arXiv gives every paper a DOI that says nothing new: the paper keeps one name."""
    assert identifier("doi", written) == "arxiv:1706.03762"
    assert find_identifier(written) == "arxiv:1706.03762"


def test_the_doi_of_an_old_arxiv_paper() -> None:
    """Old arXiv ids hold a slash, and so do their DOIs."""
    assert identifier("doi", "10.48550/arXiv.hep-th/9901001") == "arxiv:hep-th/9901001"


@pytest.mark.parametrize("acl", ["P19-1001", "2020.acl-main.703", "2024.findings-emnlp.12"])
@pytest.mark.parametrize("prefix", ["10.18653", "10.3115"])
def test_the_doi_of_an_anthology_paper_holds_its_id(acl: str, prefix: str) -> None:
    """Both names are kept: other sources know the paper by either."""
    doi = f"{prefix}/v1/{acl}"
    assert complete([f"doi:{doi.lower()}"]) == (f"acl:{acl}", f"doi:{doi.lower()}")
    assert complete([], f"https://doi.org/{doi}") == (f"acl:{acl}", f"doi:{doi.lower()}")


# Any text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1706.03762v5", "arxiv:1706.03762"),
        ("arXiv:1706.03762v5", "arxiv:1706.03762"),
        ("arxiv.org/abs/1706.03762", "arxiv:1706.03762"),
        ("https://arxiv.org/abs/1706.03762/", "arxiv:1706.03762"),
        ("https://www.arxiv.org/html/1706.03762v5", "arxiv:1706.03762"),
        ("https://huggingface.co/papers/1706.03762", "arxiv:1706.03762"),
        ("https://www.alphaxiv.org/abs/1706.03762v5", "arxiv:1706.03762"),
        ("10.1093/mind/LIX.236.433", "doi:10.1093/mind/lix.236.433"),
        ("DOI: 10.1093/mind/LIX.236.433", "doi:10.1093/mind/lix.236.433"),
        ("PMID: 12345678", "pmid:12345678"),
        ("pmc:PMC1234567", "pmc:PMC1234567"),
        ("acl:P19-1001", "acl:P19-1001"),
        ("http://www.aclweb.org/anthology/P19-1001", "acl:P19-1001"),
        ("https://aclanthology.org/2020.acl-main.703.pdf", "acl:2020.acl-main.703"),
        ("openalex:W2741809807", "openalex:W2741809807"),
        (f"s2:{SHA}", f"s2:{SHA}"),
        ("CorpusID:13756489", "corpusid:13756489"),
    ],
)
def test_an_identifier_is_found_in_what_people_paste(text: str, expected: str) -> None:
    """A bare arXiv id or DOI, a name with its scheme, an address of any of the usual places."""
    assert find_identifier(text) == expected
    assert find_identifier(f"  {text}\n") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "Attention is all you need",
        "12345678",
        "P19-1001",  # without its scheme it could be anything
        SHA,
        "attention-is-all-you-need",
        "https://example.org/1706.03762",
        "https://arxiv.org/list/cs.CL/recent",
        "https://arxiv.org/a/bee_a_1",
        "https://huggingface.co/papers/date/2024-05-27",
        "https://pubmed.ncbi.nlm.nih.gov/?term=speech",
        "https://doi.org/",
        "mailto:ada@example.org",
        "https://openalex.org/authors/A5023888391",
    ],
)
def test_other_texts_are_no_identifier(text: str) -> None:
    """Words, numbers without a scheme, and other addresses of the same places name no paper."""
    assert find_identifier(text) is None


def test_identifiers_are_completed() -> None:
    """What the id and the address of a paper are joins what its source gave, each once, sorted."""
    given_names = ["pmid:1", "doi:10.1093/x"]
    texts = ("1706.03762", None, "https://doi.org/10.1093/X", "")
    assert complete(given_names, *texts) == ("arxiv:1706.03762", "doi:10.1093/x", "pmid:1")
    assert complete([]) == ()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["doi:10.1093/x", "arxiv:1706.03762"], "1706.03762"),
        (["pmid:1", "acl:P19-1001", "doi:10.1093/x"], "acl:P19-1001"),
        (["pmid:1", "doi:10.1093/y", "doi:10.1093/x"], "doi:10.1093/x"),
        (["corpusid:1", "s2:" + SHA, "openalex:W1", "pmc:PMC1", "pmid:1"], "pmid:1"),
        (["corpusid:1", "s2:" + SHA], f"s2:{SHA}"),
        ([], None),
    ],
)
def test_the_id_of_a_paper_is_its_best_known_name(names: list[str], expected: str | None) -> None:
    """A bare arXiv id is what people write; then come the Anthology, DOIs and the numbers of databases."""
    assert best_id(names) == expected


def test_the_order_of_schemes() -> None:
    """The schemes stand in the order in which ids are chosen from them."""
    assert SCHEMES == ("arxiv", "acl", "doi", "pmid", "pmc", "openalex", "s2", "corpusid")


PIECES = st.sampled_from(
    ["10.1093/", "10.48550/arXiv.", "1706.03762", "v5", "hep-th/9901001", "doi:", "arXiv:", "https://doi.org/", "%25",
     "%2F", "%41", "%", ".", ",", ";", ")", "(", "/", "?", "#", ":", "P19-1001", "2020.acl-main.703", "PMC", "W", "123",
     " ", "x", "https://arxiv.org/abs/", "https://aclanthology.org/", ".pdf", "İ", "ß", "ﬁ", "e\u0301", "\u00e9", SHA]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=7).map("".join) | st.text(max_size=30) | st.from_regex(r"10\.\d{4}/\S{1,12}")


@settings(max_examples=400)
@given(st.sampled_from(SCHEMES), TEXTS)
@example("doi", "10.1000/a%2541")
@example("doi", "10.1000/x.)")
@example("doi", "10.1000/x),.)")
@example("doi", "10.1093/https://arxiv.org/abs/10.1093/")
@example("acl", "P19-1001.pdf.pdf")
def test_naming_twice_changes_nothing(scheme: str, text: str) -> None:
    """The one spelling of a name is its own spelling: what is stored is found, and stays what it is when it is read."""
    found = identifier(scheme, text)
    if found is not None:
        again, _, value = found.partition(":")
        assert identifier(again, value) == found
        assert find_identifier(found) == found
        assert complete([found]) == complete(complete([found]))


@settings(max_examples=400)
@given(TEXTS)
def test_any_text_may_be_asked(text: str) -> None:
    """Whatever is pasted, the answer is an identifier of a known scheme or none, and never an error."""
    found = find_identifier(text)
    assert found is None or found.partition(":")[0] in SCHEMES
    mended = mend_arxiv(text)
    assert mended is None or split_arxiv(mended) == (mended, None)


@given(st.integers(704, 2612), st.integers(1, 99_999))
def test_a_number_comes_back(month: int, number: int) -> None:
    """Every arXiv id that a program has taken for a number and written again is mended to what it was."""
    digits = 4 if month <= 1412 else 5
    written = f"{month:04d}.{number % 10**digits:0{digits}d}"
    if split_arxiv(written) and number % 10**digits:
        as_number = repr(float(written))
        assert written in {mend_arxiv(as_number), as_number}
