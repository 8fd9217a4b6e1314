"""Checks of every way to train that do not need recorded rounds: methods, precisions, resuming, averaging, memory.

Where two ways must agree, the bound is a rounding error's, or three times what the same way differs from itself: some
gradients on a GPU are sums in no fixed order.
"""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.gpu.item import Clock, Result, Task, verdict
from benchmarks.gpu.play import (
    distance,
    exact,
    feed,
    joined,
    play,
    statistics_apart,
    through_a_file,
    trainer,
    weights_apart,
)
from translate.training.trainer import Trainer

LIMIT = 1e-3
ROUNDS = 10
# Where other kernels do the work: rounding, at a weight whose gradient is 0, is a whole step of Adam's, and grows.
SHORT = 3
# Its dropout would be drawn elsewhere, or in another order.
STILL = {"unet": {"dropout": 0.0}}


def plays(name: str, precision: str) -> Result:
    """Three rounds: losses are numbers and every weight moves (but biases, whose gradient may be 0)."""
    trained = trainer(name, 100, precision=precision)
    before = {key: value.detach().clone() for key, value in trained.method.named_parameters()}
    curve = play(trained, feed(name), 3)
    finite = all(bool(torch.isfinite(values).all()) for values in curve.values())
    still = [key for key, value in trained.method.named_parameters() if torch.equal(value, before[key])]
    still = [key for key in still if not key.endswith("bias")]
    losses = {term: round(float(values[-1]), 6) for term, values in curve.items()}
    return verdict(finite and not still, losses=losses, still=still, where=trained.device.type)


def like_the_cpu(name: str) -> Result:
    """The same rounds in float32 here and on the CPU; nothing is drawn in them."""
    with exact():
        ours = trainer(name, 100, arguments=STILL, precision="fp32")
        theirs = trainer(name, 100, arguments=STILL, precision="fp32", device="cpu")
        batches = feed(name)
        error = distance(play(ours, batches, SHORT), play(theirs, batches, SHORT))
    return verdict(error <= LIMIT, error=error, limit=LIMIT)


def resumes(name: str, precision: str) -> Result:
    """Stopping, saving and going on ends where not stopping ends: to the bit, where not stopping twice does."""

    def make() -> Trainer:
        return trainer(name, 2 * ROUNDS, precision=precision)

    batches = feed(name)
    with exact():
        whole, again, first, second = make(), make(), make(), make()
        reference = play(whole, batches, 2 * ROUNDS)
        floor = distance(play(again, batches, 2 * ROUNDS), reference)
        half = play(first, batches, ROUNDS)
        second.load(through_a_file(first.state()))
        error = distance(joined(half, play(second, batches, 2 * ROUNDS)), reference)
    floors, errors = (floor, weights_apart(again, whole)), (error, weights_apart(second, whole))
    return verdict(
        all(found <= 3 * least for found, least in zip(errors, floors, strict=True)),
        losses={"error": errors[0], "twice the same": floors[0]},
        weights={"error": errors[1], "twice the same": floors[1]},
        to_the_bit=errors == (0.0, 0.0),
    )


def averages(name: str, recorded: bool) -> Result:
    """The averaged weights against their formula, in float64, round by round."""
    rounds, decay = 40 if recorded else 12, 0.9
    trained = trainer(name, 100, precision="fp32", ema=decay, graphs=recorded)
    batches = feed(name)
    names = trained.method.averaged
    wanted = [weight.detach().double().cpu() for key in names for weight in getattr(trained.method, key).parameters()]
    for step in range(rounds):
        trained.play(batches(step))
        share = 1 - min(decay, (1 + step) / (10 + step))
        weights = [weight for key in names for weight in getattr(trained.method, key).parameters()]
        wanted = [w.lerp(weight.detach().double().cpu(), share) for w, weight in zip(wanted, weights, strict=True)]
    kept = [weight.double().cpu() for key in names for weight in trained.average.networks[key].parameters()]
    error = max(float((w - k).abs().max() / w.abs().max().clamp_min(1e-6)) for w, k in zip(wanted, kept, strict=True))
    captured = bool(getattr(trained, "captured", False))
    return verdict(error <= 1e-5 and captured == recorded, error=error, limit=1e-5, recorded=captured)


def fused_adam(name: str) -> Result:
    """Every optimiser is fused, and goes where torch's plain loop over weights goes."""
    with exact():
        ours, plain = (trainer(name, 100, precision="fp32") for _ in range(2))
        fused = all(bool(optimizer.defaults["fused"]) for optimizer in ours.optimizers.values())
        settings = plain.settings
        plain.optimizers = {
            player: torch.optim.Adam(weights, lr=settings.lr, betas=settings.betas, foreach=False, fused=False)
            for player, weights in plain.parameters.items()
        }
        batches = feed(name)
        error = distance(play(ours, batches, SHORT), play(plain, batches, SHORT))
    return verdict(fused and error <= LIMIT, fused=fused, error=error, limit=LIMIT)


def same_as_plain(name: str, batch: int, arguments: dict[str, Any], **settings: Any) -> Result:
    """A setting that must not change what is learnt: losses and statistics beside those without it."""
    with exact():
        plain, again, other = (
            trainer(name, 100, arguments=arguments, precision="fp32", batch=batch, **given)
            for given in ({}, {}, settings)
        )
        batches = feed(name, batch)
        reference = play(plain, batches, SHORT)
        floor = distance(play(again, batches, SHORT), reference)
        error = distance(play(other, batches, SHORT), reference)
        # Running statistics show in no loss of training.
        statistics = statistics_apart(other, plain)
    limit = max(LIMIT, 3 * floor)
    return verdict(max(error, statistics) <= limit, error=error, statistics=statistics, limit=limit, setting=settings)


def channels_last(name: str) -> Result:
    """Weights lie channels last, and losses are the same."""
    found = same_as_plain(name, 2, STILL, channels_last="on")
    weights = [
        weight
        for weight in trainer(name, 100, channels_last="on").method.parameters()
        if weight.dim() == 4 and weight.shape[1] > 1 and weight.shape[2] > 1
    ]
    lie = [weight.is_contiguous(memory_format=torch.channels_last) for weight in weights]
    passed = found["status"] == "passed" and bool(lie) and all(lie)
    return verdict(passed, **{k: v for k, v in found.items() if k != "status"}, weights_so=sum(lie), of=len(lie))


def never_waits(name: str, recorded: bool) -> Result:
    """No round makes the host wait for the GPU: torch raises an error where one would."""
    trained = trainer(name, 1000, graphs=recorded)
    here, pinned = ([batches(number) for number in range(4)] for batches in (feed(name), feed(name, pinned=True)))
    for step in range(20):
        trained.play(here[step % 4])
    torch.cuda.set_sync_debug_mode("error")
    try:
        for step in range(8):
            trained.play((here if step < 4 else pinned)[step % 4])
    finally:
        torch.cuda.set_sync_debug_mode("default")
        torch.cuda.synchronize()
    captured = bool(getattr(trained, "captured", False))
    return verdict(captured == recorded, recorded=captured)


def recompute_saves(task: Task, clock: Clock) -> Result:
    """Forgetting activations of CycleGAN at the papers' size makes the peak lower."""
    from benchmarks.gpu.speed import Contestant

    found = {
        label: Contestant("cyclegan", {"recompute": recompute}, batch=4, tiny=task.quick).measure(3)
        for label, recompute in (("without", False), ("with", True))
    }
    return verdict(found["with"]["peak_bytes"] < found["without"]["peak_bytes"], **found)
