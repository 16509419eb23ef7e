"""A snapshot: the root of one layer, its tables, and where their pages are (sections 1, 3 and 4)."""

from __future__ import annotations

from commits import LayerRow, read_layer_rows
from common import MAX_FRAME, MAX_HEIGHT, Expired, FormatError
from objects import Annex, File, Layer
from tables import FRAMES, KNOWN_TABLES, LAYERS, LOG, Tree


class Snapshot:
    """The whole file as it is after one layer."""

    def __init__(self, file: File, layer: Layer) -> None:
        self.file = file
        self.newest = layer
        self.opened: dict[int, Layer] = {layer.sequence: layer}
        self.annexes: dict[int, Annex] = {}
        self.layers: dict[int, LayerRow] = {}
        # Of the pages that were read, by sequence: their stored bytes, and
        # where those of other tables than frames and log begin and end.
        self.page_bytes: dict[int, int] = {}
        self.page_ranges: dict[int, tuple[int, int]] = {}
        self.log_bytes = 0
        self.counted: set[tuple[int, int]] = set()

        root = layer.read_root()
        self.place = root.place
        self.file_id, layer_id, self.parent = (root.byte_strings(column, 1)[0] for column in (1, 2, 3))
        self.sequence, self.next_id, self.stored_bytes = (root.ints(column, 1)[0] for column in (4, 5, 12))
        if (layer_id, self.sequence) != (layer.layer_id, layer.sequence):
            raise FormatError(root.place, "layer id or sequence differ from the header's")
        if len(self.parent) not in (0, 16):
            raise FormatError(root.place, f"column 3 has {len(self.parent)} bytes")

        count = root.rows(6)
        self.tables = root.ints(6, count)
        heights, row_counts, tops = root.ints(7, count), root.ints(8, count), root.byte_strings(9, count)
        if self.tables[:5] != [1, 2, 3, 4, 5] or any(a >= b for a, b in zip(self.tables, self.tables[1:])):
            raise FormatError(root.place, f"tables {self.tables}")
        self.trees: dict[int, Tree] = {}
        for table, height, rows, top in zip(self.tables, heights, row_counts, tops):
            if table not in KNOWN_TABLES:
                continue
            if not 1 <= height <= MAX_HEIGHT:
                raise FormatError(root.place, f"table {table} has height {height}")
            if table > LAYERS and not rows:
                raise FormatError(root.place, f"table {table} is there without rows")
            self.trees[table] = Tree(self.fetch, table, height, rows, top, f"{root.place}: table {table}")
        count = root.rows(10)
        self.live_sequences, self.live_bytes = root.ints(10, count), root.ints(11, count)
        self.live_ranges = list(zip(root.ints(13, count), root.ints(14, count)))
        count = root.columns[15][0] if 15 in root.columns else 0
        if count > 1:
            raise FormatError(root.place, f"column 15 has {count} values")
        self.live_log_bytes = sum(root.ints(15, count))

    def own_base(self) -> int:
        """The number of the first layer, without a look at older layers: these may be gone."""
        first = self.trees[LAYERS].first_key()
        if first is None:
            raise FormatError(self.place, "the layers table is empty")
        return first[0]

    def read_layers(self) -> None:
        """Before anything else is read."""
        # The pages of this table may lie in older layers, whose ids it holds
        # itself; so those layers are compared with it once it is read.
        rows = read_layer_rows(self.trees[LAYERS])
        self.layers = rows
        place = f"{self.place}: table 5"
        if not rows or list(rows)[-1] != self.sequence:
            raise FormatError(place, f"layers {list(rows)} do not end in {self.sequence}")
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
        if sequence > self.sequence:
            raise FormatError(place, f"layer {sequence} is above this one")
        if sequence not in self.opened:
            layer = self.file.layer(sequence, place)
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
        if (sequence, offset) in self.counted:
            return data, place
        self.counted.add((sequence, offset))
        if table == LOG:
            self.log_bytes += stored
            return data, place
        self.page_bytes[sequence] = self.page_bytes.get(sequence, 0) + stored
        if table != FRAMES:
            begin, end = self.page_ranges.get(sequence, (offset, offset))
            self.page_ranges[sequence] = (min(begin, offset), max(end, offset + stored))
        return data, place

    def read_frame(self, sequence: int, offset: int, stored: int, crc: int, place: str) -> bytes:
        if stored > MAX_FRAME:
            raise FormatError(place, f"frame of {stored} stored bytes, the limit is {MAX_FRAME}")
        annex, offset = self.locate(sequence, offset, stored, place)
        if annex is not None:
            return annex.read_checked(offset, stored, crc, place)
        return self.layer(sequence, place).read_checked(offset, stored, crc, place)

    def locate(self, sequence: int, offset: int, stored: int, place: str) -> tuple[Annex | None, int]:
        """In which object a frame is, and where there: its offset counts through annex and layer."""
        row = self.layers.get(sequence)
        if row is None:
            raise FormatError(place, f"layer {sequence} is not in the layers table")
        if not row.annex_length:
            return None, offset
        if offset >= row.annex_length:
            return None, offset - (row.annex_length - 64)
        if offset < 64 or offset + stored > row.annex_length:
            raise FormatError(place, f"bytes {offset} to {offset + stored} cross the end of an annex")
        if sequence not in self.annexes:
            self.annexes[sequence] = self.file.annex(row.annex_id, row.annex_length, place)
        return self.annexes[sequence], offset

    def check_frame_address(self, sequence: int, offset: int, stored: int, place: str) -> None:
        """For frames that are not read: the address must still be one."""
        annex, offset = self.locate(sequence, offset, stored, place)
        if annex is not None:
            return
        row = self.layers[sequence]
        length = self.newest.length if sequence == self.sequence else row.length
        if offset < 64 or offset + stored > length - 64:
            raise FormatError(place, f"bytes {offset} to {offset + stored} lie outside layer {sequence}")

    def check_live_pages(self) -> None:
        """Columns 10, 11, 13, 14 and 15 of the root, once each page of each table was read once."""
        if self.log_bytes != self.live_log_bytes:
            raise FormatError(self.place, f"column 15 is {self.live_log_bytes}, table 6 has {self.log_bytes} bytes")
        # Unknown tables have pages too.
        known = all(table in KNOWN_TABLES for table in self.tables)
        if known and dict(zip(self.live_sequences, self.live_bytes)) != self.page_bytes:
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
