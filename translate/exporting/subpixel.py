"""Transposed convolutions as ordinary ones: the same numbers in a form that runtimes are better at.

Output pixel o of a transposed convolution with stride s, padding p and kernel w is Σ_i x[i] · w[o + p − s·i]. For the
pixels o = s·j + r of one phase r only the taps t ≡ r + p (mod s) count, each at the input j + (r + p − t)/s. So every
phase is an ordinary small convolution of x, and the phases interleave by depth-to-space (Shi 2016, §3.2).
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional


class SubPixel(nn.Module):
    """What a transposed convolution does, phase by phase: `[N, C, H, W]` → `[N, C', s·H, s·W]`.

    Args:
        layer: a transposed convolution that `fits`.
    """

    def __init__(self, layer: nn.ConvTranspose2d) -> None:
        super().__init__()
        kernel, stride, padding = (int(pair[0]) for pair in (layer.kernel_size, layer.stride, layer.padding))
        self.stride = stride
        self.phases = nn.ModuleList(
            _Phase(layer, _taps(row, kernel, stride, padding), _taps(column, kernel, stride, padding))
            for row in range(stride)
            for column in range(stride)
        )

    def forward(self, x: Tensor) -> Tensor:
        """One phase after the other in `[N, s²·C', H, W]`, interleaved."""
        return _interleaved(torch.cat([phase(x) for phase in self.phases], 1), self.stride)


def _interleaved(phases: Tensor, stride: int) -> Tensor:
    """`[N, s²·C, H, W]` → `[N, C, s·H, s·W]`: depth to space, whole phases before channels.

    Channels before phases, as torch's `pixel_shuffle` has them, would want another order of memory than convolutions
    give: OpenVINO spends a ninth of a ResNet's time on that. So the exported graph gets ONNX's operator by name.
    """
    count, channels, height, width = phases.shape
    shape = (count, channels // stride**2, stride * height, stride * width)
    if torch.compiler.is_exporting():
        return torch.onnx.ops.symbolic(
            "DepthToSpace", (phases,), {"blocksize": stride, "mode": "DCR"}, dtype=phases.dtype, shape=shape
        )
    planes = phases.reshape(count, stride, stride, shape[1], height, width)
    return planes.permute(0, 3, 4, 1, 5, 2).reshape(shape)


class _Phase(nn.Module):
    """One phase: the taps that count, as the kernel of a convolution with its own padding on each side."""

    def __init__(self, layer: nn.ConvTranspose2d, rows: list[tuple[int, int]], columns: list[tuple[int, int]]) -> None:
        super().__init__()
        weight = layer.weight.detach()[:, :, [tap for _, tap in rows]][:, :, :, [tap for _, tap in columns]]
        self.weight = nn.Parameter(weight.transpose(0, 1).contiguous(), requires_grad=False)
        self.bias = layer.bias
        # (left, right, top, bottom), negative where the kernel does not reach the pixel's own place.
        self.pad = (-columns[0][0], columns[-1][0], -rows[0][0], rows[-1][0])

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(functional.pad(x, self.pad), self.weight, self.bias)


def subpixel(network: nn.Module) -> nn.Module:
    """A copy of `network` with every transposed convolution that fits in sub-pixel form."""
    network = copy.deepcopy(network)
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.ConvTranspose2d) and fits(module):
            parent = network.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], SubPixel(module))
    return network


def fits(layer: nn.ConvTranspose2d) -> bool:
    """Whether a layer can be rewritten, as generators' can.

    It must be square, not grouped, not dilated, have a tap for every phase, and make its input exactly s times as
    large.
    """
    pairs = (layer.kernel_size, layer.stride, layer.padding, layer.output_padding)
    if any(pair[0] != pair[1] for pair in pairs) or layer.groups > 1 or layer.dilation != (1, 1):
        return False
    kernel, stride, padding, extra = (int(pair[0]) for pair in pairs)
    return kernel >= stride and extra == stride + 2 * padding - kernel


def _taps(phase: int, kernel: int, stride: int, padding: int) -> list[tuple[int, int]]:
    """(offset into the input, tap of the kernel) of one phase, offsets rising one by one."""
    taps = [tap for tap in range(kernel) if (phase + padding - tap) % stride == 0]
    return sorted(((phase + padding - tap) // stride, tap) for tap in taps)
