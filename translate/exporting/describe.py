"""From a trained method to what is exported: the network as it is used, and its card."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from translate.card import Card, classes_fault
from translate.data.derived import Filled, derivation
from translate.errors import ExportError
from translate.exporting.drawing import inputs
from translate.forms import Form
from translate.methods import Method
from translate.networks.norm import as_used, statistics_after, statistics_of


def describe(
    method: Method,
    config: dict[str, Any],
    training: dict[str, Any],
    direction: str = "forward",
    statistics: str = "auto",
) -> tuple[nn.Module, Card]:
    """The network that translates in `direction`, or draws from noise, and its card.

    Args:
        method: the trained method, its averaged weights in place, on the CPU.
        config: the resolved configuration of its run.
        training: facts that the configuration does not hold: the `step` it was trained to, the `pictures` it saw, a
            digest of its `data` and how many of them were `held_out`.
        direction: `forward` or `backward`.
        statistics: what BatchNorm uses: `image`, `running`, or `auto`: what it saw in training, which is one image's
            own at batch size 1.

    Raises:
        ExportError: the method does not translate pictures in that direction.
    """
    if method.drawer and direction == "forward":
        return _drawing(method, config, training, statistics)
    if direction not in method.directions:
        ways = list(method.directions) or ["forward, from noise"] * bool(method.drawer)
        what = f"only {' and '.join(ways)}" if ways else "no picture into another"
        raise ExportError(f"{config['name']}: {config['method']['name']} does not translate {direction}: it has {what}")
    role = method.directions[direction]
    network = _as_used(getattr(method, role), config, statistics)
    takes, gives = _forms(config, role, direction)
    source, target = config["domains"] if direction == "forward" else reversed(config["domains"])
    card = Card(
        name=config["name"],
        task=f"{source} → {target}",
        method=config["method"]["name"],
        source=source,
        target=target,
        direction=direction,
        source_channels=takes.channels,
        target_channels=gives.channels,
        size=config["transform"]["size"],
        statistics=statistics_of(network),
        training=_training(training, config),
        # Of the configuration's source; runs of earlier versions have none.
        palette=config.get("palette", {}) if direction == "forward" else {},
        source_form=takes.records(),
        target_form=gives.records(),
        version=2 if takes.records() or gives.records() else 1,
        derived=_derived(config["data"].get("derive")) if direction == "forward" else {},
    )
    if card.derived.get("name") == "mask":
        network = Filled(network).eval()
    return network, card


def _drawing(
    method: Method, config: dict[str, Any], training: dict[str, Any], statistics: str
) -> tuple[nn.Module, Card]:
    """The network of a method that draws from noise, and its card."""
    network = _as_used(getattr(method, method.drawer), config, statistics)
    with torch.no_grad():
        _, channels, height, width = network(*map(torch.from_numpy, inputs(network, 1).values())).shape
    if height != width or channels not in (1, 3) or config.get("forms", {}).get("image"):
        raise ExportError(
            f"{config['name']} draws pictures of {height} × {width} and {channels} channels: "
            "only squares in 8-bit grey or RGB are exported"
        )
    count = int(getattr(network, "classes", 0))
    names = config.get("classes", [])  # runs of earlier versions have none
    if len(names) != count or classes_fault(names):
        names = [str(number) for number in range(count)]
    target = "picture" if config["domains"][1] == "target" else config["domains"][1]
    return network, Card(
        name=config["name"],
        task=f"noise → {target}",
        method=config["method"]["name"],
        source="noise",
        target=target,
        target_channels=channels,
        size=height,
        statistics=statistics_of(network),
        training=_training(training, config),
        latent=int(network.latent),  # type: ignore[arg-type]
        classes=names,
        version=3,
    )


def _as_used(network: nn.Module, config: dict[str, Any], statistics: str) -> nn.Module:
    if statistics == "auto":
        train = config["train"]
        statistics = statistics_after(train["batch"] // train.get("accumulate", 1))
    return as_used(network, statistics)


def _training(training: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    weights = "ema" if config["train"]["ema"] else "raw"
    return {**training, "seed": config["seed"], "batch": config["train"]["batch"], "weights": weights}


def _forms(config: dict[str, Any], role: str, direction: str) -> tuple[Form, Form]:
    """What the network of that role takes and gives, as it is stored."""
    records = config.get("forms", {})  # of those that are no ordinary pictures
    order = ("source", "target") if direction == "forward" else ("target", "source")
    network = config["networks"][role]
    found = []
    for domain, sees in zip(order, (network["inputs"], network["outputs"]), strict=True):
        found.append(_form(records.get(domain), sees))
    takes, gives = found
    return takes, gives.single


def _form(records: list[dict[str, Any]] | None, sees: int) -> Form:
    return Form.of_records(records, sum(record["channels"] for record in records)) if records else Form.plain(sees)


def _derived(section: dict[str, Any] | None) -> dict[str, Any]:
    """How the source was made of a photo, for the card."""
    if not section:
        return {}
    given = {key: value for key, value in section.items() if key != "name"}
    return {"name": section["name"], "arguments": given, "does": derivation(section).does}
