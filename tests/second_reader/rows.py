"""The rows of the tables of arrays, attributes, statistics and frames (section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from common import MAX_ELEMENTS, MAX_FRAME, MAX_RANK, U64, FormatError, text, uint
from tables import Tree
from values import DType, Stage, parse_dtype, parse_pipeline


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
    sums: bytes
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
        extents, minima, maxima, sums = ((page.byte_strings(column, n) or [b""] * n) for column in (21, 24, 25, 26))
        end = 0
        for i, (array_id, chunk, tile) in enumerate(keys):
            place = f"{page.place}: frame of array {array_id}, chunk {list(chunk)}, tile {tile}"
            same_layer = i > 0 and sequences[i] == sequences[i - 1]
            offset = (end + gaps[i]) & U64 if same_layer else gaps[i]
            end = offset + stored[i]
            if not 1 <= stored[i] <= MAX_FRAME or raw[i] > MAX_FRAME:
                raise FormatError(place, f"{stored[i]} stored and {raw[i]} raw bytes")
            parts = -(-stored[i] // part_length(stored[i]))
            if sums[i] and len(sums[i]) != 4 * parts:
                raise FormatError(place, f"{len(sums[i])} bytes of checksums for {parts} parts")
            yield Frame(
                array_id, chunk, tile, sequences[i], offset, stored[i], raw[i], crcs[i],
                extents[i], minima[i], maxima[i], sums[i], place,
            )  # fmt: skip


def part_length(stored: int) -> int:
    """Bytes of each part of a frame, but for the last."""
    length = 4096
    while 64 * length < stored:
        length *= 2
    return length


def parse_extent(data: bytes, rank: int, place: str) -> tuple[int, ...] | None:
    """Column 21: None for the full tile."""
    if not data:
        return None
    if len(data) != 8 * rank:
        raise FormatError(place, f"an extent of {len(data)} bytes for rank {rank}")
    return tuple(uint(data, 8 * axis, 8) for axis in range(rank))
