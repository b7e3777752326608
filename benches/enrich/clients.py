"""What a fleet is enriched with where there is no vinrich, one job for each call:

    clients.py versions                       what is installed, as JSON
    clients.py aiohttp PORT CSV OUT REPORT    an event loop, dicts, pyarrow
    clients.py dlt PORT CSV OUT REPORT        a pipeline into DuckDB, joined there

Each asks for every VIN once, 20 to a call, with 16 calls in flight.
"""

import asyncio
import csv
import json
import os
import re
import sys
import tempfile

from rivals import write_report

BATCH = 20
IN_FLIGHT = 16
KEY = {"Authorization": "Bearer bench"}


def url(port):
    return f"http://127.0.0.1:{port}/api/v1/batch-decode"


def read(path):
    """The rows, and the distinct VINs of them in batches."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    is_vin = re.compile(r"(?!(.)\1{16})[0-9A-HJ-NPR-Z]{17}").fullmatch
    vins = list(dict.fromkeys(filter(is_vin, (row["VIN"].strip().upper() for row in rows))))
    return rows, [vins[start : start + BATCH] for start in range(0, len(vins), BATCH)]


def answers(reply, batch):
    if not reply["success"] or len(reply["data"]) != len(batch):
        raise ValueError(f"no answer for each of {batch}")
    return reply["data"]


def with_aiohttp(port, path, out, report):
    import aiohttp
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, batches = read(path)
    decoded = {}

    async def work(session, left):
        for batch in left:
            async with session.post(url(port), json={"vins": batch}, headers=KEY) as response:
                response.raise_for_status()
                for answer in answers(await response.json(), batch):
                    decoded[answer["VIN"]] = answer

    async def ask():
        async with aiohttp.ClientSession() as session:
            left = iter(batches)
            await asyncio.gather(*(work(session, left) for _ in range(IN_FLIGHT)))

    asyncio.run(ask())
    of_rows = [decoded.get(row["VIN"].strip().upper(), {}) for row in rows]
    names = {name: None for answer in decoded.values() for name in answer if name != "VIN"}
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    columns |= {f"decoded_{name}": [answer.get(name) for answer in of_rows] for name in names}
    pq.write_table(pa.table(columns), out, compression="zstd")
    write_report(report, len(rows))


def with_dlt(port, path, out, report):
    os.environ["EXTRACT__WORKERS"] = str(IN_FLIGHT)
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt
    import duckdb
    from dlt.sources.helpers import requests

    _, batches = read(path)

    @dlt.resource
    def calls():
        yield from batches

    @dlt.transformer(data_from=calls, name="decoded")
    @dlt.defer
    def decoded(batch):
        reply = requests.post(url(port), json={"vins": batch}, headers=KEY)
        reply.raise_for_status()
        return answers(reply.json(), batch)

    with tempfile.TemporaryDirectory(dir=os.path.dirname(report)) as folder:
        store = os.path.join(folder, "store.duckdb")
        pipeline = dlt.pipeline(
            "bench",
            destination=dlt.destinations.duckdb(store),
            dataset_name="fleet",
            pipelines_dir=folder,
        )
        pipeline.run(calls | decoded, loader_file_format="parquet").raise_on_failed_jobs()
        with duckdb.connect(store) as connection:
            count = connection.execute(f"""
                COPY (SELECT c.*, d.* EXCLUDE vin
                      FROM read_csv('{path}', all_varchar = true) c
                      LEFT JOIN fleet.decoded d ON d.vin = upper(trim(c.VIN)))
                TO '{out}' (FORMAT parquet, COMPRESSION zstd)""").fetchone()[0]
    write_report(report, count)


def versions():
    from importlib.metadata import version

    print(json.dumps({"aiohttp": version("aiohttp"), "dlt": version("dlt")}))


if __name__ == "__main__":
    JOBS = {"versions": versions, "aiohttp": with_aiohttp, "dlt": with_dlt}
    JOBS[sys.argv[1]](*sys.argv[2:])
