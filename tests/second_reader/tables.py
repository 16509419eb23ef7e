"""The five tables: trees of pages, their keys and their rows (section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Generator, Iterator

from common import MAX_ELEMENTS, MAX_FRAME, MAX_RANK, U64, FormatError, text, uint
from pages import BYTES, INNER, INTS, LEAF, Page, Schema
from values import DType, Stage, parse_dtype, parse_pipeline

ARRAYS, ATTRIBUTES, STATISTICS, FRAMES, LAYERS = 1, 2, 3, 4, 5

KEY_SCHEMA: dict[int, Schema] = {
    ARRAYS: {1: (BYTES, False)},
    ATTRIBUTES: {1: (BYTES, False), 2: (INTS, False), 3: (INTS, False)},
    STATISTICS: {1: (INTS, False)},
    FRAMES: {1: (INTS, False), 2: (INTS, False), 3: (INTS, False), 4: (INTS, False)},
    LAYERS: {1: (INTS, False)},
}
CHILD_SCHEMA: Schema = {column: (INTS, False) for column in range(64, 70)}
ROW_SCHEMA: dict[int, Schema] = {
    ARRAYS: {16: (INTS, False), 17: (BYTES, False), 18: (INTS, False), 19: (INTS, False), 20: (INTS, False),
             21: (INTS, False), 22: (BYTES, False), 23: (BYTES, False), 24: (BYTES, False)},
    ATTRIBUTES: {16: (BYTES, False), 17: (INTS, True)},
    STATISTICS: {16: (INTS, False), 17: (INTS, False), 18: (BYTES, False), 19: (BYTES, False),
                 20: (INTS, False), 21: (INTS, False)},
    FRAMES: {16: (INTS, False), 17: (INTS, False), 18: (INTS, False), 19: (INTS, False), 20: (INTS, False),
             21: (BYTES, True), 22: (INTS, False), 23: (INTS, False), 24: (BYTES, True), 25: (BYTES, True)},
    LAYERS: {16: (BYTES, False), 17: (INTS, False), 18: (INTS, False), 19: (BYTES, False), 20: (BYTES, False),
             21: (INTS, False), 22: (INTS, False), 23: (INTS, False)},
}  # fmt: skip

# A key compares as a tuple: (name,), (attribute key, id), (id,), (id, coordinates, tile), (sequence,).
Key = tuple[Any, ...]
# table, then the address: sequence, offset, stored length, raw length, CRC; and the place
Fetch = Callable[[int, int, int, int, int, int, str], tuple[bytes, str]]


def read_keys(page: Page, table: int) -> list[Key]:
    keys: list[Key]
    if table == ARRAYS:
        keys = [(name,) for name in page.byte_strings(1, page.rows(1))]
        for (name,) in keys:
            if not name:
                raise FormatError(page.place, "an array name is empty")
            text(name, f"{page.place}: array name")
    elif table == ATTRIBUTES:
        n = page.rows(2)
        names = page.byte_strings(1, page.rows(1))
        for name in names:
            text(name, f"{page.place}: attribute key")
        if len(set(names)) != len(names):
            raise FormatError(page.place, "column 1 holds an attribute key twice")
        indices, ids = page.ints(2, n), page.ints(3, n)
        if any(index >= len(names) for index in indices):
            raise FormatError(page.place, "column 2 points outside column 1")
        keys = [(names[index], array_id) for index, array_id in zip(indices, ids)]
    elif table == FRAMES:
        n = page.rows(1)
        ids, ranks, tiles = page.ints(1, n), page.ints(2, n), page.ints(4, n)
        if any(rank > MAX_RANK for rank in ranks):
            raise FormatError(page.place, f"a rank is over {MAX_RANK}")
        coordinates = page.ints(3, sum(ranks))
        keys = []
        at = 0
        for array_id, rank, tile in zip(ids, ranks, tiles):
            keys.append((array_id, tuple(coordinates[at : at + rank]), tile))
            at += rank
    else:
        keys = [(value,) for value in page.ints(1, page.rows(1))]
    for before, after in zip(keys, keys[1:]):
        if not before < after:
            raise FormatError(page.place, f"keys do not rise: {show(before)}, {show(after)}")
    return keys


def show(key: Key) -> str:
    return ", ".join(repr(part) for part in key)


@dataclass
class Tree:
    """One table."""

    fetch: Fetch
    table: int
    height: int
    rows: int
    top: bytes
    place: str

    def leaves(self) -> Iterator[tuple[Page, list[Key]]]:
        """All leaf pages in order, with the keys of their rows."""
        schema = KEY_SCHEMA[self.table] | CHILD_SCHEMA
        top = Page(self.top, INNER, self.table, schema, f"{self.place}: top")
        found = yield from self._beneath(top, self.height, None, None, True)
        if found != self.rows:
            raise FormatError(self.place, f"{found} rows, the root says {self.rows}")

    def _keys(self, page: Page, low: Key | None, high: Key | None) -> list[Key]:
        keys = read_keys(page, self.table)
        if keys and ((low is not None and keys[0] < low) or (high is not None and keys[-1] >= high)):
            raise FormatError(page.place, "a key lies outside the parent's range")
        return keys

    def _beneath(
        self, inner: Page, height: int, low: Key | None, high: Key | None, is_top: bool
    ) -> Generator[tuple[Page, list[Key]], None, int]:
        """The leaves beneath an inner page; returns how many rows they have."""
        keys = self._keys(inner, low, high)
        # An empty table has height 1, and no page but its top is empty. This
        # also keeps a small file from making a reader visit pages without end.
        if not keys and not (is_top and height == 1):
            raise FormatError(inner.place, "an inner page without children")
        children = list(zip(*(inner.ints(column, len(keys)) for column in range(64, 70))))
        total = 0
        for i, (sequence, offset, stored, raw, crc, rows) in enumerate(children):
            # The first key of the next child ends the range; the parent's own end ends the last one's.
            end = keys[i + 1] if i + 1 < len(keys) else high
            data, place = self.fetch(self.table, sequence, offset, stored, raw, crc, self.place)
            if height == 1:
                page = Page(data, LEAF, self.table, KEY_SCHEMA[self.table] | ROW_SCHEMA[self.table], place)
                leaf_keys = self._keys(page, keys[i], end)
                if not leaf_keys:
                    raise FormatError(place, "a leaf page without rows")
                found = len(leaf_keys)
                yield page, leaf_keys
            else:
                page = Page(data, INNER, self.table, KEY_SCHEMA[self.table] | CHILD_SCHEMA, place)
                found = yield from self._beneath(page, height - 1, keys[i], end, False)
            if found != rows:
                raise FormatError(place, f"{found} rows, its parent says {rows}")
            total += found
        return total


@dataclass
class Array:
    """A row of table 1."""

    name: str
    array_id: int
    dtype: DType
    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    tile: tuple[int, ...]
    dimension_names: list[str]
    fill: bytes
    pipeline: list[Stage]
    place: str


@dataclass
class Frame:
    """A row of table 4."""

    array_id: int
    chunk: tuple[int, ...]
    tile: int
    sequence: int
    offset: int
    stored: int
    raw: int
    crc: int
    extent: bytes
    minimum: bytes
    maximum: bytes
    place: str


@dataclass
class Statistics:
    """A row of table 3."""

    valid: int
    nan: int
    minimum: bytes
    maximum: bytes
    stored_bytes: int
    frames: int
    place: str


def product(values: tuple[int, ...]) -> int:
    out = 1
    for value in values:
        out *= value
    return out


def read_arrays(tree: Tree, next_id: int) -> list[Array]:
    arrays: list[Array] = []
    ids: set[int] = set()
    for page, keys in tree.leaves():
        n = len(keys)
        array_ids, ranks = page.ints(16, n), page.ints(18, n)
        if any(rank > MAX_RANK for rank in ranks):
            raise FormatError(page.place, f"a rank is over {MAX_RANK}")
        total = sum(ranks)
        shapes, chunks, tiles = (page.ints(column, total) for column in (19, 20, 21))
        dimension_names = page.byte_strings(22, total)
        dtypes, fills, pipelines = (page.byte_strings(column, n) for column in (17, 23, 24))
        at = 0
        for i, (name_bytes,) in enumerate(keys):
            name = name_bytes.decode("utf-8")
            place = f"{page.place}: array {name!r}"
            end = at + ranks[i]
            dtype = parse_dtype(dtypes[i], place)
            array = Array(
                name,
                array_ids[i],
                dtype,
                tuple(shapes[at:end]),
                tuple(chunks[at:end]),
                tuple(tiles[at:end]),
                [text(value, f"{place}: dimension name") for value in dimension_names[at:end]],
                fills[i],
                parse_pipeline(pipelines[i], dtype, place),
                place,
            )
            at = end
            if array.array_id == 0 or array.array_id >= next_id or array.array_id in ids:
                raise FormatError(place, f"array id {array.array_id} is 0, is used twice, or is not below the next id")
            ids.add(array.array_id)
            if any(extent == 0 for extent in array.chunk + array.tile):
                raise FormatError(place, f"chunk shape {array.chunk} or tile shape {array.tile} has an extent of 0")
            if any(tile > chunk for tile, chunk in zip(array.tile, array.chunk)):
                raise FormatError(place, f"tile shape {array.tile} exceeds the chunk shape {array.chunk}")
            if product(array.shape) * max(1, dtype.size or 1) > MAX_ELEMENTS:
                raise FormatError(place, "too many elements, or bytes of them")
            arrays.append(array)
    return arrays


def read_attributes(tree: Tree) -> Iterator[tuple[int, str, bytes, str]]:
    """(array id, key, value, place)"""
    for page, keys in tree.leaves():
        indices = page.ints(17, len(keys))
        if indices:
            values = page.byte_strings(16, page.rows(16))
            if any(index >= len(values) for index in indices):
                raise FormatError(page.place, "column 17 points outside column 16")
            values = [values[index] for index in indices]
        else:
            values = page.byte_strings(16, len(keys))
        for (key, array_id), value in zip(keys, values):
            name = key.decode("utf-8")
            yield array_id, name, value, f"{page.place}: attribute {name!r} of array {array_id}"


def read_statistics(tree: Tree) -> dict[int, Statistics]:
    out: dict[int, Statistics] = {}
    for page, keys in tree.leaves():
        n = len(keys)
        valid, nan, stored, frames = (page.ints(column, n) for column in (16, 17, 20, 21))
        minima, maxima = page.byte_strings(18, n), page.byte_strings(19, n)
        for i, (array_id,) in enumerate(keys):
            place = f"{page.place}: statistics of array {array_id}"
            out[array_id] = Statistics(valid[i], nan[i], minima[i], maxima[i], stored[i], frames[i], place)
    return out


def read_frames(tree: Tree) -> Iterator[Frame]:
    for page, keys in tree.leaves():
        n = len(keys)
        sequences, gaps, stored, raw, crcs = (page.ints(column, n) for column in (16, 17, 18, 19, 20))
        page.ints(22, n)
        page.ints(23, n)
        extents, minima, maxima = ((page.byte_strings(column, n) or [b""] * n) for column in (21, 24, 25))
        end = 0
        for i, (array_id, chunk, tile) in enumerate(keys):
            place = f"{page.place}: frame of array {array_id}, chunk {list(chunk)}, tile {tile}"
            same_layer = i > 0 and sequences[i] == sequences[i - 1]
            offset = (end + gaps[i]) & U64 if same_layer else gaps[i]
            end = offset + stored[i]
            if not 1 <= stored[i] <= MAX_FRAME or raw[i] > MAX_FRAME:
                raise FormatError(place, f"{stored[i]} stored and {raw[i]} raw bytes")
            yield Frame(
                array_id, chunk, tile, sequences[i], offset, stored[i], raw[i], crcs[i],
                extents[i], minima[i], maxima[i], place,
            )  # fmt: skip


def parse_extent(data: bytes, rank: int, place: str) -> tuple[int, ...] | None:
    """Column 21: None for the full tile."""
    if not data:
        return None
    if len(data) != 8 * rank:
        raise FormatError(place, f"an extent of {len(data)} bytes for rank {rank}")
    return tuple(uint(data, 8 * axis, 8) for axis in range(rank))
