"""The peers that are Python packages: one request in, one action timed, one reply out, as JSON lines.

Requests and replies are those of `src/request.rs`; what is timed, and how, is as in `src/child.rs`.
"""

import json
import os
import shutil
import sys
import time

import numpy as np

# Icechunk warns of local folders at each step; one process at a time writes here.
os.environ.setdefault("ICECHUNK_LOG", "error")

CACHE = 256 << 20
BLOSC = {
    "lz4": {"cname": "lz4", "clevel": 5, "shuffle": "noshuffle"},
    "blosczstd": {"cname": "zstd", "clevel": 3, "shuffle": "shuffle"},
}


class Unsupported(Exception):
    """A peer has no such action, or no such codec."""


# What arrays of texts are in Python: NumPy's own type; objects and fixed widths where a package needs them.
TEXT = np.dtypes.StringDType()
WIDTH = 24


def is_text(request):
    return request["dataset"]["dtype"] == "text"


def load(dataset):
    if dataset["dtype"] == "text":
        with open(dataset["raw"]) as file:
            return np.array(file.read().splitlines(), dtype=TEXT)
    return np.fromfile(dataset["raw"], dtype=dataset["dtype"])


def zarr_codecs(request):
    """The codecs of a Zarr v3 array, as its metadata has them."""
    bytes_ = {"name": "bytes", "configuration": {"endian": "little"}}
    codec = request["codec"]
    itemsize = 1 if is_text(request) else np.dtype(request["dataset"]["dtype"]).itemsize
    if codec == "none":
        return [bytes_]
    if codec == "zstd":
        return [bytes_, {"name": "zstd", "configuration": {"level": 3}}]
    if codec in BLOSC:
        return [bytes_, {"name": "blosc", "configuration": BLOSC[codec] | {"typesize": itemsize, "blocksize": 0}}]
    raise Unsupported


class Peer:
    """What a peer may offer; what it does not is unsupported."""

    def __init__(self, request):
        self.request = request
        self.set = request["dataset"]
        self.store = request["store"]
        self.threads = request["threads"]

    def prepare(self, data):
        """The data as the package takes them; not timed."""
        return data

    def write(self, data):
        raise Unsupported

    def open(self):
        """An array that slices."""
        raise Unsupported

    def window(self, array, where):
        return array[where]


class TensorStore(Peer):
    def _open(self, **options):
        import tensorstore

        context = {
            "cache_pool": {"total_bytes_limit": CACHE},
            "data_copy_concurrency": {"limit": self.threads},
            "file_io_concurrency": {"limit": self.threads},
            "file_io_sync": self.request["durable"],
        }
        spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": self.store}, "context": context}
        return tensorstore.open(spec | options).result()

    def prepare(self, data):
        if is_text(self.request):
            raise Unsupported
        return data

    def write(self, data):
        metadata = {
            "shape": self.set["shape"],
            "data_type": self.set["dtype"],
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": self.set["chunk"]}},
            "codecs": zarr_codecs(self.request),
        }
        self._open(metadata=metadata, create=True)[...].write(data).result()

    def open(self):
        return self._open(open=True)

    def window(self, array, where):
        return array[where].read().result()


class ZarrPython(Peer):
    def _configure(self):
        import zarr

        zarr.config.set({"threading.max_workers": self.threads, "async.concurrency": self.threads})
        return zarr

    def _store(self):
        return self.store

    def _create(self, store):
        zarr = self._configure()
        codecs = zarr_codecs(self.request)
        compressors = [zarr.registry.get_codec_class(c["name"]).from_dict(c) for c in codecs[1:]]
        dtype = "str" if is_text(self.request) else self.set["dtype"]
        return zarr.create_array(
            store, shape=self.set["shape"], chunks=self.set["chunk"], dtype=dtype,
            compressors=compressors or None, zarr_format=3,
        )

    def write(self, data):
        if self.request["durable"]:
            raise Unsupported
        self._create(self.store)[...] = data

    def open(self):
        return self._configure().open_array(self.store, mode="r")


class Icechunk(ZarrPython):
    def _repository(self, create):
        import icechunk

        storage = icechunk.local_filesystem_storage(self.store)
        make = icechunk.Repository.create if create else icechunk.Repository.open
        return make(storage)

    def write(self, data):
        if self.request["durable"]:
            raise Unsupported
        session = self._repository(create=True).writable_session("main")
        self._create(session.store)[...] = data
        session.commit("written")

    def open(self):
        session = self._repository(create=False).readonly_session("main")
        return self._configure().open_array(session.store, mode="r")


class H5py(Peer):
    def _file(self, mode):
        import h5py
        import hdf5plugin  # noqa: F401, registers the filters

        return h5py.File(os.path.join(self.store, "data.h5"), mode, libver="latest", rdcc_nbytes=CACHE, rdcc_nslots=12421)

    def _filter(self):
        import hdf5plugin

        codec = self.request["codec"]
        if codec == "none":
            return {}
        if codec == "lz4":
            return {"compression": hdf5plugin.LZ4()}
        if codec == "zstd":
            return {"compression": hdf5plugin.Zstd(clevel=3)}
        raise Unsupported

    def _create(self, file, name, **options):
        import h5py

        chunks = None if self.set["chunk"] == self.set["shape"] else tuple(self.set["chunk"])
        dtype = h5py.string_dtype() if is_text(self.request) else self.set["dtype"]
        return file.create_dataset(
            name, shape=self.set["shape"], dtype=dtype, chunks=chunks, **self._filter(), **options
        )

    def prepare(self, data):
        # Filters do not see texts of variable length, which are on a heap of their own.
        if is_text(self.request) and self.request["codec"] != "none":
            raise Unsupported
        return data.astype(object) if is_text(self.request) else data

    def window(self, array, where):
        return array.asstr()[where] if is_text(self.request) else array[where]

    def write(self, data):
        os.makedirs(self.store, exist_ok=True)
        with self._file("w") as file:
            for i, array in enumerate(data.reshape([self.set["count"], *self.set["shape"]])):
                self._create(file, f"array_{i:06}")[...] = array
        if self.request["durable"]:
            sync(os.path.join(self.store, "data.h5"))

    def open(self):
        return self._file("r")["array_000000"]

    def each(self):
        with self._file("r") as file:
            for i in range(self.set["count"]):
                yield file[f"array_{i:06}"][...]


class Blosc2(Peer):
    def _path(self):
        return os.path.join(self.store, "data.b2nd")

    def prepare(self, data):
        return data.astype(f"S{WIDTH}") if is_text(self.request) else data

    def write(self, data):
        import blosc2

        os.makedirs(self.store, exist_ok=True)
        codec, level, filters = {
            "none": (blosc2.Codec.LZ4, 0, []),
            "lz4": (blosc2.Codec.LZ4, 5, []),
            "lz4fast": (blosc2.Codec.LZ4, 5, []),
            "zstd": (blosc2.Codec.ZSTD, 3, []),
            "blosczstd": (blosc2.Codec.ZSTD, 3, [blosc2.Filter.SHUFFLE]),
        }.get(self.request["codec"]) or unsupported()
        cparams = blosc2.CParams(codec=codec, clevel=level, filters=filters or [blosc2.Filter.NOFILTER],
                                 filters_meta=[0], nthreads=self.threads)
        blosc2.asarray(data, urlpath=self._path(), mode="w", chunks=self.set["chunk"], cparams=cparams)
        if self.request["durable"]:
            sync(self._path())

    def open(self):
        import blosc2

        blosc2.set_nthreads(self.threads)
        return blosc2.open(self._path(), mode="r", dparams=blosc2.DParams(nthreads=self.threads))


PEERS = {
    "tensorstore": TensorStore,
    "zarr-python": ZarrPython,
    "icechunk": Icechunk,
    "h5py": H5py,
    "blosc2": Blosc2,
}


def unsupported():
    raise Unsupported


def sync(path):
    with open(path, "rb") as file:
        os.fsync(file.fileno())


class Meter:
    """Adds up what the timed parts of an action take."""

    def __init__(self):
        # "5" lowers the high-water mark to what is resident now.
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        self.before = status("VmRSS:")
        self.peak = self.before
        self.cpu, self.wall, self.each = 0.0, 0.0, []

    def time(self, work):
        cpu, wall = time.process_time(), time.perf_counter()
        value = work()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        self.cpu += cpu
        self.wall += wall
        self.each.append(cpu * 1e3)
        return value

    def stop(self):
        self.peak = status("VmHWM:")

    def sample(self, store):
        return {
            "cpu_ms": self.cpu * 1e3,
            "wall_ms": self.wall * 1e3,
            "peak_mb": max(0, self.peak - self.before) / 1024,
            "each_ms": self.each if len(self.each) > 1 else [],
            "bytes": disk_usage(store),
        }


def status(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key))


def disk_usage(folder):
    return sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(folder) for name in names)


def check(read, expected):
    read = np.asarray(read)
    if expected.dtype == TEXT:
        read = np.char.decode(read, "utf-8") if read.dtype.kind == "S" else read
        read = read.astype(TEXT)
    if not np.array_equal(read, expected):
        raise ValueError("what was read differs")


def warm_up(request):
    """Imports, and a first array: what a program does once is not what is measured."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        small = dict(request, store=os.path.join(folder, "warm"), durable=False)
        small["dataset"] = dict(request["dataset"], shape=[4], chunk=[2], count=1)
        data = np.array(list("abcd"), dtype=TEXT) if is_text(request) else np.arange(4, dtype=request["dataset"]["dtype"])
        peer = PEERS[request["peer"]](small)
        peer.write(peer.prepare(data))
        check(peer.window(peer.open(), slice(None)), data)


def measure(request):
    if request["threads"] == 1:
        os.sched_setaffinity(0, {0})
    warm_up(request)
    dataset, action = request["dataset"], request["action"]
    data = load(dataset)
    peer = PEERS[request["peer"]](request)
    kind = action["kind"].removesuffix("_texts")
    if kind != "write":
        data = data.reshape([dataset["count"], *dataset["shape"]])
    if kind == "write":
        shutil.rmtree(request["store"], ignore_errors=True)
        data = data.reshape(dataset["shape"] if dataset["count"] == 1 else [dataset["count"], *dataset["shape"]])
        data = peer.prepare(data)
        meter = Meter()
        meter.time(lambda: peer.write(data))
        meter.stop()
    elif kind == "read":
        meter = Meter()
        read = meter.time(lambda: peer.window(peer.open(), ...))
        meter.stop()
        check(read, data[0])
    elif kind == "read_each":
        if not hasattr(peer, "each"):
            raise Unsupported
        meter = Meter()
        meter.time(lambda: [None for _ in peer.each()])
        meter.stop()
        for i, read in enumerate(peer.each()):
            check(read, data[i])
    elif kind == "windows":
        array = peer.open()
        meter = Meter()
        for start in action["starts"]:
            where = tuple(slice(a, a + n) for a, n in zip(start, action["shape"]))
            check(meter.time(lambda: peer.window(array, where)), data[0][where])
        meter.stop()
    else:
        raise Unsupported
    return meter.sample(request["store"])


def main():
    for line in sys.stdin:
        try:
            reply = {"sample": measure(json.loads(line))}
        except Unsupported:
            reply = "unsupported"
        except Exception as error:  # whatever a package raises is what went wrong
            reply = {"failed": repr(error)}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
