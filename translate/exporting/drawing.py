"""What is exported of a network that draws from noise: noise and perhaps a label in, bytes out.

noise float32 [N, L] (and label int64 [N]) → network → [-1, 1] → uint8 [N, H, W, C]

There is no chance in the graph: a seed becomes noise where the model runs (`translate.latent`). `Drawing` says what is
meant, `ExportedDrawing` has the form that runtimes are better at; `verify_drawing` compares the two.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from translate import latent
from translate.card import Card
from translate.encoding import decode, levels
from translate.errors import ExportError
from translate.exporting.norms import folded, full
from translate.exporting.subpixel import subpixel
from translate.exporting.verify import held, with_levels
from translate.forms import Form
from translate.runtime.contract import LABEL, NOISE

if TYPE_CHECKING:
    import onnx

BATCHES = (1, 2, 5)
"""Pictures at once on which torch and ONNX Runtime are compared."""

JUDGING = 16
"""Pictures, of the first seeds, on which a smaller precision is measured."""

_FORM = Form.plain(3)  # of any number of channels: that they are levels of 8 bits is all that is asked of it


class Drawing(nn.Module):
    """A network that draws, with its postprocessing.

    Args:
        network: `[N, L]` → `[N, C, H, W]` in [-1, 1], told a label int64 `[N]` where its `classes` are not 0.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, noise: Tensor, label: Tensor | None = None) -> Tensor:
        """float32 `[N, L]` → uint8 `[N, H, W, C]`."""
        return decode(self._made(noise, label), _FORM)

    def levels(self, noise: Tensor, label: Tensor | None = None) -> Tensor:
        """The same before rounding: float32, 0 … 255."""
        return levels(self._made(noise, label), _FORM)

    def _made(self, noise: Tensor, label: Tensor | None) -> Tensor:
        precision = next((p.dtype for p in self.network.parameters()), noise.dtype)
        told = () if label is None else (label,)
        return cast("Tensor", self.network(noise.to(precision), *told)).permute(0, 2, 3, 1)


class ExportedDrawing(Drawing):
    """The same function in the form that is written: norms folded or in float32, no transposed convolutions.

    Args:
        network: as `Drawing`, in eval mode.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        self.network = full(subpixel(_from_one_pixel(folded(network))))


class FromOnePixel(nn.Module):
    """What a transposed convolution makes of one pixel, a product with its kernel: `[N, C, 1, 1]` → `[N, C', H, W]`.

    Args:
        layer: a transposed convolution, not grouped, that is only ever given one pixel.
    """

    def __init__(self, layer: nn.ConvTranspose2d) -> None:
        super().__init__()
        (top, left), (high, wide) = cast("tuple[tuple[int, int], ...]", (layer.padding, layer.kernel_size))
        kernel = layer.weight.detach()[:, :, top : high - top, left : wide - left]
        self.shape = kernel.shape[1:]
        self.weight = nn.Parameter(kernel.flatten(1).contiguous(), requires_grad=False)
        bias = torch.zeros(kernel.shape[1]) if layer.bias is None else layer.bias.detach()
        self.bias = nn.Parameter(bias.repeat_interleave(self.shape[1] * self.shape[2]), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.addmm(self.bias, x.flatten(1), self.weight).unflatten(1, self.shape)


def _from_one_pixel(network: nn.Module) -> nn.Module:
    """A copy of `network` whose transposed convolutions of one pixel are products of matrices.

    As transposed convolutions they are no case for sub-pixels, their stride being 1, and runtimes are slow at them.
    """
    network = copy.deepcopy(network)
    names = {module: name for name, module in network.named_modules() if isinstance(module, nn.ConvTranspose2d)}
    found: dict[str, nn.ConvTranspose2d] = {}

    def look(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        assert isinstance(layer, nn.ConvTranspose2d)
        plain = layer.groups == 1 and layer.dilation == (1, 1) and layer.output_padding == (0, 0)
        if given[0].shape[2:] == (1, 1) and plain:
            found[names[layer]] = layer

    hooks = [layer.register_forward_pre_hook(look) for layer in names]
    with torch.no_grad():
        network(*map(torch.from_numpy, inputs(network, 1).values()))
    for hook in hooks:
        hook.remove()
    for name, layer in found.items():
        parent = network.get_submodule(name.rpartition(".")[0])
        setattr(parent, name.rpartition(".")[2], FromOnePixel(layer))
    return network


def inputs(network: nn.Module | Card, count: int) -> dict[str, np.ndarray]:
    """Noise of the seeds from 0 on, and where there are classes labels in turn, by the names of the graph's inputs."""
    feeds: dict[str, np.ndarray] = {NOISE: latent.noise(range(count), cast("int", network.latent))}
    many = len(network.classes) if isinstance(network, Card) else int(getattr(network, "classes", 0))
    if many:
        feeds[LABEL] = np.arange(count, dtype=np.int64) % many
    return feeds


def verify_drawing(model: onnx.ModelProto, graph: Drawing, card: Card) -> dict[str, Any]:
    """Run torch and ONNX Runtime side by side on several numbers of pictures.

    Args:
        model: the exported graph.
        graph: what is meant.
        card: of the model.

    Returns:
        `sizes`, `max_levels` and `max_float`, as `verify` has them.

    Raises:
        ExportError: the two differ by more than `TOLERANCES` before rounding, or sizes or types differ.
    """
    session = with_levels(model)
    floats, stored = [], []
    for count in BATCHES:
        feeds = inputs(card, count)
        with torch.no_grad():
            given = [torch.from_numpy(array) for array in feeds.values()]
            expected, expected_bytes = graph.levels(*given).numpy(), graph(*given).numpy()
        found_bytes, found = session.run(None, feeds)
        shape = (count, card.size, card.size, card.target_channels)
        if not found.shape == expected.shape == found_bytes.shape == shape or found_bytes.dtype != np.uint8:
            what = f"{found_bytes.dtype} {list(found.shape)}"
            raise ExportError(f"the exported graph gives {what} where torch gives uint8 {list(expected.shape)}")
        floats.append(float(np.abs(found - expected).max()))
        stored.append(int(np.abs(found_bytes.astype(int) - expected_bytes).max()))
    side = f"{card.size}×{card.size}"
    names = [side + (f" ({count} at once)" if count > 1 else "") for count in BATCHES]
    return {"sizes": names, "max_levels": max(stored), "max_float": held(floats, 255)}
