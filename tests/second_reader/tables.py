"""The seven tables: trees of pages, and their keys (section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Generator, Iterator

from common import MAX_RANK, FormatError, text
from pages import BYTES, INNER, INTS, LEAF, Page, Schema

ARRAYS, ATTRIBUTES, STATISTICS, FRAMES, LAYERS, LOG, TAGS = KNOWN_TABLES = (1, 2, 3, 4, 5, 6, 7)

KEY_SCHEMA: dict[int, Schema] = {
    ARRAYS: {1: (BYTES, False)},
    ATTRIBUTES: {1: (BYTES, False), 2: (INTS, False), 3: (INTS, False)},
    STATISTICS: {1: (INTS, False)},
    FRAMES: {1: (INTS, False), 2: (INTS, False), 3: (INTS, False), 4: (INTS, False)},
    LAYERS: {1: (INTS, False)},
    LOG: {1: (INTS, False)},
    TAGS: {1: (BYTES, False)},
}
CHILD_SCHEMA: Schema = {column: (INTS, False) for column in range(64, 70)}
COMMIT_SCHEMA: Schema = {
    16: (BYTES, False), 17: (INTS, False), 18: (INTS, False), 19: (BYTES, False), 20: (BYTES, False),
    21: (INTS, False), 22: (INTS, False), 23: (INTS, False), 24: (INTS, True), 25: (INTS, True), 26: (INTS, True),
    27: (BYTES, True), 28: (INTS, True),
}  # fmt: skip
ROW_SCHEMA: dict[int, Schema] = {
    ARRAYS: {16: (INTS, False), 17: (BYTES, False), 18: (INTS, False), 19: (INTS, False), 20: (INTS, False),
             21: (INTS, False), 22: (BYTES, False), 23: (BYTES, False), 24: (BYTES, False)},
    ATTRIBUTES: {16: (BYTES, False), 17: (INTS, True)},
    STATISTICS: {16: (INTS, False), 17: (INTS, False), 18: (BYTES, False), 19: (BYTES, False),
                 20: (INTS, False), 21: (INTS, False)},
    FRAMES: {16: (INTS, False), 17: (INTS, False), 18: (INTS, False), 19: (INTS, False), 20: (INTS, False),
             21: (BYTES, True), 22: (INTS, False), 23: (INTS, False), 24: (BYTES, True), 25: (BYTES, True),
             26: (BYTES, True)},
    LAYERS: COMMIT_SCHEMA,
    LOG: COMMIT_SCHEMA,
    TAGS: {16: (INTS, False), 17: (BYTES, False)},
}  # fmt: skip

# A key compares as a tuple: (name,), (attribute key, id), (id,), (id, coordinates, tile), (sequence,).
Key = tuple[Any, ...]
# table, then the address: sequence, offset, stored length, raw length, CRC; and the place
Fetch = Callable[[int, int, int, int, int, int, str], tuple[bytes, str]]


def read_keys(page: Page, table: int) -> list[Key]:
    keys: list[Key]
    if table in (ARRAYS, TAGS):
        what = "array name" if table == ARRAYS else "name of a tag"
        keys = [(name,) for name in page.byte_strings(1, page.rows(1))]
        for (name,) in keys:
            if not name:
                raise FormatError(page.place, f"an empty {what}")
            text(name, f"{page.place}: {what}")
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
        found = yield from self._beneath(self._top(), self.height, None, None, True)
        if found != self.rows:
            raise FormatError(self.place, f"{found} rows, the root says {self.rows}")

    def _top(self) -> Page:
        schema = KEY_SCHEMA[self.table] | CHILD_SCHEMA
        return Page(self.top, INNER, self.table, schema, f"{self.place}: top")

    def first_key(self) -> Key | None:
        """Of the first row: the first child's first key, whatever the height."""
        return next(iter(self._keys(self._top(), None, None)), None)

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
