"""Small Arrow and Parquet files for tests/arrow.rs. Run in this folder with pyarrow installed: python make.py"""

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

table = pa.table(
    {
        "y": pa.array([0, 1, 1, 0, 1], pa.int8()),
        "x": pa.array([0.5, None, 1.5, 3.0, -2.0], pa.float32()),
        "count": pa.array([1, 2, 3, 4, 2**53], pa.uint64()),
        "city": pa.array(["Lima", "Basel", None, "Lima", "Basel"]),
        "code": pa.array(["b", "a", "b", "a", "b"]).dictionary_encode(),
        "flag": pa.array([True, False, True, None, True]),
    }
)
pq.write_table(table, "table.parquet", row_group_size=2, compression="snappy")
feather.write_feather(table, "table.arrow", compression="uncompressed")
pq.write_table(pa.table({"list": [[1], [2, 3]]}), "nested.parquet", compression="snappy")
pq.write_table(pa.table({"x": [1.0, float("inf")]}), "infinite.parquet", compression="snappy")
