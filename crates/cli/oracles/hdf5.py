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
# A table: each of its fields is an array.
POINT = np.dtype([("x", "<f8"), ("y", ">f4")])
TABLE = np.zeros(
    3,
    dtype=[
        ("id", "<i4"),
        ("big", ">u2"),
        ("name", "S5"),
        ("at", POINT),
        ("vector", "<f4", (2, 3)),
        ("ok", "?"),
        ("z", "<c8"),
        ("half", "<f2"),
        ("colour", h5py.enum_dtype({"RED": 0, "BLUE": 200}, "u1")),
    ],
)
TABLE["id"] = [7, -8, 9]
TABLE["big"] = [1, 256, 65535]
TABLE["name"] = [b"a", b"bcdef", b""]
TABLE["at"]["x"], TABLE["at"]["y"] = [0.5, 1.5, 2.5], [1, 2, 4]
TABLE["vector"] = np.arange(18).reshape(3, 2, 3)
TABLE["ok"] = [True, False, True]
TABLE["z"] = [1 + 2j, 3, -4j]
TABLE["half"] = [0.5, 1, 2]
TABLE["colour"] = [0, 200, 0]
DIVIDED = {
    "table/id": ("int32", TABLE["id"]),
    "table/big": ("uint16", TABLE["big"]),
    "table/name": ("string", TABLE["name"].astype("U5")),
    "table/at/x": ("float64", TABLE["at"]["x"]),
    "table/at/y": ("float32", TABLE["at"]["y"]),
    "table/vector": ("float32", TABLE["vector"]),
    "table/ok": ("bool", TABLE["ok"]),
    "table/z": ("complex64", TABLE["z"]),
    "table/half": ("float16", TABLE["half"]),
    "table/colour": ("uint8", TABLE["colour"]),
    "g/complex": ("complex128", np.array([[1 + 1j, -2.5], [0, 3j]], ">c16")),
    "half": ("float16", np.array([0.5, 1, 65504], "<f2")),
    "half_packed": ("float16", (np.arange(1000) / 8).astype("f2")),
}
LISTED = {"reference", "lzf", "nothing", "no_halves", "table2/texts", "bfloat", "bfloats/b", "twice/a_b"}


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
        for name, (_, values) in DIVIDED.items():
            if name == "half_packed":
                file.create_dataset(name, data=values, chunks=(300,), compression="gzip", shuffle=True)
            elif not name.startswith("table"):
                file[name] = values
        file.create_dataset("table", data=TABLE, chunks=(2,), compression="gzip")
        file["table"].attrs["title"] = "a table"
        file["half"].attrs["units"] = "K"
        with_texts = np.dtype([("id", "i4"), ("texts", h5py.string_dtype())])
        file.create_dataset("table2", (1,), dtype=with_texts)
        bfloat = h5py.h5t.IEEE_F32LE.copy()
        bfloat.set_fields(15, 7, 8, 0, 7)
        bfloat.set_size(2)
        bfloat.set_ebias(127)
        space = h5py.h5s.create_simple((3,))
        h5py.h5d.create(file.id, b"bfloat", bfloat, space)
        compound = h5py.h5t.create(h5py.h5t.COMPOUND, 2)
        compound.insert(b"b", 0, bfloat)
        h5py.h5d.create(file.id, b"bfloats", compound, space)
        file["twice"] = np.zeros(2, dtype=[("a_b", "i4"), ("a/b", "i4")])
        file.create_dataset("no_halves", data=h5py.Empty("f2"))
        file["reference"] = np.array([file["plain"].ref], dtype=h5py.ref_dtype)
        file.create_dataset("lzf", data=np.arange(10_000), chunks=(100,), compression="lzf")
        file.create_dataset("nothing", data=h5py.Empty("f4"))
        file["plain"].attrs["units"] = "m"


def plain(af, work):
    clear(work)
    path, made = work / "in.h5", work / "x.af"
    make(path)
    report = json.loads(run(af, "--json", "import", "--verify", "--skip-unreadable", path, made).stdout)
    differences, counts = [], [0, 0, 2]
    listed = {line.split(": ")[1] for line in report["skipped"]}
    if listed != LISTED:
        differences.append(f"left out {sorted(listed)}, not {sorted(LISTED)}")
    types = {entry["name"]: entry["dtype"] for entry in json.loads(run(af, "--json", "ls", made).stdout)}
    for name, (dtype, values) in (KEPT | DIVIDED).items():
        counts[0] += 1
        counts[1] += len(values) if isinstance(values, list) else values.size
        if types.get(name) != dtype:
            differences.append(f"{name}: {dtype} became {types.get(name)}")
            continue
        got = json.loads(run(af, "--json", "cat", made, name).stdout)["values"]
        expected = values if isinstance(values, list) else values.tolist()
        if dtype.startswith("complex"):
            expected = np.stack([values.real, values.imag], -1).tolist()
        if got != expected:
            differences.append(f"{name}: {expected} became {got}")
    values = json.loads(run(af, "--json", "attrs", made, "table/colour").stdout)
    if "200" not in json.dumps(values):
        differences.append(f"table/colour: {values}")
    for name, units in [("plain", "m"), ("half", "K")]:
        if run(af, "attrs", made, name, "units").stdout.strip() != units:
            differences.append(f"{name}: its units are gone")
    return counts, [], differences


def checks(af, work):
    yield "h5py types", functools.partial(plain, af, work)
