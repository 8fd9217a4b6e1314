"""Puts an exported model into a model repository of NVIDIA Triton: the file, and a configuration that fits it.

    python make_repository.py MODEL.onnx REPOSITORY --gpu

writes `REPOSITORY/MODEL/1/model.onnx` and `REPOSITORY/MODEL/config.pbtxt`. Fields are those of `ModelConfig` in
Triton's `model_config.proto`; what they are set to, and why, is in the README beside this file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from translate.card import Card
from translate.errors import DataError, TranslateError
from translate.files import write_whole
from translate.runtime import contract
from translate.runtime.contract import IMAGE, TRANSLATED
from translate.runtime.metadata import card

_TYPES = {"uint8": "TYPE_UINT8", "uint16": "TYPE_UINT16", "float32": "TYPE_FP32"}
"""Depths of pictures, as Triton calls them."""

TENSORRT_CACHE = "/tmp/tensorrt"
"""Where a server keeps the engines that TensorRT builds: a folder of its own, kept by a volume."""


def configuration(name: str, digest: str, facts: Card, options: argparse.Namespace) -> str:
    """The text of `config.pbtxt`.

    Args:
        name: of the model in the repository.
        digest: of its file: engines are kept apart by it, as ONNX Runtime knows them by names alone.
        facts: the model's card.
        options: of the command line.
    """
    most = options.max_batch
    preferred = sorted({max(1, most // 2), most})
    kind, count = ("KIND_CPU", options.cpu) if options.cpu else ("KIND_GPU", options.gpu)
    taken, given = _TYPES[facts.takes.depth], _TYPES[facts.gives.depth]
    blocks = [
        f'name: {_quoted(name)}\nbackend: "onnxruntime"\nmax_batch_size: {most}',
        # Triton adds the batch's dimension in front. Sizes are free: padding and cropping are inside the graph.
        f"input [ {{ name: {_quoted(IMAGE)} data_type: {taken} dims: [ -1, -1, {facts.source_channels} ] }} ]",
        f"output [ {{ name: {_quoted(TRANSLATED)} data_type: {given} dims: [ -1, -1, {facts.target_channels} ] }} ]",
        "version_policy { latest { num_versions: 1 } }",
        # Groups requests of one height and width only: others wait for nobody, and are run by themselves.
        f"dynamic_batching {{\n  preferred_batch_size: {preferred}\n"
        f"  max_queue_delay_microseconds: {options.delay}\n}}",
        f"instance_group [ {{ kind: {kind} count: {count} }} ]",
        "response_cache { enable: false }",
        *(_warmup(facts, size) for size in sorted({1, most})),
    ]
    if options.cpu:
        if options.threads:
            blocks.append(_parameter("intra_op_thread_count", options.threads))
    else:
        # 1 is HEURISTIC. The default tries every algorithm on every new size of picture, for seconds. (The newer way
        # to say this, an accelerator named "cuda", is overruled by the default of this one.)
        blocks.append(_parameter("cudnn_conv_algo_search", 1))
    if options.tensorrt:
        blocks.append(_tensorrt(options.tensorrt, digest))
    return "\n".join(blocks) + "\n"


def add(model: Path, repository: Path, options: argparse.Namespace) -> Path:
    """Put a model into a repository. Returns its folder there.

    Raises:
        TranslateError: the file is no exported model, its name cannot be one of Triton's, or this version is there.
    """
    facts = card(model)
    contract.translating(facts, "this repository")
    name = options.name or model.stem
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise DataError(f"{name!r} cannot be the name of a model in a URL: give --name, of letters, digits, . _ and -")
    folder = repository / name
    version, aside = folder / str(options.version), folder / f".{options.version}.part"
    if version.exists():
        raise DataError(f"{version} is there: add this as --version {options.version + 1}, or remove it")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    _link_or_copy(model, aside / "model.onnx")
    write_whole(folder / "config.pbtxt", configuration(name, _digest(model), facts, options).encode())
    # Last, and in one step: a server that watches the repository never meets half a version.
    os.rename(aside, version)
    return folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and do it. Returns the exit status."""
    options = parser().parse_args(arguments)
    try:
        if options.tensorrt and options.cpu:
            raise DataError("TensorRT needs a GPU: give --gpu, or leave out --tensorrt")
        folder = add(options.model, options.repository, options)
    except TranslateError as error:
        print(f"make_repository: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"make_repository: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{folder}, version {options.version}")
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description="Put an exported model into a Triton model repository.")
    made.add_argument("model", type=Path, metavar="MODEL.onnx")
    made.add_argument("repository", type=Path, metavar="REPOSITORY", help="folder of models, made if need be")
    where = made.add_mutually_exclusive_group(required=True)
    count: dict[str, Any] = {"type": _count, "nargs": "?", "const": 1, "default": 0, "metavar": "INSTANCES"}
    where.add_argument("--gpu", **count, help="run on GPUs, so many times on each (1)")
    where.add_argument("--cpu", **count, help="run on CPUs, so many times (1)")
    made.add_argument("--name", default=None, help="of the model in the repository (default: the file's)")
    made.add_argument("--version", type=_count, default=1, help="of the model; the highest is served (default: 1)")
    made.add_argument("--max-batch", type=_count, default=8, help="most pictures run at once (default: 8)")
    made.add_argument("--delay", type=_count, default=2000, help="µs that a picture waits for others (default: 2000)")
    made.add_argument("--threads", type=_count, default=None, help="cores of one instance on the CPU (default: all)")
    made.add_argument("--tensorrt", choices=("FP32", "FP16"), default=None, help="run on TensorRT in this precision")
    return made


def _warmup(facts: Card, batch: int) -> str:
    size = facts.size
    return (
        f'model_warmup [ {{\n  name: "{batch} of {size} x {size}"\n  batch_size: {batch}\n'
        f"  inputs {{ key: {_quoted(IMAGE)} value {{ data_type: {_TYPES[facts.takes.depth]} "
        f"dims: [ {size}, {size}, {facts.source_channels} ] random_data: true }} }}\n}} ]"
    )


def _digest(model: Path) -> str:
    return hashlib.sha256(model.read_bytes()).hexdigest()[:32]


def _tensorrt(precision: str, digest: str) -> str:
    parameters = {
        "precision_mode": precision,
        # An engine takes minutes to build: kept, it is built once for all starts of the server.
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": f"{TENSORRT_CACHE}/{digest}",
    }
    lines = [f"    parameters {{ key: {_quoted(key)} value: {_quoted(value)} }}" for key, value in parameters.items()]
    opening = 'optimization { execution_accelerators {\n  gpu_execution_accelerator [ { name: "tensorrt"'
    return "\n".join([opening, *lines, "  } ]\n} }"])


def _parameter(key: str, value: int) -> str:
    return f'parameters {{ key: {_quoted(key)} value {{ string_value: "{value}" }} }}'


def _quoted(text: str) -> str:
    return json.dumps(text)


def _link_or_copy(model: Path, target: Path) -> None:
    try:
        # The same file under a second name. `translate export` never writes into a file that is there.
        os.link(model.resolve(), target)
    except OSError:
        shutil.copyfile(model, target)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of 1 or more")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
