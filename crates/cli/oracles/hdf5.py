"""HDF5 files that h5py writes and netCDF would not, through `af import`."""

import functools
import json

import h5py
import numpy as np

from common import clear, run

# What is kept, and as which type.
KEPT = {
    "plain": ("float64", np.arange(12.0).reshape(3, 4)),
    "g/deep/ints": ("int16", np.arange(5, dtype="i2")),
    "scalar": ("float64", np.array(3.5)),
    "text": ("string", np.array("hello")),
    "texts": ("string", np.array(["a", "bcü"])),
    "bools": ("bool", np.array([True, False])),
    "big": ("float32", np.arange(4, dtype=">f4")),
    "enum": ("int8", np.array([0, 1, 1], dtype="i1")),
    "packed": ("int32", np.arange(1000, dtype="i4")),
    "ragged": ("list<int32>", [[1, 2], [], [3]]),
    "empty": ("float32", np.zeros((0, 3), "f4")),
}
LISTED = {"compound", "complex", "half", "reference", "lzf", "nothing"}


def make(path):
    with h5py.File(path, "w") as file:
        for name, (dtype, values) in KEPT.items():
            if name == "ragged":
                ragged = file.create_dataset(name, (len(values),), dtype=h5py.vlen_dtype("i4"))
                for i, items in enumerate(values):
                    ragged[i] = items
            elif name == "enum":
                colours = h5py.enum_dtype({"RED": 0, "BLUE": 1}, "i1")
                file.create_dataset(name, data=values, dtype=colours)
            elif dtype == "string":
                data = values.astype(object) if values.shape else str(values)
                file.create_dataset(name, data=data, dtype=h5py.string_dtype())
            elif name == "packed":
                file.create_dataset(name, data=values, chunks=(100,), scaleoffset=0, shuffle=True)
            else:
                file[name] = values
        file["compound"] = np.zeros(2, dtype=[("a", "i4"), ("b", "f8")])
        file["complex"] = np.arange(3, dtype="c8")
        file["half"] = np.arange(3, dtype="f2")
        file["reference"] = np.array([file["plain"].ref], dtype=h5py.ref_dtype)
        file.create_dataset("lzf", data=np.arange(10_000), chunks=(100,), compression="lzf")
        file.create_dataset("nothing", data=h5py.Empty("f4"))
        file["plain"].attrs["units"] = "m"


def plain(af, work):
    clear(work)
    path, made = work / "in.h5", work / "x.af"
    make(path)
    report = json.loads(run(af, "--json", "import", "--verify", "--skip-unreadable", path, made).stdout)
    differences, counts = [], [0, 0, 1]
    listed = {line.split(": ")[1] for line in report["skipped"]}
    if listed != LISTED:
        differences.append(f"left out {sorted(listed)}, not {sorted(LISTED)}")
    types = {entry["name"]: entry["dtype"] for entry in json.loads(run(af, "--json", "ls", made).stdout)}
    for name, (dtype, values) in KEPT.items():
        counts[0] += 1
        counts[1] += len(values) if isinstance(values, list) else values.size
        if types.get(name) != dtype:
            differences.append(f"{name}: {dtype} became {types.get(name)}")
            continue
        got = json.loads(run(af, "--json", "cat", made, name).stdout)["values"]
        expected = values if isinstance(values, list) else values.tolist()
        if got != expected:
            differences.append(f"{name}: {expected} became {got}")
    if run(af, "attrs", made, "plain", "units").stdout.strip() != "m":
        differences.append("plain: its units are gone")
    return counts, [], differences


def checks(af, work):
    yield "h5py types", functools.partial(plain, af, work)
