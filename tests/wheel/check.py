"""Installs the wheel into a new virtual environment, and runs it there: `make test-wheel`.

    python tests/wheel/check.py dist/vinrich-0.1.0-py3-none-linux_x86_64.whl target-data/packages

Packages come from that folder alone, and no index is asked. Nothing else of this machine
is seen by what is run: PATH is that of the environment and of the system's tools, and the
home folder is a new one.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parent.parent / "sample-data" / "fleet.csv"
ROWS = 320
ACCORD = "1HGCM82633A004352"


class Machine:
    """A machine on which nothing but Python was installed before."""

    def __init__(self, work: Path, wheel: Path, packages: Path) -> None:
        self.work, self.home, self.environment = work, work / "home", work / "environment"
        self.wheel, self.packages = wheel, packages
        self.home.mkdir()
        subprocess.run([sys.executable, "-m", "venv", self.environment], check=True)
        self.install(str(wheel))

    @property
    def programs(self) -> Path:
        return self.environment / ("Scripts" if os.name == "nt" else "bin")

    @property
    def variables(self) -> dict[str, str]:
        """No cargo, no configuration, no data of this user's."""
        path = os.pathsep.join([str(self.programs), "/usr/bin", "/bin"])
        return {"PATH": path, "HOME": str(self.home)}

    def run(self, *command: str) -> str:
        ended = subprocess.run(
            command, cwd=self.work, env=self.variables, capture_output=True, text=True
        )
        assert ended.returncode == 0, f"{command}: {ended.returncode}\n{ended.stderr}"
        return ended.stdout

    def vinrich(self, *arguments: str) -> str:
        return self.run(str(self.programs / "vinrich"), *arguments)

    def install(self, package: str) -> None:
        self.run(
            str(self.programs / "python"), "-m", "pip", "install", "--quiet",
            "--disable-pip-version-check", "--no-index", f"--find-links={self.packages}", package,
        )

    def data(self) -> Path:
        return self.home / ".local/share/vinrich/vpic.rkyv"


def no_cargo_is_in_the_path(machine: Machine) -> None:
    found = [place for place in machine.variables["PATH"].split(os.pathsep)
             if (Path(place) / "cargo").exists()]
    assert not found, found


def the_program_says_its_version(machine: Machine) -> None:
    installed = machine.run(
        str(machine.programs / "python"), "-c",
        "import importlib.metadata as m; print('vinrich', m.version('vinrich'))",
    )
    assert machine.vinrich("--version") == installed


def a_vin_is_decoded_at_once(machine: Machine) -> None:
    assert not machine.data().exists(), "there were data before"
    said = machine.vinrich("decode", ACCORD)
    assert "HONDA" in said and "Accord" in said, said
    assert str(machine.data()) in machine.vinrich("vpic", "status"), "the data are not kept"


def a_link_to_the_program_finds_the_data(machine: Machine) -> None:
    machine.data().unlink()
    link = machine.work / "vinrich"
    link.symlink_to(machine.programs / "vinrich")
    assert "HONDA" in machine.run(str(link), "decode", ACCORD)


def data_that_cannot_be_kept_are_read_in_place(machine: Machine) -> None:
    machine.data().unlink()
    place = machine.work / "a-file" / "vpic.rkyv"
    place.parent.write_text("no folder")
    variables = {**machine.variables, "VINRICH_VENDORS__VPIC__DATA": str(place)}
    program = machine.programs / "vinrich"
    ended = subprocess.run(
        [program, "vpic", "status"], env=variables, capture_output=True, text=True
    )
    assert ended.returncode == 0 and "_ultravin" in ended.stdout, ended
    assert not machine.data().exists()


def a_csv_and_a_workbook_become_parquet(machine: Machine) -> None:
    machine.vinrich("enrich", str(SAMPLE), "-o", "fleet.xlsx", "--offline", "--quiet")
    for source in [str(SAMPLE), "fleet.xlsx"]:
        machine.vinrich("enrich", source, "-o", "fleet.parquet", "--offline", "--quiet")
        machine.vinrich("enrich", "fleet.parquet", "-o", "fleet.csv", "--offline", "--quiet",
                        "--columns=make,model", "--keep=vin_status")
        lines = (machine.work / "fleet.csv").read_text().splitlines()
        assert len(lines) == ROWS + 1, len(lines)
        decoded = sum(not line.endswith(",,") for line in lines[1:])
        assert decoded > ROWS * 3 // 4, f"{decoded} of {ROWS} rows have a make and a model"


def the_package_says_what_it_needs(machine: Machine) -> None:
    said = machine.run(
        str(machine.programs / "python"), "-c",
        "try:\n import vinrich\nexcept ImportError as error:\n print(error)",
    )
    assert "pip install 'vinrich[arrow]'" in said, said


def engines_are_fed(machine: Machine) -> None:
    machine.install(f"{machine.wheel}[arrow]")
    print(machine.run(str(machine.programs / "python"), str(HERE / "batches.py")), end="")


CHECKS = [
    no_cargo_is_in_the_path,
    the_program_says_its_version,
    a_vin_is_decoded_at_once,
    a_link_to_the_program_finds_the_data,
    data_that_cannot_be_kept_are_read_in_place,
    a_csv_and_a_workbook_become_parquet,
    the_package_says_what_it_needs,
    engines_are_fed,
]


def main(wheel: str, packages: str) -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        machine = Machine(Path(work), Path(wheel).resolve(), Path(packages).resolve())
        for check in CHECKS:
            try:
                check(machine)
                print(f"ok      {check.__name__}")
            except Exception as error:
                failed += 1
                print(f"FAILED  {check.__name__}: {type(error).__name__}: {error}")
    print(f"{len(CHECKS) - failed} of {len(CHECKS)} passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
