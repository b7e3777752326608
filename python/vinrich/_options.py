"""What may be asked of the program from an engine, as its command line."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

PathLike = os.PathLike[str] | str

# One stream in, one stream out, no call, and an empty partition is not an error.
FILTER = [
    *("enrich", "-", "--output", "-", "--format", "arrows"),
    *("--offline", "--allow-empty", "--quiet"),
]


class Options(TypedDict, total=False):
    """The options of every function of this package; each may be left out.

    `vinrich enrich --help` says more of those that are flags of it.
    """

    vin_column: str
    """The column of VINs; without it each partition finds its own."""
    datasets: Sequence[str]
    """Which of decode, recalls and listings are filled; decode alone by default.

    All but the decodes of `vpic` come from `store`."""
    decode: Sequence[str]
    """Whose decodes are taken, in this order; `vpic` (the data on this machine) by default."""
    store: PathLike
    """The file with known answers, which must exist; without it there are only decodes."""
    config: PathLike
    """The configuration file."""
    row_key: Sequence[str]
    """The columns whose cells make `row_id`; without it `source_name` and the row's number do.

    The program then keeps its input in a temporary file before the first row comes out."""
    source_name: str
    """What the input is called in `row_id`."""
    map: Mapping[str, str]
    """The columns with a row's own make, model or year, as `{"model": "Type"}`."""
    keep: Sequence[str]
    """The columns of the input that are carried through; all by default."""
    columns: Sequence[str]
    """Patterns that choose among the program's columns; all by default."""
    keep_names: bool
    """Call the input's columns as the input does, instead of in snake case."""
    strict: bool
    """Reject a VIN whose check digit fails."""
    repair: bool
    """Replace I, O and Q where only one digit makes the check digit pass."""
    offline: bool
    """May only be True, which it is."""
    program: PathLike
    """The program; by default the one that was installed with this package."""


_TEXTS = {"vin_column", "source_name"}
_LISTS = {"row_key", "keep", "columns"}
_SWITCHES = {"keep_names", "strict", "repair"}


def command(options: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
    """The command line for `options`, and what its environment has beside this process's.

    Raises TypeError for an option that is not one of `Options`, ValueError for a value
    that could make a paid call or that is none.
    """
    unknown = sorted(set(options) - set(Options.__annotations__))
    if unknown:
        known = ", ".join(f"`{name}`" for name in Options.__annotations__)
        raise TypeError(f"`{unknown[0]}` is not an option; there are {known}")
    if options.get("offline", True) is not True:
        raise ValueError("`offline` cannot be turned off: an engine runs lost tasks again, "
                         "and each would pay again; buy answers by one run of `vinrich enrich`")
    line = [os.fspath(options.get("program") or program()), *FILTER]
    # Keys that repeat are numbered, for which the program keeps its input and finds by
    # itself what that is.
    if "row_key" not in options:
        line.append("--input-format=arrows")
    # Named, so that a machine without the data is an error, and not a column of nulls.
    datasets = options.get("datasets", ["decode"])
    line.append(f"--with={_list('datasets', datasets)}")
    if "decode" in datasets or "decode" in options:
        line.append(f"--decode={_list('decode', options.get('decode', ['vpic']))}")
    environment = {}
    if "store" in options:
        line.append("--require-store")
        environment["VINRICH_STORE"] = os.path.abspath(os.fspath(options["store"]))
    elif list(datasets) != ["decode"] or list(options.get("decode", ["vpic"])) != ["vpic"]:
        raise ValueError("without a `store` there are only the decodes of `vpic`: what this "
                         "machine happens to know is not taken")
    elif "row_key" in options:
        # Such a run is recorded in a store: where none can be, none is made.
        environment["VINRICH_STORE"] = os.path.join(os.devnull, "none.db")
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if name in _TEXTS:
            line.append(f"{flag}={value}")
        elif name in _LISTS:
            line.append(f"{flag}={_list(name, value)}")
        elif name in _SWITCHES and value:
            line.append(flag)
        elif name == "map":
            line += [f"--map={field}={column}" for field, column in value.items()]
        elif name == "config":
            line.append(f"{flag}={os.path.abspath(os.fspath(value))}")
    return line, environment


def _list(name: str, values: Sequence[str]) -> str:
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"`{name}` takes a list of texts, not {values!r}")
    if any("," in value for value in values):
        raise ValueError(f"`{name}`: a comma cannot be part of a name, as in {values!r}")
    return ",".join(values)


def program() -> str:
    """The program of the environment that this package is installed in.

    Raises FileNotFoundError where it is not there.
    """
    name = "vinrich.exe" if os.name == "nt" else "vinrich"
    user = sysconfig.get_preferred_scheme("user")
    packages = Path(__file__).resolve().parent.parent
    places = [
        Path(sysconfig.get_path("scripts")),
        Path(sysconfig.get_path("scripts", scheme=user)),
        Path(sys.prefix) / ("Scripts" if os.name == "nt" else "bin"),
        packages / "bin",  # pip install --target
    ]
    for place in places:
        if (place / name).is_file():
            return str(place / name)
    looked = ", ".join(f"`{place}`" for place in dict.fromkeys(places))
    raise FileNotFoundError(
        f"the program `{name}` is in none of {looked}; install the wheel of vinrich there, "
        "or name it by the option `program`"
    )
