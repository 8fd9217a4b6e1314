"""What is timed: of each method ours, as a user gets it, and the authors' step, literally."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.literal import networks as theirs
from benchmarks.literal.cut import CUT
from benchmarks.literal.cyclegan import CycleGAN
from benchmarks.literal.pix2pix import Pix2Pix
from translate.batches import Pair
from translate.config import build_method
from translate.methods import METHODS, Method
from translate.settings import Settings
from translate.training import precision
from translate.training.trainer import Trainer

KINDS = ("literal", "ours")
CHANNELS = 3

Sizes = dict[str, dict[str, Any]]

# Arguments of networks by kind and of methods by name, beside their defaults, which are the papers'.
_SMALL_CUT = {"layers": (0, 4, 8, 12), "patches": 16}
TINY: Sizes = {
    "resnet": {"width": 4, "blocks": 1},
    "unet": {"width": 4, "depth": 5},
    "patchgan": {"width": 4},
    "projector": {"width": 8},
    "cyclegan": {},
    "cut": _SMALL_CUT,
    "fastcut": _SMALL_CUT,
    "pix2pix": {},
}
PAPERS: Sizes = {name: {} for name in TINY}


class Candidate:
    """One way to play a method: `step` plays a round on pictures `[N, 3, H, W]` in [-1, 1] that are on `device`.

    `model` holds all weights that move. `settings` are of `ours`, where not default; the authors' step has none.
    """

    model: nn.Module
    step: Callable[[Tensor, Tensor], Any]

    def __init__(self, method: str, kind: str, sizes: Sizes, settings: Mapping[str, Any] | None = None) -> None:
        if kind == "ours":
            # Far from the end of the learning rate's schedule.
            trainer = Trainer(our_method(method, sizes), Settings(**(settings or {})), total=10**6, seed=0)
            self.model, self.device, self.dtype = trainer.method, trainer.device, trainer.dtype
            self.step = lambda source, target: trainer.play(Pair(source, target))
        else:
            # The authors let cuDNN try its algorithms and take the fastest.
            torch.backends.cudnn.benchmark = True
            self.device, self.dtype = precision.device("auto"), torch.float32
            literal = LITERAL[method](sizes).to(self.device).train()
            self.model, self.step = literal, literal.step


def our_method(name: str, sizes: Sizes) -> Method:
    """The method as a configuration that says nothing but `sizes` would build it."""
    kind = METHODS[name]
    wiring = kind.wiring(source=CHANNELS, target=CHANNELS)
    networks = {role: {"name": network, **wiring[role], **sizes[network]} for role, network in kind.networks.items()}
    return build_method({"method": {"name": name, **sizes[name]}, "networks": networks})


def _pix2pix(sizes: Sizes) -> Any:
    G, D = theirs.UNet(CHANNELS, **sizes["unet"]), theirs.PatchGAN(2 * CHANNELS, **sizes["patchgan"])
    return Pix2Pix(*_initialised([G, D]))


def _cyclegan(sizes: Sizes) -> Any:
    generators = [theirs.ResNet(CHANNELS, **sizes["resnet"]) for _ in range(2)]
    discriminators = [theirs.PatchGAN(CHANNELS, norm="instance", **sizes["patchgan"]) for _ in range(2)]
    return CycleGAN(*_initialised([*generators, *discriminators]))


def _cut(sizes: Sizes) -> Any:
    return _contrastive(sizes, nce=1.0, identity=True, flip=False)


def _fastcut(sizes: Sizes) -> Any:
    return _contrastive(sizes, nce=10.0, identity=False, flip=True)


def _contrastive(sizes: Sizes, **game: Any) -> Any:
    game = {"layers": (0, 4, 8, 12, 16), **sizes["cut"], **game}
    G = theirs.ResNet(CHANNELS, antialias=True, **sizes["resnet"])
    D = theirs.PatchGAN(CHANNELS, norm="instance", antialias=True, **sizes["patchgan"])
    with torch.no_grad():
        features = G.encode(torch.zeros(1, CHANNELS, 16, 16), game["layers"])
    F = theirs.Projector([feature.shape[1] for feature in features], **sizes["projector"])
    return CUT(*_initialised([G, D, F], "xavier"), **game)


def _initialised(networks: list[nn.Module], init: str = "normal") -> list[Any]:
    for network in networks:
        theirs.init_weights(network, init)
    return networks


# Method → the authors' model, freshly initialised: a module with a `step`. The order is that of the report.
LITERAL: dict[str, Callable[[Sizes], Any]] = {
    "cyclegan": _cyclegan,
    "cut": _cut,
    "fastcut": _fastcut,
    "pix2pix": _pix2pix,
}
