"""A snapshot as plain values, as the golden files' JSON has them."""

from __future__ import annotations

from typing import Any

import rows
import tables
from commits import CHANGES, MERGE, RESTORE
from common import FormatError
from frames import decode_frame, frame_box, place_frame
from history import History
from newest import listed
from objects import File, read_tombstone
from rows import Array, Frame, Statistics, product
from snapshot import Snapshot
from values import Fill, fill_element, fill_length, parse_attribute, parse_fill, parse_stat, unknown_codec

# Not of the format: a valid file of a few bytes may describe more than memory holds.
MAX_DUMP = 2 << 30

KINDS = {CHANGES: "changes", MERGE: "merge", RESTORE: "restore"}


def dump_history(history: History) -> dict[str, Any]:
    """All commits, the tags, and the state after every commit that is kept."""
    commits = [
        {
            "sequence": sequence,
            "message": row.message,
            "kind": KINDS[row.kind],
            "of": row.of,
            "given_up": row.given_up,
            "layers": history.stands_on(sequence),
        }
        for sequence, row in history.rows.items()
    ]
    kept = [sequence for sequence in history.rows if history.is_kept(sequence)]
    return {
        "commits": commits,
        "tags": {name: tag.sequence for name, tag in history.tags.items()},
        "snapshots": {str(sequence): dump_state(History(history.open_at(sequence))) for sequence in kept},
        "tombstones": dump_tombstones(history.snapshot.file),
    }


def dump_tombstones(file: File) -> dict[str, int]:
    """Those above the base's number, and where they lead."""
    found = ((number, read_tombstone(file.path(number))) for number in listed(file))
    return {str(number): stone.leads_to for number, stone in found if stone and stone.file_id == file.base.file_id}


def dump_state(history: History) -> dict[str, Any]:
    """A history is asked for, not a snapshot: what it read belongs to the live pages too."""
    snapshot = history.snapshot
    arrays = rows.read_arrays(snapshot.trees[tables.ARRAYS], snapshot.next_id)
    attributes: dict[int, dict[str, Any]] = {array.array_id: {} for array in arrays}
    attributes[0] = {}
    for array_id, key, value, place in rows.read_attributes(snapshot.trees[tables.ATTRIBUTES]):
        if array_id in attributes:  # section 9: other rows are ignored
            attributes[array_id][key] = parse_attribute(value, place)
    statistics = rows.read_statistics(snapshot.trees[tables.STATISTICS])
    frames: dict[int, list[Frame]] = {array.array_id: [] for array in arrays}
    stored_bytes = 0
    for frame in rows.read_frames(snapshot.trees[tables.FRAMES]):
        stored_bytes += frame.stored
        if frame.array_id in frames:
            frames[frame.array_id].append(frame)
    if stored_bytes != snapshot.stored_bytes:
        raise FormatError(snapshot.place, f"column 12 is {snapshot.stored_bytes}, all frames have {stored_bytes} bytes")
    snapshot.check_live_pages()
    return {
        "sequence": snapshot.sequence,
        "layers": list(snapshot.layers),
        "file_attributes": attributes[0],
        "arrays": {
            array.name: dump_array(
                snapshot,
                array,
                frames[array.array_id],
                attributes[array.array_id],
                statistics.get(array.array_id),
            )
            for array in arrays
        },
    }


def dump_array(
    snapshot: Snapshot,
    array: Array,
    frames: list[Frame],
    attributes: dict[str, Any],
    statistics: Statistics | None,
) -> dict[str, Any]:
    fill = parse_fill(array.fill, array.place)
    values, error = read_values(snapshot, array, frames, fill)
    out = {
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "chunk_shape": list(array.chunk),
        "tile_shape": list(array.tile),
        "dimension_names": array.dimension_names,
        "fill": None if fill is None else {"kind": fill.kind, "value": fill.value},
        "pipeline": "+".join(map(str, array.pipeline)) or "none",
        "values": values,
        "attributes": attributes,
        "stats": dump_statistics(array, frames, statistics),
    }
    if error is not None:
        out["error"] = error
    return out


def dump_statistics(array: Array, frames: list[Frame], statistics: Statistics | None) -> dict[str, Any] | None:
    if statistics is None:
        return None
    place, kind = statistics.place, array.dtype.statistics
    found = (sum(frame.stored for frame in frames), len(frames))
    if found != (statistics.stored_bytes, statistics.frames):
        raise FormatError(
            place,
            f"{statistics.frames} frames of {statistics.stored_bytes} bytes, the frames table has {found[1]} of {found[0]}",
        )
    return {
        "valid": statistics.valid,
        "nan": statistics.nan,
        "min": parse_stat(statistics.minimum, kind, f"{place}: minimum"),
        "max": parse_stat(statistics.maximum, kind, f"{place}: maximum"),
        "stored_bytes": statistics.stored_bytes,
        "frames": statistics.frames,
    }


def read_values(snapshot: Snapshot, array: Array, frames: list[Frame], fill: Fill | None) -> tuple[Any, str | None]:
    """The values as the dump shows them, or why there are none."""
    dtype = array.dtype
    count = product(array.shape)
    fill_bytes = fill_length(dtype, fill, array.place)  # also checks that the fill value fits
    boxes = []
    for frame in frames:
        boxes.append(frame_box(array, frame))
        snapshot.check_frame_address(frame.sequence, frame.offset, frame.stored, frame.place)
        parse_stat(frame.minimum, dtype.statistics, f"{frame.place}: minimum")
        parse_stat(frame.maximum, dtype.statistics, f"{frame.place}: maximum")
    codec = unknown_codec(array.pipeline)
    if codec is not None:
        return None, codec
    if count * max(fill_bytes, dtype.size or 1) > MAX_DUMP:
        return None, "too large for a dump"
    unwritten = fill_element(dtype, fill, array.place) if count else b""
    target: Any = bytearray(unwritten * count) if dtype.size is not None else [unwritten] * count
    width = dtype.size if dtype.size is not None else 1
    for frame, (origin, extent) in zip(frames, boxes):
        stored = snapshot.read_frame(frame.sequence, frame.offset, frame.stored, frame.crc, frame.place)
        elements = decode_frame(array, frame, stored, product(extent))
        place_frame(target, array.shape, width, elements, origin, extent)
    if dtype.size is not None:
        return target.hex(), None
    return [element.hex() for element in target], None
