"""Runs vinrich in engines over a folder of Parquet: `make test-engines`.

    python tests/engines/check.py 20000

It runs in an environment that the wheel is installed in. What an engine writes must be,
row by row and value by value, what one run of the program writes of the same folder; in
Spark one of two executors is killed in the middle. Where there is no Java, Spark is left
out, and it says so. What a vendor is paid for (here the sandbox) makes a round: an engine
finds the VINs, one run buys what it may, an engine joins that back.
"""

import contextlib
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet

import vinrich
from vinrich._options import program

FLEET = Path(__file__).resolve().parents[2] / "sample-data" / "fleet.csv"
ROWS = int(sys.argv[1])
FILES = 8
# What a row says of its place in the input, which a partition does not know.
OF_THE_PLACE = ["source_file", "source_row", "vin_occurrences"]
OPTIONS = {"vin_column": "vin", "keep_names": True}


def lake(folder: Path) -> None:
    """Parquet files of made-up VINs like those of the sample fleet."""
    with open(FLEET, newline="") as file:
        vins = [row["VIN"] for row in csv.DictReader(file)]
    for number in range(FILES):
        ids = range(number * ROWS // FILES, (number + 1) * ROWS // FILES)
        like = [vins[id_ % len(vins)] for id_ in ids]
        # Every other keeps its own serial number, and is there many times.
        made = [f"{vin[:11]}{id_ % 1_000_000:06}" if id_ % 2 and len(vin) == 17 else vin
                for id_, vin in zip(ids, like)]
        price = pyarrow.array([id_ % 900 for id_ in ids], pyarrow.int32())
        table = pyarrow.table({"id": pyarrow.array(ids, pyarrow.int64()), "vin": made, "price": price})
        pyarrow.parquet.write_table(table, folder / f"part-{number}.parquet", row_group_size=2000)


def vinrich_run(work: Path, *words: str | Path) -> int:
    """Runs the program as a user does; gives its exit code."""
    return subprocess.run([program(), *words, "--quiet"], cwd=work).returncode


def one_run(lake: Path, out: Path, *words: str | Path) -> None:
    """What one process makes of a file or a folder, without a call."""
    exit_code = vinrich_run(out.parent, "enrich", lake, "-o", out, "--offline", "--with=decode",
                            "--vin-column=vin", "--row-key=id", "--keep-names", *words)
    assert exit_code == 0, exit_code


def rows(place: Path) -> pyarrow.Table:
    """The rows by their number, without what is said of their place."""
    table = pyarrow.dataset.dataset(place, format="parquet").to_table().sort_by("id")
    plain = [getattr(field.type, "storage_type", field.type) for field in table.schema]
    names = [name for name in table.column_names if name not in OF_THE_PLACE]
    table = table.cast(pyarrow.schema(list(zip(table.column_names, plain)))).select(names)
    # Engines write moments in zones and units of their own.
    moments = [field for field in table.schema if pyarrow.types.is_timestamp(field.type)]
    for field in moments:
        at = table.schema.get_field_index(field.name)
        table = table.set_column(
            at, field.name, table.column(at).cast(pyarrow.timestamp("us", "UTC")))
    return table


def equal(found: pyarrow.Table, expected: pyarrow.Table) -> None:
    assert found.num_rows == expected.num_rows, (found.num_rows, expected.num_rows)
    expected = expected.select([name for name in expected.column_names if name in found.column_names])
    assert found.column_names == expected.column_names, found.column_names
    decoded = pyarrow.compute.count(expected["make"]).as_py()
    assert decoded > found.num_rows // 2, f"only {decoded} rows are decoded"
    different = [name for name in expected.column_names if not found[name].equals(expected[name])]
    assert not different, f"columns that differ: {different}"


def killing(enrich: Callable, note: str) -> Callable:
    """`enrich`, which kills the executor it is in once: in the middle of the first task."""

    def kills(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        import os
        import signal

        from pyspark import TaskContext

        context = TaskContext.get()
        is_first = context.partitionId() == 0 and context.attemptNumber() == 0
        for batch in enrich(batches):
            yield batch
            if is_first and not os.path.exists(note):
                # A Python worker is the child of a daemon, and that of the executor.
                with open(f"/proc/{os.getppid()}/stat") as stat:
                    executor = int(stat.read().rpartition(")")[2].split()[1])
                with open(note, "w") as file:
                    file.write(str(executor))
                os.kill(executor, signal.SIGKILL)

    return kills


def enrich_by(
    session: object, lake: Path, out: Path, options: dict, wrap: Callable = lambda enrich: enrich
) -> None:
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

    frame = session.read.parquet(str(lake))
    schema = vinrich.output_schema(to_arrow_schema(frame.schema), **options)
    enrich = wrap(vinrich.map_in_arrow(**options))
    started = time.monotonic()
    frame.mapInArrow(enrich, from_arrow_schema(schema)).write.parquet(str(out))
    print(f"  {lake.name} in {time.monotonic() - started:.1f} s")


def spark_with_an_executor_killed(lake: Path, work: Path, expected: pyarrow.Table) -> None:
    from pyspark.sql import SparkSession

    os.environ |= {"SPARK_LOCAL_HOSTNAME": "localhost", "PYSPARK_PYTHON": sys.executable}
    note = work / "killed"
    size = max(file.stat().st_size for file in lake.iterdir())
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").config(map={
        "spark.ui.enabled": False,
        "spark.local.dir": str(work / "spark"),
        "spark.sql.session.timeZone": "UTC",
        # One file is one partition, and a batch is a part of it.
        "spark.sql.files.maxPartitionBytes": size,
        "spark.sql.files.openCostInBytes": size,
        "spark.sql.execution.arrow.maxRecordsPerBatch": 1000,
    })
    session = builder.getOrCreate()
    try:
        options = {**OPTIONS, "row_key": ["id"]}
        wrap = lambda enrich: killing(enrich, str(note))
        enrich_by(session, lake, work / "spark.parquet", options, wrap)
    finally:
        session.stop()
    assert note.exists(), "no executor was killed"
    equal(rows(work / "spark.parquet"), expected)


@contextlib.contextmanager
def sail() -> Iterator[object]:
    """A session of Sail, which needs no Java."""
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    try:
        _, port = server.listening_address
        session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").create()
        session.conf.set("spark.sql.session.timeZone", "UTC")
        yield session
        session.stop()
    finally:
        server.stop()


def sail_without_java(lake: Path, work: Path, expected: pyarrow.Table) -> None:
    with sail() as session:
        enrich_by(session, lake, work / "sail.parquet", {**OPTIONS, "columns": ["!row_id"]})
    equal(rows(work / "sail.parquet"), expected)


@contextlib.contextmanager
def vendor() -> Iterator[str]:
    """The address of vendors on this machine."""
    with subprocess.Popen([program(), "sandbox"], stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            found = re.search(r"127\.0\.0\.1:\d+", sandbox.stdout.readline())
            yield f"http://{found.group()}"
        finally:
            sandbox.terminate()


def what_was_bought_joins_back(lake: Path, work: Path, expected: pyarrow.Table) -> None:
    part, config, bought = lake / "part-0.parquet", work / "paid.toml", work / "bought.db"
    os.environ["CARVIN_API_KEY"] = "sandbox-carvin"
    with vendor() as address, sail() as session:
        # The lake as the first pass left it: who is to be asked about.
        known = session.read.parquet(str(work / "one.parquet")).filter("vin is not null")
        wanted = known.filter(f"id < {ROWS // FILES}").select("vin").distinct().toPandas()
        wanted.to_csv(work / "wanted.csv", index=False)
        # A night that its quota ends, and the next.
        for quotas, exit_code in [("'5/1d'", 75), ("", 0)]:
            config.write_text(f"store = '{work}/paid.db'\n[vendors.carvin]\n"
                              f"base_url = '{address}/carvin'\nquotas = [{quotas}]\n")
            ended = vinrich_run(work, "enrich", "wanted.csv", "-o", "bought.csv", "--with=decode",
                                "--decode=carvin", "--config", config)
            assert ended == exit_code, ended
        assert vinrich_run(work, "store", "snapshot", bought, "--config", config) == 0
        paid = {"decode": ["carvin"], "store": bought, "config": config}
        enrich_by(session, part, work / "joined.parquet",
                  {**OPTIONS, **paid, "columns": ["!row_id"]})
    one_run(part, work / "paid.parquet", "--decode=carvin", "--config", config)
    equal(rows(work / "joined.parquet"), rows(work / "paid.parquet"))


CHECKS = [sail_without_java, what_was_bought_joins_back, spark_with_an_executor_killed]

# How long, in seconds, one engine may take: some hundred times what it does take.
LONGEST = 1800


def run(check: Callable, work: Path) -> None:
    """Runs one check in this process, which ends with it, whatever an engine left running."""
    exit_code = 1
    try:
        expected = rows(work / "one.parquet")
        assert expected.num_rows == ROWS, expected.num_rows
        check(work / "lake", work, expected)
        print(f"ok      {check.__name__}")
        exit_code = 0
    except Exception as error:
        print(f"FAILED  {check.__name__}: {type(error).__name__}: {str(error)[:3000]}")
    sys.stdout.flush()
    os._exit(exit_code)


def main() -> int:
    checks = CHECKS
    if shutil.which("java") is None:
        print("test-engines: Spark was skipped, there is no java; Debian has it in default-jre-headless")
        checks = [check for check in CHECKS if check is not spark_with_an_executor_killed]
    failed = 0
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        work = Path(name)
        # As on a machine where nothing but the wheel was installed.
        os.environ["HOME"] = name
        (work / "lake").mkdir()
        lake(work / "lake")
        started = time.monotonic()
        one_run(work / "lake", work / "one.parquet", "--decode=vpic")
        print(f"one run: {ROWS} rows in {time.monotonic() - started:.1f} s", flush=True)
        for check in checks:
            # In one process there is one kind of Spark session.
            command = [sys.executable, Path(__file__).resolve(), str(ROWS), check.__name__, name]
            with open(work / "messages", "w+") as messages:
                ended = subprocess.run(command, stderr=messages, timeout=LONGEST)
                if ended.returncode != 0:
                    failed += 1
                    messages.seek(0)
                    print("".join(messages.readlines()[-30:]))
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[2:]:
        run({check.__name__: check for check in CHECKS}[sys.argv[2]], Path(sys.argv[3]))
    sys.exit(main())
