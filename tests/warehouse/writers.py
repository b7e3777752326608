"""One fleet, written as files by the programs that people export with.

Each writer is known by the name of its file; what vinrich reads of it must be the fleet:
every row in its order, every VIN, every cell that the format can hold.
"""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import pandas
import polars
import pyarrow
import pyarrow.csv
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet

from nights import Operator

Row = dict[str, object]

VINS = [
    "1HGCM82633A004352",
    "5YJ3E1EA7KF317000",
    "WVWZZZ1JZXW000010",
    "1FTFW1ET5DFC10312",
    "3VWFE21C04M000001",
    "JM1BL1S58A1134659",
    "2T1BURHE0JC123456",
    "1C4RJFBG5FC123456",
]
# What breaks readers: marks of every dialect, line ends, blanks, letters from elsewhere.
NOTES = [
    'said "fine", twice',
    "bay 7; then 8",
    "first line\nsecond line",
    "back\\slash",
    "tab\there",
    'a 5" scratch',
    "Größe: 12 µm",
    "",
    "'quoted'",
    "a|b",
    "#1, of 2",
]
ROWS = 400


def fleet() -> list[Row]:
    return [
        {
            "Unit": f"{place:05}",
            "VIN": VINS[place % len(VINS)],
            "Mileage": place * 137,
            "In service": date.fromordinal(date(2020, 1, 1).toordinal() + place),
            "Note": NOTES[place % len(NOTES)],
        }
        for place in range(ROWS)
    ]


HEADER = list(fleet()[0])


def texts(rows: list[Row]) -> list[list[str]]:
    return [["" if cell is None else str(cell) for cell in row.values()] for row in rows]


def frame(rows: list[Row]) -> pandas.DataFrame:
    return pandas.DataFrame(rows)


def arrow(rows: list[Row]) -> pyarrow.Table:
    return pyarrow.Table.from_pylist(rows)


def python_csv(path: Path, **dialect: object) -> None:
    rows = dialect.pop("rows", None) or texts(fleet())
    with path.open("w", newline="", encoding=str(dialect.pop("encoding", "utf-8"))) as file:
        csv.writer(file, **dialect).writerows([HEADER, *rows])


def on_one_line(rows: list[list[str]]) -> list[list[str]]:
    return [[cell.replace("\n", " ").replace("\t", " ") for cell in row] for row in rows]


def duck(path: Path, options: str) -> None:
    connection = duckdb.connect()
    connection.register("rows", arrow(fleet()))
    connection.execute(f"COPY rows TO '{path}' ({options})")


def workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Fleet"
    sheet.append(HEADER)
    for row in fleet():
        sheet.append(list(row.values()))
    book.save(path)


def titled_workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Fleet export"])
    sheet.append(["as of", date(2026, 11, 30)])
    sheet.merge_cells("A1:E1")
    sheet.append([])
    sheet.append(HEADER)
    for row in fleet():
        sheet.append(list(row.values()))
    book.create_sheet("Notes").append(["nothing to see"])
    book.save(path)


def zipped(path: Path) -> None:
    inner = path.with_name("fleet-in-zip.csv")
    python_csv(inner)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(inner, "exports/fleet.csv")
    inner.unlink()


def arrow_stream(path: Path) -> None:
    table = arrow(fleet())
    with pyarrow.ipc.new_stream(path, table.schema) as stream:
        stream.write_table(table, max_chunksize=64)


def zstd_csv(path: Path) -> None:
    with pyarrow.CompressedOutputStream(str(path), "zstd") as file:
        pyarrow.csv.write_csv(arrow(fleet()), file)


def json_lines(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in fleet():
            file.write(json.dumps({**row, "In service": row["In service"].isoformat()}) + "\n")


def mysql_dump(path: Path) -> None:
    """As `SELECT … INTO OUTFILE` writes it: tabs, backslashes, no quotes."""

    def escaped(cell: str) -> str:
        for mark, written in [("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n")]:
            cell = cell.replace(mark, written)
        return cell

    lines = ["\t".join(HEADER), *("\t".join(map(escaped, row)) for row in texts(fleet()))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def google_tsv(path: Path) -> None:
    """As Google Sheets exports TSV: blanks for tabs and line ends, quotes as they are."""
    lines = ["\t".join(HEADER), *("\t".join(row) for row in on_one_line(texts(fleet())))]
    path.write_text("\r\n".join(lines), encoding="utf-8")


WRITERS: dict[str, Callable[[Path], object]] = {
    "python.csv": python_csv,
    "python-semicolons.csv": lambda path: python_csv(path, delimiter=";"),
    "python-quoted.csv": lambda path: python_csv(path, quoting=csv.QUOTE_ALL),
    "python-backslash.csv": lambda path: python_csv(path, doublequote=False, escapechar="\\"),
    "python-unix.csv": lambda path: python_csv(path, dialect="unix"),
    "python-utf-16.csv": lambda path: python_csv(path, encoding="utf-16"),
    "python-bom.csv": lambda path: python_csv(path, encoding="utf-8-sig"),
    "python-tabs.tsv": lambda path: python_csv(path, dialect="excel-tab"),
    "python-pipes.txt": lambda path: python_csv(path, delimiter="|"),
    "google.tsv": google_tsv,
    "mysql.tsv": mysql_dump,
    "zipped.zip": zipped,
    "pandas.csv": lambda path: frame(fleet()).to_csv(path, index=False),
    "pandas.tsv": lambda path: frame(fleet()).to_csv(path, sep="\t", index=False),
    "pandas-index.csv": lambda path: frame(fleet()).to_csv(path),
    "pandas.csv.gz": lambda path: frame(fleet()).to_csv(path, index=False),
    "pandas.parquet": lambda path: frame(fleet()).to_parquet(path),
    "pandas.jsonl": lambda path: frame(fleet()).to_json(
        path, orient="records", lines=True, date_format="iso"
    ),
    "pandas.xlsx": lambda path: frame(fleet()).to_excel(path, index=False, engine="openpyxl"),
    "pandas.feather": lambda path: frame(fleet()).to_feather(path),
    "polars.csv": lambda path: polars.DataFrame(fleet()).write_csv(path),
    "polars.parquet": lambda path: polars.DataFrame(fleet()).write_parquet(path),
    "polars.arrow": lambda path: polars.DataFrame(fleet()).write_ipc(path, compression="zstd"),
    "polars.arrows": lambda path: polars.DataFrame(fleet()).write_ipc_stream(path),
    "polars.jsonl": lambda path: polars.DataFrame(fleet()).write_ndjson(path),
    "polars.xlsx": lambda path: polars.DataFrame(fleet()).write_excel(path),
    "duckdb.csv": lambda path: duck(path, "FORMAT csv, HEADER"),
    "duckdb-pipes.csv": lambda path: duck(path, "FORMAT csv, HEADER, DELIMITER '|'"),
    "duckdb-escape.csv": lambda path: duck(path, "FORMAT csv, HEADER, ESCAPE '\\', QUOTE '\"'"),
    "duckdb.csv.gz": lambda path: duck(path, "FORMAT csv, HEADER, COMPRESSION gzip"),
    "duckdb.parquet": lambda path: duck(path, "FORMAT parquet, COMPRESSION zstd"),
    "duckdb.jsonl": lambda path: duck(path, "FORMAT json"),
    "pyarrow.csv": lambda path: pyarrow.csv.write_csv(arrow(fleet()), path),
    "pyarrow.csv.zst": zstd_csv,
    "pyarrow.arrows": arrow_stream,
    "pyarrow-lz4.feather": lambda path: pyarrow.feather.write_feather(arrow(fleet()), path),
    "pyarrow-old.parquet": lambda path: pyarrow.parquet.write_table(
        arrow(fleet()), path, version="1.0", compression="gzip", use_dictionary=False
    ),
    "python.jsonl": json_lines,
    "openpyxl.xlsx": workbook,
    "openpyxl-titled.xlsx": titled_workbook,
}

# Writers that put something else for line ends and tabs.
ON_ONE_LINE = {"google.tsv"}
# Writers whose notes mean something only by their own rules.
WITHOUT_NOTES = {"mysql.tsv"}


def vinrich_reads_what_they_write(operator: Operator) -> None:
    folder = operator.work / "written"
    folder.mkdir()
    wrong = []
    for name, write in WRITERS.items():
        write(folder / name)
        found = operator.vinrich("enrich", f"written/{name}", "-o", "-", "--format", "csv", "--offline")
        problem = difference(name, list(csv.DictReader(io.StringIO(found, newline=""))))
        if problem:
            wrong.append(f"{name}: {problem}")
    assert not wrong, "\n  ".join([f"{len(wrong)} of {len(WRITERS)}", *wrong])


def difference(name: str, found: list[dict[str, str]]) -> str | None:
    """The first cell that is not the fleet's."""
    expected = texts(fleet())
    if name in ON_ONE_LINE:
        expected = on_one_line(expected)
    if len(found) != len(expected):
        return f"{len(found)} rows instead of {len(expected)}"
    for place, (row, cells) in enumerate(zip(found, expected)):
        wanted = dict(zip(HEADER, cells))
        wanted["vin"] = wanted.pop("VIN")
        if name in WITHOUT_NOTES:
            del wanted["Note"]
        # A time at midnight is the day.
        day = row["In service"].removesuffix("T00:00:00.000").removesuffix("T00:00:00")
        for column, cell in wanted.items():
            read = day if column == "In service" else row[column]
            if read != cell:
                return f"row {place + 1}: {column} is {read!r} instead of {cell!r}"
    return None
