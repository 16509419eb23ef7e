"""Tests of the second reader on files that a throw-away writer builds.

    python3 -m unittest discover tests/second_reader
"""

from __future__ import annotations

import io
import itertools
import json
import math
import struct
import sys
import unittest
import zlib
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import lz4.block
import numpy
import zstandard
from pcodec import ChunkConfig, standalone

import reader
from case import Case
from common import FormatError
from frames import decode_pipeline
from objects import TAIL_MAGIC
from pages import decode_byte_strings, decode_ints
from values import (
    fill_element,
    parse_attribute,
    parse_dtype,
    parse_fill,
    parse_pipeline,
    parse_stat,
)
from writer import (
    INT32,
    STRING,
    U64,
    ArrayDef,
    FrameDef,
    State,
    bytes_column,
    i32,
    int_column,
    ints,
    pipeline,
    small_state,
    strings,
    vlen,
    zstd,
)

SMALL_A = i32(1, 2, -1, -1, 5).hex()


# ---- columns


class Columns(unittest.TestCase):
    def test_every_mode_and_width(self) -> None:
        for width in range(9):
            top = 256**width - 1
            for values in ([7], [7, 7], [0, top, top // 3, 1, top // 2], [U64, U64 - top, U64]):
                for mode in (0, 1):
                    data = ints(values, mode)
                    self.assertEqual(decode_ints(data, len(values), "x"), values)
                    for cut in range(len(data)):
                        with self.assertRaises(FormatError):
                            decode_ints(data[:cut], len(values), "x")
                    with self.assertRaises(FormatError):
                        decode_ints(data + b"\0", len(values), "x")
        self.assertEqual(len(ints([9] * 50)), 10)
        self.assertEqual(len(ints(list(range(3, 900, 7)), 1)), 18)
        # All sums are modulo 2^64.
        self.assertEqual(decode_ints(bytes([0, 1]) + b"\xff" * 8 + b"\x00\x02", 2, "x"), [U64, 1])
        self.assertEqual(decode_ints(bytes([1, 0]) + b"\xff" * 8 + bytes(8), 3, "x"), [0, U64, U64 - 1])

    def test_bad_ints(self) -> None:
        for data, count in ((bytes([2, 0]) + bytes(8), 1), (bytes([0, 9]) + bytes(17), 1), (b"x", 0)):
            with self.assertRaises(FormatError):
                decode_ints(data, count, "x")

    def test_byte_strings(self) -> None:
        for values in ([b""], [b"", b""], [b"abc"], [b"abc", b"def", b"ghi"], [b"a", b"", b"bcd"], []):
            data = strings(values)
            self.assertEqual(decode_byte_strings(data, len(values), "x"), values)
            for cut in range(len(data)):
                with self.assertRaises(FormatError):
                    decode_byte_strings(data[:cut], len(values), "x")
            with self.assertRaises(FormatError):
                decode_byte_strings(data + b"\0", len(values), "x")


# ---- values


class Values(unittest.TestCase):
    def test_dtypes(self) -> None:
        def name(*data: int) -> str:
            return parse_dtype(bytes(data), "x").name

        self.assertEqual(name(16), "timestamp_ns")
        self.assertEqual(name(19, 3, 0, 0, 0, 20, 14), "fixed_size_list<list<complex64>, 3>")
        self.assertEqual(parse_dtype(bytes([19, 3, 0, 0, 0, 19, 2, 0, 0, 0, 3]), "x").size, 12)
        self.assertEqual(name(*[20] * 8, 1), "list<" * 8 + "bool" + ">" * 8)
        for bad in ([], [0], [21], [20], [19, 1, 0], [*[20] * 9, 1], [1, 1]):
            with self.assertRaises(FormatError):
                name(*bad)

    def test_fill(self) -> None:
        def element(dtype: list[int], tag: int, body: bytes) -> bytes:
            return fill_element(parse_dtype(bytes(dtype), "x"), parse_fill(bytes([tag]) + body, "x"), "x")

        f64 = struct.Struct("<d").pack
        self.assertEqual(element([2], 1, struct.pack("<q", -2)), b"\xfe")
        self.assertEqual(element([12], 3, f64(0.1)), struct.pack("<f", 0.1))
        self.assertEqual(element([11], 3, f64(1.0)), b"\x80\x3f")
        self.assertEqual(element([14], 7, f64(1) + f64(-2)), struct.pack("<ff", 1, -2))
        self.assertEqual(element([19, 2, 0, 0, 0, 17], 4, b"ab"), vlen([b"ab", b"ab"]))
        self.assertEqual(element([19, 2, 0, 0, 0, 19, 2, 0, 0, 0, 6], 2, struct.pack("<Q", 7)), b"\x07" * 4)
        for dtype, tag, body in (
            ([2], 1, struct.pack("<q", 128)),
            ([12], 3, f64(1e300)),
            ([20, 2], 1, bytes(8)),
            ([17], 6, b"a"),
            ([1], 0, b"\x02"),
            ([4], 1, bytes(7)),
            ([17], 4, b"\xff"),
            ([4], 8, b""),
        ):
            with self.assertRaises(FormatError):
                element(dtype, tag, body)

    def test_default_elements(self) -> None:
        for dtype, expected in (
            ([17], b""),
            ([20, 4], b""),
            ([20, 17], bytes(4)),
            ([19, 2, 0, 0, 0, 17], vlen([b"", b""])),
            ([15], bytes(16)),
        ):
            self.assertEqual(fill_element(parse_dtype(bytes(dtype), "x"), None, "x"), expected)

    def test_floats_agree_with_numpy(self) -> None:
        samples = [0.0, -0.0, 1 / 3, -65504.0, 65519.0, 6e-8, 2.98e-8, 3e-5, math.inf, -math.inf, 1e-310, 1.0009765625,
                   1.00048828125, 1.5e-45, 3.4e38, math.nan]  # fmt: skip
        for sample in samples:
            for code, dtype in ((10, "<f2"), (12, "<f4"), (13, "<f8")):
                with numpy.errstate(over="ignore", under="ignore"):
                    expected = numpy.float64(sample).astype(dtype)
                fill = parse_fill(b"\x03" + struct.pack("<d", sample), "x")
                if math.isfinite(sample) and not numpy.isfinite(expected):
                    with self.assertRaises(FormatError):
                        fill_element(parse_dtype(bytes([code]), "x"), fill, "x")
                    continue
                self.assertEqual(fill_element(parse_dtype(bytes([code]), "x"), fill, "x"), expected.tobytes())

    def test_stats(self) -> None:
        self.assertEqual(parse_stat(b"\x05" + struct.pack("<q", -3), "timestamp", "x"), {"kind": "timestamp", "value": -3})
        self.assertEqual(parse_stat(b"\x04ab", "bytes", "x"), {"kind": "bytes", "value": "6162"})
        self.assertEqual(parse_stat(b"\x03" + struct.pack("<d", 1), "float", "x"), {"kind": "float", "value": "3ff0000000000000"})  # fmt: skip
        self.assertIsNone(parse_stat(b"", None, "x"))
        for data, kind in (
            (b"\x03" + struct.pack("<d", math.nan), "float"),
            (b"\x06" + bytes(8), "int"),
            (b"\x01" + bytes(7), "int"),
            (b"\x01" + bytes(8), "uint"),
            (b"\x04" + bytes(4097), "bytes"),
        ):
            with self.assertRaises(FormatError):
                parse_stat(data, kind, "x")

    def test_attributes(self) -> None:
        for data, expected in (
            (b"\x00\x01", ("bool", True)),
            (b"\x01\xff", ("int8", -1)),
            (b"\x02\xfe\xff", ("int16", -2)),
            (b"\x03" + i32(-7), ("int32", -7)),
            (b"\x04" + struct.pack("<q", -7), ("int64", -7)),
            (b"\x05\xff", ("uint8", 255)),
            (b"\x06\xff\xff", ("uint16", 65535)),
            (b"\x07" + i32(7), ("uint32", 7)),
            (b"\x08" + b"\xff" * 8, ("uint64", U64)),
            (b"\x09" + struct.pack("<f", 1), ("float32", "3f800000")),
            (b"\x0a" + struct.pack("<d", 1), ("float64", "3ff0000000000000")),
            (b"\x0b\xc3\xbc", ("string", "ü")),
            (b"\x0b", ("string", "")),
            (b"\x0c\xff", ("binary", "ff")),
            (b"\x20\x01\x00", ("list<bool>", [True, False])),
            (b"\x22\x01\x00\xff\xff", ("list<int16>", [1, -1])),
            (b"\x25", ("list<uint8>", [])),
            (b"\x29" + struct.pack("<ff", 1, 2), ("list<float32>", ["3f800000", "40000000"])),
            (b"\x2b" + struct.pack("<Q", 1) + b"a" + bytes(8), ("list<string>", ["a", ""])),
            (b"\x2c" + struct.pack("<Q", 1) + b"\xff", ("list<binary>", ["ff"])),
        ):
            self.assertEqual(parse_attribute(data, "x"), {"type": expected[0], "value": expected[1]})
        for bad in (b"", b"\x00", b"\x00\x02", b"\x0d", b"\x2d", b"\x03abc", b"\x23abc", b"\x0b\xff", b"\x2b\x01", b"\x2b" + b"\xff" * 8,
                    b"\x2b" + struct.pack("<Q", 1) + b"\xff"):  # fmt: skip
            with self.assertRaises(FormatError):
                parse_attribute(bad, "x")


# ---- codecs


def shuffle(data: bytes, lane: int) -> bytes:
    return b"".join(data[i::lane] for i in range(lane))


def delta(data: bytes, lane: int) -> bytes:
    lanes = numpy.frombuffer(data, f"<u{lane}")
    return numpy.diff(lanes, prepend=lanes.dtype.type(0)).tobytes()


class Codecs(Case):
    def check(self, dtype: list[int], raw: bytes, count: int, pipe: bytes, stored: bytes) -> None:
        array = ArrayDef("x", 1, bytes(dtype), [count], [count], [count], pipeline=pipe)
        self.assertEqual(self.one_array(array, [FrameDef(1, [0], 0, stored, len(raw))])["values"], raw.hex())

    def test_every_codec_on_every_fixed_dtype(self) -> None:
        numpy_names = {3: "i2", 4: "i4", 5: "i8", 7: "u2", 8: "u4", 9: "u8", 10: "f2", 12: "f4", 13: "f8", 14: "f4", 15: "f8", 16: "i8"}  # fmt: skip
        for code in range(1, 17):
            dtype = parse_dtype(bytes([code]), "x")
            assert dtype.size is not None
            count, lane = 37, dtype.lane
            raw = bytes((i * 7 + i // 5) % (2 if code == 1 else 251) for i in range(count * dtype.size))
            lz = struct.pack("<I", len(raw)) + lz4.block.compress(raw, store_size=False)
            self.check([code], raw, count, pipeline(), raw)
            self.check([code], raw, count, pipeline("shuffle"), shuffle(raw, lane))
            self.check([code], raw, count, pipeline("delta"), delta(raw, lane))
            self.check([code], raw, count, pipeline(("zstd", -5)), zstd(raw))
            self.check([code], raw, count, pipeline("lz4"), lz)
            both = shuffle(delta(raw, lane), lane)
            self.check([code], raw, count, pipeline("delta", "shuffle", ("zstd", 3)), zstd(both))
            if code in numpy_names:
                for pair in ([code], [19, 1, 0, 0, 0, code]):
                    numbers = numpy.frombuffer(raw, numpy_names[code])
                    self.check(pair, raw, count, pipeline("pco"), standalone.simple_compress(numbers, ChunkConfig()))
            else:
                with self.assertRaises(FormatError):
                    parse_pipeline(pipeline("pco"), dtype, "x")

    def test_long_pco(self) -> None:
        for count in (0, 1, 255, 256, 512, 300_000):
            numbers = numpy.arange(count, dtype="i4") * 3
            stored = standalone.simple_compress(numbers, ChunkConfig())
            dtype = parse_dtype(INT32, "x")
            stages = parse_pipeline(pipeline("pco"), dtype, "x")
            self.assertEqual(decode_pipeline(stored, 4 * count, stages, dtype, "x"), numbers.tobytes())
            for wrong in (4 * count + 4, max(0, 4 * count - 4)):
                if wrong != 4 * count:
                    with self.assertRaises(FormatError):
                        decode_pipeline(stored, wrong, stages, dtype, "x")
            with self.assertRaises(FormatError):
                decode_pipeline(stored, 4 * count, stages, parse_dtype(bytes([8]), "x"), "x") if count else self.fail_()

    def fail_(self) -> None:
        raise FormatError("x", "nothing to compare")

    def test_bad_frames(self) -> None:
        dtype = parse_dtype(INT32, "x")
        raw = i32(*range(50))
        plain_lz = lz4.block.compress(raw, store_size=False)
        without_size = zstandard.ZstdCompressor(write_content_size=False).compress(raw)
        for name, good in (
            ("zstd", zstd(raw)),
            ("zstd", without_size),
            ("lz4", struct.pack("<I", 200) + plain_lz),
            ("pco", standalone.simple_compress(numpy.frombuffer(raw, "<i4"), ChunkConfig())),
        ):
            stages = parse_pipeline(pipeline(name), dtype, "x")
            self.assertEqual(decode_pipeline(good, 200, stages, dtype, "x"), raw)
            for length in (0, 4, 196, 204):
                with self.assertRaises(FormatError):
                    decode_pipeline(good, length, stages, dtype, "x")
            for cut in range(len(good)):
                with self.assertRaises(FormatError):
                    decode_pipeline(good[:cut], 200, stages, dtype, "x")
            for at, bit in itertools.product(range(len(good)), range(8)):
                bad = bytearray(good)
                bad[at] ^= 1 << bit
                try:
                    decode_pipeline(bytes(bad), 200, stages, dtype, "x")
                except FormatError:
                    pass
        stages = parse_pipeline(pipeline("zstd"), dtype, "x")
        for bad in (zstd(raw) + b"x", zstd(raw[:100]) + zstd(raw[100:])):
            with self.assertRaises(FormatError):
                decode_pipeline(bad, 200, stages, dtype, "x")
        self.assertEqual(decode_pipeline(zstd(b""), 0, stages, dtype, "x"), b"")

    def test_bad_pipelines(self) -> None:
        fixed, variable = parse_dtype(INT32, "x"), parse_dtype(STRING, "x")
        for dtype, data in (
            (fixed, b""),
            (fixed, pipeline("zstd", "shuffle")),
            (fixed, pipeline("mine", "zstd")),
            (fixed, pipeline("shuffle", "pco")),
            (variable, pipeline("shuffle", "zstd")),
            (variable, pipeline("pco")),
            (fixed, pipeline(*["shuffle"] * 9)),
            (fixed, pipeline(("zstd", *range(9)))),
            (fixed, pipeline("zstd") + b"\0"),
            (fixed, pipeline("zstd")[:-1]),
            (fixed, b"\x01\x01\xff\x00"),
            (fixed, pipeline(("lz4", 0))),
            (fixed, pipeline(("lz4", 65_538))),
            (fixed, pipeline(("lz4", 5, 5))),
        ):
            with self.assertRaises(FormatError):
                parse_pipeline(data, dtype, "x")

    def test_custom_codec_and_auto(self) -> None:
        frame = FrameDef(1, [0], 0, b"??", 8)
        out = self.one_array(ArrayDef("x", 1, INT32, [2], [2], [2], pipeline=pipeline("shuffle", ("mine", -1, 2))), [frame])
        self.assertIsNone(out["values"])
        self.assertEqual((out["error"], out["pipeline"]), ("mine", "shuffle+mine(-1,2)"))
        auto = ArrayDef("x", 1, INT32, [2], [2], [2], pipeline=pipeline("auto"))
        self.assertEqual(self.one_array(auto, [])["values"], bytes(8).hex())
        with self.assertRaises(FormatError):
            self.one_array(auto, [FrameDef(1, [0], 0, bytes(8), 8)])


# ---- arrays


class Arrays(Case):
    def test_variable_dtypes(self) -> None:
        for dtype, elements in (
            ([17], [b"a", "ü".encode(), b""]),
            ([18], [b"\xff", b"", b"\0\0"]),
            ([20, 4], [i32(1, 2), b"", i32(3)]),
            ([20, 1], [b"\0\1", b"", b"\1"]),
            ([20, 17], [vlen([b"a", b""]), vlen([]), vlen([b"b"])]),
            ([20, 20, 3], [vlen([b"\1\0", b""]), vlen([]), vlen([b""])]),
            ([19, 2, 0, 0, 0, 17], [vlen([b"a", b"b"])] * 3),
            ([20, 19, 2, 0, 0, 0, 4], [i32(1, 2, 3, 4), b"", i32(1, 2)]),
        ):
            raw = vlen(elements)
            array = ArrayDef("x", 1, bytes(dtype), [4], [3], [3], pipeline=pipeline("zstd"))
            packed = zstd(raw)
            stored = raw if len(packed) == len(raw) else packed
            out = self.one_array(array, [FrameDef(1, [0], 0, stored, len(raw))])
            empty = bytes(4) if dtype[:2] in ([20, 17], [20, 20]) else vlen([b"", b""]) if dtype[0] == 19 else b""
            self.assertEqual(out["values"], [e.hex() for e in [*elements, empty]])

    def test_bad_variable_elements(self) -> None:
        for dtype, raw in (
            ([17], vlen([b"\xff"])),
            ([17], vlen([b"a", b"b"])),
            ([17], vlen([b"a"]) + b"x"),
            ([17], vlen([b"abc"])[:-1]),
            ([20, 4], vlen([b"abc"])),
            ([20, 1], vlen([b"\x02"])),
            ([20, 17], vlen([b""])),
            ([19, 2, 0, 0, 0, 17], vlen([vlen([b"a"])])),
            ([1], b"\x02"),
        ):
            with self.assertRaises(FormatError):
                self.one_array(ArrayDef("x", 1, bytes(dtype), [1], [1], [1]), [FrameDef(1, [0], 0, raw, len(raw))])

    def test_grid(self) -> None:
        """Tiles that do not divide the chunk, chunks that do not divide the shape, clipped extents."""
        shape, chunk, tile = (7, 11), (4, 5), (3, 2)
        whole = numpy.arange(77, dtype="<i4").reshape(shape) + 1
        for clip in (False, True):
            frames = []
            for c in itertools.product(range(2), range(3)):
                for index, t in enumerate(itertools.product(range(2), range(3))):
                    origin = [c[i] * chunk[i] + t[i] * tile[i] for i in range(2)]
                    extent = [min(tile[i], chunk[i] - t[i] * tile[i]) for i in range(2)]
                    inside = [min(extent[i], shape[i] - origin[i]) for i in range(2)]
                    if min(inside) <= 0:
                        continue
                    box = numpy.full(extent, -9, "<i4")
                    box[: inside[0], : inside[1]] = whole[origin[0] : origin[0] + inside[0], origin[1] : origin[1] + inside[1]]
                    if clip:
                        box = box[: inside[0], : inside[1]]
                    raw = box.tobytes()
                    frames.append(FrameDef(1, list(c), index, raw, len(raw), inside if clip and inside != extent else None))
            array = ArrayDef("x", 1, INT32, list(shape), list(chunk), list(tile))
            self.assertEqual(self.one_array(array, frames)["values"], whole.tobytes().hex())

    def test_small_extent_reads_as_fill_beyond(self) -> None:
        array = ArrayDef("x", 1, INT32, [2, 3], [2, 3], [2, 3], fill=b"\x01" + struct.pack("<q", 9))
        out = self.one_array(array, [FrameDef(1, [0, 0], 0, i32(1, 2), 8, [1, 2])])
        self.assertEqual(out["values"], i32(1, 2, 9, 9, 9, 9).hex())
        self.assertEqual(out["fill"], {"kind": "int", "value": 9})

    def test_parts(self) -> None:
        """4096 bytes, or twice that where there would be more than 64 parts."""
        for n, length in ((2, 4096), (1024, 4096), (1025, 4096), (65_536, 4096), (65_537, 8192)):
            data = i32(*range(n))
            parts = [data[i : i + length] for i in range(0, len(data), length)]
            sums = b"".join(struct.pack("<I", zlib.crc32(part)) for part in parts)
            array = ArrayDef("x", 1, INT32, [n], [n], [n])
            out = self.one_array(array, [FrameDef(1, [0], 0, data, len(data), sums=sums)])
            self.assertEqual(out["values"], data.hex())

    def test_scalar_empty_and_large(self) -> None:
        self.assertEqual(self.one_array(ArrayDef("x", 1, INT32, [], [], []), [FrameDef(1, [], 0, i32(4), 4)])["values"], i32(4).hex())
        self.assertEqual(self.one_array(ArrayDef("x", 1, INT32, [0, 3], [1, 1], [1, 1]), [])["values"], "")
        out = self.one_array(ArrayDef("x", 1, INT32, [2**40, 2**20], [1, 1], [1, 1]), [])
        self.assertEqual((out["values"], out["error"]), (None, "too large for a dump"))

    def test_refused_definitions(self) -> None:
        for array in (
            ArrayDef("x", 1, INT32, [2**61], [1], [1]),
            ArrayDef("x", 1, INT32, [1], [0], [0]),
            ArrayDef("x", 1, INT32, [1], [2], [3]),
            ArrayDef("x", 0, INT32, [1], [1], [1]),
            ArrayDef("x", 100, INT32, [1], [1], [1]),
            ArrayDef("", 1, INT32, [1], [1], [1]),
            ArrayDef("x" * 65536, 1, INT32, [1], [1], [1]),
            ArrayDef("x", 1, INT32, [1] * 65, [1] * 65, [1] * 65),
            ArrayDef("x", 1, bytes([99]), [1], [1], [1]),
        ):
            with self.assertRaises(FormatError):
                self.one_array(array, [])

    def test_refused_frames(self) -> None:
        array = ArrayDef("x", 1, INT32, [4], [4], [2])
        for frame in (
            FrameDef(1, [0], 2, i32(1, 2), 8),
            FrameDef(1, [1], 0, i32(1, 2), 8),
            FrameDef(1, [0, 0], 0, i32(1, 2), 8),
            FrameDef(1, [0], 0, i32(1), 4),
            FrameDef(1, [0], 0, i32(1, 2, 3), 12, [3]),
            FrameDef(1, [0], 0, i32(1, 2), 8, [1]),
            FrameDef(1, [0], 0, b"", 8),
            FrameDef(1, [0], 0, i32(1, 2), 8, minimum=b"\x02" + bytes(8)),
            FrameDef(1, [0], 0, i32(1, 2), 8, address=(0, 8)),
            FrameDef(1, [0], 0, i32(1, 2), 8, address=(0, 10**6)),
            FrameDef(1, [0], 0, i32(1, 2), 8, address=(0, U64)),
            FrameDef(1, [0], 0, i32(1, 2), 8, address=(9, 64)),
            FrameDef(1, [0], 0, i32(1, 2), 8, sums=bytes(4)),
            FrameDef(1, [0], 0, i32(1, 2), 8, sums=struct.pack("<I", zlib.crc32(i32(1, 2))) * 2),
        ):
            with self.assertRaises(FormatError, msg=str(frame)):
                self.one_array(array, [frame])


# ---- files


class Files(Case):
    def test_small(self) -> None:
        for compress in (True, False):
            state = small_state()
            state.compress = compress
            state.commit(self.base, 0)
            out = reader.read_file(self.base)
            self.assertEqual((out["sequence"], out["layers"]), (0, [0]))
            self.assertEqual(out["file_attributes"], {"k": {"type": "string", "value": "value"}})
            self.assertEqual(out["arrays"]["a"]["values"], SMALL_A)
            self.assertEqual(out["arrays"]["a"]["stats"]["max"], {"kind": "int", "value": 5})
            self.assertEqual(out["arrays"]["a"]["stats"]["stored_bytes"], 12)
            self.assertEqual(out["arrays"]["ß"]["values"], ["6869", "c3bc"])
            self.assertEqual(out["arrays"]["ß"]["pipeline"], "zstd(3)")
            self.assertEqual(set(out["arrays"]["a"]["attributes"]), {"k", "u"})

    def sidecars(self) -> list[str]:
        """Base 0, sidecars 1 and 3; the newest refers to frames and pages in all three. Returns the states as JSON."""
        state = small_state()
        out = []
        state.commit(self.base, 0)
        out.append(reader.to_json(reader.read_file(self.base)))
        state.frames.append(FrameDef(1, [0], 1, i32(3, 4), 8))
        state.commit(self.dir / "f.1.af", 1)
        out.append(reader.to_json(reader.read_file(self.base)))
        state.attributes[("new", 0)] = b"\x0c\x01"
        state.commit(self.dir / "f.3.af", 3)
        out.append(reader.to_json(reader.read_file(self.base)))
        return out

    def test_sidecars(self) -> None:
        states = [json.loads(state) for state in self.sidecars()]
        self.assertEqual([state["layers"] for state in states], [[0], [0, 1], [0, 1, 3]])
        self.assertEqual(states[2]["arrays"]["a"]["values"], i32(1, 2, 3, 4, 5).hex())
        self.assertIn("new", states[2]["file_attributes"])

    def test_foreign_torn_and_stale(self) -> None:
        expected = self.sidecars()[-1]
        foreign = small_state()
        foreign.file_id = b"another file id."
        foreign.commit(self.dir / "f.9.af", 9)
        good = (self.dir / "f.3.af").read_bytes()
        (self.dir / "f.4.af").write_bytes(good[:-1])
        (self.dir / "f.5.af").write_bytes(b"")
        (self.dir / "f.06.af").write_bytes(good)
        (self.dir / "f.7.af.tmp").write_bytes(good)
        (self.dir / "g.8.af").write_bytes(good)
        self.assertEqual(reader.to_json(reader.read_file(self.base)), expected)
        (self.dir / "f.10.af").write_bytes(good)  # its header says 3
        self.refused("its sequence is 3")
        (self.dir / "f.10.af").write_bytes(b"x" * 200 + TAIL_MAGIC)
        self.refused("wrong magic")
        (self.dir / "f.10.af").unlink()

        # A compacted base with a higher number makes the sidecars before it stale.
        state = small_state()
        state.commit(self.base, 5)
        self.assertEqual(reader.read_file(self.base)["sequence"], 5)

    def test_expired(self) -> None:
        self.sidecars()
        (self.dir / "f.1.af").unlink()
        self.refused("expired")
        state = small_state()
        state.commit(self.dir / "f.1.af", 1)
        self.refused("")

    def test_flips(self) -> None:
        states = self.sidecars()
        for name, allowed in (("f.af", states[-1:]), ("f.1.af", states[-1:]), ("f.3.af", states[1:])):
            path = self.dir / name
            good = path.read_bytes()
            refused = 0
            for at in range(len(good)):
                for change in (1, 0x80, 0xFF):
                    bad = bytearray(good)
                    bad[at] ^= change
                    path.write_bytes(bad)
                    try:
                        found = reader.to_json(reader.read_file(self.base))
                    except FormatError:
                        refused += 1
                        continue
                    self.assertIn(found, allowed, f"{name} byte {at}")
                    if found != states[-1]:
                        self.assertGreaterEqual(at, len(good) - 8)
            path.write_bytes(good)
            self.assertGreater(refused, 0)

    def test_truncations(self) -> None:
        states = self.sidecars()
        for name in ("f.af", "f.1.af", "f.3.af"):
            path = self.dir / name
            good = path.read_bytes()
            for length in range(len(good)):
                path.write_bytes(good[:length])
                if name == "f.3.af":
                    self.assertEqual(reader.to_json(reader.read_file(self.base)), states[1])
                else:
                    self.refused()
            path.write_bytes(good)
            if name != "f.3.af":
                path.write_bytes(good + b"x")
                self.refused()
            path.write_bytes(good)

    def test_random_bytes_behind_correct_checksums(self) -> None:
        """Bytes of pages are changed before their CRC is made: only FormatError may be raised."""
        for table in (1, 2, 3, 4, 5):
            for kind in (2, 3):
                for compress in (True, False):
                    size = [0]

                    def measure(k: int, t: int, raw: bytes) -> bytes:
                        if (k, t) == (kind, table):
                            size[0] = len(raw)
                        return raw

                    state = small_state()
                    state.spoil = measure
                    state.commit(self.base, 0)
                    for at in range(size[0]):
                        for change in (1, 0xFF):
                            def flip(k: int, t: int, raw: bytes) -> bytes:
                                if (k, t) != (kind, table):
                                    return raw
                                return raw[:at] + bytes([raw[at] ^ change]) + raw[at + 1 :]

                            state = small_state()
                            state.compress = compress
                            state.spoil = flip
                            state.commit(self.base, 0)
                            try:
                                reader.read_file(self.base)
                            except FormatError:
                                pass

    def test_deep_trees(self) -> None:
        state = State(rows_a_page=3, next_id=1000)
        n = 60
        for i in range(n):
            state.arrays.append(ArrayDef(f"n{i:03}", i + 1, INT32, [2], [1], [1]))
            state.attributes[("k", i + 1)] = b"\x01" + bytes([i % 3])
            state.attributes[("l", i + 1)] = b"\x01" + bytes([i])
            state.statistics[i + 1] = (2, 0, b"", b"")
            state.frames += [FrameDef(i + 1, [c], 0, i32(10 * i + c), 4) for c in range(2)]
        state.commit(self.base, 0)
        # One frame is replaced: most pages stay in the base.
        state.frames[7].stored = i32(-1)
        state.frames[7].address = None
        state.commit(self.dir / "f.2.af", 2)
        out = reader.read_file(self.base)
        self.assertEqual(len(out["arrays"]), n)
        for i in range(n):
            array = out["arrays"][f"n{i:03}"]
            self.assertEqual(array["values"], i32(10 * i, -1 if i == 3 else 10 * i + 1).hex())
            self.assertEqual(array["attributes"]["l"], {"type": "int8", "value": i})
            self.assertEqual(array["attributes"]["k"], {"type": "int8", "value": i % 3})

    def test_keys_outside_the_parents_range(self) -> None:
        for first_key, allowed in ((b"nn000003", True), (b"nn000002", False), (b"nn000004", False)):
            state = State(rows_a_page=3)
            state.arrays = [ArrayDef(f"n{i:03}", i + 1, INT32, [1], [1], [1]) for i in range(6)]
            # The two first keys, n000 and n003, are stored byte-transposed.
            state.spoil = lambda kind, table, raw: raw.replace(b"nn000003", first_key) if kind == 2 else raw
            state.commit(self.base, 0)
            if allowed:
                reader.read_file(self.base)
            else:
                self.refused("parent's range")

    def test_refused_roots(self) -> None:
        for changed in (
            bytes_column(1, [b"x" * 16]),
            bytes_column(2, [b"x" * 16]),
            bytes_column(3, [b"x"]),
            int_column(4, [1]),
            int_column(4, [0, 0]),
            int_column(5, [1]),
            int_column(6, [1, 2, 3, 4, 6]),
            int_column(7, [1, 1, 1, 2, 1]),
            int_column(7, [1, 1, 1, 0, 1]),
            int_column(7, [1, 1, 1, 9, 1]),
            int_column(8, [2, 4, 1, 4, 1]),
            int_column(10, [1]),
            int_column(11, [1]),
            int_column(12, [1]),
            (5, 1, 1, strings([b"x"])),
            int_column(13, [10**6]),
            int_column(14, [1]),
            (16, 0, 1, ints([1])),
        ):
            state = small_state()
            key = 14 if changed[0] > 14 else changed[0]
            state.root_changes[key] = changed
            state.commit(self.base, 0)
            self.refused()
        # A column that stands for 2^32 values in ten bytes must not be built.
        for column in (6, 7, 10, 11):
            state = small_state()
            state.root_changes[column] = (column, 0, 2**32 - 1, bytes(10))
            state.commit(self.base, 0)
            self.refused()

    def test_refused_trailers(self) -> None:
        good = small_state().commit(self.base, 0)
        for at, size, value in (
            (0, 8, 0), (0, 8, len(good)), (4, 4, 2**32 - 1), (8, 4, 2**32 - 1), (16, 4, 0), (20, 4, 1),
            (24, 8, 4), (40, 8, len(good) + 1), (48, 2, 2),
        ):  # fmt: skip
            trailer = bytearray(good[-64:])
            trailer[at : at + size] = value.to_bytes(size, "little")
            trailer[52:56] = struct.pack("<I", zlib.crc32(trailer[:52]))
            self.base.write_bytes(good[:-64] + trailer)
            self.refused()
        # A later minor version and the writer's feature bits do not stop a reader.
        trailer = bytearray(good[-64:])
        trailer[32:40] = b"\xff" * 8
        trailer[50:52] = b"\x09\0"
        trailer[52:56] = struct.pack("<I", zlib.crc32(trailer[:52]))
        self.base.write_bytes(good[:-64] + trailer)
        reader.read_file(self.base)

    def test_command_line(self) -> None:
        small_state().commit(self.base, 0)
        out = io.StringIO()
        with redirect_stdout(out):
            self.assertEqual(reader.main(["--verify", str(self.dir)]), 1)
            self.assertEqual(reader.main([str(self.base)]), 0)
        dump = out.getvalue().splitlines()[-1]
        self.assertTrue(dump.isascii())
        self.assertEqual(dump, json.dumps(json.loads(dump), sort_keys=True))
        (self.dir / "f.json").write_text(dump)
        (self.dir / "f.1.json").write_text("{}")
        state = small_state()
        state.file_id = b"another file id."
        state.commit(self.dir / "f.1.af", 1)  # a sidecar by its name, so not verified
        out = io.StringIO()
        with redirect_stdout(out):
            self.assertEqual(reader.main(["--verify", str(self.dir)]), 0)
        self.assertEqual(out.getvalue(), "ok f\n1 passed, 0 failed\n")
        changed = json.loads(dump)
        changed["arrays"]["a"]["shape"] = [6]
        (self.dir / "f.json").write_text(json.dumps(changed))
        out = io.StringIO()
        with redirect_stdout(out):
            self.assertEqual(reader.main(["--verify", str(self.dir)]), 1)
        self.assertEqual(out.getvalue(), "DIFFERS f: arrays.a.shape.0: 5 != 6\n0 passed, 1 failed\n")


if __name__ == "__main__":
    unittest.main()
