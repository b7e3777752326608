"""vinrich for engines: Arrow record batches in, enriched ones out.

The program `vinrich` comes in the same wheel. This package runs it as a child process,
one for each call, without a network and without a paid call: what decodes VINs is the
data on this machine, and what is known of recalls and listings is in a `store` that
another run has filled.

    import vinrich

    for batch in vinrich.enrich_batches(batches, vin_column="vin"):
        ...

    enrich = vinrich.map_in_arrow(vin_column="vin", row_key=["id"])     # Spark
    frame.mapInArrow(enrich, from_arrow_schema(vinrich.output_schema(schema, ...)))

It needs pyarrow: `pip install 'vinrich[arrow]'`.
"""

from vinrich._options import Options
from vinrich._process import Error, enrich_batches, map_in_arrow, output_schema

__all__ = ["Error", "Options", "enrich_batches", "map_in_arrow", "output_schema"]
