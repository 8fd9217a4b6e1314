"""From a trained method to what is exported: the network as it is used, and its card."""

from __future__ import annotations

from typing import Any

from torch import nn

from translate.card import Card
from translate.data.derived import Filled, derivation
from translate.errors import ExportError
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
    """The network that translates in `direction`, and its card.

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
    if direction not in method.directions:
        what = f"only {' and '.join(method.directions)}" if method.directions else "no picture into another"
        raise ExportError(f"{config['name']}: {config['method']['name']} does not translate {direction}: it has {what}")
    role = method.directions[direction]
    if statistics == "auto":
        train = config["train"]
        statistics = statistics_after(train["batch"] // train.get("accumulate", 1))
    network = as_used(getattr(method, role), statistics)
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
        training={
            **training,
            "seed": config["seed"],
            "batch": config["train"]["batch"],
            "weights": "ema" if config["train"]["ema"] else "raw",
        },
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
