"""Parquet and Arrow files, written by pyarrow, through `af import` and `af export`."""

import decimal
import functools
import json

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

from common import clear, run

N = 1000
RNG = np.random.default_rng(3)


def table():
    """Every type that is kept; every other row of the nullable ones has no value."""
    missing = np.arange(N) % 2 == 1

    def nullable(values, dtype):
        return pa.array(values, type=dtype, mask=missing)

    whole = {f"{kind}{bits}": RNG.integers(0, 100, N).astype(f"{kind}{bits}") for kind in ["int", "uint"] for bits in [8, 16, 32, 64]}
    columns = {name: pa.array(values) for name, values in whole.items()}
    columns |= {f"{name}_null": nullable(values, name) for name, values in whole.items()}
    for bits in [16, 32, 64]:
        values = RNG.random(N).astype(f"float{bits}")
        columns[f"float{bits}"] = pa.array(values)
        columns[f"float{bits}_null"] = nullable(values, f"float{bits}")
    columns["bool"] = pa.array(RNG.random(N) < 0.5)
    texts = ["", "a", "ü€😀", "\0"] * (N // 4)
    columns["text"] = pa.array(texts)
    columns["text_null"] = nullable(np.array(texts, dtype=object), pa.string())
    columns["bytes"] = pa.array([text.encode() for text in texts])
    columns["category"] = pa.array(texts).dictionary_encode()
    times = np.datetime64("2026-01-01", "us") + np.arange(N).astype("m8[us]")
    columns["time"] = pa.array(times)
    columns["time_null"] = nullable(times, pa.timestamp("us"))
    columns["zoned"] = pa.array(times, type=pa.timestamp("us", tz="UTC"))
    columns["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(RNG.random(3 * N).astype("f4")), 3)
    columns["list"] = pa.array([list(range(i % 4)) for i in range(N)], type=pa.list_(pa.int32()))
    made = pa.table(columns)
    field = made.schema.field("float32").with_metadata({"units": "degC", "levels": "[1, 2]"})
    schema = made.schema.set(made.schema.get_field_index("float32"), field)
    return made.cast(schema).replace_schema_metadata({"title": "ü"})


def plain(column):
    """Values as Python has them, whatever Arrow stores them as."""
    column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("ns"))
    return column.to_pylist()


def there_and_back(af, work, ending):
    clear(work)
    path, made = work / f"in.{ending}", work / "x.af"
    before = table()
    if ending == "parquet":
        pq.write_table(before, path, row_group_size=300, compression="snappy")
        before = pq.read_table(path)
    else:
        pa.feather.write_feather(before, path, compression="lz4", chunksize=300)
    run(af, "import", "--verify", path, made)
    run(af, "verify", "--full", made)
    counts, differences = [0, 0, 0], []
    for back in [work / "back.parquet", work / "back.arrow"]:
        run(af, "export", made, back)
        after = pq.read_table(back) if back.suffix == ".parquet" else pa.feather.read_table(back)
        if after.column_names != before.column_names:
            differences.append(f"columns {before.column_names} became {after.column_names}")
            continue
        for name in before.column_names:
            counts[0] += 1
            counts[1] += N
            one, two = plain(before[name]), plain(after[name])
            if one != two:
                first = next(i for i in range(N) if one[i] != two[i])
                differences.append(f"{back.name}: {name}: row {first}: {one[first]!r} became {two[first]!r}")
        metadata = after.schema.field("float32").metadata
        counts[2] += 3
        if metadata[b"units"] != b"degC" or json.loads(metadata[b"levels"]) != [1, 2]:
            differences.append(f"{back.name}: metadata of a column: {metadata}")
        if (after.schema.metadata or {}).get(b"title") != "ü".encode():
            differences.append(f"{back.name}: metadata: {after.schema.metadata}")
    return counts, [], differences


def without_counterpart(af, work):
    """What has no counterpart is listed, and the rest is kept."""
    clear(work)
    path, made = work / "in.parquet", work / "x.af"
    odd = {
        "struct": pa.array([{"a": 1}, None]),
        "map": pa.array([[("a", 1)], []], type=pa.map_(pa.string(), pa.int32())),
        "decimal": pa.array([decimal.Decimal("1.5"), None]),
        "texts": pa.array([["a"], []]),
        "gaps": pa.array([[1, None], None], type=pa.list_(pa.int32())),
        "kept": pa.array([1.5, 2.5]),
        "truths": pa.array([[True, None], [False, True]], type=pa.list_(pa.bool_(), 2)),
    }
    pq.write_table(pa.table(odd), path)
    report = json.loads(run(af, "--json", "import", path, made).stdout)
    listed = {line.split(": ")[1] for line in report["skipped"]}
    differences = []
    if listed != odd.keys() - {"kept", "truths"} or report["arrays"] != 3:
        differences.append(f"{report}")
    told = [line for line in report["skipped"] if ": gaps: " in line]
    gaps = json.loads(run(af, "--json", "cat", made, "gaps").stdout)["values"]
    if gaps != [[1, 0], []] or len(told) != 2 or "1 missing items" not in told[1]:
        differences.append(f"gaps: {gaps}, {told}")
    truths = json.loads(run(af, "--json", "cat", made, "truths").stdout)["values"]
    if truths != [[1, 255], [0, 1]]:
        differences.append(f"truths: {truths}")
    return [3, 8, 0], [], differences


def checks(af, work):
    yield "Parquet", functools.partial(there_and_back, af, work, "parquet")
    yield "Feather", functools.partial(there_and_back, af, work, "feather")
    yield "no counterpart", functools.partial(without_counterpart, af, work)
