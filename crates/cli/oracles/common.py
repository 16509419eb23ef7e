"""What all checks share."""

import shutil
import subprocess

import numpy as np


def run(af, *args):
    done = subprocess.run([af, *map(str, args)], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"af {' '.join(map(str, args))}: {done.returncode}\n{done.stderr}")
    return done


def equal(a, b):
    """Whether two attributes, or two arrays, are the same, bit by bit but for NaN."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    if a.dtype.kind in "OUS" or b.dtype.kind in "OUS":
        return a.tolist() == b.tolist()
    if a.dtype != b.dtype:
        return False
    return a.tobytes() == b.tobytes() or bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def clear(work):
    for path in work.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
