"""What readers without our code make of `af serve` and `af refs`: zarr-python, TensorStore, fsspec."""

import contextlib
import functools
import json
import subprocess

import fsspec
import netCDF4
import numpy as np
import tensorstore
import zarr

from common import clear, equal, run

RNG = np.random.default_rng(11)


@contextlib.contextmanager
def serving(af, file):
    """The address of a file's Zarr store."""
    process = subprocess.Popen([af, "serve", "--port", "0", "--json", file], stdout=subprocess.PIPE, text=True)
    try:
        text = ""
        while not text.endswith("}\n") or text.count("{") != text.count("}"):
            line = process.stdout.readline()
            assert line, "af serve ended"
            text += line
        yield json.loads(text)["files"][0]["zarr"]
    finally:
        process.kill()
        process.wait()


def variables(group, path=""):
    for name, variable in group.variables.items():
        yield f"{path}{name}", variable
    for name, inner in group.groups.items():
        yield from variables(inner, f"{path}{name}/")


def as_netcdf(path, root, counts, differences, listed=()):
    """Compares numbers of a netCDF file with an open Zarr group."""
    with netCDF4.Dataset(path) as dataset:
        dataset.set_auto_maskandscale(False)
        for name, variable in variables(dataset):
            if variable.dtype is str or variable.dtype.kind not in "iuf" or name in listed:
                continue
            counts[0] += 1
            counts[1] += variable.size
            if name not in root:
                differences.append(f"{name} is gone")
                continue
            expected = variable[...]
            got = root[name][...]
            if not equal(expected.astype(expected.dtype.newbyteorder("<")), got):
                differences.append(f"{name}: values differ")


def served(af, work, path):
    clear(work)
    run(af, "import", path, work / "x.af")
    counts, differences = [0, 0, 0], []
    with serving(af, work / "x.af") as url:
        as_netcdf(path, zarr.open_group(url, mode="r"), counts, differences)
    return counts, [], differences


class ByTensorStore:
    """A store as TensorStore reads it, name by name."""

    def __init__(self, url):
        self.url = url

    def __contains__(self, name):
        return True

    def __getitem__(self, name):
        kvstore = {"driver": "http", "base_url": f"{self.url.rstrip('/')}/{name}/"}
        store = tensorstore.open({"driver": "zarr3", "kvstore": kvstore}, read=True).result()
        return store[...].read().result()


def by_tensorstore(af, work, path):
    clear(work)
    run(af, "import", path, work / "x.af")
    counts, differences = [0, 0, 0], []
    with serving(af, work / "x.af") as url:
        as_netcdf(path, ByTensorStore(url), counts, differences)
    return counts, [], differences


def by_reference(file):
    """A group from references that a file or a folder holds."""
    fs = fsspec.filesystem("reference", fo=str(file), remote_protocol="file", asynchronous=True, skip_instance_cache=True)
    return zarr.open_group(zarr.storage.FsspecStore(fs, read_only=True), mode="r", zarr_format=2)


def referred(af, work, path):
    clear(work)
    made = work / "x.af"
    run(af, "import", "--referable", "--codec", "shuffle+zstd(3)", path, made)
    counts, differences, listed = [0, 0, 0], [], []
    for output in [work / "refs.json", work / "refs.parquet"]:
        report = json.loads(run(af, "--json", "refs", made, "-o", output).stdout)
        refused = {r["name"] for r in report["refused"]}
        listed += [f"{r['name']}: {r['why']}" for r in report["refused"]]
        as_netcdf(path, by_reference(output), counts, differences, refused)
    return counts, sorted(set(listed)), differences


def codecs(af, work):
    """Every codec and filter that numcodecs knows, and every type, in place."""
    clear(work)
    types = ["bool", "i1", "u2", "i4", "i8", "f2", "f4", "f8", "c8", "c16", "M8[ns]"]
    arrays = {t: (RNG.random((64, 96)) * 100).astype("i8" if t.startswith("M8") else t).astype(t) for t in types}
    np.savez(work / "in.npz", **arrays)
    counts, differences, listed = [0, 0, 0], [], []
    chains = ["none", "lz4", "zstd(3)", "shuffle+zstd(3)", "delta+zstd(3)", "delta+shuffle+lz4", "pco(8)"]
    for chain in chains:
        wanted = types
        if chain.startswith("pco"):
            wanted = ["u2", "i4", "i8", "f2", "f4", "f8"]
        made = work / "x.af"
        if made.exists():
            made.unlink()
        only = [arg for t in wanted for arg in ("--only", t.replace("[", "[[]"))]
        run(af, "import", "--codec", chain, "--chunks", "32,32", *only, work / "in.npz", made)
        report = json.loads(run(af, "--json", "refs", made, "--inline", "0", "-o", work / "refs.json").stdout)
        listed += [f"{chain}: {r['name']}: {r['why']}" for r in report["refused"]]
        refused = {r["name"] for r in report["refused"]}
        root = by_reference(work / "refs.json")
        for name in wanted:
            if name in refused:
                continue
            counts[0] += 1
            counts[1] += arrays[name].size
            if not equal(arrays[name], root[name][...]):
                differences.append(f"{chain}: {name}: values differ")
    return counts, listed, differences


def checks(af, work, files):
    for path in files[:6]:
        yield f"served: {path.name}", functools.partial(served, af, work, path)
        yield f"TensorStore: {path.name}", functools.partial(by_tensorstore, af, work, path)
        yield f"referred: {path.name}", functools.partial(referred, af, work, path)
    yield "codecs in place", functools.partial(codecs, af, work)
