"""Differentiable augmentation: the same change of all that is seen, and gradients through it."""

import pytest
import torch
from torch import Tensor

from translate import shares
from translate.games import Game, Rules, diffaugment
from translate.games.diffaugment import KINDS, draw
from translate.networks import PatchGAN

NAMES = tuple(KINDS)


def pictures(count: int = 4, side: int = 16, channels: int = 3) -> Tensor:
    return torch.rand(count, channels, side, side, dtype=torch.float64) * 2 - 1


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("names", [(name,) for name in NAMES] + [NAMES])
def test_one_draw_is_one_change(names: tuple[str, ...]) -> None:
    x = pictures()
    change = draw(names, x)
    assert torch.equal(change.picture(x), change.picture(x.clone()))
    assert not torch.equal(change.picture(x), x)
    assert not torch.equal(change.picture(x), draw(names, x).picture(x)), "another draw, another change"
    # Pictures differ in their change: the same picture four times does not stay that.
    alike = change.picture(x[:1].expand(4, -1, -1, -1))
    assert not torch.equal(alike[0], alike[1])


def test_real_and_generated_pictures_are_changed_alike() -> None:
    seen: list[Tensor] = []
    game = Game("hinge", Rules(diffaugment=NAMES))
    x, given = pictures(), pictures()
    D = PatchGAN(6, 0, 2, norm="none").double()

    def judge(image: Tensor, condition: Tensor) -> Tensor:
        seen.extend((image, condition))
        return D(image, condition)

    game.critic(judge, x, x.clone(), given, step=0)
    real, condition, fake, same = seen
    assert torch.equal(real, fake)
    assert torch.equal(condition, same)
    assert not torch.equal(real, x)
    game.generator(judge, x, given)
    assert not torch.equal(seen[4], x), "in the generator's turn too"


def test_a_condition_moves_along_and_keeps_its_colours() -> None:
    x = pictures()
    moving = draw(("translation", "cutout"), x)
    assert torch.equal(moving.condition(x), moving.picture(x))
    assert draw(("color",), x).condition(x) is x
    labels = torch.arange(4)
    assert draw(NAMES, x).condition(labels) is labels


@pytest.mark.parametrize("name", NAMES)
def test_gradients_by_finite_differences(name: str) -> None:
    x = pictures(2, 8).requires_grad_()
    change = draw((name,), x)
    assert torch.autograd.gradcheck(change.picture, (x,))
    assert torch.autograd.gradgradcheck(change.picture, (x,))


def test_translation_is_kornias() -> None:
    from kornia.geometry.transform import translate

    x = pictures(64)
    rows, columns = (torch.randint(-2, 3, (64,)) for _ in range(2))
    torch.manual_seed(5)
    mine = diffaugment.translation(x)(x)
    torch.manual_seed(5)
    rows, columns = (torch.randint(-2, 3, (64,)) for _ in range(2))
    theirs = translate(x, torch.stack((columns, rows), 1).double(), mode="nearest", padding_mode="zeros")
    torch.testing.assert_close(mine, theirs, atol=1e-12, rtol=0)
    assert {*rows.tolist()} == {-2, -1, 0, 1, 2}, "an eighth of 16, either way"


def test_a_hole_is_half_a_side_and_zero() -> None:
    x = torch.ones(200, 3, 16, 12, dtype=torch.float64)
    changed = diffaugment.cutout(x)(x)
    holes = (changed == 0).all(1)
    assert ((changed == 0).any(1) == holes).all(), "all channels"
    heights, widths = holes.any(2).sum(1), holes.any(1).sum(1)
    assert heights.max() == 8
    assert widths.max() == 6
    assert (holes.sum((1, 2)) == heights * widths).all(), "a rectangle"
    # Centred anywhere, so that some stick out.
    assert heights.min() < 8
    assert heights.min() >= 4
    assert (changed[~holes[:, None].expand_as(changed)] == 1).all()


def test_color_by_hand() -> None:
    """Zhao 2020's three, in their order: + b, away from grey by s, away from the mean by c."""
    x = pictures(3)
    torch.manual_seed(2)
    changed = diffaugment.color(x)(x)
    torch.manual_seed(2)
    b, s, c = (torch.rand(3, dtype=torch.float64) for _ in range(3))
    for n in range(3):
        y = x[n] + b[n] - 0.5
        grey = y.mean(0)
        y = grey + 2 * s[n] * (y - grey)
        y = y.mean() + (0.5 + c[n]) * (y - y.mean())
        torch.testing.assert_close(changed[n], y)


def test_processes_draw_for_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    x = pictures(8)
    torch.manual_seed(1)
    whole = draw(NAMES, x).picture(x)
    monkeypatch.setattr(shares, "count", lambda: 2)
    parts = []
    for rank in range(2):
        monkeypatch.setattr(shares, "mine", lambda tensor, rank=rank: tensor.chunk(2)[rank])
        torch.manual_seed(1)
        part = x.chunk(2)[rank]
        parts.append(draw(NAMES, part).picture(part))
    assert torch.equal(torch.cat(parts), whole)


def test_half_precision_is_changed_finely() -> None:
    """What a network drew in bfloat16 is coloured and moved in float32."""
    x = pictures().bfloat16()
    assert draw(("color",), x).picture(x).dtype == torch.float32
    assert draw(("translation",), x).picture(x).dtype == torch.bfloat16
