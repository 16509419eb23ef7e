"""The error type, the limits of section 8, and the smallest helpers."""

from __future__ import annotations

import zlib

MAX_RANK = 64
MAX_ELEMENTS = 2**63 - 1
MAX_TEXT = 65_535
MAX_ATTRIBUTE = 32 << 20
MAX_LIST_DEPTH = 8
MAX_FRAME = 1 << 30
MAX_PAGE = 64 << 20
MAX_ROWS = 65_536
MAX_HEIGHT = 8
MAX_STAGES = 8
MAX_PARAMETERS = 8
MAX_ACCELERATION = 65_537  # of lz4
MAX_SEQUENCE = 2**62
MAX_BOUND = 4096  # bytes of a minimum or maximum of strings

U64 = 2**64 - 1


class FormatError(Exception):
    """The bytes are not a valid file. The message names the place."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")


class Expired(FormatError):
    """A layer that the snapshot needs is gone or was replaced."""


def uint(data: bytes, at: int, size: int) -> int:
    """A little-endian unsigned integer; the caller has checked the bounds."""
    assert at + size <= len(data)
    return int.from_bytes(data[at : at + size], "little")


def check_crc(data: bytes, expected: int, place: str) -> None:
    found = zlib.crc32(data)
    if found != expected:
        raise FormatError(place, f"CRC is {found:08x}, expected {expected:08x}")


def text(data: bytes, place: str, limit: int | None = MAX_TEXT) -> str:
    """UTF-8 text of at most `limit` bytes."""
    if limit is not None and len(data) > limit:
        raise FormatError(place, f"text of {len(data)} bytes, the limit is {limit}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(place, f"text is not UTF-8 ({error.reason} at byte {error.start})") from None


def transpose(data: bytes, rows: int) -> bytes:
    """Undo a byte transposition: `rows` runs of equal length become interleaved."""
    if rows <= 1 or not data:
        return data
    run = len(data) // rows
    out = bytearray(len(data))
    for row in range(rows):
        out[row::rows] = data[row * run : (row + 1) * run]
    return bytes(out)
