#!/usr/bin/env python3
"""Writes the Parquet files that ParquetPointsTest reads: pip install pyarrow, then run this in the root of Kith."""

import datetime
import decimal
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = pathlib.Path("db/src/test/resources/dev/kith/db/transfer")


def write(name, columns, compression="none", **options):
    pq.write_table(pa.table(columns), FOLDER / name, compression=compression, **options)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    utc = datetime.timezone.utc
    write("kinds.parquet", {
        "id": pa.array([0, 7, 2**64 - 1], pa.uint64()),
        "vector": pa.array([[1, 2.5], [0.1, -3], None], pa.list_(pa.float32())),
        "title": ["a", "ü", None],
        "year": pa.array([2020, None, -5], pa.int32()),
        "big": pa.array([1, 2, 2**64 - 1], pa.uint64()),
        "byte": pa.array([1, 2, 255], pa.uint8()),
        "f": pa.array([0.1, 0.2, None], pa.float32()),
        "d": pa.array([0.1, 1e300, None], pa.float64()),
        "h": pa.array([0.5, 1, None], pa.float16()),
        "ok": [True, False, None],
        "day": pa.array([datetime.date(2020, 1, 2), None, None]),
        "at": pa.array([datetime.datetime(2020, 1, 2, 3, 4, 5, 678901, tzinfo=utc), None, None], pa.timestamp("us", "UTC")),
        "local": pa.array([datetime.datetime(2020, 1, 2, 3, 4, 5), None, None], pa.timestamp("ms")),
        "time": pa.array([datetime.time(1, 2, 3), None, None]),
        "price": pa.array([decimal.Decimal("1.25"), None, None], pa.decimal128(10, 2)),
        "tags": [["x", "y"], [], None],
        "geo": [{"lat": 1.5, "lon": 2.5}, {"lat": None, "lon": 1.0}, None],
        "map": pa.array([[("a", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        "nested": [[[1], [2, 3]], [], None],
        "category": pa.array(["p", "q", "p"]).dictionary_encode(),
        "structs": [[{"a": 1, "b": ["z"]}], [], None],
    })
    ids = ["a", "7", "00112233-4455-6677-8899-aabbccddeeff"]
    json = {
        "id": ids,
        "vector": pa.array([[1, 2], [3, 4], [5, 6]], pa.list_(pa.float64())),
        "small": pa.array([[1], None, [-128]], pa.list_(pa.float32(), 1)),
        "payload": ['{"year": 1999}', None, "{}"],
    }
    for codec in "gzip", "snappy", "zstd":
        write(f"json-{codec}.parquet", json, codec)
    many = {"id": list(range(5000)), "vector": pa.array([[i, -i] for i in range(5000)], pa.list_(pa.float32()))}
    write("groups.parquet", many, "gzip", row_group_size=1000)
    uuids = pa.array([bytes(range(16)), bytes(16)], pa.uuid())
    write("uuid.parquet", {"id": uuids, "other": uuids})

    small = {"i8": pa.int8(), "i16": pa.int16(), "u8": pa.uint8(), "u16": pa.uint16(), "u32": pa.uint32()}
    large = {"i8": -128, "i16": -32768, "u8": 255, "u16": 65535, "u32": 2**32 - 1}
    columns = {"id": pa.array([1, 2**16 - 1], pa.uint16()), "vector": pa.array([[1, 2**32 - 1], None], pa.list_(pa.uint32()))}
    for name, kind in small.items():
        columns[name] = pa.array([large[name], None], kind)
        columns[name + "s"] = pa.array([[large[name], 0], None], pa.list_(kind))
        columns[name + "map"] = pa.array([[("a", large[name])], None], pa.map_(pa.string(), kind))
        columns[name + "struct"] = pa.array([{"a": large[name]}, None], pa.struct([("a", kind)]))
    write("small-integers.parquet", columns, "gzip")
    write("id-int16.parquet", {"id": pa.array([1, 300], pa.int16())})
    write("id-int8.parquet", {"id": pa.array([1, 100], pa.int8())})
    write("plain-binary.parquet", {"id": pa.array([b"a", "ü".encode()]), "t": pa.array([b"x\n", b""])})
    write("lz4.parquet", {"id": [1]}, "lz4")
    write("brotli.parquet", {"id": [1]}, "brotli")
    some = pa.table({"id": [1, 2, 3], "vector": pa.array([[1, 2], [3, 4], [5, 6]], pa.list_(pa.float32()))})
    none = some.slice(0, 0)
    for name, groups in {"zero-rows": [none], "empty-groups": [none, some, none, none, some.slice(1)]}.items():
        with pq.ParquetWriter(FOLDER / f"{name}.parquet", some.schema, compression="gzip") as out:
            for group in groups:
                out.write_table(group)

    write("no-id.parquet", {"key": [1], "title": ["a"]})
    write("null-id.parquet", {"id": [1, None]})
    write("negative-id.parquet", {"id": [-1]})
    write("two-payloads.parquet", {"id": [1], "payload": ["{}"], "title": ["a"]})
    write("bad-payload.parquet", {"id": [1, 2], "payload": ["{}", "[1]"]})
    write("text-vector.parquet", {"id": [1], "vector": ["1, 2"]})
    write("null-element.parquet", {"id": [1], "vector": pa.array([[1, None]], pa.list_(pa.float32()))})
    write("wrong-dimension.parquet", {"id": [1, 2], "vector": pa.array([[1, 2], [1]], pa.list_(pa.float32()))})
    write("binary.parquet", {"id": [1, 2], "raw": [b"a", b"\xff"]})
    write("infinite.parquet", {"id": [1], "d": [float("inf")]})


main()
