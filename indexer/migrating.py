"""Brings a collection of an earlier format to the present one, where only derived tables are missing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from indexer import lock
from indexer.directory import FORMAT, TRUTH
from indexer.store_writer import StoreWriter

BEFORE: Final = "2"
"""The format that lacks what is known of days, venues and arrivals."""


def bring_up(directory: Path, meta: Mapping[str, str]) -> Mapping[str, str]:
    """The facts of a collection, brought to this version's format if it is of the one before and may be written."""
    if meta.get("format") != BEFORE or not os.access(directory, os.W_OK):
        return meta
    store = StoreWriter(directory / TRUTH)
    try:
        with lock.writer_lock(directory, "new format", 30):
            upgrade(store)
        return store.meta()
    finally:
        store.close()


def upgrade(store: StoreWriter) -> None:
    """Make the tables that the format before this one lacks; all of them or none."""
    with store.transaction():
        if store.meta().get("format") == BEFORE:
            store.add_tables()
            store.set_meta({"format": FORMAT})
