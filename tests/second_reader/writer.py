"""A throw-away writer for the tests, and a file that is small enough to flip every byte of it."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

import zstandard

from objects import MAGIC, TAIL_MAGIC

U64 = 2**64 - 1
FILE_ID = bytes(range(16))
Column = tuple[int, int, int, bytes]  # id, type, count, bytes


def ints(values: list[int], mode: int | None = None) -> bytes:
    """An integer column; mode None takes the shorter."""
    if not values:
        return b""
    if mode is None:
        return min(ints(values, 0), ints(values, 1), key=len)
    if mode == 0:
        base = min(values)
        digits = [value - base for value in values]
        head = struct.pack("<Q", base)
    else:
        steps = [(b - a) & U64 for a, b in zip(values, values[1:])]
        base = min(steps, default=0)
        digits = [step - base for step in steps]
        head = struct.pack("<QQ", base, values[0])
    width = (max(digits, default=0).bit_length() + 7) // 8
    planes = b"".join(bytes(digit >> 8 * byte & 255 for digit in digits) for byte in range(width))
    return bytes([mode, width]) + head + planes


def strings(values: list[bytes]) -> bytes:
    if not values:
        return b""
    lengths = ints([len(value) for value in values])
    data = b"".join(values)
    if len(values) > 1 and len({len(value) for value in values}) == 1:
        data = b"".join(bytes(value[i] for value in values) for i in range(len(values[0])))
    return struct.pack("<I", len(lengths)) + lengths + data


def int_column(column: int, values: list[int], mode: int | None = None) -> Column:
    return column, 0, len(values), ints(values, mode)


def bytes_column(column: int, values: list[bytes]) -> Column:
    return column, 1, len(values), strings(values)


def page(kind: int, table: int, columns: list[Column]) -> bytes:
    out = struct.pack("<BBH", kind, table, len(columns))
    for column, column_type, count, data in columns:
        out += struct.pack("<HBBII", column, column_type, 0, count, len(data))
    return out + b"".join(data for *_, data in columns)


def pipeline(*stages: Any) -> bytes:
    out = bytes([len(stages)])
    for stage in stages:
        name, *parameters = stage if isinstance(stage, tuple) else (stage,)
        out += bytes([len(name)]) + name.encode() + bytes([len(parameters)])
        out += b"".join(struct.pack("<q", parameter) for parameter in parameters)
    return out


def layer_id_of(sequence: int) -> bytes:
    return bytes([sequence]) * 15 + b"L"


def header(sequence: int, layer_id: bytes, file_id: bytes = FILE_ID) -> bytes:
    out = MAGIC + struct.pack("<HHI", 1, 0, 0) + file_id + layer_id + struct.pack("<QI", sequence, 0)
    return out + struct.pack("<I", zlib.crc32(out))


def tombstone(sequence: int, leads_to: int, file_id: bytes = FILE_ID) -> bytes:
    tail = struct.pack("<QI", leads_to, 0)
    return header(sequence, b"a new layer id..", file_id) + tail + struct.pack("<I", zlib.crc32(tail))


@dataclass
class ArrayDef:
    name: str
    array_id: int
    dtype: bytes
    shape: list[int]
    chunk: list[int]
    tile: list[int]
    fill: bytes = b""
    pipeline: bytes = pipeline()
    dims: list[str] = field(default_factory=list)


@dataclass
class FrameDef:
    array_id: int
    chunk: list[int]
    tile: int
    stored: bytes
    raw: int
    extent: list[int] | None = None
    minimum: bytes = b""
    maximum: bytes = b""
    sums: bytes = b""
    address: tuple[int, int] | None = None  # once it is written


@dataclass
class State:
    """What a file holds; `commit` writes it as one more layer."""

    arrays: list[ArrayDef] = field(default_factory=list)
    attributes: dict[tuple[str, int], bytes] = field(default_factory=dict)
    statistics: dict[int, tuple[int, int, bytes, bytes]] = field(default_factory=dict)
    frames: list[FrameDef] = field(default_factory=list)
    layers: dict[int, tuple[bytes, int]] = field(default_factory=dict)  # sequence -> id, length
    log: dict[int, tuple[bytes, int]] = field(default_factory=dict)  # likewise, of layers left behind
    origins: dict[int, tuple[int, int]] = field(default_factory=dict)  # sequence -> columns 24 and 25
    given_up: set[int] = field(default_factory=set)
    tags: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # name -> sequence, layer id
    parent: bytes = b""
    known_pages: dict[bytes, tuple[int, int, int, int, int]] = field(default_factory=dict)
    next_id: int = 100
    rows_a_page: int = 1000
    compress: bool = True
    file_id: bytes = FILE_ID
    # To spoil a page: (kind, table, raw) -> raw
    spoil: Callable[[int, int, bytes], bytes] = lambda kind, table, raw: raw
    # To spoil columns of the root.
    root_changes: dict[int, Column] = field(default_factory=dict)

    def commit(self, path: Path, sequence: int) -> bytes:
        layer_id = layer_id_of(sequence)
        out = bytearray(header(sequence, layer_id, self.file_id))
        self.frames.sort(key=lambda f: (f.array_id, f.chunk, f.tile))
        written = 0
        for frame in self.frames:
            if frame.address is None:
                written += 1
                frame.address = (sequence, len(out))
                out += frame.stored
        self.layers[sequence] = (layer_id, 0)

        def put(raw: bytes) -> tuple[int, int, int, int, int]:
            if raw not in self.known_pages:
                stored = zstandard.ZstdCompressor().compress(raw) if self.compress else raw
                stored = stored if len(stored) < len(raw) else raw
                self.known_pages[raw] = (sequence, len(out), len(stored), len(raw), zlib.crc32(stored))
                out.extend(stored)
            return self.known_pages[raw]

        out += bytes(-len(out) % 64)  # zero bytes between the parts are allowed
        tops, heights, counts, used = [], [], [], {}  # used: page address -> table
        present = [1, 2, 3, 4, 5] + [6] * bool(self.log) + [7] * bool(self.tags)
        for table in present:
            rows = self.rows(table)
            level = [(rows[i : i + self.rows_a_page]) for i in range(0, len(rows), self.rows_a_page)]
            children = []
            for group in level:
                raw = self.spoil(3, table, page(3, table, self.leaf(table, group)))
                children.append((group[0], put(raw), len(group)))
            height = 1
            while len(children) > self.rows_a_page:
                groups = [children[i : i + self.rows_a_page] for i in range(0, len(children), self.rows_a_page)]
                for _, address, _ in children:
                    used[address] = table
                children = [
                    (g[0][0], put(self.spoil(2, table, page(2, table, self.inner(table, g)))), sum(c[2] for c in g))
                    for g in groups
                ]
                height += 1
            for _, address, _ in children:
                used[address] = table
            tops.append(self.spoil(2, table, page(2, table, self.inner(table, children))))
            heights.append(height)
            counts.append(len(rows))
        live: dict[int, int] = {}
        ranges: dict[int, tuple[int, int]] = {}
        log_bytes = sum(address[2] for address, table in used.items() if table == 6)
        for address, table in used.items():
            if table == 6:
                continue
            live[address[0]] = live.get(address[0], 0) + address[2]
            begin, end = ranges.get(address[0], (0, 0))
            if table != 4:
                begin = min(begin, address[1]) if end else address[1]
                ranges[address[0]] = (begin, max(end, address[1] + address[2]))
        columns = [
            bytes_column(1, [self.file_id]),
            bytes_column(2, [layer_id]),
            bytes_column(3, [self.parent]),
            int_column(4, [sequence]),
            int_column(5, [self.next_id]),
            int_column(6, present),
            int_column(7, heights),
            int_column(8, counts),
            bytes_column(9, tops),
            int_column(10, sorted(live)),
            int_column(11, [live[s] for s in sorted(live)]),
            int_column(12, [sum(len(f.stored) for f in self.frames)]),
            int_column(13, [ranges.get(s, (0, 0))[0] for s in sorted(live)]),
            int_column(14, [ranges.get(s, (0, 0))[1] for s in sorted(live)]),
            *([int_column(15, [log_bytes])] if self.log else []),
            (0x8001, 9, 7, b"later"),
        ]
        root = page(1, 0, [self.root_changes.get(column[0], column) for column in columns])
        stored = zstandard.ZstdCompressor().compress(root) if self.compress else root
        offset = len(out)
        out += stored
        trailer = struct.pack("<QIIIIQQQHH", offset, len(stored), len(root), zlib.crc32(stored), 0, 0, 5,
                              len(out) + 64, 1, 0)  # fmt: skip
        out += trailer + struct.pack("<I", zlib.crc32(trailer)) + TAIL_MAGIC
        self.layers[sequence] = (layer_id, len(out))
        self.parent = layer_id
        path.write_bytes(out)
        return bytes(out)

    def leave_behind(self, sequences: list[int]) -> None:
        """The next layer refers to none of these."""
        for sequence in sequences:
            self.log[sequence] = self.layers.pop(sequence)
        self.known_pages = {raw: at for raw, at in self.known_pages.items() if at[0] in self.layers}
        for frame in self.frames:
            if frame.address is not None and frame.address[0] in sequences:
                frame.address = None

    def merge(self, path: Path, sequence: int, since: int) -> bytes:
        self.leave_behind([number for number in self.layers if number >= since])
        self.origins[sequence] = (1, since)
        return self.commit(path, sequence)

    def restore(self, older: State, path: Path, sequence: int) -> bytes:
        """What `older`, a copy of this state after an earlier commit, was; with the history up to now."""
        self.arrays, self.attributes, self.statistics = older.arrays, older.attributes, older.statistics
        self.frames, self.known_pages = older.frames, older.known_pages
        self.log = {number: row for number, row in {**self.log, **self.layers}.items() if number not in older.layers}
        self.layers = dict(older.layers)
        self.origins[sequence] = (2, max(older.layers))
        return self.commit(path, sequence)

    def rows(self, table: int) -> list[Any]:
        if table == 1:
            return sorted(self.arrays, key=lambda a: a.name.encode())
        if table == 2:
            return sorted(self.attributes.items(), key=lambda item: (item[0][0].encode(), item[0][1]))
        if table == 3:
            return sorted(self.statistics.items())
        if table == 4:
            return self.frames
        if table == 7:
            return sorted(self.tags.items(), key=lambda item: item[0].encode())
        return sorted((self.layers if table == 5 else self.log).items())

    def keys(self, table: int, rows: list[Any]) -> list[Column]:
        if table == 1:
            return [bytes_column(1, [a.name.encode() for a in rows])]
        if table == 2:
            names = sorted({key for (key, _), _ in rows})
            return [
                bytes_column(1, [name.encode() for name in names]),
                int_column(2, [names.index(key) for (key, _), _ in rows]),
                int_column(3, [array_id for (_, array_id), _ in rows]),
            ]
        if table == 4:
            return [
                int_column(1, [f.array_id for f in rows]),
                int_column(2, [len(f.chunk) for f in rows]),
                int_column(3, [c for f in rows for c in f.chunk]),
                int_column(4, [f.tile for f in rows]),
            ]
        if table == 7:
            return [bytes_column(1, [name.encode() for name, _ in rows])]
        return [int_column(1, [key for key, _ in rows])]

    def inner(self, table: int, children: list[Any]) -> list[Column]:
        addresses = [address for _, address, _ in children]
        return self.keys(table, [first for first, *_ in children]) + [
            *(int_column(64 + i, [address[i] for address in addresses]) for i in range(5)),
            int_column(69, [rows for *_, rows in children]),
        ]

    def leaf(self, table: int, rows: list[Any]) -> list[Column]:
        columns = self.keys(table, rows)
        n = len(rows)
        if table == 1:
            dims = [d.encode() for a in rows for d in (a.dims or [f"d{i}" for i in range(len(a.shape))])]
            columns += [
                int_column(16, [a.array_id for a in rows]),
                bytes_column(17, [a.dtype for a in rows]),
                int_column(18, [len(a.shape) for a in rows]),
                int_column(19, [v for a in rows for v in a.shape]),
                int_column(20, [v for a in rows for v in a.chunk]),
                int_column(21, [v for a in rows for v in a.tile]),
                bytes_column(22, dims),
                bytes_column(23, [a.fill for a in rows]),
                bytes_column(24, [a.pipeline for a in rows]),
            ]
        elif table == 2:
            values = [value for _, value in rows]
            distinct = sorted(set(values))
            if len(distinct) < n:
                columns += [bytes_column(16, distinct), int_column(17, [distinct.index(v) for v in values])]
            else:
                columns += [bytes_column(16, values)]
        elif table == 3:
            own = {i: [len(f.stored) for f in self.frames if f.array_id == i] for i, _ in rows}
            columns += [
                int_column(16, [s[0] for _, s in rows]),
                int_column(17, [s[1] for _, s in rows]),
                bytes_column(18, [s[2] for _, s in rows]),
                bytes_column(19, [s[3] for _, s in rows]),
                int_column(20, [sum(own[i]) for i, _ in rows]),
                int_column(21, [len(own[i]) for i, _ in rows]),
            ]
        elif table == 4:
            gaps = []
            for i, f in enumerate(rows):
                sequence, offset = f.address
                if i and rows[i - 1].address[0] == sequence:
                    offset = (offset - rows[i - 1].address[1] - len(rows[i - 1].stored)) & U64
                gaps.append(offset)
            columns += [
                int_column(16, [f.address[0] for f in rows]),
                int_column(17, gaps),
                int_column(18, [len(f.stored) for f in rows]),
                int_column(19, [f.raw for f in rows]),
                int_column(20, [zlib.crc32(f.stored) for f in rows]),
            ]
            if any(f.extent is not None for f in rows):
                extents = [b"" if f.extent is None else struct.pack(f"<{len(f.extent)}Q", *f.extent) for f in rows]
                columns.append(bytes_column(21, extents))
            columns += [int_column(22, [0] * n), int_column(23, [0] * n)]
            if any(f.minimum or f.maximum for f in rows):
                columns += [bytes_column(24, [f.minimum for f in rows]), bytes_column(25, [f.maximum for f in rows])]
            if any(f.sums for f in rows):
                columns.append(bytes_column(26, [f.sums for f in rows]))
        elif table == 7:
            columns += [int_column(16, [tag[0] for _, tag in rows]), bytes_column(17, [tag[1] for _, tag in rows])]
        else:
            columns += [
                bytes_column(16, [layer_id for _, (layer_id, _) in rows]),
                int_column(17, [length for _, (_, length) in rows]),
                int_column(18, [-5 & U64] * n),
                bytes_column(19, [b"w" * 16] * n),
                bytes_column(20, ["commit ü".encode()] * n),
                int_column(21, [1] * n),
                int_column(22, [1] * n),
                int_column(23, [1] * n),
            ]
            origins = [self.origins.get(sequence, (0, 0)) for sequence, _ in rows]
            if any(origin != (0, 0) for origin in origins):
                columns += [int_column(24, [kind for kind, _ in origins]), int_column(25, [of for _, of in origins])]
            if any(sequence in self.given_up for sequence, _ in rows):
                columns.append(int_column(26, [int(sequence in self.given_up) for sequence, _ in rows]))
        return columns


def vlen(items: list[bytes]) -> bytes:
    return struct.pack("<I", len(items)) + b"".join(struct.pack("<I", len(item)) + item for item in items)


def i32(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


INT32, STRING = bytes([4]), bytes([17])


def small_state() -> State:
    """Two arrays, attributes, statistics: small enough to flip every byte."""
    return State(
        arrays=[
            ArrayDef("a", 1, INT32, [5], [4], [2], fill=b"\x01" + struct.pack("<q", -1)),
            ArrayDef("ß", 2, STRING, [2], [2], [2], pipeline=pipeline(("zstd", 3))),
        ],
        attributes={
            ("k", 0): b"\x0bvalue",
            ("k", 1): b"\x09" + struct.pack("<f", 1.5),
            ("u", 1): b"\x2b" + struct.pack("<Q", 1) + b"x",
            ("gone", 77): b"\xff ignored",
        },
        statistics={1: (3, 0, b"\x01" + struct.pack("<q", 1), b"\x01" + struct.pack("<q", 5))},
        frames=[
            FrameDef(1, [0], 0, i32(1, 2), 8),
            FrameDef(1, [1], 0, i32(5), 4, [1]),
            FrameDef(2, [0], 0, zstd(vlen([b"hi", "ü".encode()])), 16),
        ],
    )


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(data)
