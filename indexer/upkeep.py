"""Looking after a collection: one file as a backup and back, records apart and together."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from indexer import lock, migrating
from indexer.change import Change, Slot
from indexer.collection import WRITER_WAIT, Collection
from indexer.directory import ELSEWHERE, MAKING, TRUTH, is_vacant, read_identity
from indexer.encoder import Encoder
from indexer.errors import (
    CollectionDamaged,
    CollectionError,
    CollectionForeign,
    InvalidQuery,
    UnreadableSource,
    shorten,
)
from indexer.identity import Record, another_id, fold_records
from indexer.readers import READERS, Readers
from indexer.store import ROW_TYPE, Store
from indexer.store_writer import StoreWriter

_SQLITE: Final = b"SQLite format 3\0"


def backup(collection: Collection, file: Path, *, overwrite: bool = False) -> int:
    """Write the papers of a collection, with their embeddings, into one file; returns how many there are.

    Others may read and write meanwhile: the file holds one state. It is checked, and complete or absent. Raises
    `CollectionError` where `file` exists, unless it is a backup and may be overwritten.
    """
    if file.exists() and not (overwrite and _is_backup(file)):
        what = "exists and is no backup" if overwrite else "exists already"
        raise CollectionError(f"{file} {what}.", "Choose another name, or --overwrite an earlier backup.")
    making = file.with_name(file.name + ".making")
    try:
        _remove(making)
        store = Store(collection.directory / TRUTH)
        try:
            store.copy_to(making)
        finally:
            store.close()
        papers = _checked(making, file)
        _sync(making)
        making.replace(file)
        _sync(file.parent)
    except OSError as error:
        raise CollectionError(
            f"{file} cannot be written: {error.strerror or error}.", "Choose another place for the backup."
        ) from error
    finally:
        _remove(making)
    return papers


def restore(file: Path, directory: Path) -> Collection:
    """Make a collection of a backup, in a new or empty directory. Every byte of the papers is checked first.

    Raises `UnreadableSource` where the file is no backup, `CollectionDamaged` where it is a damaged one, and
    `CollectionForeign` where the directory holds anything.
    """
    if not _is_database(file):
        raise _no_backup(file)
    log = file.with_name(file.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise UnreadableSource(
            f"{file} is in use: its latest changes are in {log.name}.", "Make a backup of it: paperkin backup FILE."
        )
    making = directory / MAKING
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _require_vacant(directory)
        with lock.writer_lock(directory, "restore", WRITER_WAIT):
            _require_vacant(directory)  # another process may have made a collection while we waited
            try:
                _remove(making)
                shutil.copyfile(file, making)
                _checked(making, file, log=True)
                _sync(making)
                making.rename(directory / TRUTH)
                _sync(directory)
            finally:
                _remove(making)
    except OSError as error:
        raise CollectionError(
            f"{directory} cannot be made a collection: {error.strerror or error}.", ELSEWHERE
        ) from error
    collection = Collection(directory)
    with collection.writing("restore"):
        pass  # the indexes are made on entering
    return collection


def backup_readers(directory: Path, file: Path) -> None:
    """Write what a collection knows of its readers into a file that only its owner may read: addresses are in it.

    Apart from `backup`, which is passed on. Raises `CollectionError` where there is such a file, or nobody to write of.
    """
    if not (directory / READERS).exists():
        raise CollectionError(f"Nobody has used {directory} yet.", "Make the backup of its papers alone.")
    if file.exists():
        raise CollectionError(f"{file} exists already.", "Choose another name.")
    making = file.with_name(file.name + ".making")
    readers = Readers.open(directory)
    try:
        _remove(making)
        making.touch(0o600)
        readers.copy_to(making)
        _sync(making)
        making.replace(file)
        _sync(file.parent)
    except OSError as error:
        raise CollectionError(
            f"{file} cannot be written: {error.strerror or error}.", "Choose another place for the backup."
        ) from error
    finally:
        readers.close()
        _remove(making)


def restore_readers(file: Path, directory: Path) -> None:
    """Put back what `backup_readers` wrote. Raises `UnreadableSource` for another file, and never replaces anything."""
    place = directory / READERS
    if place.exists():
        raise CollectionError(f"{place} exists already.", "Move it away first, to put another in its place.")
    making = place.with_name(place.name + ".making")
    try:
        if not _is_database(file):
            raise _no_readers(file)
        making.touch(0o600)
        shutil.copyfile(file, making)
        copy = Readers(making)
        try:
            problems = copy.problems()
        finally:
            copy.close()
        if problems:
            raise CollectionDamaged(f"{file} is damaged: {problems[0]}.", "Use another backup.")
        making.rename(place)
        _sync(directory)
    except CollectionForeign as error:
        raise _no_readers(file) from error
    except OSError as error:
        raise CollectionError(f"{place} cannot be written: {error.strerror or error}.", ELSEWHERE) from error
    finally:
        _remove(making)


def split(collection: Collection, encoder: Encoder, name: str, source: str, record_id: str) -> str:
    """Take a record out of the paper that `name` means and make it a paper of its own; returns its id.

    The record is never merged by itself again. Raises `PaperNotFound` and `InvalidQuery`.
    """
    collection.expect(encoder.identity)
    with collection.writing("split") as writer:
        key, paper_id = writer.store.find(name)
        records = writer.store.entries([key])[key].records
        taken = next((record for record in records if record.name == (source, record_id)), None)
        rest = tuple(record for record in records if record is not taken)
        if taken is None or not rest:
            what = "only this record" if taken else f"no record {record_id!r} of {source!r}"
            raise InvalidQuery(
                "no_such_record",
                f"{shorten(paper_id)!r} has {what}.",
                f"See its records: paperkin show {paper_id} --sources.",
            )
        alone = replace(taken, apart=True)
        new_id = record_id
        while writer.store.lookup([new_id]):
            new_id = another_id(replace(alone.paper, id=new_id))
        writer.apply([_change(encoder, paper_id, rest), _change(encoder, new_id, (alone,))])
    return new_id


def merge(collection: Collection, encoder: Encoder, name: str, other: str) -> str:
    """Make the paper that `other` means one with the paper that `name` means; returns its id.

    Raises `PaperNotFound`, and `InvalidQuery` where both are one paper already.
    """
    collection.expect(encoder.identity)
    with collection.writing("merge") as writer:
        (key, paper_id), (other_key, _) = writer.store.find(name), writer.store.find(other)
        if key == other_key:
            raise InvalidQuery("same_paper", f"Both are the paper {shorten(paper_id)!r}.", "Name two papers.")
        entries = writer.store.entries([key, other_key])
        records = tuple(replace(r, apart=False) for k in (key, other_key) for r in entries[k].records)
        writer.apply([replace(_change(encoder, paper_id, records), absorbed=(Slot(other_key),))])
    return paper_id


def _change(encoder: Encoder, paper_id: str, records: tuple[Record, ...]) -> Change:
    paper = fold_records(paper_id, records)
    return Change(paper, records, encoder.encode([paper.text], [paper.title])[0].astype(ROW_TYPE))


def _is_database(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def _is_backup(file: Path) -> bool:
    """Whether a file is one that `backup` has made: not a database of another program, nor a collection's own.

    A collection's own says in its head that it has a log: to replace it would lose what is in that.
    """
    try:
        with file.open("rb") as stream:
            stream.seek(18)
            if not _is_database(file) or stream.read(2) != b"\1\1":
                return False
        store = Store(file)
        try:
            return "format" in store.meta()
        finally:
            store.close()
    except (OSError, CollectionError):
        return False


def _no_backup(file: Path) -> UnreadableSource:
    return UnreadableSource(f"{file} is not a backup.", "Give a file that was made by: paperkin backup FILE.")


def _no_readers(file: Path) -> UnreadableSource:
    return UnreadableSource(f"{file} is no backup of readers.", "Give one made by: paperkin backup --readers.")


def _require_vacant(directory: Path) -> None:
    if not is_vacant(directory):
        raise CollectionForeign(f"{directory} is not empty.", ELSEWHERE)


def _remove(making: Path) -> None:
    """Remove a database that was not finished, and what SQLite keeps beside one: it would be read into the next."""
    for end in ("", "-journal", "-wal", "-shm"):
        making.with_name(making.name + end).unlink(missing_ok=True)


def _checked(making: Path, file: Path, *, log: bool = False) -> int:
    """How many papers a copy holds, every one of which is whole. Raises `CollectionDamaged` of `file` otherwise.

    `log` has SQLite write changes into a log beside the copy, as a collection needs it.
    """
    another = "Use another backup, or index the papers again."
    try:
        store = StoreWriter(making)
        try:
            if log:
                store.use_log()
                migrating.upgrade(store)
            read_identity(store.meta(), file)
            problems, papers = store.check(), store.state().papers
        finally:
            store.close()
    except CollectionForeign as error:
        raise _no_backup(file) from error
    except CollectionDamaged as error:
        raise CollectionDamaged(error.message.replace(str(making), str(file)), another) from error
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise CollectionDamaged(f"{file} is damaged: {problems[0]}{more}.", another)
    return papers


def _sync(path: Path) -> None:
    """Have the system write a file, or the names in a directory, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
