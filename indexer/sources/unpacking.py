"""Compressed bytes to plain ones, as streams of bounded memory that end where trouble begins.

A stage never raises while it is read: parsers and buffers would lose what they hold. It ends, as a file that is cut
off would, and leaves the reason in the ledger, where `opening` finds it once the reader is done.
"""

from __future__ import annotations

import bz2
import contextlib
import io
import lzma
import re
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, Final, Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FREE: Final = 100_000_000
"""Bytes that any file may unpack to, however small it is."""
RATIO: Final = 200
"""Times its own size that a file may unpack to beyond `FREE`. Papers as text reach 10, logs 50, bombs 1,000."""
MEMORY: Final = 132 * 2**20
"""Bytes that unpacking may take: the largest dictionary that `xz` and `zstd` use unasked, and the decoder itself."""
UNPACK_YOURSELF: Final = "If you trust it, unpack it yourself and give what is in it."
FETCH_AGAIN: Final = "Get the file again, or use what could be read of it."

_WINDOW: Final = 27
_ERRORS: Final = (zlib.error, lzma.LZMAError, zstd.ZstdError, OSError, EOFError)
_TOO_MUCH_MEMORY: Final = ("Memory usage limit", "too much memory")


class Trouble(Exception):
    """Why a stream ended too early: what follows "the file …", and the next step. `refused` stops the whole file."""

    def __init__(self, what: str, next_step: str, *, refused: bool = False) -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step
        self.refused = refused


@dataclass(slots=True)
class Ledger:
    """What one file has cost and given, over all layers and members: `size` is its own, in bytes, where it is known."""

    size: int | None = None
    read: int = 0
    made: int = 0
    members: int = 0
    trouble: Trouble | None = None

    def add(self, made: int) -> None:
        """Count bytes that were unpacked. Raises `Trouble` where a small file becomes too large a one."""
        self.made += made
        # Members of an archive may overlap, so that more is read of a file than there is in it.
        read = self.read if self.size is None else min(self.read, self.size)
        if self.made > FREE and self.made > RATIO * read:
            raise Trouble(f"unpacks to more than {RATIO} times its size", UNPACK_YOURSELF, refused=True)

    def take(self) -> Trouble | None:
        """The trouble of the stream that was just read; the next stream begins without."""
        trouble, self.trouble = self.trouble, None
        return trouble


class Engine(Protocol):
    """What `bz2`, `lzma` and `zstd` have in common: a decompressor of one compressed stream."""

    @property
    def eof(self) -> bool: ...  # noqa: D102  three names that the libraries gave
    @property
    def needs_input(self) -> bool: ...  # noqa: D102
    @property
    def unused_data(self) -> bytes: ...  # noqa: D102
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Packing:
    """A way of compressing. `grain` is how many bytes it is fed and asked for at once.

    What a decompressor has made when it meets damage is lost with the call, hence the small grain.
    """

    name: str
    magic: re.Pattern[bytes]
    engine: Callable[[], Engine]
    grain: int = 1_024
    single: bool = False


class _Inflate:
    """zlib with the interface of its siblings, and with all that it made before a damaged byte."""

    def __init__(self, wbits: int) -> None:
        self._zlib = zlib.decompressobj(wbits)
        self._tail = b""
        self._error: zlib.error | None = None
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes:
        if self._error:
            raise self._error
        data = self._tail + data
        before = self._zlib.copy()
        try:
            made = self._zlib.decompress(data, max_length)
        except zlib.error as error:
            self._error, self.needs_input = error, False
            made = self._bytewise(before, data)
            if not made:
                raise
            return made
        self._tail = self._zlib.unconsumed_tail
        self.needs_input = not self._tail and len(made) < max_length
        return made

    @staticmethod
    def _bytewise(engine: Any, data: bytes) -> bytes:
        made = bytearray()
        with contextlib.suppress(zlib.error):
            for i in range(len(data)):
                made += engine.decompress(data[i : i + 1])
        return bytes(made)


def _xz() -> Engine:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)


def _zstd() -> Engine:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW})


_NEVER: Final = re.compile(rb"(?!)")
_BZ2: Final = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
_ZSTD: Final = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
PACKINGS: Final = (
    Packing("gzip", re.compile(rb"\x1f\x8b\x08"), lambda: _Inflate(31), grain=65_536),
    Packing("bzip2", _BZ2, bz2.BZ2Decompressor),
    Packing("xz", re.compile(rb"\xfd7zXZ\x00"), _xz),
    Packing("zstd", _ZSTD, _zstd),
)
ZIP_METHODS: Final = {
    8: Packing("deflate", _NEVER, lambda: _Inflate(-15), grain=65_536, single=True),
    12: Packing("bzip2", _NEVER, bz2.BZ2Decompressor, single=True),
    93: Packing("zstd", _NEVER, _zstd, single=True),
}
"""How members of zip archives are compressed, by the number that the archive gives."""


def packing(head: bytes) -> Packing | None:
    """How content that begins with `head` is compressed; file names are not asked."""
    return next((one for one in PACKINGS if one.magic.match(head)), None)


class Stage(io.RawIOBase):
    """A stream that ends at trouble and leaves it in the ledger; the first trouble of a stream is its cause."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self.ledger = ledger
        self._ended = False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer: only the end makes it shorter, so that a peek shows as much as there is."""
        view = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(view) and not self._ended:
            try:
                piece = self.more(len(view) - filled)
            except Trouble as trouble:
                self.ledger.trouble = self.ledger.trouble or trouble
                piece = b""
            self._ended = not piece
            view[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled

    def more(self, room: int) -> bytes:
        """At most `room` bytes more, none at the end. Raises `Trouble`."""
        raise NotImplementedError


class Unpacked(Stage):
    """What a compressed stream holds. Streams of the same kind that follow each other are read as one."""

    def __init__(self, source: BufferedReader[Any], packing: Packing, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._source = source
        self._packing = packing
        self._engine = packing.engine()
        self._rest = b""
        self._taken = 0

    def more(self, room: int) -> bytes:
        """At most `room` bytes of what the stream holds."""
        made = b""
        while not made and not (self._engine.eof and not self._begin_next()):
            data = b""
            if self._engine.needs_input and not (data := self._take()):
                raise Trouble(f"is cut off after {self._place()}", FETCH_AGAIN)
            try:
                made = self._engine.decompress(data, min(room, self._packing.grain))
            except _ERRORS as error:
                if any(words in str(error) for words in _TOO_MUCH_MEMORY):
                    limit = f"needs more than {MEMORY >> 20} MiB of memory to be unpacked"
                    raise Trouble(limit, UNPACK_YOURSELF, refused=True) from error
                raise Trouble(f"is damaged near {self._place()}", FETCH_AGAIN) from error
            self.ledger.add(len(made))
        return made

    def _take(self) -> bytes:
        """The next compressed bytes; `read1`, because `read` would lose what it holds when it meets the end."""
        data, self._rest = self._rest or self._source.read1(self._packing.grain), b""
        self._taken += len(data)
        return data

    def _begin_next(self) -> bool:
        """Whether another stream follows. Zeros between streams and after the last are padding."""
        if self._packing.single:
            return False
        rest = self._engine.unused_data.lstrip(b"\0")
        while len(rest) < len(b"BZh91AY&SY") and (data := self._take()):
            rest = (rest + data).lstrip(b"\0")
        self._taken -= len(rest)
        if not rest:
            return False
        if not self._packing.magic.match(rest):
            raise Trouble(f"goes on after {self._place()} with something else", FETCH_AGAIN)
        self._engine, self._rest = self._packing.engine(), rest
        return True

    def _place(self) -> str:
        return f"byte {self._taken:,} of its {self._packing.name} data"
