"""Real files through `af import` and `af export`, and what independent readers say of the result.

    round_trips.py AF WORK [FOLDER…]

AF is the program, WORK a folder for what is made; every FOLDER is searched for files of netCDF, NumPy
and safetensors, beside those of the installed packages. Ends with 1 if a value or an attribute differs
that should not.
"""

import importlib.util
import json
import pathlib
import sys

import netCDF4
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

import columns
import hdf5
import views
import zarr_stores
from common import clear, equal, run

# Attributes that netCDF-C keeps to itself, or that say how a file was compressed.
INTERNAL = {"_NCProperties"}


def package_files(name, pattern):
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return []
    folder = pathlib.Path(spec.submodule_search_locations[0])
    return sorted(p for p in folder.rglob(pattern) if p.is_file())


def groups(group, path=""):
    yield path, group
    for name, inner in group.groups.items():
        yield from groups(inner, f"{path}/{name}" if path else name)


def compare_netcdf(before, after, skipped):
    """What differs between two netCDF files: (variables, values, attributes, differences)."""
    differences, counts = [], [0, 0, 0]
    with netCDF4.Dataset(before) as one, netCDF4.Dataset(after) as two:
        for dataset in (one, two):
            dataset.set_auto_maskandscale(False)
            dataset.set_auto_chartostring(False)
        other_groups = dict(groups(two))
        for path, group in groups(one):
            other = other_groups.get(path)
            if other is None:
                if group.variables or group.ncattrs():
                    differences.append(f"group {path} is gone")
                continue
            attributes(path or ".", group, other, counts, differences)
            for name, dimension in group.dimensions.items():
                used = any(name in v.dimensions for v in group.variables.values())
                if not used:
                    continue
                same = other.dimensions.get(name)
                if same is None or len(same) != len(dimension):
                    differences.append(f"dimension {path}/{name} differs")
                elif same.isunlimited() != dimension.isunlimited():
                    differences.append(f"dimension {path}/{name} grows in one of them")
            for name, variable in group.variables.items():
                full = f"{path}/{name}" if path else name
                if any(line.startswith(f"{full}:") for line in skipped) and name not in other.variables:
                    continue
                same = other.variables.get(name)
                if same is None:
                    differences.append(f"{full} is gone")
                    continue
                counts[0] += 1
                if same.dimensions != variable.dimensions:
                    differences.append(f"{full}: {variable.dimensions} became {same.dimensions}")
                attributes(full, variable, same, counts, differences)
                counts[1] += variable.size
                if not equal(variable[...], same[...]):
                    differences.append(f"{full}: values differ")
    return counts, differences


def attributes(full, one, two, counts, differences):
    for key in one.ncattrs():
        if key in INTERNAL:
            continue
        counts[2] += 1
        if key not in two.ncattrs():
            differences.append(f"{full}: attribute {key} is gone")
        elif not equal(one.getncattr(key), two.getncattr(key)):
            differences.append(f"{full}: attribute {key} differs: {one.getncattr(key)!r}, {two.getncattr(key)!r}")


def netcdf(af, work, path):
    made, back = work / "x.af", work / "x.nc"
    clear(work)
    report = run(af, "--json", "import", "--verify", path, made)
    skipped = json.loads(report.stdout)["skipped"]
    run(af, "verify", "--full", made)
    exported = run(af, "--json", "export", made, back)
    skipped += json.loads(exported.stdout)["skipped"]
    counts, differences = compare_netcdf(path, back, skipped)
    return counts, skipped, differences


def there_and_back(af, work, path):
    """The file, imported and exported in its own format."""
    made, back = work / "x.af", work / f"x{path.suffix}"
    clear(work)
    run(af, "import", "--verify", path, made)
    run(af, "export", made, back)
    return back


def npz(af, work, path):
    back = there_and_back(af, work, path)
    differences, counts = [], [0, 0, 0]
    with np.load(path) as one, np.load(back) as two:
        for name in one.files:
            counts[0] += 1
            counts[1] += one[name].size
            if name not in two.files or not equal(one[name], two[name]):
                differences.append(f"{name} differs")
    return counts, [], differences


def npy(af, work, path):
    back = there_and_back(af, work, path)
    before = np.load(path)
    same = equal(before.astype(before.dtype.newbyteorder("<")), np.load(back))
    return [1, before.size, 0], [], [] if same else [f"{before.dtype}{before.shape} differs"]


def tensors(af, work, path):
    back = there_and_back(af, work, path)
    differences, counts = [], [0, 0, 0]
    with safe_open(path, "np") as one, safe_open(back, "np") as two:
        counts[2] = len(one.metadata() or {})
        if one.metadata() != two.metadata():
            differences.append(f"metadata {one.metadata()} became {two.metadata()}")
        for name in one.keys():
            before = one.get_tensor(name)
            counts[0] += 1
            counts[1] += before.size
            if name not in two.keys() or not equal(before, two.get_tensor(name)):
                differences.append(f"{name} differs")
    return counts, [], differences


def safetensors(af, work):
    """A file of every type that NumPy shares with safetensors."""
    rng = np.random.default_rng(1)
    types = ["bool", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]
    tensors = {f"layer.{t}": (rng.random((7, 5)) * 100).astype(t) for t in types}
    tensors["scalar"] = np.array(1.5, "f4")
    tensors["empty"] = np.zeros((0, 3), "f4")
    path, made, back = work / "in.safetensors", work / "x.af", work / "x.safetensors"
    clear(work)
    save_file(tensors, path, metadata={"author": "round_trips.py"})
    run(af, "import", "--verify", path, made)
    run(af, "export", made, back)
    differences, counts = [], [0, 0, 1]
    with safe_open(back, "np") as two:
        if two.metadata() != {"author": "round_trips.py"}:
            differences.append(f"metadata: {two.metadata()}")
        for name, tensor in tensors.items():
            counts[0] += 1
            counts[1] += tensor.size
            if not equal(tensor, two.get_tensor(name)):
                differences.append(f"{name} differs")
    return counts, [], differences


def npy_types(af, work):
    """Every type and order that NumPy can write and `af` can read, one file each."""
    cases = {
        "c_order": np.arange(24, dtype="<f4").reshape(2, 3, 4),
        "fortran": np.asfortranarray(np.arange(24, dtype="<i8").reshape(2, 3, 4)),
        "big_endian": np.arange(5, dtype=">u4"),
        "texts": np.array(["a", "bcd", "ü€😀", ""]),
        "bytes": np.array([b"ab", b"c"]),
        "times": np.array(["2026-01-05T12:00", "NaT"], "M8[s]"),
        "complex": np.array([1 + 2j, -3j], "c16"),
        "bools": np.array([[True], [False]]),
        "scalar": np.array(4.5),
        "empty": np.zeros((3, 0), "i2"),
        "half": np.array([1.5, np.inf, np.nan], "f2"),
    }
    differences, counts = [], [0, 0, 0]
    for name, array in cases.items():
        clear(work)
        path, made, back = work / f"{name}.npy", work / "x.af", work / "back.npy"
        np.save(path, array)
        run(af, "import", "--verify", path, made)
        run(af, "export", made, back)
        counts[0] += 1
        counts[1] += array.size
        expected = array.astype(array.dtype.newbyteorder("<"))
        if name == "times":
            expected = array.astype("M8[ns]")
        if not equal(expected, np.load(back)):
            differences.append(f"{name}: {expected!r} became {np.load(back)!r}")
    return counts, [], differences


READERS = {".npy": npy, ".npz": npz, ".safetensors": tensors}


def main():
    af, work = sys.argv[1], pathlib.Path(sys.argv[2])
    work.mkdir(parents=True, exist_ok=True)
    files = package_files("iris_sample_data", "*.nc")
    arrays = package_files("gsw", "*.npz")
    for folder in sys.argv[3:]:
        found = sorted(p for p in pathlib.Path(folder).rglob("*") if p.is_file())
        files += [p for p in found if p.suffix in {".nc", ".cdf"}]
        arrays += [p for p in found if p.suffix in READERS]
    results = [(p.name, lambda p=p: netcdf(af, work, p)) for p in files]
    results += [(p.name, lambda p=p: READERS[p.suffix](af, work, p)) for p in arrays]
    results += [("NumPy types", lambda: npy_types(af, work))]
    results += [("safetensors types", lambda: safetensors(af, work))]
    results += [(f"HDF5: {name}", check) for name, check in hdf5.checks(af, work)]
    results += [(f"Zarr: {name}", check) for name, check in zarr_stores.checks(af, work)]
    results += [(f"columns: {name}", check) for name, check in columns.checks(af, work)]
    results += [(f"views: {name}", check) for name, check in views.checks(af, work, files)]
    failed = False
    print(f"{'file':<44} {'variables':>9} {'values':>11} {'attributes':>10}  result")
    for name, check in results:
        try:
            counts, skipped, differences = check()
        except Exception as error:
            counts, skipped, differences = [0, 0, 0], [], [str(error)]
        verdict = "same" if not differences else f"{len(differences)} differ"
        if skipped:
            verdict += f", {len(skipped)} left out"
        print(f"{name:<44} {counts[0]:>9,} {counts[1]:>11,} {counts[2]:>10,}  {verdict}")
        for line in skipped[:10]:
            print(f"    left out: {line}")
        for line in differences[:10]:
            print(f"    {line}")
        failed |= bool(differences)
    sys.exit(1 if failed else 0)


main()
