"""Translates a folder of pictures, of any number and any size, on a Ray cluster, or one shard of it without Ray.

    python translate_folder.py MODEL.onnx INPUT OUTPUT --workers 8
    python translate_folder.py MODEL.onnx INPUT OUTPUT --shard 3/16

Workers get names and write files: no picture passes through the object store. A result is written aside and renamed,
and one that is there is not made again, so that a job that was killed, a worker or the whole of it, goes on where it
was when it is started again. A picture that cannot be translated is reported and the rest done.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import shutil
import socket
import sys
import tempfile
import uuid
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import ledger
from ledger import Task, whole

from translate import pixels
from translate.errors import DataError, TranslateError, first_line
from translate.runtime import Translator, contract
from translate.runtime.metadata import card

LIVES = 3
"""A picture in whose middle this many workers have died is given up: it would take down every worker in turn."""


class Worker:
    """One process at work: the model is loaded once, then pictures come by the batch.

    Args:
        model: the `.onnx` file.
        source: the folder of pictures.
        output: the folder of results.
        scratch: a folder of this job alone on the same disk as the results: for what is being worked on.
        threads: cores for one picture.
        gpu: run on CUDA, and nowhere else.
    """

    def __init__(self, model: str, source: str, output: str, scratch: str, threads: int, gpu: bool) -> None:
        self.translator = Translator(model, threads=threads, engine="cuda" if gpu else "cpu")
        self.source, self.output, self.scratch = Path(source), Path(output), Path(scratch)
        self.name = f"{socket.gethostname()}:{os.getpid()}"

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """Translate a batch of tasks. Returns the report's lines. Both are JSON, which holds any name of a file."""
        return {"line": [json.dumps(self.translate(*json.loads(str(task)))) for task in batch["task"]]}

    def translate(self, path: str, result: str) -> dict[str, str]:
        """Translate one picture, unless its result is there. Returns the report's line."""
        done = {"path": path, "status": "done", "result": result, "worker": self.name}
        target = self.output / result
        if whole(target):
            return done
        mark = self.scratch / hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()
        try:
            self.scratch.mkdir(parents=True, exist_ok=True)
            # A mark that a worker leaves by dying is what the next one counts.
            with mark.open("ab") as file:
                file.write(b".")
            if mark.stat().st_size > LIVES:
                raise DataError(f"{path} ended its worker {LIVES} times (out of memory?): translate it by itself")
            self._write(path, target)
        except Exception as error:  # whatever it is, it is one picture's, and the others are done
            if whole(target):  # a second worker at the same shard was quicker, and has put away its things
                return done
            kind = "" if isinstance(error, TranslateError) else f"{type(error).__name__}: "
            return {"path": path, "status": "failed", "reason": kind + first_line(error), "worker": self.name}
        finally:
            mark.unlink(missing_ok=True)
        return done

    def _write(self, path: str, target: Path) -> None:
        picture = pixels.read(self.source / path, self.translator.card.source_channels, limit=self.translator.limit)
        aside = self.scratch / f"{uuid.uuid4().hex}{target.suffix}"
        pixels.write(self.translator.array(picture), aside)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(aside, target)


def one_by_one(
    todo: Sequence[Task], options: argparse.Namespace, scratch: Path
) -> Generator[dict[str, str], None, None]:
    """The lines of the pictures, each made here and now."""
    worker = Worker(*_arguments(options, scratch))
    for path, result in todo:
        yield worker.translate(path, result)


def on_ray(todo: Sequence[Task], options: argparse.Namespace, scratch: Path) -> Generator[dict[str, str], None, None]:
    """The lines of the pictures, as the workers of a cluster tell them.

    Raises:
        TranslateError: the job cannot go on: no worker starts, or Ray has lost its cluster.
    """
    with _session(options) as ray:
        data = ray.data.from_items(
            [{"task": json.dumps(task)} for task in todo],
            override_num_blocks=-(-len(todo) // options.batch),
        ).map_batches(
            Worker,
            fn_constructor_args=_arguments(options, scratch),
            batch_size=options.batch,
            compute=ray.data.ActorPoolStrategy(size=options.workers),
            num_cpus=options.cpus_per_worker,
            num_gpus=options.gpus_per_worker or None,
        )  # a worker that dies is started again, and its batch given out again: so Ray Data has its actors
        try:
            for row in data.iter_rows():
                yield json.loads(row["line"])
        except ray.exceptions.RayError as error:
            raise TranslateError(f"the job ended early ({first_line(error)}): start it again to go on") from error


@contextmanager
def _session(options: argparse.Namespace) -> Iterator[Any]:
    """Ray, connected to the cluster or to one of this machine's own, and left in any case."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if not options.address:
        # Ray's only switch for a node that listens on the loopback alone: what it does on Windows and macOS.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        import ray.data
    except ModuleNotFoundError as error:
        raise TranslateError("Ray is not installed: pip install 'ray[data]', or do it by --shard") from error
    common: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    folder = None if options.address else tempfile.mkdtemp(prefix="ray-")
    try:
        if options.address:
            ray.init(options.address, **common)
        else:
            ray.init(
                "local",
                num_cpus=options.workers * options.cpus_per_worker,
                object_store_memory=100 * 2**20,  # for names alone
                include_dashboard=False,
                _node_ip_address="127.0.0.1",
                _temp_dir=folder,
                **common,
            )
        # Other nodes have our package, but not the files of this folder.
        for module in (ledger, sys.modules[__name__]):
            ray.cloudpickle.register_pickle_by_value(module)
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        yield ray
    finally:
        ray.shutdown()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _arguments(options: argparse.Namespace, scratch: Path) -> tuple[Any, ...]:
    """What a worker is made of; its paths hold wherever the cluster sees the same file system."""
    paths = [str(path.absolute()) for path in (options.model, options.input, options.output, scratch)]
    return (*paths, options.cpus_per_worker, options.gpus_per_worker > 0)


def work(options: argparse.Namespace) -> ledger.Report:
    """Do what is left to do. Returns the report.

    Raises:
        TranslateError: nothing can be done: no such model or folder, nothing to translate, results of another model.
    """
    contract.ordinary(card(options.model), "this job")
    tasks = ledger.plan(options.input, options.output, options.suffix)
    ledger.claim(options.output, options.model, options.suffix)
    name = ""
    if options.shard:
        index, count = options.shard
        tasks, name = ledger.share(tasks, index, count), f"-{index}-of-{count}"
    scratch = options.output / f".scratch{name}"
    report = ledger.Report(options.output / f"report{name}.jsonl", tasks, options.output)
    make = one_by_one if options.shard else on_ray
    with closing(report), closing(make(report.todo, options, scratch)) as lines:
        for line in lines if report.todo else ():
            report.add(line)
    shutil.rmtree(scratch, ignore_errors=True)
    return report


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job. Returns the exit status: 0 all done, 1 not all, 2 not understood."""
    options = parser().parse_args(arguments)
    try:
        report = work(options)
    except TranslateError as error:
        print(f"translate_folder: {error}", file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"translate_folder: {error.filename or 'the job'}: {error.strerror or error}", file=sys.stderr)
        return 1
    print(f"{report.done} translated, {report.found} were there, {report.failed} failed")
    return 1 if report.failed else 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description="Translate every picture below a folder, on Ray or one shard of it.")
    made.add_argument("model", type=Path, metavar="MODEL.onnx")
    made.add_argument("input", type=Path, metavar="INPUT", help="folder of pictures, at any depth")
    made.add_argument("output", type=Path, metavar="OUTPUT", help="folder of results, under the same names")
    how = made.add_mutually_exclusive_group(required=True)
    how.add_argument("--workers", type=_count, metavar="N", help="processes of Ray that translate")
    how.add_argument("--shard", type=_shard, metavar="I/N", help="do the I-th of N shares here (from 0), without Ray")
    made.add_argument(
        "--address", default=os.environ.get("RAY_ADDRESS"), help="of a Ray cluster (default: none, local)"
    )
    made.add_argument("--suffix", default=None, help="format of the results, such as .png (default: the pictures' own)")
    made.add_argument("--batch", type=_count, default=16, help="pictures that a worker gets at once (default: 16)")
    made.add_argument("--cpus-per-worker", type=_count, default=1, help="cores of each worker (default: 1)")
    made.add_argument("--gpus-per-worker", type=float, default=0, help="such as 1, or 0.5 for two on one (default: 0)")
    return made


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of 1 or more")
    return int(text)


def _shard(text: str) -> tuple[int, int]:
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and int(index) < int(count)):
        raise argparse.ArgumentTypeError(f"{text} is not I/N with I from 0 to N - 1, such as 0/16")
    return int(index), int(count)


if __name__ == "__main__":
    sys.exit(main())
