"""Objects: header, trailer, root, which layer is the newest, and where a page is (sections 1 to 4)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import tables
from common import MAX_FRAME, MAX_HEIGHT, MAX_PAGE, MAX_SEQUENCE, Expired, FormatError, check_crc, text, uint
from pages import BYTES, INTS, ROOT, Page, Schema
from zstd import decode_zstd

MAGIC = b"\x89ARF\r\n\x1a\n"
TAIL_MAGIC = b"\n\x1a\n\rFRA\x89"
MAJOR = 1
KNOWN_READER_BITS = 0

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
}


class Layer:
    """One object whose header is checked. The trailer is read only where the root is wanted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = path.name
        self.length = path.stat().st_size
        if self.length < 128:
            raise FormatError(self.place, f"object of {self.length} bytes")
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


@dataclass
class LayerRow:
    """A row of table 5, as far as it is needed to read."""

    layer_id: bytes
    length: int


class Snapshot:
    """The whole file as it is after one layer."""

    def __init__(self, base: Layer, layer: Layer, stem: Path) -> None:
        self.base = base
        self.newest = layer
        self.stem = stem
        self.opened: dict[int, Layer] = {base.sequence: base, layer.sequence: layer}
        self.layers: dict[int, LayerRow] = {}
        # Of the pages that were read, by sequence: their stored bytes, and
        # where those of other tables than the frames' begin and end.
        self.page_bytes: dict[int, int] = {}
        self.page_ranges: dict[int, tuple[int, int]] = {}

        root = layer.read_root()
        self.place = root.place
        file_id, layer_id, parent = (root.byte_strings(column, 1)[0] for column in (1, 2, 3))
        self.sequence, self.next_id, self.stored_bytes = (root.ints(column, 1)[0] for column in (4, 5, 12))
        if (file_id, layer_id, self.sequence) != (layer.file_id, layer.layer_id, layer.sequence):
            raise FormatError(root.place, "file id, layer id or sequence differ from the header's")
        if len(parent) not in (0, 16):
            raise FormatError(root.place, f"column 3 has {len(parent)} bytes")

        count = root.rows(6)
        self.tables = root.ints(6, count)
        heights, row_counts, tops = root.ints(7, count), root.ints(8, count), root.byte_strings(9, count)
        if self.tables[:5] != [1, 2, 3, 4, 5] or any(a >= b for a, b in zip(self.tables, self.tables[1:])):
            raise FormatError(root.place, f"tables {self.tables}")
        for table, height in list(zip(self.tables, heights))[:5]:
            if not 1 <= height <= MAX_HEIGHT:
                raise FormatError(root.place, f"table {table} has height {height}")
        self.trees = {
            table: tables.Tree(self.fetch, table, height, rows, top, f"{root.place}: table {table}")
            for table, height, rows, top in list(zip(self.tables, heights, row_counts, tops))[:5]
        }
        count = root.rows(10)
        self.live_sequences, self.live_bytes = root.ints(10, count), root.ints(11, count)
        self.live_ranges = list(zip(root.ints(13, count), root.ints(14, count)))

        self._read_layers()

    def _read_layers(self) -> None:
        # The pages of this table may lie in older layers, whose ids it holds
        # itself; so those layers are compared with it once it is read.
        rows: dict[int, LayerRow] = {}
        for page, keys in self.trees[5].leaves():
            n = len(keys)
            ids, lengths, writers, messages = (
                page.byte_strings(16, n),
                page.ints(17, n),
                page.byte_strings(19, n),
                page.byte_strings(20, n),
            )
            for column in (18, 21, 22, 23):
                page.ints(column, n)  # not needed, but must be well formed
            for i, (sequence,) in enumerate(keys):
                place = f"{page.place}: layer {sequence}"
                if len(ids[i]) != 16 or len(writers[i]) != 16:
                    raise FormatError(place, "a layer or writer id is not 16 bytes long")
                text(messages[i], f"{place}: message")
                rows[sequence] = LayerRow(ids[i], lengths[i])
        self.layers = rows
        sequences = list(rows)
        place = f"{self.place}: table 5"
        if not sequences or sequences[0] != self.base.sequence or sequences[-1] != self.sequence:
            raise FormatError(place, f"layers {sequences} do not go from the base's to this one's")
        if rows[self.sequence].length != 0:
            raise FormatError(place, "a layer's row about itself has a length")
        for layer in self.opened.values():
            self._check(layer)
        if any(a >= b for a, b in zip(self.live_sequences, self.live_sequences[1:])):
            raise FormatError(self.place, "column 10 does not rise")
        if any(sequence not in rows for sequence in self.live_sequences):
            raise FormatError(self.place, "column 10 names a layer that is not in the layers table")

    def _check(self, layer: Layer) -> None:
        row = self.layers.get(layer.sequence)
        if row is None:
            raise FormatError(self.place, f"layer {layer.sequence} is not in the layers table")
        if row.layer_id != layer.layer_id:
            raise Expired(layer.place, "its layer id is not the one in the layers table")
        if layer.sequence != self.sequence and row.length != layer.length:
            raise FormatError(layer.place, f"{layer.length} bytes, the layers table says {row.length}")

    def layer(self, sequence: int, place: str) -> Layer:
        if self.layers and sequence not in self.layers:
            raise FormatError(place, f"layer {sequence} is not in the layers table")
        if not self.base.sequence <= sequence <= self.sequence:
            raise FormatError(place, f"layer {sequence} is not between the base's sequence and this one's")
        if sequence not in self.opened:
            path = sidecar_path(self.stem, sequence)
            if not path.is_file():
                raise Expired(place, f"{path.name} is gone, the snapshot has expired")
            layer = Layer(path)
            if layer.file_id != self.base.file_id or layer.sequence != sequence:
                raise Expired(layer.place, "belongs to another file or has another sequence")
            if self.layers:
                self._check(layer)
            self.opened[sequence] = layer
        return self.opened[sequence]

    def fetch(
        self, table: int, sequence: int, offset: int, stored: int, raw: int, crc: int, place: str
    ) -> tuple[bytes, str]:
        """The raw bytes of a page, and how to name it."""
        place = f"{place}: page at {offset} of layer {sequence}"
        data = self.layer(sequence, place).read_page(offset, stored, raw, crc, place)
        self.page_bytes[sequence] = self.page_bytes.get(sequence, 0) + stored
        if table != tables.FRAMES:
            begin, end = self.page_ranges.get(sequence, (offset, offset))
            self.page_ranges[sequence] = (min(begin, offset), max(end, offset + stored))
        return data, place

    def read_frame(self, sequence: int, offset: int, stored: int, crc: int, place: str) -> bytes:
        if stored > MAX_FRAME:
            raise FormatError(place, f"frame of {stored} stored bytes, the limit is {MAX_FRAME}")
        return self.layer(sequence, place).read_checked(offset, stored, crc, place)

    def check_frame_address(self, sequence: int, offset: int, stored: int, place: str) -> None:
        """For frames that are not read: the address must still be one."""
        row = self.layers.get(sequence)
        if row is None:
            raise FormatError(place, f"layer {sequence} is not in the layers table")
        length = self.newest.length if sequence == self.sequence else row.length
        if offset < 64 or offset + stored > length - 64:
            raise FormatError(place, f"bytes {offset} to {offset + stored} lie outside layer {sequence}")

    def check_live_pages(self) -> None:
        """Columns 10, 11, 13 and 14 of the root, once all pages were read. Unknown tables have pages too."""
        if len(self.tables) == 5 and dict(zip(self.live_sequences, self.live_bytes)) != self.page_bytes:
            raise FormatError(
                self.place,
                f"columns 10 and 11 are {dict(zip(self.live_sequences, self.live_bytes))}, "
                f"the tables' pages are {self.page_bytes}",
            )
        hints = dict(zip(self.live_sequences, self.live_ranges))
        for sequence, hint in hints.items():
            found = self.page_ranges.get(sequence)
            if hint != (0, 0) if found is None else not hint[0] <= found[0] <= found[1] <= hint[1]:
                raise FormatError(
                    self.place, f"columns 13 and 14 say {hint} for layer {sequence}, its pages have {found}"
                )


def sidecar_path(stem: Path, sequence: int) -> Path:
    return stem.with_name(f"{stem.name}.{sequence}.af")


def stem_of(base: Path) -> Path:
    return base.with_name(base.name[:-3]) if base.name.endswith(".af") else base


def is_torn(path: Path) -> bool:
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 8))
        return file.read() != TAIL_MAGIC


def open_newest(base_path: Path) -> Snapshot:
    """The snapshot of the newest layer (section 1)."""
    base = Layer(base_path)
    stem = stem_of(base_path)
    pattern = re.compile(re.escape(stem.name) + r"\.(0|[1-9][0-9]*)\.af")
    numbers = []
    for entry in os.scandir(base_path.parent):
        match = pattern.fullmatch(entry.name)
        # Digits beyond those of 2^64 could not be a sequence; `int` refuses thousands of them.
        if match and len(match[1]) <= 20 and entry.is_file():
            number = int(match[1])
            if number > base.sequence:
                numbers.append(number)
    if is_torn(base_path):
        raise FormatError(base.place, "wrong tail magic, the object was never completely written")
    for number in sorted(numbers, reverse=True):
        path = sidecar_path(stem, number)
        if is_torn(path):
            continue
        layer = Layer(path)
        if layer.file_id != base.file_id:
            continue
        if layer.sequence != number:
            raise FormatError(layer.place, f"its sequence is {layer.sequence}")
        return Snapshot(base, layer, stem)
    return Snapshot(base, base, stem)
