"""The question bank: its make-up, and that it is the same for ever."""

from __future__ import annotations

from collections import Counter

from indexer import probes


def test_every_field_has_six_questions_of_every_length() -> None:
    """Fifty-three fields; in each two questions of two words, one of three, keywords, a question, and a claim."""
    fields = Counter(probe.field for probe in probes.bank())
    assert len(fields) == 53
    assert set(fields.values()) == {6}
    texts = [probe.text for probe in probes.bank()]
    assert sum(len(text.split()) <= 4 and "," not in text for text in texts) == 3 * 53
    assert sum(text.endswith("?") for text in texts) == 53
    assert sum(text.endswith(".") for text in texts) == 53
    assert len(set(texts)) == len(texts)


def test_shuffled_questions_share_no_word() -> None:
    """Words of the bank, each used once, in twos, threes, fives and eights."""
    questions = probes.shuffled()
    assert [len(question.split()) for question in questions[:5]] == [2, 3, 5, 8, 2]
    words = [word for question in questions for word in question.split()]
    assert len(words) == len(set(words))
    bank = " ".join(probe.text.lower() for probe in probes.bank())
    assert all(word in bank for word in words)


def test_questions_are_fixed() -> None:
    """The order and the wording are part of what collections store: whoever changes them changes this line."""
    assert len(probes.questions()) == 318 + 66
    assert probes.questions()[0] == "sourdough starter"
    assert probes.questions()[318] == probes.shuffled()[0] == "booking heard"
    assert probes.fingerprint() == "b84b94253abce707"
