"""Workbooks: read by other programs, taken in and given back, and mended by hand."""

import csv
import math
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow
import python_calamine

from nights import FLEET, Night, Operator

SHEETS = ["Fleet", "Rejects", "About"]
# Spreadsheets keep times to the millisecond.
NEAR = timedelta(milliseconds=1)
OWN_HEADER = ["Unit", "VIN", "Note", "Miles", "Price", "Bought", "Seen", "Leased", "Returned"]
ASK = ["--with", "decode", "--max-cost", "1"]

Rows = list[list[object]]


def by_openpyxl(book: Path, sheet: str) -> Rows:
    opened = openpyxl.load_workbook(book, read_only=True)
    rows = [[cell for cell in row] for row in opened[sheet].iter_rows(values_only=True)]
    opened.close()
    return rows


def by_calamine(book: Path, sheet: str) -> Rows:
    opened = python_calamine.CalamineWorkbook.from_path(book)
    return opened.get_sheet_by_name(sheet).to_python(skip_empty_area=False)


READERS: list[Callable[[Path, str], Rows]] = [by_openpyxl, by_calamine]


def is_same(found: object, expected: object) -> bool:
    """Whether a cell has the value and the type that the Parquet file has."""
    found = None if found == "" else found
    if expected is None or isinstance(expected, (bool, str)):
        return type(found) is type(expected) and found == expected
    if isinstance(expected, (int, float, Decimal)):
        return type(found) in (int, float) and math.isclose(found, expected, rel_tol=1e-15)
    return isinstance(found, date) and abs(moment(found) - moment(expected)) <= NEAR


def moment(day: date) -> datetime:
    """The day or the time without its zone, which is UTC."""
    if isinstance(day, datetime):
        return day.replace(tzinfo=None)
    return datetime(day.year, day.month, day.day)


def holds_the_same(night: Night, table: pyarrow.Table) -> None:
    """Cell by cell and by type, whoever reads the workbook."""
    book, columns = night.outputs["xlsx"], [column.to_pylist() for column in table.columns]
    with night.outputs["csv"].open(newline="") as lines:
        names = next(csv.reader(lines))
    for read in READERS:
        header, *rows = read(book, "Fleet")
        assert header == names, f"{read.__name__}: {header}"
        assert len(rows) == night.rows, f"{read.__name__}: {len(rows)} rows"
        for place, row in enumerate(rows):
            for name, found, column in zip(names, row, columns, strict=True):
                expected = column[place]
                what = f"{read.__name__}: {name} in row {place}: {found!r} instead of {expected!r}"
                assert is_same(found, expected), what
        rejected = [row for row in rows if row[names.index("vin_status")] == "rejected"]
        assert len(read(book, "Rejects")) == 1 + len(rejected), f"{read.__name__}: rejects"


def looks_right(book: Path) -> None:
    opened = openpyxl.load_workbook(book)
    assert opened.sheetnames == SHEETS, opened.sheetnames
    for name in SHEETS[:2]:
        sheet = opened[name]
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref == sheet.dimensions, name
        widths = [column.width for column in sheet.column_dimensions.values()]
        assert all(8 <= width <= 40 for width in widths), widths
    marks = [rule.formula[0] for marked in opened["Fleet"].conditional_formatting for rule in marked.rules]
    assert len(marks) == 2 and marks[0].startswith("OR(") and "rejected" in marks[1], marks
    about = [row[0] for row in opened["About"].iter_rows(values_only=True)]
    assert {"input", "command", "rows read", "decode from", "cost"} <= set(about), about


def own_fleet(book: Path) -> Rows:
    """Writes a sheet as a person keeps it, and gives its rows."""
    with FLEET.open(newline="") as source:
        header, *fleet = csv.reader(source)
    vins = [row[header.index("VIN")] for row in fleet[:20]] + ["1HGCM82633AOO4352", "see title"]
    notes = ["=1+1", "@home", "+1 555 0100", "https://a.example/x", " two\nlines ", None, "Пробег 🚚"]
    start = datetime(2019, 2, 28)
    rows: Rows = [
        [
            f"00{place}",
            vin,
            notes[place % len(notes)],
            120_000 + place,
            19_999.95 + place if place % 5 else None,
            start + timedelta(days=place),
            start + timedelta(days=place, hours=6, minutes=30),
            place % 3 == 0,
            ["no", 7.5, start, None, False][place % 5],
        ]
        for place, vin in enumerate(vins)
    ]
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.append(OWN_HEADER)
    for place, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(place, column, value)
            if isinstance(value, str):
                # What begins with `=` is a note, too.
                cell.data_type = "s"
            if isinstance(value, datetime):
                cell.number_format = "dd.mm.yyyy hh:mm" if value.hour else "dd.mm.yyyy"
    made.save(book)
    return rows


def has_own_cells(book: Path, rows: Rows) -> None:
    """Whether the first columns have what came in, row by row."""
    for read in READERS:
        for found, expected in zip(read(book, "Fleet")[1:], rows, strict=True):
            pairs = zip(found, expected)
            assert all(is_same(*pair) for pair in pairs), f"{read.__name__}: {found}"


def comes_back_and_is_mended(operator: Operator) -> None:
    """In and back, with a reject accepted, and one typed, in the sheet `Rejects`."""
    given, out, mended, report = (
        operator.work / name for name in ["given.xlsx", "out.xlsx", "mended.xlsx", "mended.json"]
    )
    rows = own_fleet(given)
    run = ["enrich", str(given), "-o", str(out), *ASK]
    operator.vinrich(*run)
    has_own_cells(out, rows)

    opened = openpyxl.load_workbook(out)
    sheet = opened["Rejects"]
    header = [cell.value for cell in sheet[1]]
    cell, accepted = header.index("vin_cell"), header.index("accepted_vin") + 1
    for place, row in enumerate(sheet.iter_rows(min_row=2, values_only=True), start=2):
        if row[cell] == "1HGCM82633AOO4352":
            sheet.cell(place, accepted, "yes")
        if row[cell] == "see title":
            sheet.cell(place, accepted, "1hgcm82633a004352")
    opened.save(mended)

    corrected = [*run, "--corrections", str(mended), "--report", str(report)]
    for calls in ['"attempted": 1', '"attempted": 0']:
        operator.vinrich(*corrected)
        assert calls in report.read_text() or '"vendors": {}' in report.read_text(), calls
    has_own_cells(out, rows)
    header, *filled = by_openpyxl(out, "Fleet")
    for row in filled[-2:]:
        found = [row[header.index(name)] for name in ["vin", "vin_status", "make"]]
        assert found == ["1HGCM82633A004352", "repaired", "HONDA"], found

    # The next night may begin with what this one wrote.
    again = operator.work / "again.xlsx"
    operator.vinrich("enrich", str(out), "-o", str(again), *ASK)
    has_own_cells(again, rows)
