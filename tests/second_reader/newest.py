"""Which layer is the newest (section 1)."""

from __future__ import annotations

import os
import re
from pathlib import Path

from commits import read_layer_rows
from common import FormatError
from objects import File, Layer, is_torn, read_tombstone
from snapshot import Snapshot
from tables import LOG

# How often a reader looks again before it gives up.
LOOKS = 4
ASKED_AT_ONCE = 16


class Changed(Exception):
    """The sidecars are others than those that were found: look again."""


def open_newest(base_path: Path, lists: bool = True) -> Snapshot:
    """The snapshot of the newest layer; without a list, numbers are asked for."""
    for _ in range(LOOKS):
        file = File(base_path)
        try:
            return newest_of(file, (listed if lists else asked)(file))
        except Changed as changed:
            last = changed
    raise FormatError(base_path.name, f"changes faster than it can be read: {last}")


def listed(file: File) -> list[int]:
    """Numbers above the base's that the folder has."""
    pattern = re.compile(re.escape(file.stem.name) + r"\.(0|[1-9][0-9]*)\.af")
    numbers = []
    for entry in os.scandir(file.stem.parent):
        match = pattern.fullmatch(entry.name)
        # Digits beyond those of 2^64 could not be a sequence; `int` refuses thousands of them.
        if match and len(match[1]) <= 20 and entry.is_file():
            number = int(match[1])
            if number > file.base.sequence:
                numbers.append(number)
    return numbers


def asked(file: File) -> list[int]:
    """The same without a list: sixteen at a time, until sixteen in a row are vacant."""
    numbers: list[int] = []
    start = file.base.sequence + 1
    while True:
        found = [n for n in range(start, start + ASKED_AT_ONCE) if file.path(n).is_file()]
        if not found:
            return numbers
        numbers += found
        start += ASKED_AT_ONCE
        for number in found:
            tombstone = read_tombstone(file.path(number))
            if tombstone and tombstone.file_id == file.base.file_id:
                start = max(start, tombstone.leads_to)


def newest_of(file: File, numbers: list[int]) -> Snapshot:
    for number in sorted(numbers, reverse=True):
        snapshot = look(file, number, numbers)
        if snapshot is not None:
            return snapshot
    snapshot = Snapshot(file, file.base)
    if snapshot.file_id != file.base.file_id:
        raise FormatError(snapshot.place, "the file id differs from the header's")
    snapshot.read_layers()
    if list(snapshot.layers) != [file.base.sequence]:
        raise FormatError(snapshot.place, f"a base that stands on layers {list(snapshot.layers)}")
    return snapshot


def look(file: File, number: int, numbers: list[int]) -> Snapshot | None:
    """The snapshot after this sidecar; None if it is passed over."""
    path = file.path(number)
    tombstone = read_tombstone(path)
    if tombstone is not None:
        if (tombstone.file_id, tombstone.sequence) != (file.base.file_id, number):
            return None
        if tombstone.leads_to not in numbers:
            raise Changed(f"{path.name} leads to layer {tombstone.leads_to}, which is not there")
        return None
    if is_torn(path):
        return None
    layer = Layer(path)
    if layer.file_id != file.base.file_id:
        return None
    if layer.sequence != number:
        raise FormatError(layer.place, f"its sequence is {layer.sequence}")
    snapshot = Snapshot(file, layer)
    if snapshot.file_id != file.base.file_id:
        return None
    snapshot.read_layers()
    return snapshot if follows(snapshot, file.base) else None


def follows(snapshot: Snapshot, base: Layer) -> bool:
    """Whether it was made after the layer that is in the base, or stands on one that is not there yet."""
    if snapshot.own_base() > base.sequence:
        return True
    row = snapshot.layers.get(base.sequence)
    if row is None and LOG in snapshot.trees:
        row = read_layer_rows(snapshot.trees[LOG]).get(base.sequence)
    return row is not None and row.layer_id == base.layer_id
