"""What an exported model says of itself: a small JSON text in the model's own metadata.

The card travels inside the `.onnx` file (`metadata_props`, key `translate.card`), so it cannot be lost, and it needs
nothing but the standard library to read, so that any service can ask a model what it is before it loads a runtime.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any

from translate.attributes import attributes_fault
from translate.errors import ModelError
from translate.forms import Form

KEY = "translate.card"
VERSION = 3
"""The newest format of a card that is read. A card is of format 1 as long as nothing on it would be misread by one who
knows no more: `source_form` and `target_form` need 2, `latent` needs 3."""
UNKNOWN = "unknown"
"""The method of a model that was trained elsewhere."""

_LONGEST = 20_000
"""Letters of a text on the card: enough for a whole licence."""

_CLASSES, _NAME = 64, 40
"""Classes of a palette, and letters of the name of one: what fits beside a sheet of paper."""
_LABELS = 1024
"""Classes that a model which draws from noise can be told: what fits into a list to choose from."""
_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Card:
    """The facts a caller of the model needs.

    The graph takes `image` and gives `translated`: `[N, H, W, C]` of any `H` and `W` of at least 1, uint8 unless
    `source_form` and `target_form` say otherwise.

    Of a model that draws from noise it takes `noise` float32 `[N, latent]`, and where there are `classes` also `label`
    int64 `[N]`, and gives `translated` uint8 `[N, size, size, C]`. What is said of the input has no meaning there.
    """

    name: str
    """The run it came from, for example `town_edges2day`."""
    task: str
    """In words, `source → target`, for example `edges → photo`."""
    method: str
    """The method that trained it, for example `pix2pix`; `unknown` where only the weights were read."""
    source: str
    """The input domain in one word; `edges` makes the page offer a canvas."""
    target: str
    """The output domain in one word."""
    source_channels: int = 3
    """Channels of the input as it is stored: 1 grey, 3 RGB, or any other number."""
    target_channels: int = 3
    """Channels of the output as it is stored."""
    size: int = 256
    """Side in pixels of the squares it was trained on: the size at which it is at its best."""
    multiple: int = 1
    """The graph pads height and width up to a multiple of this by reflection and crops back: callers need not."""
    halo: int = 0
    """How far an output pixel sees, in pixels, when the statistics of its norms are given; 0: the whole picture."""
    statistics: str = "none"
    """How normalisation layers work here: `image` (each picture by its own), `running` (by training's), `none`."""
    precision: str = "fp32"
    """In which it computes: `fp32`, `fp16`, `bf16` (its weights; the arithmetic where the engine can) or `int8`."""
    norms: list[int] = field(default_factory=list)
    """Channels of each norm, in the order of execution, that takes its statistics from the picture and can be given
    others: see `translate.runtime.opening`."""
    noise: bool = False
    """Whether the graph of a model that translates has a noise input; one that draws has `latent`. Dropout is off
    unless asked for as explicit noise."""
    parity: dict[str, Any] = field(default_factory=dict)
    """What was measured at export against torch: `sizes`, `max_levels` (of 255), `max_float` (before rounding); where
    the output is of 16 bits or floats both are of 65,535, which `levels` says.

    Of a smaller precision, under its name, what it costs against float32: `mean_levels`, `max_levels`, `ssim`, on how
    many `pictures`, and whether these were `held_out` of training.
    """
    training: dict[str, Any] = field(default_factory=dict)
    """Where it comes from.

    `step`, `pictures` in the training set, `held_out` beside them, `data` (a digest of the files' names), `seed`,
    `batch`, `weights` (`ema` or `raw`), and where it is the run's best by a score, `scores`: metric → its mean over the
    held-out pairs. Of weights that were trained elsewhere: `file`, its `sha256`, and `network`.
    """
    license: str = ""
    """The licence of the weights, where the one who trained them states it."""
    palette: dict[str, str] = field(default_factory=dict)
    """Where the source is label maps: name of a class → its colour there, `#rrggbb`; the first is the background."""
    derived: dict[str, Any] = field(default_factory=dict)
    """Where the source of every pair was made of its target: how, so that it can be made of any photo.

    `name` and `arguments` of the derivation, what it `does` in words, and `parity`: what was measured at export of the
    graph in the file that does it (see `translate.runtime.deriving`) against torch.
    """
    direction: str = "forward"
    """`forward`, or `backward` where the method learns both ways and this is the way from its target to its source."""
    source_form: list[dict[str, Any]] = field(default_factory=list)
    """What the input is made of, a record for each file of a picture (`translate.forms`); none: 8-bit levels."""
    target_form: list[dict[str, Any]] = field(default_factory=list)
    """What the output is made of."""
    latent: int = 0
    """Numbers of noise, each of N(0, 1), that a picture is drawn from; 0: it translates pictures."""
    classes: list[str] = field(default_factory=list)
    """Names of the labels that a model which draws from noise is told, in the order of their numbers from 0."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """Directions of the noise that mean something: name → what `translate.attributes` says."""
    version: int = 1
    """Version of this card's format."""

    @cached_property
    def takes(self) -> Form:
        """What the input is made of."""
        return Form.of_records(self.source_form, self.source_channels)

    @cached_property
    def gives(self) -> Form:
        """What the output is made of."""
        return Form.of_records(self.target_form, self.target_channels)

    @property
    def ordinary(self) -> bool:
        """Whether it is from pictures to pictures as any program shows them: grey or RGB of 8 bits, in one file."""
        return not self.draws and self.takes.ordinary and self.gives.ordinary

    @property
    def draws(self) -> bool:
        """Whether it draws pictures from noise, instead of translating them."""
        return self.latent > 0

    @property
    def row(self) -> int:
        """Numbers in a picture's statistics: of each norm its channels' means and then their variances."""
        return 2 * sum(self.norms)

    def undoes(self, other: Card) -> bool:
        """Whether this model is the way back of the `other`: of the same run, in the opposite direction."""
        return (
            {self.direction, other.direction} == {"forward", "backward"}
            and (self.name, self.source, self.target) == (other.name, other.target, other.source)
            and self.training.get("data") == other.training.get("data")
        )

    def to_json(self) -> str:
        """The card as JSON text, keys in order of definition."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Read a card.

        Raises:
            ModelError: the text is not a card, misses a field that has no default, or is of a newer format.
        """
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"the model's card is not JSON: {error}") from None
        if not isinstance(record, dict):
            raise ModelError("the model's card is not a JSON object")
        version = record.get("version")
        if not isinstance(version, int) or version > VERSION:
            raise ModelError(
                f"the model's card is of format {version!r:.40}, this package reads up to {VERSION}: "
                "upgrade translate-gan"
            )
        # Fields added later by the same format version are ignored, fields missing take their defaults.
        known = {f.name: record[f.name] for f in fields(cls) if f.name in record}
        try:
            card = cls(**known)
        except TypeError as error:
            raise ModelError(f"the model's card is incomplete: {error}") from None
        card._check()
        return card

    @classmethod
    def from_metadata(cls, metadata: dict[str, str]) -> Card:
        """Read the card from a model's metadata (`session.get_modelmeta().custom_metadata_map`).

        Raises:
            ModelError: there is no card, or it cannot be read.
        """
        if KEY not in metadata:
            raise ModelError("the file is an ONNX model without a card: export it with `translate export`")
        return cls.from_json(metadata[KEY])

    def _check(self) -> None:
        for name in ("source_channels", "target_channels", "size", "multiple"):
            if not _count(getattr(self, name), least=1):
                raise ModelError(f"the model's card says {name} = {getattr(self, name)!r:.100}, which cannot be")
        for name in ("takes", "gives"):
            try:
                getattr(self, name)
            except ValueError as error:
                side = {"takes": "source", "gives": "target"}[name]
                raise ModelError(f"the model's card says {side}_form{error}") from None
        if self.direction not in ("forward", "backward"):
            raise ModelError(
                f"the model's card says direction = {self.direction!r:.100}, which is neither forward nor backward"
            )
        for name, kind in (("parity", dict), ("training", dict), ("noise", bool)):
            if not isinstance(getattr(self, name), kind):
                raise ModelError(f"the model's card says {name} = {getattr(self, name)!r:.100}, which cannot be")
        if not _derived(self.derived):
            raise ModelError(f"the model's card says derived = {self.derived!r:.100}, which cannot be")
        if fault := palette_fault(self.palette):
            raise ModelError(f"the model's card says palette{fault}")
        if fault := self._drawing_fault():
            raise ModelError(f"the model's card says {fault}")
        if not _count(self.halo, least=0):
            raise ModelError(f"the model's card says halo = {self.halo!r:.100}, which cannot be")
        if not isinstance(self.norms, list) or not all(_count(channels, least=1) for channels in self.norms):
            raise ModelError(f"the model's card says norms = {self.norms!r:.100}, which cannot be")
        for name in ("name", "task", "method", "source", "target", "statistics", "precision", "license"):
            value = getattr(self, name)
            # What is shown in terminals and pages is one line of text; only a licence may have several.
            if not isinstance(value, str) or not (value.isprintable() or name == "license"):
                raise ModelError(f"the model's card says {name} = {value!r:.100}, which is not a line of text")
            if len(value) > _LONGEST:
                raise ModelError(f"the model's card says {name} in {len(value):,} letters: give {_LONGEST:,} at most")

    def _drawing_fault(self) -> str:
        """What is wrong with what it says of drawing from noise."""
        if not _count(self.latent, least=0):
            return f"latent = {self.latent!r:.100}, which cannot be"
        if fault := classes_fault(self.classes):
            return f"classes{fault}"
        if fault := attributes_fault(self.attributes, self.latent):
            return f"attributes{fault}"
        if not self.draws:
            return "classes without latent: only a model that draws from noise is told them" if self.classes else ""
        if self.version < 3:
            return f"latent = {self.latent} in format {self.version}, which does not know it"
        for name in ("source_form", "palette", "derived", "norms"):
            if getattr(self, name):
                return f"{name} of a model that draws from noise, which takes no picture"
        if self.direction != "forward" or not self.gives.ordinary:
            what = self.gives if self.direction == "forward" else "backward"
            return f"latent = {self.latent} and {what}: a model draws 8-bit grey or RGB, forward"
        return ""


def classes_fault(classes: Any) -> str:
    """What is wrong with names of labels, as the rest of a sentence that has just named them; empty where it is none.

    They are at most 1,024, each of its own, of at most 40 letters that can be printed.
    """
    if not isinstance(classes, list):
        return f" = {classes!r:.100}: it must be a list of names"
    if len(classes) > _LABELS:
        return f" has {len(classes):,} names: give {_LABELS:,} at most"
    for name in classes:
        if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > _NAME:
            return f" has a class {name!r:.60}: a name is a line of 1 to {_NAME} letters"
    if len(set(classes)) < len(classes):
        return f" names {max(classes, key=classes.count)!r} twice: each class needs a name of its own"
    return ""


def palette_fault(palette: Any) -> str:
    """What is wrong with a palette, as the rest of a sentence that has just named it; empty where it is one.

    A palette is at most 64 names of at most 40 letters that can be printed, and for each a colour of its own as
    `#rrggbb` in small letters.
    """
    if not isinstance(palette, dict):
        return f" = {palette!r:.100}: it must be names of classes, each with a colour"
    if len(palette) > _CLASSES:
        return f" has {len(palette):,} classes: give {_CLASSES} at most"
    classes: dict[str, str] = {}
    for name, colour in palette.items():
        if not name.strip() or not name.isprintable() or len(name) > _NAME:
            return f" has a class {name!r:.60}: a name is a line of 1 to {_NAME} letters"
        if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
            return f".{name} = {colour!r:.40}: it must be a colour such as '#86c5da'"
        if colour in classes:
            return f".{name} = {colour!r}, as {classes[colour]} is: each class needs a colour of its own"
        classes[colour] = name
    return ""


def _derived(derived: Any) -> bool:
    """Whether this says how a source is made of a photo, or that it is not."""
    if derived == {}:
        return True
    if not isinstance(derived, dict) or not isinstance(derived.get("arguments"), dict):
        return False
    texts = [derived.get("name"), derived.get("does")]
    return all(isinstance(text, str) and text.isprintable() and 0 < len(text) <= 200 for text in texts)


def _count(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= 65536
