"""Zarr stores of both versions, written by zarr-python, through `af import` and `af export`."""

import contextlib
import functools
import http.server
import json
import threading
import zipfile

import numcodecs
import numpy as np
import xarray as xr
import zarr
from zarr.codecs import (
    BloscCodec,
    BytesCodec,
    GzipCodec,
    ShardingCodec,
    TransposeCodec,
    VLenBytesCodec,
    ZstdCodec,
)

from common import clear, equal, run

RNG = np.random.default_rng(7)


def numbers(dtype, shape=(30, 21)):
    """Numbers with runs of zeros, so that some chunks are empty."""
    values = (RNG.random(shape) * 100).astype(dtype)
    values[: shape[0] // 3] = 0
    return values


def fill_v3(root):
    """One array of each type, and of each way to store them, that version 3 has."""
    for dtype in ["bool", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]:
        root.create_array(f"types/{dtype}", data=numbers(dtype), chunks=(7, 8))
    ways = {
        "none": dict(compressors=None),
        "zstd": dict(compressors=ZstdCodec(level=1)),
        "gzip": dict(compressors=GzipCodec()),
        "blosc": dict(compressors=BloscCodec(cname="lz4", shuffle="bitshuffle")),
        "big": dict(serializer=BytesCodec(endian="big")),
        "transposed": dict(filters=TransposeCodec(order=(1, 0))),
        "sharded": dict(shards=(14, 16)),
    }
    for name, way in ways.items():
        made = root.create_array(f"ways/{name}", shape=(30, 21), dtype="f4", chunks=(7, 8), fill_value=np.nan, **way)
        made[:20] = numbers("f4")[:20]
    texts = root.create_array("texts", shape=(5,), chunks=(2,), dtype="str")
    texts[:] = np.array(["a", "", "bcd", "ü€😀", "e"], dtype=object)
    root.create_array("fixed_texts", data=np.array(["a", "bcd", "ü€"]))
    root.create_array("times", data=np.array(["2026-01-05T12:00", "1970-01-01"], "M8[s]"), fill_value=np.datetime64("NaT", "s"))
    root.create_array("scalar", data=np.array(4.5))
    root.create_array("empty", shape=(0, 3), dtype="f4", chunks=(1, 3))
    named = root.create_array("named", data=numbers("i2"), chunks=(10, 10), dimension_names=("y", "x"))
    named.attrs.update({"units": "degC", "scale": 0.5, "levels": [1, 2, 3], "is": True})


def fill_v2(root):
    ways = {
        "none": dict(compressors=None),
        "blosc": dict(compressors=numcodecs.Blosc()),
        "zlib": dict(compressors=numcodecs.Zlib()),
        "zstd": dict(compressors=numcodecs.Zstd()),
        "bz2": dict(compressors=numcodecs.BZ2()),
        "fortran": dict(order="F"),
        "shuffled": dict(filters=[numcodecs.Shuffle(4)]),
        "slashes": dict(chunk_key_encoding={"name": "v2", "separator": "/"}),
    }
    for name, way in ways.items():
        made = root.create_array(f"ways/{name}", shape=(30, 21), dtype="f4", chunks=(7, 8), fill_value=np.nan, **way)
        made[:20] = numbers("f4")[:20]
    for dtype in ["bool", "i1", ">i2", "i8", "u4", ">f4", "f8", "c16"]:
        root.create_array(f"types/{dtype.strip('>')}", data=numbers(dtype), chunks=(7, 8))
    root.create_array("fixed_texts", data=np.array(["a", "bcd", "ü€"]))
    root.create_array("times", data=np.array(["2026-01-05T12:00", "NaT"], "M8[ms]"))
    named = root.create_array("named", data=numbers("i2"), chunks=(10, 10))
    named.attrs.update({"_ARRAY_DIMENSIONS": ["y", "x"], "units": "degC"})


def arrays(group, path=""):
    for name, node in group.members():
        full = f"{path}/{name}" if path else name
        if isinstance(node, zarr.Group):
            yield from arrays(node, full)
        else:
            yield full, node


def compare(before, after, counts, differences):
    """What differs between two open groups, but for how it is stored."""
    one, two = dict(arrays(before)), dict(arrays(after))
    for name in two.keys() - one.keys():
        differences.append(f"{name} came from nowhere")
    for name, array in one.items():
        same = two.get(name)
        if same is None:
            differences.append(f"{name} is gone")
            continue
        counts[0] += 1
        counts[1] += array.size
        expected, got = np.asarray(array[...]), np.asarray(same[...])
        if expected.dtype.kind == "M":
            expected, got = expected.astype("M8[ns]"), got.astype("M8[ns]")
        if expected.dtype.kind in "UST":
            expected = expected.astype(object)
        if expected.dtype.kind not in "OM":
            expected = expected.astype(expected.dtype.newbyteorder("<"))
        if not equal(expected, got):
            differences.append(f"{name}: values differ: {expected.dtype} {got.dtype}")
        attrs = dict(array.attrs)
        dims = attrs.pop("_ARRAY_DIMENSIONS", None) or getattr(array.metadata, "dimension_names", None)
        if dims and list(same.metadata.dimension_names) != list(dims):
            differences.append(f"{name}: dimensions {dims} became {same.metadata.dimension_names}")
        for key, value in attrs.items():
            counts[2] += 1
            got = same.attrs.get(key)
            if isinstance(value, dict):
                value = json.dumps(value, separators=(",", ":"))
            if got != value:
                differences.append(f"{name}: attribute {key}: {value!r} became {got!r}")
    for key, value in before.attrs.items():
        counts[2] += 1
        if after.attrs.get(key) != value:
            differences.append(f"attribute {key}: {value!r} became {after.attrs.get(key)!r}")


@contextlib.contextmanager
def served(folder):
    """A plain web server, which cannot list."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def list_directory(self, path):
            self.send_error(404)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def there_and_back(af, work, version, kind):
    clear(work)
    path, made = work / "in.zarr", work / "x.af"
    root = zarr.open_group(path, mode="w", zarr_format=version)
    {2: fill_v2, 3: fill_v3}[version](root)
    root.attrs["title"] = "ü"
    source = path
    with contextlib.ExitStack() as stack:
        if kind == "zip":
            source = work / "in.zarr.zip"
            with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
                for file in sorted(path.rglob("*")):
                    if file.is_file():
                        archive.write(file, file.relative_to(path))
        if kind == "web":
            zarr.consolidate_metadata(path)
            source = stack.enter_context(served(work)) + "/in.zarr"
        report = json.loads(run(af, "--json", "import", "--verify", source, made).stdout)
    run(af, "verify", "--full", made)
    counts, differences = [0, 0, 0], []
    skipped = list(report["skipped"])
    for back in [work / "back.zarr", work / "back.zarr.zip"]:
        skipped += json.loads(run(af, "--json", "export", made, back).stdout)["skipped"]
        store = zarr.storage.ZipStore(back, mode="r") if back.suffix == ".zip" else back
        compare(root, zarr.open_group(store, mode="r"), counts, differences)
    consolidated = zarr.open_consolidated(work / "back.zarr")
    compare(root, consolidated, [0, 0, 0], differences)
    return counts, skipped, differences


def by_xarray(af, work, version):
    """A dataset with scaled, missing and dated values, as xarray writes and reads it."""
    clear(work)
    data = xr.Dataset(
        {
            "t": (("time", "y", "x"), np.where(RNG.random((4, 5, 6)) < 0.2, np.nan, RNG.random((4, 5, 6)) * 30).astype("f4")),
            "packed": (("y", "x"), np.round(RNG.random((5, 6)) * 30, 2)),
            "name": (("y",), np.array(["a", "b", "ü", "", "e"])),
        },
        coords={
            "time": np.array(["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"], "M8[ns]"),
            "x": np.linspace(0, 50, 6),
            "y": np.linspace(10, 20, 5),
        },
        attrs={"title": "checks"},
    )
    data["packed"][0, 0] = np.nan
    encoding = {
        "t": {"chunks": (2, 3, 4)},
        "packed": {"dtype": "i2", "scale_factor": 0.01, "add_offset": 1.0, "_FillValue": -999},
    }
    path, made, back = work / "in.zarr", work / "x.af", work / "back.zarr"
    data.to_zarr(path, encoding=encoding, zarr_format=version)
    run(af, "import", "--verify", path, made)
    run(af, "export", made, back)
    differences = []
    with xr.open_zarr(path) as one, xr.open_zarr(back) as two:
        try:
            xr.testing.assert_identical(one.load(), two.load())
        except AssertionError as error:
            differences.append(str(error))
        counts = [len(one.variables), sum(v.size for v in one.variables.values()), 0]
    return counts, [], differences


def checks(af, work):
    for version in [2, 3]:
        for kind in ["folder", "zip", "web"]:
            yield f"v{version}, {kind}", functools.partial(there_and_back, af, work, version, kind)
        yield f"v{version}, xarray", functools.partial(by_xarray, af, work, version)
