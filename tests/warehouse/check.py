"""Reads folders of vinrich's outputs with the readers of a warehouse: `make test-warehouse`.

    python tests/warehouse/check.py target/debug/vinrich
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.csv
import pyarrow.dataset
import pyarrow.ipc
import pyarrow.parquet
from deltalake import DeltaTable, write_deltalake

import workbook
import writers
from nights import NEW_PLATES_A_NIGHT, ROWS_ADDED_A_NIGHT, Night, Operator

NIGHTS = 3
FORMATS = ["parquet", "csv", "arrow", "arrows", "xlsx"]

# A type as `vinrich schema` has it: what each reader makes of it.
ARROW_TYPES = {
    "utf8": pyarrow.string(),
    "bool": pyarrow.bool_(),
    "int32": pyarrow.int32(),
    "int64": pyarrow.int64(),
    "double": pyarrow.float64(),
    "decimal(12,2)": pyarrow.decimal128(12, 2),
    "date": pyarrow.date32(),
    "timestamp(us, UTC)": pyarrow.timestamp("us", "UTC"),
}
POLARS_TYPES = {
    "utf8": polars.String(),
    "bool": polars.Boolean(),
    "int32": polars.Int32(),
    "int64": polars.Int64(),
    "double": polars.Float64(),
    "decimal(12,2)": polars.Decimal(12, 2),
    "date": polars.Date(),
    "timestamp(us, UTC)": polars.Datetime("us", "UTC"),
}
DUCKDB_TYPES = {
    "utf8": "VARCHAR",
    "bool": "BOOLEAN",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "decimal(12,2)": "DECIMAL(12,2)",
    "date": "DATE",
    "timestamp(us, UTC)": "TIMESTAMP WITH TIME ZONE",
}
# Columns of JSON: what their text holds.
JSON_COLUMNS = {
    "recall_campaigns": list,
    "decode_extra": dict,
    "decode_conflicts": dict,
    "input_conflicts": dict,
}


class Warehouse:
    """The nights, and what must be found in every folder of them."""

    def __init__(self, operator: Operator) -> None:
        self.operator, self.work = operator, operator.work
        self.nights: list[Night] = operator.nights(NIGHTS, FORMATS)
        columns = json.loads(operator.vinrich("schema", "--format", "json"))["columns"]
        self.schema: dict[str, str] = {column["name"]: column["type"] for column in columns}

    @property
    def rows(self) -> int:
        return sum(night.rows for night in self.nights)

    def folder(self, extension: str) -> str:
        return str(self.work / extension)

    def types(self, readers: dict) -> dict:
        return {name: readers[type_] for name, type_ in self.schema.items()}

    def table(self, night: Night) -> pyarrow.Table:
        return plain(pyarrow.parquet.read_table(night.outputs["parquet"], partitioning=None))


def plain(table: pyarrow.Table) -> pyarrow.Table:
    """The table with its JSON columns as the text that they are stored as."""
    storage = [getattr(field.type, "storage_type", field.type) for field in table.schema]
    return table.cast(pyarrow.schema(list(zip(table.column_names, storage))))


def equal(what: str, found: object, expected: object) -> None:
    assert found == expected, f"{what}: {found!r} instead of {expected!r}"


def equal_types(found: dict, expected: dict) -> None:
    wrong = {name: found.get(name) for name, type_ in expected.items() if found.get(name) != type_}
    assert not wrong, f"types: {wrong}"


def nothing_but_outputs_lies_in_a_folder(warehouse: Warehouse) -> None:
    for extension in FORMATS:
        found = sorted(Path(warehouse.folder(extension)).iterdir())
        equal(extension, found, [night.outputs[extension] for night in warehouse.nights])


def pyarrow_reads_the_folder(warehouse: Warehouse) -> None:
    table = pyarrow.dataset.dataset(warehouse.folder("parquet"), format="parquet").to_table()
    equal("rows", table.num_rows, warehouse.rows)
    found = {field.name: field.type for field in plain(table).schema}
    equal_types(found, warehouse.types(ARROW_TYPES))


def json_columns_hold_json(warehouse: Warehouse) -> None:
    table = warehouse.table(warehouse.nights[-1])
    for name, kind in JSON_COLUMNS.items():
        cells = [json.loads(cell) for cell in table[name].to_pylist() if cell is not None]
        assert all(isinstance(cell, kind) for cell in cells), name
    campaigns = [json.loads(cell) for cell in table["recall_campaigns"].to_pylist() if cell]
    assert any(campaigns), "no vehicle has a recall"
    counts = [count for count in table["recall_campaign_count"].to_pylist() if count is not None]
    equal("numbers of campaigns", [len(cell) for cell in campaigns], counts)


def pandas_reads_the_folder(warehouse: Warehouse) -> None:
    frame = pandas.read_parquet(warehouse.folder("parquet"), dtype_backend="pyarrow")
    equal("rows", len(frame), warehouse.rows)
    found = {name: type_.pyarrow_dtype for name, type_ in frame.dtypes.items()}
    found = {name: getattr(type_, "storage_type", type_) for name, type_ in found.items()}
    equal_types(found, warehouse.types(ARROW_TYPES))
    assert frame["listing_price"].sum() > 0, "no vehicle has a price"


def polars_reads_the_folder(warehouse: Warehouse) -> None:
    frame = polars.scan_parquet(warehouse.folder("parquet")).collect()
    equal("rows", frame.height, warehouse.rows)
    equal_types(dict(frame.schema), warehouse.types(POLARS_TYPES))


def duckdb_reads_the_folder(warehouse: Warehouse) -> None:
    for files in ["*.parquet", "**"]:
        source = f"read_parquet('{warehouse.folder('parquet')}/{files}')"
        equal(files, duckdb.sql(f"SELECT count(*) FROM {source}").fetchall(), [(warehouse.rows,)])
        described = duckdb.sql(f"DESCRIBE SELECT * FROM {source}").fetchall()
        # DuckDB gives columns of JSON a type of their own, which is text, too.
        found = {name: type_.replace("JSON", "VARCHAR") for name, type_, *_ in described}
        equal_types(found, warehouse.types(DUCKDB_TYPES))
        first = duckdb.sql(f"SELECT count(recall_campaigns->>0) FROM {source}").fetchall()
        assert first[0][0] > 0, "no campaign is found by its place in the JSON"


def csv_folders_hold_the_same_values(warehouse: Warehouse) -> None:
    source = warehouse.folder("csv")
    equal("Polars", polars.scan_csv(source, infer_schema=False).collect().height, warehouse.rows)
    count = duckdb.sql(f"SELECT count(*) FROM read_csv('{source}/*', all_varchar=true)").fetchall()
    equal("DuckDB", count, [(warehouse.rows,)])
    ours = list(warehouse.schema)
    typed = pyarrow.csv.ConvertOptions(
        column_types=warehouse.types(ARROW_TYPES), include_columns=ours, strings_can_be_null=True
    )
    lines = pyarrow.csv.ParseOptions(newlines_in_values=True)
    for night in warehouse.nights:
        read = pyarrow.csv.read_csv(
            night.outputs["csv"], parse_options=lines, convert_options=typed
        )
        expected = warehouse.table(night)
        for name in ours:
            values = expected[name].to_pylist()
            equal(f"{night.outputs['csv'].name}: {name}", read[name].to_pylist(), values)


def arrow_files_and_streams_are_what_they_are_called(warehouse: Warehouse) -> None:
    for night in warehouse.nights:
        expected = warehouse.table(night)
        file, stream = night.outputs["arrow"], night.outputs["arrows"]
        with pyarrow.ipc.open_file(file) as opened:
            assert plain(opened.read_all()).equals(expected), file.name
        with pyarrow.ipc.open_stream(stream) as opened:
            assert plain(opened.read_all()).equals(expected), stream.name
        equal(file.name, polars.read_ipc(file).height, night.rows)
        equal(stream.name, polars.read_ipc_stream(stream).height, night.rows)


def openpyxl_and_calamine_read_workbooks(warehouse: Warehouse) -> None:
    for night in warehouse.nights:
        workbook.holds_the_same(night, warehouse.table(night))
        workbook.looks_right(night.outputs["xlsx"])


def a_workbook_comes_back_and_is_mended(warehouse: Warehouse) -> None:
    workbook.comes_back_and_is_mended(warehouse.operator)


def delta_lake_appends_nights(warehouse: Warehouse) -> None:
    place = str(warehouse.work / "appended")
    for night in warehouse.nights:
        write_deltalake(place, warehouse.table(night), mode="append")
    table = DeltaTable(place).to_pyarrow_table()
    equal("rows", table.num_rows, warehouse.rows)
    equal_types({field.name: field.type for field in table.schema}, warehouse.types(ARROW_TYPES))


def delta_lake_merges_nights_by_row_id(warehouse: Warehouse) -> None:
    place = str(warehouse.work / "merged")
    _, before, after = warehouse.nights
    write_deltalake(place, warehouse.table(before))
    for expected in [(NEW_PLATES_A_NIGHT, ROWS_ADDED_A_NIGHT), (0, 0)]:
        merge = DeltaTable(place).merge(
            warehouse.table(after),
            predicate="old.row_id = new.row_id",
            source_alias="new",
            target_alias="old",
        )
        merge = merge.when_matched_update_all(predicate="old.record_hash <> new.record_hash")
        done = merge.when_not_matched_insert_all().execute()
        changed = (done["num_target_rows_updated"], done["num_target_rows_inserted"])
        equal("rows updated and inserted", changed, expected)
    # How often a VIN is in the input is not learned of the vehicle, and changes no hash.
    merged = DeltaTable(place).to_pyarrow_table().sort_by("source_row")
    merged, expected = (table.drop("vin_occurrences") for table in (merged, warehouse.table(after)))
    assert merged.equals(expected), "the table is not the last night's file"


def vinrich_reads_what_others_write(warehouse: Warehouse) -> None:
    writers.vinrich_reads_what_they_write(warehouse.operator)


CHECKS: list[Callable[[Warehouse], None]] = [
    nothing_but_outputs_lies_in_a_folder,
    pyarrow_reads_the_folder,
    json_columns_hold_json,
    pandas_reads_the_folder,
    polars_reads_the_folder,
    duckdb_reads_the_folder,
    csv_folders_hold_the_same_values,
    arrow_files_and_streams_are_what_they_are_called,
    openpyxl_and_calamine_read_workbooks,
    a_workbook_comes_back_and_is_mended,
    delta_lake_appends_nights,
    delta_lake_merges_nights_by_row_id,
    vinrich_reads_what_others_write,
]


def main(binary: str) -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as work, Operator(Path(binary), Path(work)) as operator:
        warehouse = Warehouse(operator)
        for check in CHECKS:
            try:
                check(warehouse)
                print(f"ok      {check.__name__}")
            except Exception as error:
                failed += 1
                print(f"FAILED  {check.__name__}: {type(error).__name__}: {error}")
    print(f"{len(CHECKS) - failed} of {len(CHECKS)} passed, {warehouse.rows} rows in {NIGHTS} nights")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
