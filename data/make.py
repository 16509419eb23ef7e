#!/usr/bin/env python3
"""Cuts the two small ocean files in this folder out of Debian's `ferret-datasets`.

To repeat it on Debian 12:

    apt-get install -y ferret-datasets          # version 7.6.0-5
    python3 -m venv cut
    cut/bin/pip install numpy scipy
    cut/bin/python data/make.py            # writes beside this script

Values, coordinates, missing values, units and attributes are those of the source;
only the region is smaller, and one line is added to the global `history`.
"""

import hashlib
import pathlib
import sys

import numpy as np
from scipy.io import netcdf_file

SOURCE = pathlib.Path("/usr/share/ferret-vis/data")
HERE = pathlib.Path(__file__).resolve().parent

# The North Atlantic: centres of grid cells from 70.5W to 5.5W and from 0.5N to 60.5N.
# The source counts longitudes eastward from 20.5 to 379.5.
EAST = (289.5, 354.5)
NORTH = (0.5, 60.5)

CUTS = [
    {
        "source": "levitus_climatology.cdf",
        "sha256": "6cf0c43e2b5b790a25547eb90194c0468ab508a40636c1e67b42e892c3b7596b",
        "target": "north_atlantic_annual.nc",
        "keep": {"XAXLEVITR": EAST, "YAXLEVITR": NORTH},
    },
    {
        "source": "ocean_atlas_subset.nc",
        "sha256": "598e82c3689272fdd1eff7a9e9d5706f4c08b5841dc028fbbc5c49374c81c8ff",
        "target": "north_atlantic_monthly.nc",
        "keep": {"XAX_SUBSET": EAST, "YAX_SUBSET": NORTH},
    },
]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def region(source, keep):
    """The slice of each dimension: where its coordinate lies within the bounds, else all."""
    slices = {}
    for name, length in source.dimensions.items():
        if name in keep:
            low, high = keep[name]
            coordinate = source.variables[name][:]
            inside = np.flatnonzero((coordinate >= low) & (coordinate <= high))
            slices[name] = slice(int(inside[0]), int(inside[-1]) + 1)
        else:
            slices[name] = slice(0, source._recs if length is None else length)
    return slices


def copy_attributes(source, target):
    for key, value in source._attributes.items():
        setattr(target, key, value)


def cut(source_path, target_path, keep):
    with netcdf_file(source_path, "r", mmap=False) as source, netcdf_file(target_path, "w") as target:
        slices = region(source, keep)
        copy_attributes(source, target)
        note = f"region cut from {source_path.name} of Debian ferret-datasets 7.6.0-5"
        target.history = source.history + b"\n" + note.encode()
        # The record dimension has to be the first one defined.
        for name, length in sorted(source.dimensions.items(), key=lambda item: item[1] is not None):
            part = slices[name]
            target.createDimension(name, None if length is None else part.stop - part.start)
        for name, variable in source.variables.items():
            index = tuple(slices[d] for d in variable.dimensions)
            copy = target.createVariable(name, variable.data.dtype, variable.dimensions)
            copy_attributes(variable, copy)
            copy[:] = variable[index]


def main():
    for item in CUTS:
        source = SOURCE / item["source"]
        if sha256(source) != item["sha256"]:
            sys.exit(f"{source} is not the file that these cuts were made from")
        target = HERE / item["target"]
        cut(source, target, item["keep"])
        print(sha256(target), target.stat().st_size, target.name)


if __name__ == "__main__":
    main()
