"""What the package promises to an engine; run in the environment that the wheel is in.

    python tests/wheel/batches.py
"""

import datetime
import decimal
import itertools
import pickle
import stat
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow

import vinrich

ACCORD = "1HGCM82633A004352"
OURS = ["make", "model", "model_year", "vin_status"]


def rows(count: int, first: int = 0) -> pyarrow.RecordBatch:
    numbers = range(first, first + count)
    return pyarrow.record_batch({
        "id": pyarrow.array(numbers, pyarrow.int64()),
        "vin": pyarrow.array([ACCORD if number % 3 else "N/A" for number in numbers], pyarrow.string()),
    })


def enriched(batches: object, **options: object) -> pyarrow.Table:
    return pyarrow.Table.from_batches(
        vinrich.enrich_batches(batches, **{"vin_column": "vin", **options})
    )


def equal(what: str, found: object, expected: object) -> None:
    assert found == expected, f"{what}: {found!r} instead of {expected!r}"


def fails(what: type[BaseException], task: object, *texts: str) -> BaseException:
    """What `task` raises, whose text has `texts` in it."""
    try:
        result = task()
        if isinstance(result, Iterator):
            list(result)
    except what as error:
        for text in texts:
            assert text in str(error), f"{text!r} is not in {str(error)!r}"
        return error
    raise AssertionError(f"{what.__name__} was not raised")


class Imitation:
    """A program that does what these lines of Python do, with `feed` as its standard input."""

    def __init__(self, lines: str) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "vinrich"
        head = f"#!{sys.executable}\nimport os, signal, sys, pyarrow\nfeed, out = sys.stdin.buffer, sys.stdout.buffer\n"
        self.path.write_text(head + textwrap.dedent(lines))
        self.path.chmod(self.path.stat().st_mode | stat.S_IXUSR)

    def enrich(self, batches: object = None) -> Iterator[pyarrow.RecordBatch]:
        yield from vinrich.enrich_batches(batches or [rows(6)], program=self.path)


# Gives back the batches that it is fed, as an imitation does it.
GIVES_BACK = """
    fed = list(pyarrow.ipc.open_stream(feed))
    writer = pyarrow.ipc.new_stream(out, fed[0].schema)
    for batch in fed: writer.write_batch(batch)
"""


def rows_come_out_as_they_went_in() -> None:
    table = enriched([rows(6), rows(0), rows(5, first=6)], columns=OURS)
    equal("ids", table["id"].to_pylist(), list(range(11)))
    statuses = ["ok" if number % 3 else "rejected" for number in range(11)]
    equal("statuses", table["vin_status"].to_pylist(), statuses)
    makes = ["HONDA" if status == "ok" else None for status in statuses]
    equal("makes", table["make"].to_pylist(), makes)


def types_are_carried() -> None:
    day = datetime.date(2026, 11, 30)
    moment = datetime.datetime(2026, 11, 30, 12, 0, 0, 1, tzinfo=datetime.timezone.utc)
    columns = {
        "vin": pyarrow.array([ACCORD, None]),
        "short": pyarrow.array([1, None], pyarrow.int16()),
        "flag": pyarrow.array([True, None]),
        "price": pyarrow.array([decimal.Decimal("12.50"), None], pyarrow.decimal128(9, 2)),
        "day": pyarrow.array([day, None], pyarrow.date32()),
        "moment": pyarrow.array([moment, None], pyarrow.timestamp("us", "+00:00")),
        "ratio": pyarrow.array([0.5, None]),
    }
    given = pyarrow.record_batch(columns)
    table = enriched([given], keep_names=True)
    for name in columns:
        carried = "input_vin" if name == "vin" else name
        equal(name, table.schema.field(carried).type, given.schema.field(name).type)
        equal(name, table[carried].to_pylist(), given[name].to_pylist())
    # Columns of JSON are text to every engine.
    equal("decode_extra", table.schema.field("decode_extra").type, pyarrow.string())
    equal("schema", table.schema, vinrich.output_schema(given.schema, vin_column="vin", keep_names=True))


def without_a_batch_there_is_none() -> None:
    equal("batches", list(vinrich.enrich_batches(iter([]), program="/is/not/there")), [])
    batches = vinrich.enrich_batches([rows(0)], vin_column="vin")
    equal("rows", sum(batch.num_rows for batch in batches), 0)


def large_batches_do_not_block_either_side() -> None:
    count, batches = 20_000, 4
    text = pyarrow.array(["x" * 500] * count)
    wide = [rows(count, first=count * at).append_column("text", text) for at in range(batches)]
    table = enriched(iter(wide), columns=["vin_status"])
    equal("ids", table["id"].to_pylist(), list(range(count * batches)))


def what_the_input_raises_is_raised() -> None:
    def broken() -> Iterator[pyarrow.RecordBatch]:
        yield rows(1000)
        raise KeyError("the engine lost a block")

    fails(KeyError, lambda: enriched(broken()), "the engine lost a block")
    other = pyarrow.record_batch({"vin": [ACCORD]})
    fails(pyarrow.ArrowInvalid, lambda: enriched([rows(3), other]))


def a_consumer_that_stops_early_leaves_no_process() -> None:
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "pid"
        program = Imitation(f"""
            open({str(note)!r}, "w").write(str(os.getpid()))
            reader = pyarrow.ipc.open_stream(feed)
            writer = pyarrow.ipc.new_stream(out, reader.schema)
            for batch in reader:
                writer.write_batch(batch)
                out.flush()
        """)
        endless = (rows(5000, first=at) for at in itertools.count(0, 5000))
        batches = program.enrich(endless)
        equal("rows", next(batches).num_rows, 5000)
        batches.close()
        assert not Path(f"/proc/{note.read_text()}").exists(), "the process is still there"


def the_programs_own_words_are_raised() -> None:
    error = fails(vinrich.Error, lambda: enriched([rows(3)], vin_column="VINs"),
                  "has no column `VINs`", "hint: did you mean `vin`?")
    equal("exit code", error.exit_code, 64)
    again = pickle.loads(pickle.dumps(error))
    equal("pickled", (str(again), again.exit_code), (str(error), 64))


def a_machine_without_the_data_is_an_error() -> None:
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder) / "vinrich.toml"
        configuration.write_text("vendors.vpic.data = 'damaged.rkyv'\n")
        (Path(folder) / "damaged.rkyv").write_text("not the data")
        fails(vinrich.Error, lambda: enriched([rows(3)], config=configuration), "damaged.rkyv")
    fails(vinrich.Error, lambda: enriched([rows(3)], store="/is/not/there.db"), "/is/not/there.db")


def a_program_that_ends_early_is_an_error() -> None:
    for lines, code, texts in [
        ("sys.exit('no more room')", 1, ["no more room"]),
        ("feed.read(1); sys.exit(74)", 74, ["exit code 74"]),
        ("os.kill(os.getpid(), signal.SIGKILL)", -9, ["SIGKILL"]),
        (f"{GIVES_BACK}    out.flush(); os.kill(os.getpid(), signal.SIGKILL)", -9, ["SIGKILL"]),
        (f"{GIVES_BACK}    writer.close(); sys.exit('it failed at the end')", 1, ["at the end"]),
        ("out.write(b'VIN,make'); out.flush(); feed.read()", None, ["cannot be read"]),
        ("feed.read()", None, ["cannot be read"]),
    ]:
        error = fails(vinrich.Error, Imitation(lines).enrich, *texts)
        equal(lines, error.exit_code, code)


def a_program_that_does_not_read_on_is_an_error() -> None:
    for lines, code in [
        ("feed.read(1); sys.exit(74)", 74),
        ("feed.read(1); os.kill(os.getpid(), signal.SIGTERM)", -15),
        # A message that is none, and the program stays.
        (r"out.write(b'\xff\xff\xff\xff\x08\0\0\0no flat!'); out.flush(); signal.pause()", None),
    ]:
        endless = (rows(5000, first=at) for at in itertools.count(0, 5000))
        error = fails(vinrich.Error, lambda: Imitation(lines).enrich(endless))
        equal(lines, error.exit_code, code)


def an_output_cut_at_a_batch_is_an_error() -> None:
    cut = f"{GIVES_BACK}    out.flush(); os._exit(0)"
    fails(vinrich.Error, lambda: Imitation(cut).enrich([rows(3), rows(3)]), "the mark of its end")
    more = f"{GIVES_BACK}    writer.close(); out.write(b'more')"
    fails(vinrich.Error, Imitation(more).enrich, "the mark of its end")


def another_number_of_rows_is_an_error() -> None:
    fewer = f"{GIVES_BACK}    writer.close()".replace("in fed:", "in fed[:-1]:")
    fails(vinrich.Error, lambda: Imitation(fewer).enrich([rows(3), rows(4)]), "3 rows for 7")


def no_option_can_make_a_paid_call() -> None:
    for name in ["sandbox", "refresh", "max_cost", "fault", "rejects", "output", "ping"]:
        fails(TypeError, lambda: vinrich.enrich_batches([], **{name: True}), f"`{name}`")
        fails(TypeError, lambda: vinrich.map_in_arrow(row_key=["id"], **{name: True}), f"`{name}`")
    for value in [False, None, 0]:
        fails(ValueError, lambda: vinrich.enrich_batches([], offline=value), "`offline`")
    # A value cannot become a flag of its own.
    fails(vinrich.Error, lambda: enriched([rows(1)], vin_column="--sandbox"), "`--sandbox`")
    for option in [{"datasets": ["decode", "recalls"]}, {"decode": ["carvin"]}]:
        fails(ValueError, lambda: vinrich.enrich_batches([], **option), "`store`")
    fails(ValueError, lambda: vinrich.enrich_batches([], keep="vin"), "a list of texts")
    fails(ValueError, lambda: vinrich.enrich_batches([], keep=["a,b"]), "a comma")


def sparks_function_needs_a_key_of_rows() -> None:
    fails(ValueError, lambda: vinrich.map_in_arrow(vin_column="vin"), "`row_key`")
    enrich = vinrich.map_in_arrow(vin_column="vin", row_key=["id"])
    vinrich.map_in_arrow(vin_column="vin", columns=["!row_id"])
    tables = [pyarrow.Table.from_batches(enrich(iter([rows(3, first=at)]))) for at in (0, 3)]
    ids = [row_id for table in tables for row_id in table["row_id"].to_pylist()]
    equal("row_ids", len(set(ids)), 6)
    equal("row_ids of one run", enriched([rows(6)], row_key=["id"])["row_id"].to_pylist(), ids)


CHECKS = [
    rows_come_out_as_they_went_in,
    types_are_carried,
    without_a_batch_there_is_none,
    large_batches_do_not_block_either_side,
    what_the_input_raises_is_raised,
    a_consumer_that_stops_early_leaves_no_process,
    the_programs_own_words_are_raised,
    a_machine_without_the_data_is_an_error,
    a_program_that_ends_early_is_an_error,
    a_program_that_does_not_read_on_is_an_error,
    an_output_cut_at_a_batch_is_an_error,
    another_number_of_rows_is_an_error,
    no_option_can_make_a_paid_call,
    sparks_function_needs_a_key_of_rows,
]


def main() -> int:
    failed = 0
    for check in CHECKS:
        started = time.monotonic()
        try:
            check()
            print(f"  ok      {check.__name__} ({time.monotonic() - started:.1f} s)")
        except Exception as error:
            failed += 1
            print(f"  FAILED  {check.__name__}: {type(error).__name__}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
