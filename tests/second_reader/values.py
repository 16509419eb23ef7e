"""Data types, fill values, statistics values, attribute values and pipelines (sections 5 and 7)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from common import (
    MAX_ACCELERATION,
    MAX_ATTRIBUTE,
    MAX_BOUND,
    MAX_LIST_DEPTH,
    MAX_PARAMETERS,
    MAX_STAGES,
    FormatError,
    text,
    uint,
)

# code -> (name, bytes an element, lane, kind of statistics)
FIXED: dict[int, tuple[str, int, int, str | None]] = {
    1: ("bool", 1, 1, "uint"),
    2: ("int8", 1, 1, "int"),
    3: ("int16", 2, 2, "int"),
    4: ("int32", 4, 4, "int"),
    5: ("int64", 8, 8, "int"),
    6: ("uint8", 1, 1, "uint"),
    7: ("uint16", 2, 2, "uint"),
    8: ("uint32", 4, 4, "uint"),
    9: ("uint64", 8, 8, "uint"),
    10: ("float16", 2, 2, "float"),
    11: ("bfloat16", 2, 2, "float"),
    12: ("float32", 4, 4, "float"),
    13: ("float64", 8, 8, "float"),
    14: ("complex64", 8, 4, None),
    15: ("complex128", 16, 8, None),
    16: ("timestamp_ns", 8, 8, "timestamp"),
}
STRING, BINARY, FIXED_LIST, LIST = 17, 18, 19, 20


@dataclass(frozen=True)
class DType:
    code: int
    name: str
    size: int | None  # bytes of an element; None where it varies
    lane: int  # 0 where the size varies
    statistics: str | None  # which kind of minimum and maximum
    child: DType | None = None
    items: int = 0  # of a fixed-size list

    @property
    def leaf(self) -> DType:
        return self if self.child is None else self.child.leaf


def parse_dtype(data: bytes, place: str) -> DType:
    dtype, end = _parse_dtype(data, 0, 0, place)
    if end != len(data):
        raise FormatError(place, "bytes after the dtype")
    return dtype


def _parse_dtype(data: bytes, at: int, depth: int, place: str) -> tuple[DType, int]:
    if depth > MAX_LIST_DEPTH:
        raise FormatError(place, f"dtype nests deeper than {MAX_LIST_DEPTH}")
    if at >= len(data):
        raise FormatError(place, "dtype is cut off")
    code = data[at]
    at += 1
    if code in FIXED:
        name, size, lane, kind = FIXED[code]
        return DType(code, name, size, lane, kind), at
    if code in (STRING, BINARY):
        return DType(code, "string" if code == STRING else "binary", None, 0, "bytes"), at
    if code == FIXED_LIST:
        if at + 4 > len(data):
            raise FormatError(place, "dtype is cut off")
        items = uint(data, at, 4)
        child, at = _parse_dtype(data, at + 4, depth + 1, place)
        size_or_none = None if child.size is None else items * child.size
        return DType(code, f"fixed_size_list<{child.name}, {items}>", size_or_none, child.lane, None, child, items), at
    if code == LIST:
        child, at = _parse_dtype(data, at, depth + 1, place)
        return DType(code, f"list<{child.name}>", None, 0, None, child), at
    raise FormatError(place, f"unknown dtype {code}")


# ---- pipelines


@dataclass(frozen=True)
class Stage:
    name: str
    parameters: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.name}({','.join(map(str, self.parameters))})" if self.parameters else self.name


FILTERS = ("shuffle", "delta")
COMPRESSORS = ("lz4", "zstd", "pco")
AUTO = "auto"
NOT_FOR_PCO = ("bool", "int8", "uint8", "bfloat16")


def parse_pipeline(data: bytes, dtype: DType, place: str) -> list[Stage]:
    place = f"{place}: codec pipeline"
    at = 0

    def take(size: int) -> bytes:
        nonlocal at
        if at + size > len(data):
            raise FormatError(place, "is cut off")
        at += size
        return data[at - size : at]

    stage_count = take(1)[0]
    if stage_count > MAX_STAGES:
        raise FormatError(place, f"{stage_count} stages, the limit is {MAX_STAGES}")
    stages = []
    for _ in range(stage_count):
        name = text(take(take(1)[0]), place)
        parameter_count = take(1)[0]
        if parameter_count > MAX_PARAMETERS:
            raise FormatError(place, f"{parameter_count} parameters, the limit is {MAX_PARAMETERS}")
        parameters = tuple(struct.unpack("<q", take(8))[0] for _ in range(parameter_count))
        if name == "lz4" and (len(parameters) > 1 or any(not 1 <= value <= MAX_ACCELERATION for value in parameters)):
            raise FormatError(place, f"lz4 with parameters {parameters}")
        stages.append(Stage(name, parameters))
    if at != len(data):
        raise FormatError(place, "bytes after the last stage")

    for stage in stages[:-1]:
        # Every name that is not a filter's is a compressor's.
        if stage.name not in FILTERS:
            raise FormatError(place, f"{stage.name!r} is not a filter and not the last stage")
    for stage in stages:
        if stage.name in FILTERS and dtype.size is None:
            raise FormatError(place, f"filter {stage.name!r} on {dtype.name}")
        if stage.name == "pco":
            if len(stages) > 1:
                raise FormatError(place, "'pco' with filters")
            if dtype.size is None or dtype.leaf.name in NOT_FOR_PCO:
                raise FormatError(place, f"'pco' on {dtype.name}")
        if stage.name == AUTO and len(stages) > 1:
            raise FormatError(place, "'auto' with other stages")
    return stages


def unknown_codec(stages: list[Stage]) -> str | None:
    """The name of the codec that this reader lacks."""
    for stage in stages:
        if stage.name not in FILTERS + COMPRESSORS + (AUTO,):
            return stage.name
    return None


# ---- tagged values


def bits64(data: bytes) -> str:
    """Sixteen hex digits of the big-endian bits of a little-endian binary64."""
    return data[::-1].hex()


FILL_KINDS = {0: "bool", 1: "int", 2: "uint", 3: "float", 4: "string", 5: "timestamp", 6: "binary", 7: "complex"}
FILL_SIZES = {0: 1, 1: 8, 2: 8, 3: 8, 5: 8, 7: 16}


@dataclass(frozen=True)
class Fill:
    kind: str
    data: bytes  # after the tag

    @property
    def value(self) -> Any:
        """As the dump shows it."""
        if self.kind == "bool":
            return bool(self.data[0])
        if self.kind in ("int", "timestamp"):
            return int.from_bytes(self.data, "little", signed=True)
        if self.kind == "uint":
            return int.from_bytes(self.data, "little")
        if self.kind == "float":
            return bits64(self.data)
        if self.kind == "string":
            return self.data.decode("utf-8")
        if self.kind == "binary":
            return self.data.hex()
        return [bits64(self.data[:8]), bits64(self.data[8:])]


def parse_fill(data: bytes, place: str) -> Fill | None:
    if not data:
        return None
    place = f"{place}: fill value"
    tag, body = data[0], data[1:]
    if tag not in FILL_KINDS:
        raise FormatError(place, f"unknown tag {tag}")
    if tag in FILL_SIZES and len(body) != FILL_SIZES[tag]:
        raise FormatError(place, f"{len(body)} bytes with tag {tag}")
    if tag == 0 and body[0] > 1:
        raise FormatError(place, f"bool of {body[0]}")
    if tag == 4:
        text(body, place)
    return Fill(FILL_KINDS[tag], body)


STAT_KINDS = {1: "int", 2: "uint", 3: "float", 4: "bytes", 5: "timestamp"}


def parse_stat(data: bytes, kind: str | None, place: str) -> dict[str, Any] | None:
    """A minimum or maximum, as the dump shows it; `kind` is the one of the array's dtype."""
    if not data:
        return None
    tag, body = data[0], data[1:]
    found = STAT_KINDS.get(tag)
    if found is None:
        raise FormatError(place, f"unknown statistics tag {tag}")
    if found != kind:
        raise FormatError(place, f"statistics value of kind {found}, the dtype's is {kind}")
    if found == "bytes":
        if len(body) > MAX_BOUND:
            raise FormatError(place, f"statistics value of {len(body)} bytes")
        return {"kind": found, "value": body.hex()}
    if len(body) != 8:
        raise FormatError(place, f"statistics value of {len(body)} bytes")
    if found == "float":
        number = struct.unpack("<d", body)[0]
        if number != number:
            raise FormatError(place, "statistics value is NaN")
        return {"kind": found, "value": bits64(body)}
    return {"kind": found, "value": int.from_bytes(body, "little", signed=found != "uint")}


# tag -> (name, bytes)
ATTRIBUTE_TYPES: dict[int, tuple[str, int]] = {
    0: ("bool", 1),
    1: ("int8", 1),
    2: ("int16", 2),
    3: ("int32", 4),
    4: ("int64", 8),
    5: ("uint8", 1),
    6: ("uint16", 2),
    7: ("uint32", 4),
    8: ("uint64", 8),
    9: ("float32", 4),
    10: ("float64", 8),
}


def parse_attribute(data: bytes, place: str) -> dict[str, Any]:
    """An attribute's value, as the dump shows it."""
    if not data:
        raise FormatError(place, "a value without a tag")
    if len(data) > MAX_ATTRIBUTE + 1:
        raise FormatError(place, f"a value of {len(data) - 1} bytes, the limit is {MAX_ATTRIBUTE}")
    tag, body = data[0], data[1:]
    if tag == 11:
        return {"type": "string", "value": text(body, place, None)}
    if tag == 12:
        return {"type": "binary", "value": body.hex()}
    if tag in ATTRIBUTE_TYPES:
        name, size = ATTRIBUTE_TYPES[tag]
        if len(body) != size:
            raise FormatError(place, f"{name} of {len(body)} bytes")
        return {"type": name, "value": _attribute_item(name, body, place)}
    if tag - 32 in ATTRIBUTE_TYPES:
        name, size = ATTRIBUTE_TYPES[tag - 32]
        if len(body) % size:
            raise FormatError(place, f"list of {name} of {len(body)} bytes")
        items = [_attribute_item(name, body[at : at + size], place) for at in range(0, len(body), size)]
        return {"type": f"list<{name}>", "value": items}
    if tag in (43, 44):
        items = []
        at = 0
        while at < len(body):
            if at + 8 > len(body) or at + 8 + uint(body, at, 8) > len(body):
                raise FormatError(place, "an item reaches past the value's end")
            length = uint(body, at, 8)
            item = body[at + 8 : at + 8 + length]
            items.append(text(item, place, None) if tag == 43 else item.hex())
            at += 8 + length
        return {"type": "list<string>" if tag == 43 else "list<binary>", "value": items}
    raise FormatError(place, f"unknown attribute tag {tag}")


def _attribute_item(name: str, data: bytes, place: str) -> Any:
    if name == "bool":
        if data[0] > 1:
            raise FormatError(place, f"bool of {data[0]}")
        return bool(data[0])
    if name.startswith("float"):
        return data[::-1].hex()
    return int.from_bytes(data, "little", signed=not name.startswith("u"))


# ---- conversion of a fill value to an element


FLOAT_LAYOUT = {"float16": (5, 10), "bfloat16": (8, 7), "float32": (8, 23), "float64": (11, 52)}


def pack_float(number: int | float | str, name: str, place: str) -> bytes:
    """A number in a float format, rounded once to nearest even. A str is the hex bits of a binary64."""
    exponent_bits, mantissa_bits = FLOAT_LAYOUT[name]
    size = (1 + exponent_bits + mantissa_bits) // 8
    infinity = (2**exponent_bits - 1) << mantissa_bits
    if isinstance(number, int):
        negative, mantissa, exponent = number < 0, abs(number), 0
        bits = None
    else:
        source = int(str(number), 16)
        negative, biased, mantissa = source >> 63 == 1, source >> 52 & 0x7FF, source & (2**52 - 1)
        bits = None
        if biased == 0x7FF:
            bits = infinity
            if mantissa:
                # A NaN keeps the high bits of its payload and becomes quiet.
                bits |= mantissa >> (52 - mantissa_bits) | 1 << (mantissa_bits - 1)
                if name == "float64":
                    bits = infinity | mantissa
        elif biased:
            mantissa |= 1 << 52
        exponent = max(biased, 1) - 1075
    if bits is None:
        bits = 0
        if mantissa:
            lowest = 2 - 2 ** (exponent_bits - 1)
            top = max(exponent + mantissa.bit_length() - 1, lowest)
            shift = top - mantissa_bits - exponent
            if shift > 0:
                quanta, rest = mantissa >> shift, mantissa & ((1 << shift) - 1)
                half = 1 << (shift - 1)
                quanta += rest > half or (rest == half and quanta & 1)
            else:
                quanta = mantissa << -shift
            # A carry out of the mantissa raises the exponent by itself.
            bits = ((top - lowest) << mantissa_bits) + quanta
            if bits >= infinity:
                raise FormatError(place, f"does not fit {name}")
    return (bits | negative << (8 * size - 1)).to_bytes(size, "little")


def _integral(fill: Fill) -> int | None:
    """The fill value as an integer, if it is one."""
    if fill.kind in ("int", "uint", "bool"):
        return int(fill.value)
    if fill.kind == "float":
        number = struct.unpack("<d", fill.data)[0]
        if number == number and abs(number) != float("inf") and number == int(number):
            return int(number)
    return None


def fill_scalar(dtype: DType, fill: Fill | None, place: str) -> bytes:
    """The bytes of an unwritten element of a dtype that is not a fixed-size list."""
    place = f"{place}: fill value"
    if fill is None:
        if dtype.size is not None:
            return bytes(dtype.size)
        # An empty list of variable items has a count, an empty list of fixed ones has no bytes.
        return bytes(4) if dtype.child is not None and dtype.child.size is None else b""
    name = dtype.name
    if name in ("string", "binary"):
        if fill.kind == name:
            return fill.data
    elif name == "timestamp_ns":
        number = fill.value if fill.kind in ("timestamp", "int", "uint") else None
        if number is not None and -(2**63) <= number < 2**63:
            return number.to_bytes(8, "little", signed=True)
    elif name in FLOAT_LAYOUT:
        if fill.kind in ("float", "int", "uint", "bool"):
            return pack_float(fill.value if fill.kind == "float" else int(fill.value), name, place)
    elif name in ("complex64", "complex128"):
        part = "float32" if name == "complex64" else "float64"
        if fill.kind == "complex":
            return b"".join(pack_float(value, part, place) for value in fill.value)
        if fill.kind in ("float", "int", "uint", "bool"):
            real = pack_float(fill.value if fill.kind == "float" else int(fill.value), part, place)
            return real + bytes(len(real))
    elif dtype.child is None:  # bool and the integers
        number = _integral(fill)
        assert dtype.size is not None
        signed = dtype.statistics == "int"
        bits = 1 if name == "bool" else 8 * dtype.size
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else (0, 2**bits)
        if number is not None and low <= number < high:
            return number.to_bytes(dtype.size, "little", signed=signed)
    raise FormatError(place, f"{fill.kind} does not fit {name}")


def fill_length(dtype: DType, fill: Fill | None, place: str) -> int:
    """The length of what `fill_element` would return, which may be too much to build."""
    if dtype.code != FIXED_LIST:
        return len(fill_scalar(dtype, fill, place))
    assert dtype.child is not None
    item = fill_length(dtype.child, fill, place)
    return dtype.items * item if dtype.size is not None else 4 + dtype.items * (4 + item)


def fill_element(dtype: DType, fill: Fill | None, place: str) -> bytes:
    if dtype.code != FIXED_LIST:
        return fill_scalar(dtype, fill, place)
    assert dtype.child is not None
    item = fill_element(dtype.child, fill, place)
    if dtype.size is not None:
        return item * dtype.items
    return struct.pack("<I", dtype.items) + (struct.pack("<I", len(item)) + item) * dtype.items
