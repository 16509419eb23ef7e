"""Objects: header, trailer, root and tombstone of one layer (section 2), and their names (section 1)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from common import MAX_PAGE, MAX_SEQUENCE, Expired, FormatError, check_crc, uint
from pages import BYTES, INTS, ROOT, Page, Schema
from zstd import decode_zstd

MAGIC = b"\x89ARF\r\n\x1a\n"
TAIL_MAGIC = b"\n\x1a\n\rFRA\x89"
MAJOR = 1
KNOWN_READER_BITS = 0
TOMBSTONE_LENGTH = 80

ROOT_SCHEMA: Schema = {
    1: (BYTES, False),
    2: (BYTES, False),
    3: (BYTES, False),
    4: (INTS, False),
    5: (INTS, False),
    6: (INTS, False),
    7: (INTS, False),
    8: (INTS, False),
    9: (BYTES, False),
    10: (INTS, False),
    11: (INTS, False),
    12: (INTS, False),
    13: (INTS, False),
    14: (INTS, False),
    15: (INTS, True),
}


class Object:
    """The bytes of one object, and its header once that is checked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = path.name
        self.length = path.stat().st_size
        header = self.read(0, 64)
        place = f"{self.place}: header"
        if header[:8] != MAGIC:
            raise FormatError(place, "wrong magic")
        # Before the CRC: another major version may lay out the rest differently.
        if uint(header, 8, 2) != MAJOR:
            raise FormatError(place, f"major version {uint(header, 8, 2)}")
        check_crc(header[:60], uint(header, 60, 4), place)
        if uint(header, 12, 4) or uint(header, 56, 4):
            raise FormatError(place, "a reserved field is not zero")
        self.file_id = header[16:32]
        self.layer_id = header[32:48]
        self.sequence = uint(header, 48, 8)
        if self.sequence > MAX_SEQUENCE:
            raise FormatError(place, f"sequence {self.sequence} is over the limit")

    def read(self, offset: int, length: int) -> bytes:
        with open(self.path, "rb") as file:
            file.seek(offset)
            data = file.read(length)
        if len(data) != length:
            raise FormatError(self.place, f"bytes {offset} to {offset + length} could not be read")
        return data


@dataclass
class Tombstone:
    """What stands for a merged layer."""

    sequence: int
    file_id: bytes
    leads_to: int


def read_tombstone(path: Path) -> Tombstone | None:
    """None if the object is none, or a damaged one: to a reader that is an object without an end."""
    if path.stat().st_size != TOMBSTONE_LENGTH:
        return None
    try:
        found = Object(path)
        tail = found.read(64, 16)
        check_crc(tail[:12], uint(tail, 12, 4), found.place)
    except FormatError:
        return None
    leads_to = uint(tail, 0, 8)
    if uint(tail, 8, 4) or not found.sequence < leads_to <= MAX_SEQUENCE:
        return None
    return Tombstone(found.sequence, found.file_id, leads_to)


class Layer(Object):
    """A complete layer. The trailer is read only where the root is wanted."""

    def __init__(self, path: Path) -> None:
        if path.stat().st_size == TOMBSTONE_LENGTH:
            # Its layer id is new, so it cannot be the layer that was listed.
            raise Expired(path.name, "only a tombstone is left, the snapshot has expired")
        super().__init__(path)
        if self.length < 128:
            raise FormatError(self.place, f"object of {self.length} bytes")

    def read_checked(self, offset: int, length: int, crc: int, place: str) -> bytes:
        """Bytes between header and trailer, by their CRC."""
        if offset < 64 or offset + length > self.length - 64:
            raise FormatError(place, f"bytes {offset} to {offset + length} lie outside {self.place}")
        data = self.read(offset, length)
        check_crc(data, crc, place)
        return data

    def read_page(self, offset: int, stored: int, raw: int, crc: int, place: str) -> bytes:
        if raw > MAX_PAGE or stored > MAX_PAGE:
            raise FormatError(place, f"page of {stored} stored, {raw} raw bytes, the limit is {MAX_PAGE}")
        data = self.read_checked(offset, stored, crc, place)
        return data if stored == raw else decode_zstd(data, raw, place)

    def read_root(self) -> Page:
        place = f"{self.place}: trailer"
        trailer = self.read(self.length - 64, 64)
        if trailer[56:] != TAIL_MAGIC:
            raise FormatError(place, "wrong tail magic, the object was never completely written")
        if uint(trailer, 48, 2) != MAJOR:
            raise FormatError(place, f"major version {uint(trailer, 48, 2)}")
        check_crc(trailer[:52], uint(trailer, 52, 4), place)
        if uint(trailer, 20, 4):
            raise FormatError(place, "a reserved field is not zero")
        unknown = uint(trailer, 24, 8) & ~KNOWN_READER_BITS
        if unknown:
            bits = [bit for bit in range(64) if unknown >> bit & 1]
            raise FormatError(place, f"unknown feature bits {bits} that a reader must understand")
        if uint(trailer, 40, 8) != self.length:
            raise FormatError(place, f"object length {uint(trailer, 40, 8)}, the object has {self.length}")
        place = f"{self.place}: root"
        offset, stored, raw, crc = (uint(trailer, at, size) for at, size in ((0, 8), (8, 4), (12, 4), (16, 4)))
        return Page(self.read_page(offset, stored, raw, crc, place), ROOT, 0, ROOT_SCHEMA, place)


class Annex(Object):
    """The first part of the data of a large layer. It has no trailer."""

    def read_checked(self, offset: int, length: int, crc: int, place: str) -> bytes:
        data = self.read(offset, length)
        check_crc(data, crc, place)
        return data


def sidecar_path(stem: Path, sequence: int) -> Path:
    return stem.with_name(f"{stem.name}.{sequence}.af")


def stem_of(base: Path) -> Path:
    return base.with_name(base.name[:-3]) if base.name.endswith(".af") else base


def is_torn(path: Path) -> bool:
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 8))
        return file.read() != TAIL_MAGIC


class File:
    """The objects of a file, by number."""

    def __init__(self, base_path: Path) -> None:
        self.stem = stem_of(base_path)
        if is_torn(base_path):
            raise FormatError(base_path.name, "wrong tail magic, the object was never completely written")
        self.base = Layer(base_path)

    def path(self, sequence: int) -> Path:
        return sidecar_path(self.stem, sequence)

    def annex(self, annex_id: bytes, length: int, place: str) -> Annex:
        path = self.stem.with_name(f"{self.stem.name}.annex.{annex_id.hex()}")
        if not path.is_file():
            raise Expired(place, f"{path.name} is gone, the snapshot has expired")
        annex = Annex(path)
        if (annex.file_id, annex.layer_id, annex.sequence) != (self.base.file_id, annex_id, 0):
            raise FormatError(annex.place, "is not the annex that its layer names")
        if annex.length != length:
            raise FormatError(annex.place, f"{annex.length} bytes, its layer says {length}")
        return annex

    def layer(self, sequence: int, place: str) -> Layer:
        """The layer that a snapshot refers to. Whether it has the right id is for the snapshot to say."""
        if sequence == self.base.sequence:
            return self.base
        path = self.path(sequence)
        if not path.is_file():
            raise Expired(place, f"{path.name} is gone, the snapshot has expired")
        layer = Layer(path)
        if layer.file_id != self.base.file_id or layer.sequence != sequence:
            raise Expired(layer.place, "belongs to another file or has another sequence")
        return layer
