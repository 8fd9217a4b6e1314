"""The authors' networks: layer for layer, bias for bias, activations in place.

Their weights come in the order of ours, so that one can be given the weights of the other.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


def init_weights(network: nn.Module, kind: str = "normal") -> None:
    """Weights N(0, 0.02) or Xavier's with gain 0.02, BatchNorm's N(1, 0.02), biases 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.xavier_normal_(module.weight, 0.02) if kind == "xavier" else nn.init.normal_(module.weight, 0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class NoNorm(nn.Module):
    """A copy, not `x` itself: the activation in place after it must not reach the features that CUT took before it."""

    def forward(self, x: Tensor) -> Tensor:
        """`x`, elsewhere in memory."""
        return x.clone()


def make_norm(name: str, channels: int) -> nn.Module:
    """BatchNorm affine and tracked, InstanceNorm neither; `none` is for tests."""
    if name == "none":
        return NoNorm()
    return {"batch": nn.BatchNorm2d, "instance": nn.InstanceNorm2d}[name](channels)


class Downsample(nn.Module):
    """Every second pixel after [1, 2, 1], reflected at the border; the filter is kept once a channel."""

    filt: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pad = nn.ReflectionPad2d(1)
        self.register_buffer("filt", _filter([1.0, 2.0, 1.0], channels))

    def forward(self, x: Tensor) -> Tensor:
        """`[N, C, H, W]` → `[N, C, ⌈H/2⌉, ⌈W/2⌉]`."""
        return functional.conv2d(self.pad(x), self.filt, stride=2, groups=x.shape[1])


class Upsample(nn.Module):
    """[1, 3, 3, 1] between the pixels, the border repeated; a pixel too many all around is cut off afterwards."""

    filt: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pad = nn.ReplicationPad2d(1)
        self.register_buffer("filt", 4 * _filter([1.0, 3.0, 3.0, 1.0], channels))

    def forward(self, x: Tensor) -> Tensor:
        """`[N, C, H, W]` → `[N, C, 2H, 2W]`."""
        wide = functional.conv_transpose2d(self.pad(x), self.filt, stride=2, padding=2, groups=x.shape[1])
        return wide[:, :, 1:, 1:][:, :, :-1, :-1]


def _filter(row: list[float], channels: int) -> Tensor:
    values = torch.tensor(row)
    kernel = values[:, None] * values[None, :]
    return (kernel / kernel.sum())[None, None].repeat(channels, 1, 1, 1)


class ResNet(nn.Module):
    """CycleGAN's generator; with `antialias` CUT's."""

    def __init__(
        self, channels: int = 3, width: int = 64, blocks: int = 9, norm: str = "instance", antialias: bool = False
    ) -> None:
        super().__init__()
        bias = norm != "batch"
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(channels, width, 7, bias=bias)]
        layers += [make_norm(norm, width), nn.ReLU(True)]
        for size in (width, 2 * width):
            layers.append(nn.Conv2d(size, 2 * size, 3, stride=1 if antialias else 2, padding=1, bias=bias))
            layers += [make_norm(norm, 2 * size), nn.ReLU(True)]
            if antialias:
                layers.append(Downsample(2 * size))
        layers += [ResnetBlock(4 * width, norm) for _ in range(blocks)]
        for size in (4 * width, 2 * width):
            if antialias:
                layers += [Upsample(size), nn.Conv2d(size, size // 2, 3, padding=1, bias=bias)]
            else:
                layers.append(nn.ConvTranspose2d(size, size // 2, 3, 2, 1, output_padding=1, bias=bias))
            layers += [make_norm(norm, size // 2), nn.ReLU(True)]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, channels, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Translate `x` `[N, C, H, W]` in [-1, 1]."""
        return self.model(x)

    def encode(self, x: Tensor, places: Sequence[int]) -> list[Tensor]:
        """What the layers at `places` give; those behind the last are not run."""
        features = []
        for place, layer in enumerate(self.model):
            x = layer(x)
            if place in places:
                features.append(x)
            if place == places[-1]:
                break
        return features


class ResnetBlock(nn.Module):
    """x + conv(relu(conv(x))), reflected at the border."""

    def __init__(self, size: int, norm: str) -> None:
        super().__init__()
        first, second = (
            [nn.ReflectionPad2d(1), nn.Conv2d(size, size, 3, bias=norm != "batch"), make_norm(norm, size)]
            for _ in range(2)
        )
        self.block = nn.Sequential(*first, nn.ReLU(True), *second)

    def forward(self, x: Tensor) -> Tensor:
        """`[N, C, H, W]` → the same shape."""
        return x + self.block(x)


class PatchGAN(nn.Module):
    """The discriminator of all of them; with `antialias` CUT's. pix2pix shows it source and target as one picture."""

    def __init__(
        self, channels: int = 3, width: int = 64, layers: int = 3, norm: str = "batch", antialias: bool = False
    ) -> None:
        super().__init__()
        sizes = [width * min(2**level, 8) for level in range(layers + 1)]
        model: list[nn.Module] = []
        for level, size in enumerate(sizes):
            halves = level < layers
            bias = level == 0 or norm != "batch"
            inputs = sizes[level - 1] if level else channels
            model.append(nn.Conv2d(inputs, size, 4, 2 if halves and not antialias else 1, 1, bias=bias))
            if level:
                model.append(make_norm(norm, size))
            model.append(nn.LeakyReLU(0.2, True))
            if halves and antialias:
                model.append(Downsample(size))
        model.append(nn.Conv2d(sizes[-1], 1, 4, 1, 1))
        self.model = nn.Sequential(*model)

    def forward(self, x: Tensor) -> Tensor:
        """`[N, C, H, W]` → a map of logits `[N, 1, h, w]`."""
        return self.model(x)


class UNet(nn.Module):
    """pix2pix's generator, built from the innermost block outwards, each holding the one within."""

    def __init__(self, channels: int = 3, width: int = 64, depth: int = 8, norm: str = "batch") -> None:
        super().__init__()
        sizes = [width * min(2**level, 8) for level in range(depth)]
        block = UNetBlock(sizes[-2], sizes[-1], None, norm)
        for level in range(depth - 2, 0, -1):
            block = UNetBlock(sizes[level - 1], sizes[level], block, norm, dropout=level > 3)
        bias = norm != "batch"
        down, up = nn.Conv2d(channels, width, 4, 2, 1, bias=bias), nn.ConvTranspose2d(2 * width, channels, 4, 2, 1)
        self.model = nn.Sequential(down, block, nn.ReLU(True), up, nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        """Translate `x` `[N, C, H, W]` in [-1, 1]."""
        return self.model(x)


class UNetBlock(nn.Module):
    """Down, what is `within`, up; and past them what came in.

    The first activation works in place, so that what passes by is activated as well: ReLU, which comes next, does not
    see the difference.
    """

    def __init__(self, outer: int, inner: int, within: nn.Module | None, norm: str, dropout: bool = False) -> None:
        super().__init__()
        bias = norm != "batch"
        layers: list[nn.Module] = [nn.LeakyReLU(0.2, True), nn.Conv2d(outer, inner, 4, 2, 1, bias=bias)]
        if within is not None:
            layers += [make_norm(norm, inner), within]
        size = inner if within is None else 2 * inner
        layers += [nn.ReLU(True), nn.ConvTranspose2d(size, outer, 4, 2, 1, bias=bias), make_norm(norm, outer)]
        if dropout:
            layers.append(nn.Dropout(0.5))
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """`[N, C, H, W]` → `[N, 2C, H, W]`."""
        return torch.cat([x, self.model(x)], 1)


class Projector(nn.Module):
    """CUT's network F: features at some places → vectors of length 1, through a perceptron a layer.

    `epsilon` is added to a vector's length before the division.
    """

    def __init__(self, channels: Sequence[int], width: int = 256, epsilon: float = 1e-7) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width)) for inputs in channels
        )

    def forward(
        self, features: Sequence[Tensor], patches: int, ids: Sequence[Tensor] | None = None
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Features `[N, C, h, w]` at `patches` places, or at `ids`, → vectors `[N · patches, width]`, and the ids."""
        vectors, used = [], []
        for number, (feature, head) in enumerate(zip(features, self.heads, strict=True)):
            flat = feature.permute(0, 2, 3, 1).flatten(1, 2)
            # Drawn on the host, as theirs are (from numpy there, from torch's generator here).
            place = torch.randperm(flat.shape[1])[:patches].to(flat.device) if ids is None else ids[number]
            vector = head(flat[:, place, :].flatten(0, 1))
            length = vector.pow(2).sum(1, keepdim=True).pow(0.5)
            vectors.append(vector.div(length + self.epsilon))
            used.append(place)
        return vectors, used
