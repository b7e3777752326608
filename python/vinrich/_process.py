"""The program as a child process, fed by a thread while its output is read."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

from vinrich._options import Options, command

try:
    import pyarrow
except ImportError as error:
    raise ImportError("vinrich needs pyarrow: `pip install 'vinrich[arrow]'`") from error

if TYPE_CHECKING:
    from typing_extensions import Unpack

# How a stream of Arrow ends: a message of no length.
_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"

# What is kept of the program's messages.
_LINES_KEPT = 200

# How long, in seconds, an iterator is waited for whose batches are not wanted any more,
# and a child whose output is not what it must be.
_PATIENCE = 5


class Error(Exception):
    """The program failed, or its output is not whole; what it said is the text."""

    def __init__(self, text: str, exit_code: int | None = None) -> None:
        super().__init__(text)
        self.exit_code = exit_code
        """As `vinrich --help` lists them; negative for a signal, None where it ended well."""

    def __reduce__(self) -> tuple[type[Error], tuple[str, int | None]]:
        # Engines pickle what a task raises.
        return (Error, (str(self), self.exit_code))


def enrich_batches(
    batches: Iterable[pyarrow.RecordBatch], **options: Unpack[Options]
) -> Iterator[pyarrow.RecordBatch]:
    """Enriches `batches`, which have one schema: one row out for each row in, in their order.

    The input's columns come first, with their types, then the program's. Batches come out
    as the program writes them, not as they went in. Without a batch in there is none out,
    and no process.

    Raises Error where the program fails, ends without the end of its output, or gives
    another number of rows than it took; what `batches` raises is raised as it is. Rows
    that were yielded before are then not to be kept. An iterator that is closed before
    its end stops the program.
    """
    return _enrich(iter(batches), *command(options))


def map_in_arrow(
    **options: Unpack[Options],
) -> Callable[[Iterator[pyarrow.RecordBatch]], Iterator[pyarrow.RecordBatch]]:
    """The function for Spark's `DataFrame.mapInArrow`, with `output_schema` as its schema.

    It looks for the program on the machine that it runs on. The rows of each partition are
    numbered from 1: either `row_key` makes `row_id`, or `columns` has `!row_id`.
    """
    command({"program": "vinrich", **options})
    if not options.get("row_key") and "!row_id" not in options.get("columns", []):
        raise ValueError("rows are numbered from 1 in each partition, so `row_id` would repeat: "
                         "name columns that tell rows apart as `row_key`, or leave it out by "
                         "`columns=[\"!row_id\"]`")

    def enrich(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        return enrich_batches(batches, **options)

    return enrich


def output_schema(input_schema: pyarrow.Schema, **options: Unpack[Options]) -> pyarrow.Schema:
    """The schema of what `enrich_batches` gives for batches of `input_schema`."""
    with _Program(*command(options)) as program:
        program.feed(iter([pyarrow.RecordBatch.from_pylist([], schema=input_schema)]))
        schema, batches = program.output()
        for _ in batches:
            pass
        return schema


def _enrich(
    batches: Iterator[pyarrow.RecordBatch], line: list[str], environment: dict[str, str]
) -> Iterator[pyarrow.RecordBatch]:
    # A process is started for the first batch: without one there is no schema.
    first = next(batches, None)
    if first is not None:
        with _Program(line, environment) as program:
            program.feed(itertools.chain([first], batches))
            yield from program.output()[1]


class _Program:
    """One child, which does not outlive the `with`."""

    def __init__(self, line: list[str], environment: dict[str, str]) -> None:
        try:
            self._child = subprocess.Popen(
                line,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **environment},
            )
        except OSError as error:
            raise Error(f"`{line[0]}` cannot be started: {error}") from error
        self._said: deque[str] = deque(maxlen=_LINES_KEPT)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._feeder: threading.Thread | None = None
        self._rows_in = 0
        self._input_error: BaseException | None = None

    def __enter__(self) -> _Program:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        if self._feeder is not None:
            self._feeder.join(_PATIENCE)
        self._listener.join()
        for pipe in (self._child.stdout, self._child.stderr):
            _of(pipe).close()

    def feed(self, batches: Iterator[pyarrow.RecordBatch]) -> None:
        """Writes `batches` to the child by a thread of its own."""
        self._feeder = threading.Thread(target=self._write, args=(batches,), daemon=True)
        self._feeder.start()

    def output(self) -> tuple[pyarrow.Schema, Iterator[pyarrow.RecordBatch]]:
        """What the child writes, with columns of JSON as text. Raises Error."""
        stdout = _Ended(_of(self._child.stdout))
        try:
            reader = pyarrow.ipc.open_stream(pyarrow.PythonFile(stdout, mode="r"))
        except (pyarrow.ArrowException, OSError) as error:
            raise self._failure(f"its output cannot be read: {error}") from error
        schema = pyarrow.schema([_plain(field) for field in reader.schema])
        return schema, self._batches(reader, schema, stdout)

    def _batches(
        self, reader: pyarrow.RecordBatchReader, schema: pyarrow.Schema, stdout: _Ended
    ) -> Iterator[pyarrow.RecordBatch]:
        rows = 0
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                break
            except (pyarrow.ArrowException, OSError) as error:
                raise self._failure(f"its output cannot be read: {error}") from error
            rows += batch.num_rows
            columns = [_storage(column, field.type) for column, field in zip(batch.columns, schema)]
            yield pyarrow.RecordBatch.from_arrays(columns, schema=schema)
        if not stdout.is_ended():
            raise self._failure("its output ends without the mark of its end")
        self._finish(rows)

    def _finish(self, rows: int) -> None:
        """Checks how the child ended, and that it took all that there is."""
        exit_code = self._child.wait()
        if self._feeder is not None:
            self._feeder.join()
        if exit_code != 0 or self._input_error is not None:
            raise self._failure("")
        if rows != self._rows_in:
            raise Error(f"vinrich gave {rows} rows for {self._rows_in}")

    def _failure(self, otherwise: str) -> BaseException:
        """What explains that the output is not whole, the first cause first."""
        try:
            exit_code = self._child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
            exit_code = 0
        self._listener.join()
        if self._input_error is not None:
            return self._input_error
        said = "\n".join(self._said).strip()
        if exit_code < 0:
            name = signal.Signals(-exit_code).name
            return Error(f"vinrich was ended by {name}\n{said}".strip(), exit_code)
        if exit_code > 0:
            return Error(said or f"vinrich ended with exit code {exit_code}", exit_code)
        return Error(f"vinrich gave no error, but {otherwise}")

    def _write(self, batches: Iterator[pyarrow.RecordBatch]) -> None:
        stdin = _of(self._child.stdin)
        writer: Any = None
        try:
            for batch in batches:
                if self._child.poll() is not None:
                    break
                if writer is None:
                    writer = pyarrow.ipc.new_stream(stdin, batch.schema)
                self._rows_in += batch.num_rows
                writer.write_batch(batch)
            else:
                writer.close()
        except BrokenPipeError:
            pass  # It has ended; its exit code says why.
        except BaseException as error:
            self._input_error = error
            self._child.kill()
        finally:
            try:
                stdin.close()
            except OSError:
                pass

    def _listen(self) -> None:
        for line in _of(self._child.stderr):
            self._said.append(line.decode(errors="replace").rstrip())


class _Ended:
    """A pipe that is read, and the last bytes that came."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe, self._last = pipe, b""

    @property
    def closed(self) -> bool:
        return self._pipe.closed

    def read(self, size: int = -1) -> bytes:
        data = self._pipe.read(size)
        self._last = (self._last + data[-8:])[-8:]
        return data

    def is_ended(self) -> bool:
        """Whether the stream is marked as ended, and nothing comes behind it."""
        return self._last == _END_OF_STREAM and not self._pipe.read(1)

    def close(self) -> None:
        """The child closes it."""


def _plain(field: pyarrow.Field) -> pyarrow.Field:
    """As engines know it: a column of JSON is text."""
    is_json = getattr(field.type, "extension_name", None) == "arrow.json"
    return field.with_type(field.type.storage_type) if is_json else field


def _storage(column: pyarrow.Array, type_: pyarrow.DataType) -> pyarrow.Array:
    return column if column.type == type_ else column.storage


def _of(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
