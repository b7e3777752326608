"""Nights of outputs, made by the command and its sandbox as an operator would."""

import csv
import os
import subprocess
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

FLEET = Path(__file__).parents[2] / "sample-data" / "fleet.csv"
FIRST_NIGHT = date(2026, 11, 27)
ROWS_AT_FIRST = 60
ROWS_ADDED_A_NIGHT = 20
# Vehicles among the first rows that get another plate every night.
NEW_PLATES_A_NIGHT = 5
# The sandbox is asked without a pause.
CONFIGURATION = """
store = "store/vinrich.db"
datasets = { decode.vendors = ["vpic-api"], recalls.vendors = ["nhtsa"] }
vendors = { vpic-api.quotas = [], nhtsa.quotas = [], visor.quotas = [] }
"""


@dataclass(frozen=True)
class Night:
    """One run: the rows of its input, and its output for each format."""

    rows: int
    outputs: dict[str, Path]


class Operator:
    """Someone with a sandbox for vendors, a store, and a fleet that grows."""

    def __init__(self, binary: Path, work: Path) -> None:
        self.binary, self.work = binary.resolve(), work
        (work / "vinrich.toml").write_text(CONFIGURATION)
        self.environment = {"HOME": str(work)}
        self.sandbox = subprocess.Popen(
            [self.binary, "sandbox"], stdout=subprocess.PIPE, env=self.environment
        )
        assert self.sandbox.stdout is not None
        # The command prints what to export in one go.
        for line in os.read(self.sandbox.stdout.fileno(), 1 << 16).decode().splitlines():
            if line.startswith("export "):
                words = line.removeprefix("export ").split()
                self.environment |= dict(word.split("=", 1) for word in words)

    def __enter__(self) -> "Operator":
        return self

    def __exit__(self, *_: object) -> None:
        self.sandbox.terminate()
        self.sandbox.wait()

    def vinrich(self, *words: str) -> str:
        """What the command prints; it must succeed."""
        done = subprocess.run(
            [self.binary, *words], cwd=self.work, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"vinrich {' '.join(words)}: {done.returncode}\n{done.stderr}"
        return done.stdout

    def nights(self, number: int, formats: list[str]) -> list[Night]:
        """Runs every night; each format has a folder of its own, named like it."""
        return [self.night(place, formats) for place in range(number)]

    def night(self, place: int, formats: list[str]) -> Night:
        rows = ROWS_AT_FIRST + place * ROWS_ADDED_A_NIGHT
        self.write_fleet(rows, place)
        # The first night asks for no listings: those columns are all null, and typed all the same.
        datasets = "decode,recalls" if place == 0 else "decode,recalls,listings"
        outputs = {}
        for extension in formats:
            out = self.work / extension / f"fleet-{FIRST_NIGHT + timedelta(days=place)}.{extension}"
            out.parent.mkdir(exist_ok=True)
            self.vinrich("enrich", "fleet.csv", "-o", str(out), "--with", datasets, "--max-cost", "5")
            outputs[extension] = out
        return Night(rows, outputs)

    def write_fleet(self, rows: int, place: int) -> None:
        with FLEET.open(newline="") as source:
            header, *fleet = csv.reader(source)
        for row in fleet[: NEW_PLATES_A_NIGHT if place > 0 else 0]:
            row[header.index("Plate")] = f"NEW-{place}"
        with (self.work / "fleet.csv").open("w", newline="") as target:
            csv.writer(target).writerows([header, *fleet[:rows]])
