"""From stored bytes to the elements of an array (sections 6 and 7)."""

from __future__ import annotations

from itertools import accumulate, product as index_product
from typing import Any

import lz4.block

from common import FormatError, check_crc, text, transpose, uint
from rows import Array, Frame, parse_extent, part_length, product
from values import AUTO, FIXED_LIST, DType, Stage
from zstd import decode_zstd

PCO_NUMBERS = {"complex64": "float32", "complex128": "float64", "timestamp_ns": "int64"}


def is_stored_raw(stages: list[Stage], stored: bytes, raw_length: int) -> bool:
    """Frames that compression would not shrink are stored as they are; their length says so."""
    return bool(stages) and stages[-1].name in ("lz4", "zstd", "pco") and len(stored) == raw_length


def decode_pipeline(stored: bytes, raw_length: int, stages: list[Stage], dtype: DType, place: str) -> bytes:
    data = stored
    for stage in reversed(stages):
        if stage.name == "zstd":
            data = decode_zstd(data, raw_length, place)
        elif stage.name == "lz4":
            data = decode_lz4(data, raw_length, place)
        elif stage.name == "pco":
            data = decode_pco(data, raw_length, dtype, place)
        elif stage.name == AUTO:
            raise FormatError(place, "a frame of an array whose pipeline is 'auto'")
        else:
            if len(data) != raw_length:
                raise FormatError(place, f"{len(data)} bytes before a filter, expected {raw_length}")
            data = transpose(data, dtype.lane) if stage.name == "shuffle" else undo_delta(data, dtype.lane)
    if len(data) != raw_length:
        raise FormatError(place, f"decodes to {len(data)} bytes, expected {raw_length}")
    return data


def decode_lz4(stored: bytes, raw_length: int, place: str) -> bytes:
    if len(stored) < 4:
        raise FormatError(place, "lz4 frame is cut off")
    if uint(stored, 0, 4) != raw_length:
        raise FormatError(place, f"lz4 frame of {uint(stored, 0, 4)} bytes, expected {raw_length}")
    try:
        return lz4.block.decompress(stored[4:], uncompressed_size=raw_length)
    except lz4.block.LZ4BlockError as error:
        raise FormatError(place, f"lz4: {error}") from None


def decode_pco(stored: bytes, raw_length: int, dtype: DType, place: str) -> bytes:
    import numpy
    from pcodec import standalone

    name = dtype.leaf.name
    numbers = numpy.zeros(raw_length // dtype.lane, dtype=PCO_NUMBERS.get(name, name))
    try:
        progress = standalone.simple_decompress_into(stored, numbers)
    except (RuntimeError, TypeError) as error:
        raise FormatError(place, f"pco: {error}") from None
    except BaseException as error:
        # A panic of the library is not an Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise FormatError(place, f"pco: {error}") from None
    if progress.n_processed != len(numbers) or not progress.finished:
        raise FormatError(place, f"pco file does not hold exactly {len(numbers)} numbers")
    return numbers.astype(numbers.dtype.newbyteorder("<")).tobytes()


def undo_delta(data: bytes, lane: int) -> bytes:
    mask = (1 << 8 * lane) - 1
    lanes = [uint(data, at, lane) for at in range(0, len(data), lane)]
    return b"".join(value.to_bytes(lane, "little") for value in accumulate(lanes, lambda a, b: (a + b) & mask))


def parse_items(data: bytes, count: int | None, place: str) -> list[bytes]:
    """A count, then each item's length and bytes. `count` is the one expected, if there is one."""
    if len(data) < 4:
        raise FormatError(place, "the count of elements is cut off")
    found = uint(data, 0, 4)
    if count is not None and found != count:
        raise FormatError(place, f"{found} elements, expected {count}")
    items = []
    at = 4
    for _ in range(found):
        if at + 4 > len(data):
            raise FormatError(place, "an element is cut off")
        end = at + 4 + uint(data, at, 4)
        if end > len(data):
            raise FormatError(place, "an element reaches past the end")
        items.append(data[at + 4 : end])
        at = end
    if at != len(data):
        raise FormatError(place, "bytes after the last element")
    return items


def check_fixed(dtype: DType, data: bytes, place: str) -> None:
    """Elements of fixed width back to back. Only a bool has bit patterns that mean nothing."""
    if dtype.leaf.name == "bool" and data and max(data) > 1:
        raise FormatError(place, f"bool of {max(data)}")


def check_element(dtype: DType, data: bytes, place: str) -> None:
    """One element of variable width."""
    if dtype.name == "string":
        text(data, place, None)
    if dtype.child is None:
        return
    if dtype.child.size is None:
        for item in parse_items(data, dtype.items if dtype.code == FIXED_LIST else None, place):
            check_element(dtype.child, item, place)
        return
    # A list of fixed items. Items without bytes leave a list without bytes.
    size = dtype.child.size
    if (len(data) % size if size else len(data)) != 0:
        raise FormatError(place, f"a list of {len(data)} bytes of items of {size}")
    check_fixed(dtype.child, data, place)


def frame_box(array: Array, frame: Frame) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where a frame starts in its array, and its extent; checks the frame's key, extent and raw length."""
    rank = len(array.shape)
    if len(frame.chunk) != rank:
        raise FormatError(frame.place, f"{len(frame.chunk)} coordinates for rank {rank}")
    if any(c * chunk >= shape for c, chunk, shape in zip(frame.chunk, array.chunk, array.shape)):
        raise FormatError(frame.place, f"the chunk lies outside the shape {list(array.shape)}")
    grid = [-(-chunk // tile) for chunk, tile in zip(array.chunk, array.tile)]
    index = frame.tile
    within: list[int] = []
    for tiles in reversed(grid):
        within.insert(0, index % tiles)
        index //= tiles
    if index:
        raise FormatError(frame.place, f"the chunk has only {product(tuple(grid))} tiles")
    origin = tuple(c * chunk + t * tile for c, chunk, t, tile in zip(frame.chunk, array.chunk, within, array.tile))
    full = tuple(min(tile, chunk - t * tile) for chunk, t, tile in zip(array.chunk, within, array.tile))
    extent = parse_extent(frame.extent, rank, frame.place) or full
    if any(a > b for a, b in zip(extent, full)):
        raise FormatError(frame.place, f"extent {list(extent)} exceeds the tile {list(full)}")
    count = product(extent)
    if array.dtype.size is not None:
        if count * array.dtype.size != frame.raw:
            raise FormatError(frame.place, f"raw length {frame.raw} does not fit {count} elements")
    elif 4 + 4 * count > frame.raw:
        raise FormatError(frame.place, f"raw length {frame.raw} is too short for {count} elements")
    return origin, extent


def decode_frame(array: Array, frame: Frame, stored: bytes, count: int) -> Any:
    """Bytes for elements of fixed width, else a list with the bytes of each."""
    length = part_length(len(stored))
    for i in range(len(frame.sums) // 4):
        part = stored[i * length : (i + 1) * length]
        check_crc(part, uint(frame.sums, 4 * i, 4), f"{frame.place}: part {i}")
    if is_stored_raw(array.pipeline, stored, frame.raw):
        raw = stored
    else:
        raw = decode_pipeline(stored, frame.raw, array.pipeline, array.dtype, frame.place)
    if array.dtype.size is not None:
        check_fixed(array.dtype, raw, frame.place)
        return raw
    elements = parse_items(raw, count, frame.place)
    for element in elements:
        check_element(array.dtype, element, frame.place)
    return elements


def strides(shape: tuple[int, ...]) -> list[int]:
    out = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        out[axis] = out[axis + 1] * shape[axis + 1]
    return out


def place_frame(
    target: Any, shape: tuple[int, ...], width: int, source: Any, origin: tuple[int, ...], extent: tuple[int, ...]
) -> None:
    """Copy a frame's elements into the array; what lies beyond the shape is left out.

    Works for a bytearray with `width` bytes an element and for a list with width 1.
    """
    if not shape:
        target[:width] = source[:width]
        return
    overlap = [min(e, s - o) for e, s, o in zip(extent, shape, origin)]
    if min(overlap) <= 0:
        return
    to, by = strides(shape), strides(extent)
    run = overlap[-1] * width
    for index in index_product(*(range(n) for n in overlap[:-1])):
        a = sum((o + i) * s for o, i, s in zip(origin, index, to)) + origin[-1]
        b = sum(i * s for i, s in zip(index, by))
        target[a * width : a * width + run] = source[b * width : b * width + run]
