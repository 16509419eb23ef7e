"""Takes real fields out of packages with sample data: `climate.py FOLDER` writes raw files and their index.

`iris-sample-data` from PyPI has netCDF-4 files, which h5py reads; Debian's `ferret-datasets` has netCDF-3 files,
whose large variables are contiguous and big-endian.
"""

import json
import os
import sys

import h5py
import numpy as np

FERRET = "/usr/share/ferret-vis/data"
MIB = 1 << 20


def iris():
    """Floating-point and packed variables of two to four dimensions, of 100 kB at least."""
    import iris_sample_data

    folder = os.path.join(os.path.dirname(iris_sample_data.__file__), "sample_data")
    for name in ["ostia_monthly.nc", "A1B_north_america.nc", "E1_north_america.nc"]:
        with h5py.File(os.path.join(folder, name)) as file:
            for variable, data in file.items():
                if isinstance(data, h5py.Dataset) and data.ndim >= 3 and data.nbytes >= 100_000:
                    yield f"{name}: {variable}", data[...]


def ferret():
    from scipy.io import netcdf_file

    for name in ["ocean_atlas_subset.nc", "levitus_climatology.cdf", "coads_climatology.cdf", "etopo5.cdf"]:
        path = next((os.path.join(r, name) for r, _, names in os.walk(FERRET) if name in names), None)
        if path is None:
            continue
        with netcdf_file(path, mmap=False) as file:
            for variable, data in file.variables.items():
                if data.data.ndim >= 2 and data.data.nbytes >= 1_000_000 and data.data.dtype.kind == "f":
                    yield f"{name}: {variable}", data.data


def chunk(shape, itemsize):
    """Whole rows and planes, up to one MiB."""
    extents = list(shape)
    for axis in range(len(extents)):
        rest = itemsize * int(np.prod(extents[axis + 1 :]))
        extents[axis] = max(1, min(extents[axis], MIB // max(rest, 1)))
        if rest <= MIB:
            break
    return extents


def main(folder):
    os.makedirs(folder, exist_ok=True)
    index = []
    for source in (iris, ferret):
        try:
            fields = list(source())
        except ImportError as error:
            print(f"{source.__name__}: left out: {error}", file=sys.stderr)
            continue
        for i, (title, data) in enumerate(fields):
            if data.dtype.kind != "f":
                continue
            data = np.ascontiguousarray(data, dtype="<f4")
            raw = os.path.join(folder, f"climate-{source.__name__}-{i}.raw")
            data.tofile(raw)
            dims = " × ".join(map(str, data.shape))
            dataset = {
                "raw": raw, "dtype": "float32", "shape": data.shape, "chunk": chunk(data.shape, 4), "count": 1,
            }
            index.append({"title": f"{title} [{dims}]", "dataset": dataset})
    with open(os.path.join(folder, "climate.json"), "w") as file:
        json.dump(index, file, indent=1)


if __name__ == "__main__":
    main(sys.argv[1])
