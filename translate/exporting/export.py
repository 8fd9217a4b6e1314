"""Network + card → one `.onnx` file, refused if it does not say the same as the network."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from translate import card as cards
from translate.card import Card
from translate.errors import ExportError
from translate.exporting import drawing
from translate.exporting.derivation import attached
from translate.exporting.equalise import equalised
from translate.exporting.graph import BytesToBytes, Exported
from translate.exporting.precision import PRECISIONS, Judge, in_bfloat16, reduced
from translate.exporting.samples import Samples
from translate.exporting.verify import verify
from translate.files import write_whole
from translate.runtime import history as histories
from translate.runtime.deriving import DERIVED
from translate.runtime.history import History

if TYPE_CHECKING:
    import onnx

OPSET = 18  # the files have IR version 10: ONNX Runtime 1.18 (May 2024) and later


def export(
    network: nn.Module,
    card: Card,
    path: Path,
    precision: str = "fp32",
    samples: Samples | None = None,
    history: History | None = None,
) -> Card:
    """Write `network` (on the CPU, in eval mode) to `path` as one self-contained file.

    Args:
        network: translates `[N, C, H, W]` in [-1, 1]; has `multiple`, `smallest` and `halo`. Or, where the card says
            so, draws from noise `[N, latent]` and a label `[N]` where it has `classes`.
        card: what the file says of itself; `multiple`, `halo`, `norms` and `parity` are filled in here, and the graph
            of the derivation that it names is put into the file.
        path: where the file goes; it appears there whole or not at all.
        precision: one of `PRECISIONS`; all but `fp32` are held to bounds on `samples`, or on what is drawn.
        samples: pictures that the network takes; of one that draws none.
        history: its training in pictures, to be kept in the file.

    Returns:
        The card as it was written.

    Raises:
        ExportError: the exported graph does not match the network, a smaller precision costs too much, or the file
            cannot be written.
    """
    if precision not in PRECISIONS:
        raise ExportError(f"precision = {precision!r}: choose one of {', '.join(PRECISIONS)}")
    if precision != "fp32" and not (card.takes.whole and card.gives.whole):
        raise ExportError(
            f"{precision} is measured in levels of 8-bit pictures, {card.name} takes {card.takes} and gives "
            f"{card.gives}: export it as fp32"
        )
    if card.draws:
        return _export_drawing(network, card, path, precision)
    forms = card.takes, card.gives
    original, graph = BytesToBytes(network, *forms).eval(), Exported(network, *forms).eval()
    model = _to_onnx(graph, card)
    norms = _norms(model)
    parity = verify(model, original, card, norms)
    if precision != "fp32":
        if samples is None:
            raise ExportError(f"{precision} is measured on pictures: give samples")
        model, figures = reduced(model, precision, _begun(model, network, card, precision, samples), samples)
        card = replace(card, precision=precision)
        parity = {**parity, precision: figures}
    sizes: dict[str, Any] = {"multiple": original.multiple, "halo": original.halo, "norms": norms}
    card = replace(card, **sizes, parity=parity)
    card = attached(model, card, partial(_bytes_to_bytes, gives=DERIVED))
    taken, given = f"image {card.takes.depth} [N, H, W, {card.source_channels}]", card.gives.depth
    _describe(model, card, history, f"{taken} → translated {given}, any H and W")
    _write(model, path)
    return card


def _export_drawing(network: nn.Module, card: Card, path: Path, precision: str) -> Card:
    """The same of a network that draws from noise."""
    if precision == "int8":
        raise ExportError(f"int8 is for models that translate pictures, {card.name} draws them: export it as bf16")
    graph = drawing.ExportedDrawing(network).eval()
    model = _drawing_to_onnx(graph, card)
    parity = drawing.verify_drawing(model, drawing.Drawing(network).eval(), card)
    if precision != "fp32":
        feeds = [
            {name: array[place : place + 1] for name, array in drawing.inputs(card, drawing.JUDGING).items()}
            for place in range(drawing.JUDGING)
        ]
        judge = Judge(model, feeds)
        model = in_bfloat16(model) if precision == "bf16" else _drawing_to_onnx(graph.half(), card)
        figures = judge.held(model, precision)
        parity[precision] = {**figures, "pictures": len(feeds), "held_out": False}
    card = replace(card, precision=precision, parity=parity)
    taken = f"noise float32 [N, {card.latent}]" + (" and label int64 [N]" if card.classes else "")
    given = f"uint8 [N, {card.size}, {card.size}, {card.target_channels}]"
    _describe(model, card, None, f"{taken} → translated {given}")
    _write(model, path)
    return card


def _drawing_to_onnx(graph: nn.Module, card: Card) -> onnx.ModelProto:
    given = {name: torch.from_numpy(array) for name, array in drawing.inputs(card, 3).items()}
    return _to_model(graph, given, "translated", ("n",))


def _begun(model: onnx.ModelProto, network: nn.Module, card: Card, precision: str, samples: Samples) -> onnx.ModelProto:
    """The same function in the form that a smaller precision begins with."""
    if precision == "fp16":
        return _to_onnx(Exported(network).eval().half(), card)
    if precision == "int8":
        return _to_onnx(Exported(equalised(network, samples.calibrating)).eval(), card)
    return model


def _to_onnx(graph: Exported, card: Card) -> onnx.ModelProto:
    # Sizes that are no multiples of anything, so that the exporter cannot take one for a constant.
    image = torch.zeros(2, card.size + 3, card.size + 11, card.source_channels)
    return _bytes_to_bytes(graph, image.to(getattr(torch, card.takes.depth)), "translated")


def _bytes_to_bytes(graph: nn.Module, image: torch.Tensor, gives: str) -> onnx.ModelProto:
    return _to_model(graph, {"image": image}, gives, ("n", "h", "w"))


def _to_model(
    graph: nn.Module, given: Mapping[str, torch.Tensor], gives: str, free: tuple[str, ...]
) -> onnx.ModelProto:
    """The graph as ONNX, `free` being the first sizes of what it is given and what it gives."""
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            graph,
            tuple(given.values()),
            dynamo=True,
            input_names=list(given),
            output_names=[gives],
            dynamic_shapes=tuple(dict(enumerate(free)) for _ in given),
            opset_version=OPSET,
            external_data=False,
            verbose=False,
        )
    if program is None:
        raise ExportError("torch's exporter gave nothing")
    model = program.model_proto
    _tidy(model, free)
    return model


def _norms(model: onnx.ModelProto) -> list[int]:
    """Channels of each norm that measures, in the order of the graph."""
    sizes = {tensor.name: int(tensor.dims[0]) for tensor in model.graph.initializer if tensor.dims}
    scales = [node.input[1] for node in model.graph.node if node.op_type == "InstanceNormalization"]
    if not sizes.keys() >= set(scales):
        raise ExportError("torch's exporter computes the weights of a norm in the graph, where constants are expected")
    return [sizes[scale] for scale in scales]


def _tidy(model: onnx.ModelProto, free: tuple[str, ...]) -> None:
    """Say that the output is as large as the input where that is free, and leave inner shapes to the runtime.

    The exporter writes them as formulas of `h` and `w`, which ONNX Runtime's memory planner takes for names.
    """
    del model.graph.value_info[:]
    for dim, name in zip(model.graph.output[0].type.tensor_type.shape.dim, free, strict=False):
        dim.dim_param = name
    for place, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{place}"
        del node.metadata_props[:]  # stack traces of the machine that exported it
        node.doc_string = ""
    del model.metadata_props[:]


def _describe(model: onnx.ModelProto, card: Card, history: History | None, does: str) -> None:
    model.producer_name = "translate-gan"
    model.doc_string = f"{card.task}: {does}"
    texts = {cards.KEY: card.to_json()} | ({histories.KEY: history.to_json()} if history else {})
    for key, text in texts.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, text


def _write(model: onnx.ModelProto, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, model.SerializeToString())
    except (OSError, ValueError) as error:  # ValueError: more than a protobuf can hold
        raise ExportError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None


@contextmanager
def _quiet() -> Iterator[Any]:
    """The exporter warns of its own internals; what is wrong with its result is found by `verify`."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
