"""Sliced Wasserstein distance of two sets of pictures, by scale (Karras 2018, §5 and appendix B). Needs no weights.

    SW(A, B) = E_θ W₁(Aθ, Bθ)

A and B are patches of 7×7 pixels from a level of the Laplacian pyramid, 128 a picture, each channel of a set with mean
0 and deviation 1; θ are random directions, 4 × 128 of them. On a line W₁ is the mean distance between the sorted
numbers of both. Levels go from 16 pixels, where a picture's large forms are, to its own side, where its texture is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from translate.errors import DataError

Picture = np.ndarray

COARSEST = 16
PATCH, PATCHES = 7, 128
REPEATS, DIRECTIONS = 4, 128
MOST = 2048
"""Pictures of a set that are looked at; of more, so many evenly over the whole: memory is bounded, at about 75 KB a
picture beside the pictures themselves."""

_BINOMIAL = np.array([1, 4, 6, 4, 1], np.float32) / 16


def levels(a: Sequence[Picture], b: Sequence[Picture], seed: int = 0) -> dict[int, float]:
    """Distance at each level, times 10³, by the level's short side in pixels, finest first.

    Args:
        a: pictures `[H, W, C]` of one size, numbers of any range.
        b: others of that size; as many or not.
        seed: of the patches and directions, which are the same places and directions for all calls.

    Raises:
        DataError: pictures of several sizes, or smaller than 16 pixels.
    """
    shapes = {picture.shape for picture in (*a, *b)}
    if len(shapes) != 1:
        raise DataError(f"SWD compares pictures of one size, these have {len(shapes)}: resize them")
    ((height, width, _),) = shapes
    if min(height, width) < COARSEST:
        raise DataError(f"SWD needs pictures of {COARSEST}×{COARSEST} pixels or more, not {width}×{height}")
    found = {}
    for level, (one, other) in enumerate(zip(_patches(a, seed), _patches(b, seed), strict=True)):
        random = np.random.default_rng([seed, level])
        found[-(-min(height, width) // 2**level)] = 1e3 * sliced(one, other, random)
    return found


def sliced(a: np.ndarray, b: np.ndarray, random: np.random.Generator) -> float:
    """Mean W₁ of `[n, D]` and `[m, D]` over random directions."""
    distances = []
    for _ in range(REPEATS):
        directions = random.standard_normal((a.shape[1], DIRECTIONS))
        directions = (directions / np.linalg.norm(directions, axis=0)).astype(a.dtype)
        distances.append(wasserstein(a @ directions, b @ directions).mean())
    return float(np.mean(distances))


def wasserstein(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """W₁ between the columns of `[n, k]` and `[m, k]`, each a set of numbers of equal weight: `[k]`.

    W₁ = ∫₀¹ |F⁻¹(q) − G⁻¹(q)| dq, both inverses being steps: at multiples of 1/n and of 1/m.
    """
    a, b = np.sort(a, axis=0), np.sort(b, axis=0)
    n, m = len(a), len(b)
    if n == m:
        mean: np.ndarray = np.abs(a - b).mean(0, dtype=np.float64)
        return mean
    # Where a step ends, in units of 1/(nm), which are whole numbers.
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    widths = np.diff(ends, prepend=0) / (n * m)
    integral: np.ndarray = widths @ np.abs(a[(ends - 1) // m] - b[(ends - 1) // n])
    return integral


def halved(picture: np.ndarray) -> np.ndarray:
    """Blurred and every other pixel of `[H, W, C]`: the next level of the Gaussian pyramid (Burt & Adelson 1983)."""
    return _blurred(picture)[::2, ::2]


def doubled(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """What `halved` made, at its former size: zeros between its pixels, blurred, times 4."""
    spread = np.zeros((height, width, picture.shape[2]), np.float32)
    spread[::2, ::2] = picture
    return 4 * _blurred(spread)


def _patches(pictures: Sequence[Picture], seed: int) -> Iterator[np.ndarray]:
    """Of each level, finest first: float32 `[N·128, 7·7·C]`, normalised. One level is in memory at a time."""
    chosen = np.linspace(0, len(pictures) - 1, min(len(pictures), MOST)).round().astype(int)
    level: list[np.ndarray] = [pictures[place] for place in chosen]
    random = np.random.default_rng([seed, 1 << 32])
    while True:
        height, width = level[0].shape[:2]
        last = (min(height, width) + 1) // 2 < COARSEST
        found, coarser = [], []
        for picture in level:
            band = picture.astype(np.float32)
            if not last:
                coarser.append(halved(band))
                band = band - doubled(coarser[-1], height, width)
            found.append(_of_picture(band, random))
        yield _normalised(np.concatenate(found))
        if last:
            return
        level = coarser


def _of_picture(band: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """`[H, W, C]` → 128 patches `[128, C, 7, 7]` from anywhere."""
    windows = np.lib.stride_tricks.sliding_window_view(band, (PATCH, PATCH), axis=(0, 1))
    places = (random.integers(0, length, PATCHES) for length in windows.shape[:2])
    patches: np.ndarray = windows[tuple(places)]
    return patches


def _normalised(patches: np.ndarray) -> np.ndarray:
    """Each channel of a set with mean 0 and deviation 1; one that is constant stays 0. `[N, C, 7, 7]` → `[N, D]`."""
    patches = patches - patches.mean((0, 2, 3), keepdims=True, dtype=np.float64).astype(np.float32)
    deviation = patches.std((0, 2, 3), keepdims=True, dtype=np.float64).astype(np.float32)
    patches /= np.where(deviation > 1e-6, deviation, 1)
    return patches.reshape(len(patches), -1)


def _blurred(picture: np.ndarray) -> np.ndarray:
    """By the binomial filter of 5×5, reflected at the border."""
    for axis in (0, 1):
        pad = [(2, 2) if axis == each else (0, 0) for each in range(3)]
        padded = np.pad(picture, pad, mode="reflect")
        length = picture.shape[axis]
        picture = sum(
            weight * (padded[k : k + length] if axis == 0 else padded[:, k : k + length])
            for k, weight in enumerate(_BINOMIAL)
        )
    return picture
