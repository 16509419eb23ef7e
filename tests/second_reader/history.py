"""The history: tables 5 and 6 together, the tags, and older snapshots (section 4)."""

from __future__ import annotations

from commits import MERGE, RESTORE, LayerRow, Tag, read_layer_rows, read_tags
from common import Expired, FormatError
from snapshot import Snapshot
from tables import LOG, TAGS


class History:
    """All commits up to a snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        trees = snapshot.trees
        self.place = snapshot.place
        left_behind = read_layer_rows(trees[LOG]) if LOG in trees else {}
        self.tags: dict[str, Tag] = read_tags(trees[TAGS]) if TAGS in trees else {}
        both = left_behind.keys() & snapshot.layers.keys()
        if both:
            raise FormatError(self.place, f"layers {sorted(both)} are in tables 5 and 6")
        if left_behind and max(left_behind) > snapshot.sequence:
            raise FormatError(self.place, f"table 6 has layer {max(left_behind)}, of a later time")
        self.rows: dict[int, LayerRow] = dict(sorted({**left_behind, **snapshot.layers}.items()))
        self.before = dict(zip(list(self.rows)[1:], self.rows))
        for sequence, row in self.rows.items():
            self._check_origin(sequence, row)
        if self.stands_on(snapshot.sequence) != list(snapshot.layers):
            raise FormatError(
                self.place,
                f"stands on layers {self.stands_on(snapshot.sequence)} by its history, "
                f"on {list(snapshot.layers)} by table 5",
            )
        if not self.is_kept(snapshot.sequence):
            raise FormatError(self.place, "stands on a layer that was given up")

    def _check_origin(self, sequence: int, row: LayerRow) -> None:
        if row.kind == MERGE and row.of >= sequence:
            raise FormatError(row.place, f"merges layers from {row.of} on")
        # What it restored is older, so the walk below comes to an end.
        if row.kind == RESTORE and (row.of >= sequence or row.of not in self.rows):
            raise FormatError(row.place, f"restores layer {row.of}, which is not in the history before it")

    def stands_on(self, sequence: int) -> list[int]:
        """The layers of a snapshot, by their origins alone."""
        layers: list[int] = []
        below: int | None = None  # the lowest number that a merge took in
        at: int | None = sequence
        while at is not None:
            row = self.rows[at]
            if below is None or at < below:
                layers.append(at)
            if row.kind == MERGE:
                below = row.of if below is None else min(below, row.of)
            at = row.of if row.kind == RESTORE else self.before.get(at)
        return layers[::-1]

    def is_kept(self, sequence: int) -> bool:
        return not any(self.rows[layer].given_up for layer in self.stands_on(sequence))

    def open_at(self, sequence: int) -> Snapshot:
        """The snapshot after one commit, read anew even if it is the newest."""
        row = self.rows.get(sequence)
        if row is None:
            raise FormatError(self.place, f"there is no commit {sequence} in its history")
        if not self.is_kept(sequence):
            raise Expired(row.place, "the snapshot has expired: a merge has given it up")
        file = self.snapshot.file
        layer = file.layer(sequence, row.place)
        if layer.layer_id != row.layer_id:
            raise Expired(layer.place, "its layer id is not the one in the history")
        if sequence != self.snapshot.sequence and layer.length != row.length:
            raise FormatError(layer.place, f"{layer.length} bytes, the history says {row.length}")
        older = Snapshot(file, layer)
        if older.file_id != file.base.file_id:
            raise FormatError(older.place, "the file id differs from the header's")
        older.read_layers()
        self._check_older(older)
        return older

    def _check_older(self, older: Snapshot) -> None:
        """Both tell of the same layers."""
        if list(older.layers) != self.stands_on(older.sequence):
            raise FormatError(
                older.place,
                f"stands on layers {list(older.layers)}, by the later history on {self.stands_on(older.sequence)}",
            )
        for sequence, row in older.layers.items():
            later = self.rows[sequence]
            if row.layer_id != later.layer_id or row.length != later.length and sequence != older.sequence:
                raise FormatError(row.place, "the later history has another layer of this number")
        before = self.before.get(older.sequence)
        if before is not None and older.parent != self.rows[before].layer_id:
            raise FormatError(older.place, f"column 3 is not the id of layer {before}, the commit before it")

    def open_tag(self, name: str) -> Snapshot:
        if name not in self.tags:
            raise FormatError(self.place, f"there is no tag {name!r}")
        tag = self.tags[name]
        row = self.rows.get(tag.sequence)
        if row is None or row.layer_id != tag.layer_id:
            raise FormatError(tag.place, f"names layer {tag.sequence}, which is not in the history")
        return self.open_at(tag.sequence)
