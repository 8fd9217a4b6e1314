"""How a method is trained: the `[train]` section of a configuration, plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from translate.errors import ConfigError
from translate.metrics import OF_SETS, PAIRED
from translate.suggest import suggestion

MOST_WORKERS = 256
OPTIMIZERS = ("adam", "rmsprop", "sgd")


class Pace(NamedTuple):
    """How one player learns."""

    optimizer: str
    lr: float
    betas: tuple[float, float]


@dataclass(frozen=True)
class Settings:
    """What the one loop needs to know. Defaults are the papers' (Isola 2017, §3.3; Zhu 2017, §4)."""

    epochs: float = 200.0
    """How often each sample is seen. Like `steps` it may be raised when a run goes on: the rate then falls anew."""
    steps: int = 0
    """Rounds to play; where it is given, `epochs` is not used."""
    batch: int = 1
    """Samples a round, of all processes together."""
    lr: float = 2e-4
    """The learning rate."""
    betas: tuple[float, float] = (0.5, 0.999)
    """Adam's decay rates of the two moments."""
    optimizer: str = "adam"
    """`adam`, `rmsprop` (whose average decays by 0.99) or `sgd` (without momentum)."""
    players: dict[str, dict[str, Any]] = field(default_factory=dict)
    """`[train.players.D]`: `lr`, `betas` and `optimizer` of one player where they differ, such as a faster critic's
    (two time-scales: Heusel 2017)."""
    decay: float = 0.5
    """Share of the steps, at the end, over which the learning rate falls linearly; the last step's is above 0."""
    ema: float = 0.999
    """Decay per step of the averaged weights, which are what is shown and exported; 0 keeps none."""
    precision: str = "auto"
    """`fp32`, `bf16` (autocast), or `auto`: bf16 where the hardware multiplies it natively."""
    device: str = "auto"
    """`cpu`, `cuda`, `cuda:1` …, or `auto`: a GPU where there is one."""
    channels_last: str = "auto"
    """Channels as the innermost axis in memory: `on`, `off`, or `auto`: on in half precision, which is faster so."""
    compile: bool = False
    """Compile the networks (torch.compile): minutes at the start, and a C++ compiler is needed on a CPU."""
    graphs: bool = False
    """Record a whole round once and replay it (CUDA graphs): for a GPU that waits for the host, as at batch 1."""
    accumulate: int = 1
    """Gradient accumulation: parts in which a batch goes through the networks, for want of memory; optimisers step once
    for all of them. BatchNorm's statistics, and what is drawn, are each part's own. Where D moves first, as in pix2pix,
    the generator's activations of all parts wait for its turn: there it saves less."""
    recompute: bool = False
    """Gradient checkpointing: forget the generators' inner activations and compute them again for the gradient."""
    workers: int = -1
    """Processes that read pictures; -1 chooses by the machine."""
    check_data: bool = True
    """Read every file once before training starts."""
    cache: bool = False
    """Keep all that is trained on in memory, decoded and resized (count × `transform.load`² × channels bytes), so that
    an epoch after the first need not decode it again."""
    log_every: int = 50
    """Steps from one line of the log to the next, which is their mean."""
    sample_every: int = 500
    """Steps from one sample sheet to the next; 0 draws none."""
    checkpoint_every: int = 1000
    """Steps from one checkpoint to the next; the last step always is one."""
    keep: int = 2
    """Checkpoints kept, the newest ones."""
    best: str = ""
    """A metric, such as `L1` or `SSIM` of pairs or `SWD` of sets: the checkpoint that scores best on what is held out
    is kept as well."""
    metrics: tuple[str, ...] = ()
    """Metrics that are logged as `held_out/METRIC`, beside that of `best`."""
    evaluate_every: int = 0
    """Steps from one evaluation on held-out pictures to the next, and at the last step; 0: with every checkpoint."""
    evaluate_on: int = 0
    """Held-out pictures that are evaluated on, the first by name; 0: all."""
    patience: int = 0
    """Evaluations without a new best after which training stops; 0 never does."""
    guard: float = 0.0
    """Go back to the last checkpoint, and on with other draws, when a loss is not finite or its mean over a line of the
    log is so many times its usual one; 0 stops at what is not finite and lets the rest pass. See docs/watching.md."""
    tensorboard: bool = True
    """Write TensorBoard's event files beside the log."""
    tracker: str = ""
    """`wandb` or `trackio`: the curves and sheets go there as well, by the library of that name, which you install."""

    def __post_init__(self) -> None:
        for name in ("batch", "accumulate", "log_every", "checkpoint_every", "keep"):
            if getattr(self, name) < 1:
                raise ConfigError(f"train: {name} = {getattr(self, name)}, it must be at least 1")
        for name in ("steps", "sample_every", "evaluate_every", "evaluate_on", "patience"):
            if getattr(self, name) < 0:
                raise ConfigError(f"train: {name} = {getattr(self, name)}, it must not be negative")
        if not self.steps and not self.epochs > 0:
            raise ConfigError("train: say how long: steps = N, or epochs = N")
        if not (self.steps or math.isfinite(self.epochs)):
            raise ConfigError(f"train: epochs = {self.epochs}: a run must end")
        _check_pace(Pace(self.optimizer, self.lr, self.betas), "train")
        for player, given in self.players.items():
            _check_table(given, f"train.players.{player}")
            _check_pace(self.pace(player), f"train.players.{player}")
        if not -1 <= self.workers <= MOST_WORKERS:
            raise ConfigError(
                f"train: workers = {self.workers}: from 0 to {MOST_WORKERS}, or -1 to choose by the machine"
            )
        known = (*PAIRED, *OF_SETS)
        for key, name in (("best", self.best), *(("metrics", name) for name in self.metrics)):
            if (name or key == "metrics") and name not in known:
                raise ConfigError(f"train: {key} = {name!r}: choose one of {', '.join(known)}")
        if self.patience and not self.best:
            raise ConfigError(
                f"train: patience = {self.patience}: for a new best of what? Set best to a metric as well"
            )
        if self.evaluate_every and not (self.best or self.metrics):
            raise ConfigError(
                f"train: evaluate_every = {self.evaluate_every}: by which metric? Set metrics or best as well"
            )
        if self.guard and not 1 < self.guard < math.inf:
            raise ConfigError(f"train: guard = {self.guard}: more than 1, or 0 for none")
        if not 0 <= self.decay <= 1:
            raise ConfigError(f"train: decay = {self.decay}: it is a share, between 0 and 1")
        if not 0 <= self.ema < 1:
            raise ConfigError(f"train: ema = {self.ema}: it must be at least 0 and less than 1")
        if self.batch % self.accumulate:
            raise ConfigError(f"train: batch = {self.batch} cannot be taken in accumulate = {self.accumulate} parts")
        if self.tracker not in ("", "wandb", "trackio"):
            raise ConfigError(f"train: tracker = {self.tracker!r}: choose one of wandb, trackio, or leave it out")
        if self.channels_last not in ("auto", "on", "off"):
            raise ConfigError(f"train: channels_last = {self.channels_last!r}: choose one of auto, on, off")
        if self.precision not in ("auto", "fp32", "bf16"):
            raise ConfigError(f"train: precision = {self.precision!r}: choose one of auto, fp32, bf16")

    def total(self, samples: int) -> int:
        """Rounds to play with so many samples: `steps`, or `epochs` in steps, at least one."""
        return self.steps or max(1, math.ceil(self.epochs * samples / self.batch))

    def pace(self, player: str) -> Pace:
        """How `player` learns: as its own table says, and else as all do."""
        given = self.players.get(player, {})
        betas = given.get("betas", self.betas)
        return Pace(given.get("optimizer", self.optimizer), given.get("lr", self.lr), (betas[0], betas[1]))

    def rate(self, step: int, total: int, player: str = "") -> float:
        """The learning rate of round `step` of `total`: constant, then linear towards 0, which it never reaches.

        (The reference steps its schedule so that the last epoch trains at 0.)
        """
        falling, lr = self.decay * total, self.pace(player).lr
        return lr * min(1.0, (total - step) / falling) if falling >= 1 else lr


def _check_pace(pace: Pace, where: str) -> None:
    if pace.optimizer not in OPTIMIZERS:
        raise ConfigError(f"{where}: optimizer = {pace.optimizer!r}: choose one of {', '.join(OPTIMIZERS)}")
    if not 0 < pace.lr < math.inf:
        raise ConfigError(f"{where}: lr = {pace.lr}: it must be above 0")
    if not all(0 <= beta < 1 for beta in pace.betas):
        raise ConfigError(f"{where}: betas = {list(pace.betas)}: both must be at least 0 and less than 1")


def _check_table(given: Any, where: str) -> None:
    """Whether a player's table has the keys and types that it may have."""
    if not isinstance(given, Mapping):
        raise ConfigError(f"{where} = {given!r}: it must be a section of keys, such as {where}.lr")
    for key, value in given.items():
        if key not in Pace._fields:
            raise ConfigError(f"{where}: there is no key {key!r}{suggestion(key, Pace._fields)}")
        numbers = value if key == "betas" else [value]
        fits = isinstance(numbers, list | tuple) and (key == "optimizer" or all(_is_number(one) for one in numbers))
        if not fits or (key == "betas" and len(numbers) != 2):
            wanted = {"lr": "a number", "betas": "two numbers", "optimizer": "a name"}[key]
            raise ConfigError(f"{where}.{key} = {value!r}: it must be {wanted}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
