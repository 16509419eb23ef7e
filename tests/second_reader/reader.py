"""Reads an array_format file, written from docs/format.md alone, and prints its content as JSON.

    python3 reader.py FILE.af
    python3 reader.py --verify DIR
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import tables
from common import FormatError
from frames import decode_frame, frame_box, place_frame
from layers import Snapshot, open_newest
from tables import Array, Frame, Statistics, product
from values import Fill, fill_element, fill_length, parse_attribute, parse_fill, parse_stat, unknown_codec

# Not of the format: a valid file of a few bytes may describe more than memory holds.
MAX_DUMP = 2 << 30


def read_file(path: Path | str) -> dict[str, Any]:
    """The content of a file after its newest layer. Raises FormatError."""
    snapshot = open_newest(Path(path))
    arrays = tables.read_arrays(snapshot.trees[tables.ARRAYS], snapshot.next_id)
    attributes: dict[int, dict[str, Any]] = {array.array_id: {} for array in arrays}
    attributes[0] = {}
    for array_id, key, value, place in tables.read_attributes(snapshot.trees[tables.ATTRIBUTES]):
        if array_id in attributes:  # section 9: other rows are ignored
            attributes[array_id][key] = parse_attribute(value, place)
    statistics = tables.read_statistics(snapshot.trees[tables.STATISTICS])
    frames: dict[int, list[Frame]] = {array.array_id: [] for array in arrays}
    stored_bytes = 0
    for frame in tables.read_frames(snapshot.trees[tables.FRAMES]):
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


# ---- the command line


def to_json(content: Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=True)


def short(value: Any) -> str:
    shown = to_json(value)
    return shown if len(shown) <= 120 else f"{shown[:100]}… ({len(shown)} characters)"


def first_difference(a: Any, b: Any, path: str = "") -> str | None:
    """The path of the first place where two JSON values differ, and both values there."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            at = f"{path}.{key}" if path else key
            if key not in a or key not in b:
                return f"{at}: {short(a[key]) if key in a else 'missing'} != {short(b[key]) if key in b else 'missing'}"
            if found := first_difference(a[key], b[key], at):
                return found
        return None
    if isinstance(a, list) and isinstance(b, list):
        for i, (left, right) in enumerate(zip(a, b)):
            if found := first_difference(left, right, f"{path}.{i}"):
                return found
        return None if len(a) == len(b) else f"{path}: {len(a)} items != {len(b)} items"
    # Python takes True and 1 for equal.
    if type(a) is not type(b) or a != b:
        if isinstance(a, str) and isinstance(b, str):
            at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            if at > 60:  # long hex strings: show where they part
                return f"{path}: …{short(a[at - 8 :])} != …{short(b[at - 8 :])} at character {at}"
        return f"{path}: {short(a)} != {short(b)}"
    return None


def is_base(path: Path) -> bool:
    match = re.fullmatch(r"(.+)\.(0|[1-9][0-9]*)\.af", path.name)
    return match is None or not path.with_name(f"{match[1]}.af").exists()


def verify(directory: Path) -> int:
    passed = failed = 0
    for path in sorted(directory.glob("*.af")):
        expected_path = path.with_suffix(".json")
        if not is_base(path) or not expected_path.exists():
            continue
        try:
            # Through JSON and back, so that both sides have the same types.
            found = json.loads(to_json(read_file(path)))
            difference = first_difference(found, json.loads(expected_path.read_text("utf-8")))
        except FormatError as error:
            difference = f"refused: {error}"
        if difference is None:
            passed += 1
            print(f"ok {path.stem}")
        else:
            failed += 1
            print(f"DIFFERS {path.stem}: {difference}")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


def main(arguments: list[str]) -> int:
    try:
        if len(arguments) == 2 and arguments[0] == "--verify":
            return verify(Path(arguments[1]))
        if len(arguments) == 1 and not arguments[0].startswith("-"):
            print(to_json(read_file(arguments[0])))
            return 0
    except (FormatError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
