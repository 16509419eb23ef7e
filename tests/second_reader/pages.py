"""Pages: the container of all metadata, and its two column types (section 3)."""

from __future__ import annotations

from itertools import accumulate

from common import MAX_PAGE, MAX_ROWS, U64, FormatError, transpose, uint

ROOT, INNER, LEAF = 1, 2, 3
INTS, BYTES = 0, 1

# column id -> (column type, may it be missing)
Schema = dict[int, tuple[int, bool]]


def decode_ints(data: bytes, count: int, place: str) -> list[int]:
    """An integer column. The caller has bounded `count`: ten bytes may stand for any number."""
    if count == 0:
        if data:
            raise FormatError(place, "an integer column without values has bytes")
        return []
    if len(data) < 10:
        raise FormatError(place, "an integer column is cut off")
    mode, width, base = data[0], data[1], uint(data, 2, 8)
    if mode > 1:
        raise FormatError(place, f"unknown integer mode {mode}")
    if width > 8:
        raise FormatError(place, f"integer width {width}")
    start = 18 if mode else 10
    digit_count = count - 1 if mode else count
    if len(data) != start + width * digit_count:
        raise FormatError(place, f"an integer column of {len(data)} bytes does not hold {count} values")
    if width == 0:
        digits = [0] * digit_count
    else:
        plain = transpose(data[start:], width)
        digits = [int.from_bytes(plain[i : i + width], "little") for i in range(0, len(plain), width)]
    if mode == 0:
        return [(base + digit) & U64 for digit in digits]
    first = uint(data, 10, 8)
    return list(accumulate(digits, lambda value, digit: (value + base + digit) & U64, initial=first))


def decode_byte_strings(data: bytes, count: int, place: str) -> list[bytes]:
    if count == 0:
        if data:
            raise FormatError(place, "a byte string column without values has bytes")
        return []
    if len(data) < 4:
        raise FormatError(place, "a byte string column is cut off")
    size = uint(data, 0, 4)
    if 4 + size > len(data):
        raise FormatError(place, "the lengths reach past the column's end")
    lengths = decode_ints(data[4 : 4 + size], count, place)
    body = data[4 + size :]
    if sum(lengths) != len(body):
        raise FormatError(place, f"lengths add up to {sum(lengths)}, there are {len(body)} bytes")
    if count >= 2 and min(lengths) == max(lengths):
        # Stored as lengths[0] runs of `count` bytes.
        body = transpose(body, lengths[0])
    strings = []
    at = 0
    for length in lengths:
        strings.append(body[at : at + length])
        at += length
    return strings


class Page:
    """A page whose directory is checked; its columns are decoded when asked for."""

    def __init__(self, raw: bytes, kind: int, table: int, schema: Schema, place: str) -> None:
        self.place = place
        self.schema = schema
        self.columns: dict[int, tuple[int, bytes]] = {}  # id -> (count, bytes)
        if len(raw) > MAX_PAGE:
            raise FormatError(place, f"page of {len(raw)} bytes, the limit is {MAX_PAGE}")
        if len(raw) < 4:
            raise FormatError(place, "page is cut off")
        if raw[0] != kind:
            raise FormatError(place, f"page kind {raw[0]}, expected {kind}")
        if raw[1] != table:
            raise FormatError(place, f"page of table {raw[1]}, expected {table}")
        column_count = uint(raw, 2, 2)
        at = 4 + 12 * column_count
        if at > len(raw):
            raise FormatError(place, "the directory reaches past the page's end")
        previous = -1
        for entry in range(4, at, 12):
            column = uint(raw, entry, 2)
            column_type, zero = raw[entry + 2], raw[entry + 3]
            count, length = uint(raw, entry + 4, 4), uint(raw, entry + 8, 4)
            if column <= previous:
                raise FormatError(place, f"column {column} after column {previous}")
            previous = column
            if zero:
                raise FormatError(place, f"column {column}: byte 3 of its entry is not zero")
            if at + length > len(raw):
                raise FormatError(place, f"column {column} reaches past the page's end")
            body = raw[at : at + length]
            at += length
            if column >= 0x8000:
                continue  # from a later minor version
            if column not in schema:
                raise FormatError(place, f"unknown column {column}")
            if column_type != schema[column][0]:
                raise FormatError(place, f"column {column} has type {column_type}")
            self.columns[column] = (count, body)
        if at != len(raw):
            raise FormatError(place, f"{len(raw) - at} bytes after the last column")
        for column, (_, optional) in schema.items():
            if column not in self.columns and not optional:
                raise FormatError(place, f"column {column} is missing")

    def rows(self, column: int) -> int:
        """The count of a column that says how many rows the page has."""
        count = self.columns[column][0]
        if count > MAX_ROWS:
            raise FormatError(self.place, f"column {column}: {count} rows, the limit is {MAX_ROWS}")
        return count

    def _column(self, column: int, count: int) -> tuple[int, bytes]:
        found, body = self.columns.get(column, (0, b""))
        optional = self.schema[column][1]
        # Compared before decoding, so a lying count cannot make us allocate.
        if found != count and not (optional and found == 0):
            raise FormatError(self.place, f"column {column} has {found} values, expected {count}")
        return found, body

    def ints(self, column: int, count: int) -> list[int]:
        """`count` integers, or none if the column is optional and empty."""
        found, body = self._column(column, count)
        return decode_ints(body, found, f"{self.place}: column {column}")

    def byte_strings(self, column: int, count: int) -> list[bytes]:
        found, body = self._column(column, count)
        return decode_byte_strings(body, found, f"{self.place}: column {column}")
