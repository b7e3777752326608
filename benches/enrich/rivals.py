"""The rivals of `make bench` that come from PyPI, one job for each call:

    rivals.py versions                        what is installed, as JSON
    rivals.py kinds COUNT OUT                 VINs of real kinds, one for each line
    rivals.py vins CSV OUT                    the distinct valid VINs of a fleet, as Parquet
    rivals.py facts OUTPUT FACTS              one row for each VIN of what vinrich wrote
    rivals.py join CSV FACTS OUT REPORT       DuckDB does what vinrich does with a known fleet
    rivals.py decode VINS OUT REPORT          the decoder's own Parquet path

The first four prepare a run and are not measured.
"""

import json
import sys

THREADS = 2
# What vinrich says of a row and not of its VIN.
OF_THE_ROW = "unit, input_vin, odometer, in_service, row_id, source_file, source_row, record_hash, vin_occurrences"


def duck(sql):
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {THREADS}")
    return connection.execute(sql)


def versions():
    import duckdb
    import ultravin

    print(json.dumps({"duckdb": duckdb.__version__, "ultravin": ultravin.__version__}))


def kinds(count, out):
    import ultravin

    with open(out, "w") as file:
        for vin in ultravin.generate(int(count), seed=565, invalid_rate=0):
            print(vin, file=file)


def vins(csv, out):
    duck(f"""
        COPY (SELECT DISTINCT VIN AS vin FROM read_csv('{csv}', all_varchar = true)
              WHERE regexp_full_match(VIN, '[0-9A-HJ-NPR-Z]{{17}}') AND VIN <> repeat(VIN[1], 17))
        TO '{out}' (FORMAT parquet, COMPRESSION snappy)""")


def facts(output, out):
    duck(f"""
        COPY (SELECT DISTINCT ON (vin) * EXCLUDE ({OF_THE_ROW})
              FROM read_parquet('{output}') WHERE vin IS NOT NULL)
        TO '{out}' (FORMAT parquet, COMPRESSION zstd)""")


def join(csv, facts, out, report):
    count = duck(f"""
        COPY (SELECT c.Unit AS unit, c.VIN AS input_vin, c.Odometer AS odometer,
                     c."In Service" AS in_service, hash(c) AS row_id, f.*,
                     '{csv}' AS source_file, hash(c, f) AS record_hash
              FROM read_csv('{csv}', all_varchar = true) c
              LEFT JOIN read_parquet('{facts}') f ON f.vin = upper(trim(c.VIN)))
        TO '{out}' (FORMAT parquet, COMPRESSION zstd)""").fetchone()[0]
    write_report(report, count)


def decode(vins, out, report):
    import ultravin

    write_report(report, ultravin.decode_stream(vins, vin_column="vin").to_parquet(out))


def write_report(path, rows):
    with open(path, "w") as file:
        json.dump({"rows": {"written": rows}}, file)


if __name__ == "__main__":
    JOBS = [versions, kinds, vins, facts, join, decode]
    {job.__name__: job for job in JOBS}[sys.argv[1]](*sys.argv[2:])
