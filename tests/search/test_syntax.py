"""The syntax of questions: what each operator gives, that ordinary text has none, and that mistakes are told."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search.syntax import MAX_HINTS, MAX_OPERATORS, parse


def filters_of(text: str) -> list[str]:
    return [str(each) for each in parse(text).filters.conditions]


@pytest.mark.parametrize(
    ("text", "words", "filters"),
    [
        ('emotional "speech synthesis" now', "emotional speech synthesis now", ['"speech synthesis"']),
        ("“speech synthesis”", "speech synthesis", ['"speech synthesis"']),
        ('„speech  Synthesis“, "two"', "speech Synthesis two", ['"speech Synthesis"', '"two"']),
        ("speech -music", "speech", ["-music"]),
        ("speech -text-to-speech, tts", "speech tts", ["-text-to-speech"]),
        ('speech -"music video"', "speech", ['-"music video"']),
        ("author:lovelace speech", "speech", ["author:lovelace"]),
        ('speech author:"Ada Lovelace", Author:“Grace H.”', "speech", ['author:"Ada Lovelace"', 'author:"Grace H."']),
        ("CATEGORY:cs.CL source:arxiv; x", "x", ["category:cs.CL", "source:arxiv"]),
        ("papers after:2024-06 before:2025.", "papers", ["after:2024-06", "before:2025"]),
        ("-author:ada -category:cs -source:hf -after:2024 -before:2023 -id:a x", "x",
         ["-author:ada", "-category:cs", "-source:hf", "-after:2024", "-before:2023", "-id:a"]),
        ("id:arxiv:2405.15738 id:https://doi.org/10.1/x", "", ["id:arxiv:2405.15738", "id:https://doi.org/10.1/x"]),
        ('-"3d" face', "face", ['-"3d"']),
        ("-naïve -Übung", "", ["-naïve", "-Übung"]),
        ('"speech"emotion', "speech emotion", ['"speech"']),
        ("speech\n\tauthor:ada\nface", "speech face", ["author:ada"]),
        ("-music -music x", "x", ["-music"]),
        ("-note:this x", "x", ["-note:this"]),
    ],
)  # fmt: skip
def test_operators(text: str, words: str, filters: list[str]) -> None:
    """The words of a phrase stay in the text, since they carry meaning; all other operators leave it."""
    parsed = parse(text)
    assert (parsed.text, [str(each) for each in parsed.filters.conditions], parsed.hints) == (words, filters, ())


@pytest.mark.parametrize(
    "text",
    [
        "text-to-speech",
        "state-of-the-art pre- and post-training",
        "COVID-19 in 2020-2021",
        "x - y",
        "emotion – speech — face",
        "BERT: Pre-training of Deep Bidirectional Transformers",
        "ratio 3:1 at 16:9",
        "https://example.org/a:b?c=-d&author:x see http://x.y/-z",
        "e.g.: this, i.e.: that",
        "it's the authors' rock'n'roll 'quoted'",
        'a 5" disk and 6"-8" pipes',
        'f("a", x["b"]) --verbose',
        "std::vector<int>::size a->b a--b -> --",
        "-5 degrees, -3.5 and -.5 or -1e-3",
        "sentiment (author: unknown)",
        "C++ $-x$ \\alpha-\\beta (-x)",
        "note:this Re:that 12:30",
        "the date:",
        "title:speech abstract:face",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    """Hyphens, dashes, colons, apostrophes, inches, addresses and code are no operators, and no mistakes either."""
    parsed = parse(text)
    assert (parsed.text, filters_of(text), parsed.hints) == (text, [], ())


PLAIN = "It was read as plain words."
LEFT_OUT = "It was left out."


@pytest.mark.parametrize(
    ("text", "words", "part", "message", "step"),
    [
        ("author: Lovelace", "author: Lovelace", "author:", f"Nothing stands right behind the colon. {PLAIN}",
         'Write the value there, without a blank: author:value or author:"two words".'),
        ("x -source:", "x", "-source:", f"Nothing stands right behind the colon. {LEFT_OUT}",
         'Write the value there, without a blank: source:value or source:"two words".'),
        ('author:"" x', 'author:"" x', 'author:""', f"The author filter holds no word. {PLAIN}",
         "Give a name, or leave it out."),
        ("after:2025-02-30", "after:2025-02-30", "after:2025-02-30", f"after is not a date: '2025-02-30'. {PLAIN}",
         "Write a day, a month or a year, such as 2025-06-23, 2025-06 or 2025."),
        ("x -before:effects", "x", "-before:effects", f"before is not a date: 'effects'. {LEFT_OUT}",
         "Write a day, a month or a year, such as 2025-06-23, 2025-06 or 2025."),
        ('emotional "speech now', 'emotional "speech now', '"speech', f"The quotation mark is never closed. {PLAIN}",
         'Close it, as in "exact phrase".'),
        ('author:"Ada L', 'author:"Ada L', 'author:"Ada', f"The quotation mark is never closed. {PLAIN}",
         'Close it, as in "exact phrase".'),
        ('x -"music', "x", '-"music', f"The quotation mark is never closed. {LEFT_OUT}",
         'Close it, as in "exact phrase".'),
        ('"…" x', "… x", '"…"', f"The phrase filter holds no word. {PLAIN}", "Give a word, or leave it out."),
        ("autor:ada", "autor:ada", "autor:ada", f"There is no operator 'autor'. {PLAIN}",
         "If a filter is meant, write author:ada."),
        ("x -Auther:ada", "x", "-Auther:ada", f"There is no operator 'Auther'. {LEFT_OUT}",
         "If a filter is meant, write -author:ada."),
        ('categories:"cs.CL"', 'categories:"cs.CL"', 'categories:"cs.CL"',
         f"There is no operator 'categories'. {PLAIN}", 'If a filter is meant, write category:"cs.CL".'),
        ("date:2024", "date:2024", "date:2024", f"There is no operator 'date'. {PLAIN}",
         "If a filter is meant, write after:2024 or before:2024."),
        ("doi:10.1000/x", "doi:10.1000/x", "doi:10.1000/x", f"This names a paper. {PLAIN}",
         "If that paper is meant, write id:doi:10.1000/x."),
        ("see https://arxiv.org/abs/2405.15738", "see https://arxiv.org/abs/2405.15738",
         "https://arxiv.org/abs/2405.15738", f"This names a paper. {PLAIN}",
         "If that paper is meant, write id:https://arxiv.org/abs/2405.15738."),
        ("emotion -", "emotion -", "-", "A minus stands alone.",
         "Write it right before what is to be left out, as in -word."),
        ("emotion - author:ada", "emotion -", "-", "A minus stands alone.",
         "Write it right before what is to be left out, as in -word."),
        ("faces -3D", "faces -3D", "-3D", "Before a digit a minus is read as part of the number.",
         'To leave a word out: -"3D".'),
        ("x -" + "y" * 600, "x", "-" + "y" * 78 + "…", f"The word filter is longer than 512 characters. {LEFT_OUT}",
         "Shorten it; no name and no id is longer."),
        ("author:a\x00", "author:a\x00", "author:a\x00", f"The author filter holds control characters. {PLAIN}",
         "Send plain text, encoded as UTF-8."),
    ],
)  # fmt: skip
def test_a_mistake_gets_a_hint(text: str, words: str, part: str, message: str, step: str) -> None:
    """What cannot be obeyed stays in the text as it was written, or is left out behind a minus: what a person wanted
    not to see is never looked for. The hint names the part and what to write."""
    parsed = parse(text)
    assert parsed.text == words
    assert [(hint.part, hint.message, hint.next_step) for hint in parsed.hints] == [(part, message, step)]


def test_too_many_operators() -> None:
    """The first 32 are obeyed and the others told: a phrase is read as words, an exclusion left out."""
    many = " ".join(f"author:a{number}" for number in range(MAX_OPERATORS))
    parsed = parse(f'{many} author:a0 "one more" -word')
    assert len(parsed.filters.conditions) == 32
    assert parsed.text == "one more"
    assert [(hint.part, hint.message) for hint in parsed.hints] == [
        ('"one more"', f"There are more than 32 filters. {PLAIN}"),
        ("-word", f"There are more than 32 filters. {LEFT_OUT}"),
    ]


def test_hints_are_few() -> None:
    """A text full of mistakes gets the first ten hints; the same mistake is told once."""
    assert len(parse(" ".join(f"date:{year}" for year in range(1900, 2000))).hints) == MAX_HINTS
    assert len(parse("author: " * 9).hints) == 1


PIECES = st.sampled_from(
    [*'":-“”„ \n.,;', "author:", "-author:", "after:", "2024-06", "autor:", "id:", "Ada", "a b", "5"]
)
ANY = st.text(max_size=60) | st.lists(PIECES, max_size=25).map("".join)


@given(ANY)
@example('"' * 9)
@example("-" * 9)
@example("author:" * 9)
@example("\ud800 -\ud800 author:\ud800")
def test_nothing_raises(text: str) -> None:
    """Any text at all is read; what is filtered for stands in it; each hint names a part of it and a next step."""
    parsed = parse(text)
    tidy = " ".join(text.split())
    assert all(hint.part.rstrip("…").split()[0] in tidy and hint.message and hint.next_step for hint in parsed.hints)
    assert parsed.text == " ".join(parsed.text.split())


@given(st.text(st.characters(exclude_characters='":-“”„'), max_size=80))
def test_text_without_signs_is_unchanged(text: str) -> None:
    """Without quotation marks, colons and minus signs a text is the question, but for its white space."""
    parsed = parse(text)
    assert (parsed.text, parsed.filters.empty, parsed.hints) == (" ".join(text.split()), True, ())


@given(st.lists(st.sampled_from(["speech", "face", '"two words"', "-music", "author:ada", "-id:x", "9"]), max_size=8))
def test_the_order_of_parts_does_not_matter(parts: list[str]) -> None:
    """Operators may stand anywhere among the words: taken out, the words remain in their order."""
    parsed = parse(" ".join(parts))
    words = [part.strip('"') for part in parts if part[0] != "-" and ":" not in part]
    filters = list(dict.fromkeys(part for part in parts if part not in ("speech", "face", "9")))
    assert (parsed.text, filters_of(" ".join(parts))) == (" ".join(words), filters)
