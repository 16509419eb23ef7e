"""The rows of the tables of layers, log and tags (section 4)."""

from __future__ import annotations

from dataclasses import dataclass

from common import MAX_SEQUENCE, FormatError, text
from tables import Tree

CHANGES, MERGE, RESTORE = ORIGINS = (0, 1, 2)


@dataclass
class LayerRow:
    """A row of table 5 or 6: a layer, and the commit that wrote it."""

    layer_id: bytes
    length: int
    message: str
    kind: int
    of: int
    given_up: bool
    annex_id: bytes  # empty for none
    annex_length: int
    place: str


@dataclass
class Tag:
    """A row of table 7."""

    sequence: int
    layer_id: bytes
    place: str


def read_layer_rows(tree: Tree) -> dict[int, LayerRow]:
    rows: dict[int, LayerRow] = {}
    for page, keys in tree.leaves():
        n = len(keys)
        ids, writers, messages = (page.byte_strings(column, n) for column in (16, 19, 20))
        lengths = page.ints(17, n)
        for column in (18, 21, 22, 23):
            page.ints(column, n)  # not needed, but must be well formed
        kinds, of = page.ints(24, n), page.ints(25, n)
        if len(kinds) != len(of):
            raise FormatError(page.place, "one of the columns 24 and 25 is there alone")
        # Where they are missing, every layer is one of changes, and none was given up.
        kinds, of = kinds or [CHANGES] * n, of or [0] * n
        given_up = page.ints(26, n) or [0] * n
        annex_ids, annex_lengths = page.byte_strings(27, n), page.ints(28, n)
        if len(annex_ids) != len(annex_lengths):
            raise FormatError(page.place, "one of the columns 27 and 28 is there alone")
        annex_ids, annex_lengths = annex_ids or [b""] * n, annex_lengths or [0] * n
        for i, (sequence,) in enumerate(keys):
            place = f"{page.place}: layer {sequence}"
            if sequence > MAX_SEQUENCE:
                raise FormatError(place, "its sequence is over the limit")
            if len(ids[i]) != 16 or len(writers[i]) != 16:
                raise FormatError(place, "a layer or writer id is not 16 bytes long")
            if kinds[i] not in ORIGINS or kinds[i] == CHANGES and of[i]:
                raise FormatError(place, f"made for {kinds[i]}, of {of[i]}")
            if given_up[i] > 1:
                raise FormatError(place, f"column 26 is {given_up[i]}")
            if (len(annex_ids[i]), annex_lengths[i]) != (0, 0):
                if len(annex_ids[i]) != 16 or annex_lengths[i] <= 64:
                    raise FormatError(place, f"an annex of {annex_lengths[i]} bytes, its id of {len(annex_ids[i])}")
            message = text(messages[i], f"{place}: message")
            rows[sequence] = LayerRow(
                ids[i], lengths[i], message, kinds[i], of[i], bool(given_up[i]), annex_ids[i], annex_lengths[i], place
            )
    return rows


def read_tags(tree: Tree) -> dict[str, Tag]:
    tags: dict[str, Tag] = {}
    for page, keys in tree.leaves():
        sequences, ids = page.ints(16, len(keys)), page.byte_strings(17, len(keys))
        for (name_bytes,), sequence, layer_id in zip(keys, sequences, ids):
            name = name_bytes.decode("utf-8")
            place = f"{page.place}: tag {name!r}"
            if len(layer_id) != 16 or sequence > MAX_SEQUENCE:
                raise FormatError(place, "a layer id of another length than 16, or a sequence over the limit")
            tags[name] = Tag(sequence, layer_id, place)
    return tags
