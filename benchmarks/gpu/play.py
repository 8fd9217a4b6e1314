"""Small games for the checks: methods without data, batches that follow from their number, and curves to compare."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from translate.batches import Batch, Images, Labelled, Pair
from translate.config import build_method
from translate.methods import METHODS, Method
from translate.settings import Settings
from translate.training import precision
from translate.training.trainer import Trainer

# Deep enough for U-Net's dropout.
SIDE = 64
FACTS = {"source": 3, "target": 3, "image": 3, "classes": 4, "size": SIDE}
_CUT = {"layers": (0, 4, 8, 12), "patches": 16}
# Arguments of networks by kind and of methods by name; the pool is soon full.
SIZES: dict[str, dict[str, Any]] = {
    "resnet": {"width": 4, "blocks": 1},
    "unet": {"width": 4, "depth": 6},
    "patchgan": {"width": 4, "layers": 2},
    "projector": {"width": 8},
    "dcgan_generator": {"width": 4, "latent": 8},
    "dcgan_discriminator": {"width": 4},
    "cyclegan": {"pool": 4},
    "cut": _CUT,
    "fastcut": _CUT,
}

# Methods with an argument that changes which turns a round has: name → method, arguments.
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {"dcgan of two critic steps": ("dcgan", {"critic_steps": 2})}

Curve = dict[str, Tensor]
"""Term → its value in each round, float64 on the host."""
Feed = Callable[[int], Batch]


def method(name: str, **arguments: Mapping[str, Any]) -> Method:
    """A small method; `arguments` go to the networks of a kind, or to the method, by that name."""
    name, changed = VARIANTS.get(name, (name, {}))
    kind = METHODS[name]
    wiring = kind.wiring(**{fact: FACTS[fact] for fact in inspect.signature(kind.wiring).parameters})
    given = {key: {**SIZES.get(key, {}), **arguments.get(key, {})} for key in {name, *kind.networks.values()}}
    networks = {role: {"name": network, **wiring[role], **given[network]} for role, network in kind.networks.items()}
    return build_method({"method": {"name": name, **given[name], **changed}, "networks": networks})


def trainer(
    name: str, total: int, seed: int = 0, arguments: Mapping[str, Mapping[str, Any]] | None = None, **settings: Any
) -> Trainer:
    """The same weights every time, on the GPU where there is one."""
    torch.manual_seed(0)
    settings = {"device": precision.device("auto").type, **settings}
    return Trainer(method(name, **(arguments or {})), Settings(**settings), total=total, seed=seed)


def feed(name: str, count: int | None = None, pinned: bool = False, views: bool = False) -> Feed:
    """Batches of `count` pictures by their number, as bytes on the device, or in pinned memory of the host.

    With `views` they are crops of larger pictures, as they lie there.
    """
    facts = inspect.signature(METHODS[VARIANTS.get(name, (name, {}))[0]].wiring).parameters
    count = count or (1 if "source" in facts else 4)
    device = precision.device("auto")

    def batch(number: int) -> Batch:
        draw = torch.Generator().manual_seed(1000 + number)

        def picture() -> Tensor:
            # Coarse, so that pictures differ in more than noise.
            coarse = torch.rand(count, 3, 8, 8, generator=draw)
            bytes_ = (torch.nn.functional.interpolate(coarse, SIDE, mode="bilinear") * 255).to(torch.uint8)
            if views:
                bytes_ = torch.nn.functional.pad(bytes_, (3, 4, 5, 6))[:, :, 5:-6, 3:-4]
            return bytes_.pin_memory() if pinned else bytes_.to(device)

        if "source" in facts:
            return Pair(picture(), picture())
        if "classes" in facts:
            return Labelled(picture(), torch.randint(FACTS["classes"], (count,), generator=draw).to(device))
        return Images(picture())

    return batch


def play(player: Trainer, batches: Feed, until: int) -> Curve:
    """Play on until round `until`. Read at the end, so that nothing waits in between."""
    kept: dict[str, list[Tensor]] = {}
    while player.step < until:
        for term, loss in player.play(batches(player.step)).items():
            kept.setdefault(term, []).append(loss.detach().clone())
    return {term: torch.stack(values).double().cpu() for term, values in kept.items()}


def joined(first: Curve, then: Curve) -> Curve:
    """One curve after the other."""
    return {term: torch.cat((first[term], then[term])) for term in first}


def distance(curve: Curve, reference: Curve) -> float:
    """The largest ‖a − b‖ / ‖b‖ of all losses; infinite where one is not finite.

    Not of shares such as `D/right_on_real`, which jump.
    """
    losses = [term for term in reference if not term.split("/")[-1].startswith("right_")]
    return max(apart(curve[term], reference[term]) for term in losses)


def apart(value: Tensor, reference: Tensor) -> float:
    """‖a − b‖ / ‖b‖ in float64, infinite where it is no number."""
    value, reference = value.detach().double().cpu(), reference.detach().double().cpu()
    found = float((value - reference).norm() / reference.norm().clamp_min(1e-30))
    return found if found < float("inf") else float("inf")


def weights_apart(one: Trainer, other: Trainer) -> float:
    """The same of all weights and statistics together."""
    return apart(*(_flat(trained.method.state_dict()) for trained in (one, other)))


def statistics_apart(one: Trainer, other: Trainer) -> float:
    """The same of what is no weight: BatchNorm's running statistics, pools."""
    return apart(*(_flat(dict(trained.method.named_buffers())) for trained in (one, other)))


def _flat(values: Mapping[str, Any]) -> Tensor:
    found = [value.detach().double().flatten().cpu() for value in values.values() if isinstance(value, Tensor)]
    return torch.cat([torch.zeros(1, dtype=torch.float64), *found])


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    """A state as it comes back from a checkpoint: on the host, sharing nothing."""
    memory = io.BytesIO()
    torch.save(state, memory)
    memory.seek(0)
    loaded: dict[str, Any] = torch.load(memory, map_location="cpu", weights_only=True)
    return loaded


@contextmanager
def exact() -> Iterator[None]:
    """cuDNN's reproducible algorithms, and no TF32: what differs then differs for a reason."""
    cudnn, cuda = torch.backends.cudnn, torch.backends.cuda.matmul
    before = cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32, cuda.allow_tf32
    cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32, cuda.allow_tf32 = True, False, False, False
    try:
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32, cuda.allow_tf32 = before
