"""How much a word tells."""

from __future__ import annotations

import math


def idf(papers_with: int, papers: int) -> float:
    """BM25's inverse document frequency of a word that so many of the papers have; always above 0.

    Papers that were removed may still be counted among those with a word.

    S. Robertson, H. Zaragoza: The probabilistic relevance framework: BM25 and beyond. Foundations and Trends in
    Information Retrieval 3(4), 2009; in the form that cannot be negative.
    """
    count = min(papers_with, papers)
    return math.log1p((papers - count + 0.5) / (count + 0.5))
