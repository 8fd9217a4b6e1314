"""What a critic pays for beside the game, against closed forms and finite differences."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from translate import losses
from translate.errors import ConfigError
from translate.games import Game, Rules
from translate.methods import DCGAN, METHODS, Pix2Pix
from translate.networks import DCGANDiscriminator, DCGANGenerator, PatchGAN, UNet
from translate.networks.equalised import EqualisedLinear
from translate.networks.progressive import ProgressiveCritic
from translate.networks.spectral import spectral
from translate.settings import Settings
from translate.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("_float64")


class Linear(nn.Module):
    """D(x) = w·x + b, whose slope is w wherever it is asked."""

    def __init__(self, shape: tuple[int, ...] = (3, 4, 4)) -> None:
        super().__init__()
        self.w, self.b = nn.Parameter(torch.randn(shape)), nn.Parameter(torch.tensor(0.7))

    def forward(self, image: Tensor) -> Tensor:
        return (image * self.w).flatten(1).sum(1) + self.b


def pictures(count: int = 5) -> tuple[Tensor, Tensor]:
    return torch.randn(count, 3, 4, 4), torch.randn(count, 3, 4, 4)


def critic(rules: Rules, D: nn.Module, step: int = 0, gan: str = "wasserstein", **more: Any) -> dict[str, Tensor]:
    return Game(gan, rules, D).critic(D, *pictures(), step=step, **more)[0]


def test_r1_of_a_linear_critic() -> None:
    D, gamma = Linear(), 3.0
    assert critic(Rules(r1=gamma), D)["r1"].item() == pytest.approx(gamma / 2 * D.w.square().sum().item(), rel=1e-12)


def test_gradient_penalty_of_a_linear_critic() -> None:
    D = Linear()
    found = critic(Rules(gradient_penalty=10.0), D)["gradient_penalty"].item()
    assert found == pytest.approx(10 * (D.w.norm().item() - 1) ** 2, rel=1e-12)


def test_their_gradients_reach_the_weights() -> None:
    """∇_w γ/2‖w‖² = γ w;  ∇_w λ(‖w‖ − 1)² = 2λ (‖w‖ − 1) w/‖w‖; the constant has none."""
    D = Linear()
    norm = D.w.norm()
    for rules, term, expected in (
        (Rules(r1=3.0), "r1", 3 * D.w),
        (Rules(gradient_penalty=10.0), "gradient_penalty", 20 * (norm - 1) * D.w / norm),
    ):
        gradient, none = torch.autograd.grad(critic(rules, D)[term], (D.w, D.b), allow_unused=True)
        torch.testing.assert_close(gradient, expected.detach())
        assert none is None


def test_drift_is_the_mean_square_of_the_verdicts() -> None:
    on_real = torch.tensor([1.0, -3.0, 2.0])
    assert losses.drift_penalty(on_real).item() == pytest.approx(14 / 3)
    # Of a map its mean is the verdict.
    assert losses.drift_penalty(torch.tensor([[[[1.0, 3.0]]]])).item() == 4.0


def test_a_patchgan_is_asked_for_the_slope_of_its_mean() -> None:
    """By hand: (D(x + h e) − D(x − h e)) / 2h along a direction is ∇D·e."""
    D = PatchGAN(3, layers=1, width=4, norm="instance")
    x = torch.randn(2, 3, 16, 16, requires_grad=True)
    said = D(x)
    assert said[0].numel() > 1
    slopes = losses.slope(said, x)
    (gradient,) = torch.autograd.grad(D(x).flatten(1).mean(1).sum(), x)
    torch.testing.assert_close(slopes.detach(), gradient.flatten(1).norm(dim=1))
    unit = (gradient / gradient.flatten(1).norm(dim=1)[:, None, None, None]).detach()
    with torch.no_grad():
        rise = (D(x + 1e-5 * unit) - D(x - 1e-5 * unit)).flatten(1).mean(1) / 2e-5
    torch.testing.assert_close(slopes.detach(), rise, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("norm", ["layer", "instance", "none"])
@pytest.mark.parametrize("rules", [Rules(r1=2.0), Rules(gradient_penalty=10.0)], ids=["r1", "gradient_penalty"])
def test_second_derivatives_by_finite_differences(rules: Rules, norm: str) -> None:
    D = DCGANDiscriminator(size=16, width=3, norm=norm)
    real, fake = torch.rand(2, 3, 3, 16, 16) * 2 - 1
    for weight in D.parameters():
        nn.init.normal_(weight, 0, 0.3)
    game = Game("nonsaturating", rules, D)

    def loss() -> Tensor:
        torch.manual_seed(1)  # the same places between the two
        return torch.stack([*game.critic(D, real, fake, step=0)[0].values()]).sum()

    weights = list(D.parameters())
    gradients = torch.autograd.grad(loss(), weights)
    directions = [torch.randn_like(weight) for weight in weights]
    along = sum((g * d).sum() for g, d in zip(gradients, directions, strict=True))
    torch.testing.assert_close(along, central(loss, weights, directions), rtol=2e-5, atol=1e-8)


def central(loss: Callable[[], Tensor], weights: list[Tensor], directions: list[Tensor], h: float = 1e-6) -> Tensor:
    """(f(θ + h d) − f(θ − h d)) / 2h."""
    values = []
    for shift in (h, -2 * h, h):
        with torch.no_grad():
            for weight, direction in zip(weights, directions, strict=True):
                weight += shift * direction
        values.append(loss().detach())
    return (values[0] - values[1]) / (2 * h)


def test_a_flat_critic_has_no_slope_and_a_finite_gradient() -> None:
    D = Linear()
    nn.init.zeros_(D.w)
    loss = critic(Rules(gradient_penalty=1.0), D)["gradient_penalty"]
    assert loss.item() == 1.0
    assert torch.isfinite(torch.autograd.grad(loss, D.w)[0]).all()


def test_places_lie_between_the_two() -> None:
    seen: list[Tensor] = []
    D = Linear()
    real, fake = torch.ones(400, 3, 4, 4), -torch.ones(400, 3, 4, 4)
    judge = lambda image: seen.append(image) or D(image)  # type: ignore[func-returns-value]  # noqa: E731
    Game("wasserstein", Rules(gradient_penalty=10.0), D).critic(judge, real, fake, step=0)
    mixed = seen[-1].detach().flatten(1)
    assert (mixed == mixed[:, :1]).all(), "one share for a whole picture"
    share = (mixed[:, 0] + 1) / 2
    assert share.min() >= 0
    assert share.max() <= 1
    # U(0, 1), each picture its own: mean ½ ± 4 standard errors, variance 1/12.
    assert share.mean().item() == pytest.approx(0.5, abs=4 / math.sqrt(12 * 400))
    assert share.var().item() == pytest.approx(1 / 12, rel=0.2)


def test_lazy_r1_is_the_eager_one_on_average() -> None:
    """Of a linear critic it is the same everywhere, so that k rounds of the one are k of the other."""
    D, every = Linear(), 4
    eager = [critic(Rules(r1=2.0), D, step)["r1"].item() for step in range(2 * every)]
    lazy = [critic(Rules(r1=2.0, r1_every=every), D, step).get("r1") for step in range(2 * every)]
    assert [step for step, term in enumerate(lazy) if term is not None] == [0, every]
    assert sum(term.item() for term in lazy if term is not None) == pytest.approx(sum(eager))
    game = Game("hinge", Rules(r1=1.0, r1_every=every), D, critic_steps=6)
    assert game.period == 12


def test_a_weight_keeps_the_balance() -> None:
    D = Linear()
    rules = Rules(r1=1.0, drift=0.1)
    whole, half = (critic(rules, D, weight=weight, domain="_y") for weight in (1.0, 0.5))
    assert set(whole) == {"gan_y", "r1_y", "drift_y"}
    torch.manual_seed(0)
    assert whole["r1_y"].item() == pytest.approx(2 * half["r1_y"].item())


P = torch.tensor([1, 2, 5, 8])
Q = torch.tensor([7, 4, 3, 2])
p, q = P / P.sum(dtype=torch.float64), Q / Q.sum(dtype=torch.float64)


@pytest.mark.parametrize("name", ["minimax", "nonsaturating", "least_squares"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
def test_a_smoothed_label_has_its_published_optimum(name: str, smoothing: float) -> None:
    """One-sided, D* = α p / (p + q) with α = 1 − ε                                    (Salimans 2016, §3.4)."""
    best = (1 - smoothing) * p / (p + q)
    outcomes = (best if name == "least_squares" else torch.logit(best)).clone().requires_grad_()
    on_real, on_fake = outcomes.repeat_interleave(P), outcomes.repeat_interleave(Q)
    loss = losses.OBJECTIVES[name].critic(on_real, on_fake, smoothing)
    (gradient,) = torch.autograd.grad(loss, outcomes)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), atol=1e-14, rtol=0)


def test_smoothed_cross_entropy_is_torchs() -> None:
    on_real, on_fake = torch.randn(2, 50) * 5
    cross = nn.functional.binary_cross_entropy_with_logits
    expected = cross(on_real, torch.full_like(on_real, 0.9)) + cross(on_fake, torch.zeros_like(on_fake))
    torch.testing.assert_close(losses.minimax_critic(on_real, on_fake, 0.1), expected)


def test_the_game_smooths_the_critic_alone() -> None:
    D = Linear()
    game = Game("nonsaturating", Rules(label_smoothing=0.25), D)
    real, fake = pictures()
    expected = losses.minimax_critic(D(real), D(fake), 0.25)
    assert game.critic(D, real, fake, step=0)[0]["gan"].item() == expected.item()
    assert game.generator(D, fake).item() == losses.nonsaturating_generator(D(fake)).item()


def test_spectral_norm_of_a_known_matrix() -> None:
    layer = nn.Linear(3, 3, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.diag(torch.tensor([5.0, 2.0, 0.5])))
    network = spectral(nn.Sequential(layer)).train()
    for _ in range(60):  # (2/5)^60 is nothing
        network(torch.ones(1, 3))
    torch.testing.assert_close(layer.weight, torch.diag(torch.tensor([1.0, 0.4, 0.1])), atol=1e-9, rtol=0)
    assert torch.linalg.matrix_norm(layer.weight, 2).item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("kind", [PatchGAN, DCGANDiscriminator])
def test_every_weight_of_a_spectral_critic_is_normalised(kind: type[nn.Module]) -> None:
    D = kind(inputs=3, width=4, norm="none", spectral=True, **({"size": 32} if kind is DCGANDiscriminator else {}))
    for _ in range(200):
        D(torch.rand(1, 3, 32, 32))
    layers = [module for module in D.modules() if isinstance(module, nn.Conv2d)]
    assert layers
    for layer in layers:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=1e-4)


def test_a_spectral_critic_starts_from_the_same_weights() -> None:
    """Drawn first, normalised then: a seed means the same with and without."""
    torch.manual_seed(3)
    plain = PatchGAN(3, 1, 4)
    torch.manual_seed(3)
    normalised = dict(PatchGAN(3, 1, 4, spectral=True).named_parameters())
    assert torch.equal(normalised["layers.0.parametrizations.weight.original"], plain.layers[0].weight)


def networks(**D: Any) -> tuple[nn.Module, nn.Module]:
    return DCGANGenerator(size=16, width=4, latent=4), DCGANDiscriminator(size=16, width=4, **D)


def test_clipping_keeps_weights_in_their_box_after_every_move() -> None:
    from translate.batches import Images

    clip = 0.01
    method = DCGAN(*networks(), gan="wasserstein", rules=Rules(clip=clip))
    trainer = Trainer(method, Settings(lr=0.1, device="cpu", precision="fp32", batch=4), total=5, seed=0)
    before = {name: weight.clone() for name, weight in method.G.named_parameters()}
    assert max(weight.abs().max() for weight in method.D.parameters()) > clip
    for _ in range(3):
        trainer.play(Images(torch.rand(4, 3, 16, 16) * 2 - 1))
        assert max(weight.abs().max() for weight in method.D.parameters()) <= clip
    assert max(weight.abs().max() for weight in method.G.parameters()) > clip, "the generator's are its own"
    assert any(not torch.equal(weight, before[name]) for name, weight in method.G.named_parameters())


def test_instance_noise_is_white_and_falls_linearly() -> None:
    game = Game("hinge", Rules(instance_noise=0.5, instance_noise_steps=10), Linear())
    blank = torch.zeros(200, 3, 4, 4)
    for step, expected in ((0, 0.5), (5, 0.25), (9, 0.05), (10, 0.0), (1000, 0.0)):
        game.at(step)
        (real, fake), _ = game._seen((blank, blank), ())
        # 4 standard errors of a deviation: σ/√(2n).
        assert real.std().item() == pytest.approx(expected, abs=4 * expected / math.sqrt(2 * real.numel()) + 1e-12)
        assert torch.equal(real, fake) == (expected == 0), "each its own"
    assert game.state_dict() == {}, "checkpoints are what they were"
    constant = Game("hinge", Rules(instance_noise=0.5), Linear())
    constant.at(10**6)
    assert constant._seen((blank,), ())[0][0].std().item() == pytest.approx(0.5, rel=0.05)


def test_without_rules_nothing_is_drawn_and_nothing_changed() -> None:
    game, (real, fake) = Game("hinge", Rules(), Linear()), pictures()
    state = torch.get_rng_state()
    (same, other), given = game._seen((real, fake), (real,))
    assert same is real
    assert other is fake
    assert given == (real,)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Rules(r1=-1.0), "r1 = -1.0: it must be at least 0"),
        (lambda: Rules(gradient_penalty=math.inf), "gradient_penalty = inf"),
        (lambda: Rules(label_smoothing=1.0), "label_smoothing = 1.0"),
        (lambda: Rules(r1=1.0, r1_every=0), "r1_every = 0"),
        (lambda: Rules(r1_every=16), "r1_every = 16 without r1"),
        (lambda: Rules(instance_noise_steps=5), "instance_noise_steps without instance_noise"),
        (lambda: Rules(diffaugment=("colour",)), "there is no 'colour': choose among color, translation, cutout"),
        (lambda: Rules(diffaugment=("color", "color")), "name each once"),
        (lambda: Game("hinge", Rules(label_smoothing=0.1)), "hinge asks for no label that could be smoothed"),
        (lambda: Game("hing", Rules()), "gan = 'hing'"),
        (lambda: Game("hinge", Rules(), critic_steps=0), "critic_steps = 0"),
        (lambda: DCGAN(*networks(), rules=Rules(gradient_penalty=10.0)), "the critic has BatchNorm"),
        (lambda: DCGAN(*networks(spectral=True), rules=Rules(clip=0.01)), "exclude each other"),
        (
            lambda: Game("hinge", Rules(clip=0.01), nn.Sequential(EqualisedLinear(2, 1))),
            "the critic has equalised layers",
        ),
        (lambda: Game("hinge", Rules(clip=0.01), nn.Linear(2, 1), ProgressiveCritic(size=8)), "equalised layers"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        make()


def test_what_seldom_works_is_said() -> None:
    wasserstein = DCGAN(*networks(norm="layer"), gan="wasserstein")
    assert ["slope 1" in concern for concern in wasserstein.concerns] == [True]
    assert ["BatchNorm" in concern for concern in DCGAN(*networks(), rules=Rules(r1=1.0)).concerns] == [True]
    for fine in (
        DCGAN(*networks(norm="layer"), gan="wasserstein", rules=Rules(gradient_penalty=10.0)),
        DCGAN(*networks(norm="none", spectral=True), gan="wasserstein"),
        METHODS["wgan"](*networks()),
        METHODS["wgan_gp"](*networks(norm="layer")),
        DCGAN(*networks()),
    ):
        assert fine.concerns == []


def test_what_is_differentiated_twice_is_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"device": "cpu", "precision": "fp32"}
    for method in (METHODS["wgan_gp"](*networks(norm="layer")), METHODS["unrolled"](*networks())):
        with pytest.raises(ConfigError, match="differentiates its critic twice"):
            Trainer(method, Settings(compile=True, **settings), total=1, seed=0)
    with warnings.catch_warnings():
        monkeypatch.setattr("translate.training.prepare.shared", nn.SyncBatchNorm.convert_sync_batchnorm)
        with pytest.raises(ConfigError, match="over several GPUs cannot be differentiated twice"):
            Trainer(DCGAN(*networks(), rules=Rules(r1=1.0)), Settings(**settings), total=1, seed=0)


def test_pix2pix_judges_with_its_source_beside() -> None:
    """R1's slope is by the target alone."""
    D = PatchGAN(6, layers=0, width=2, norm="none")
    method = Pix2Pix(UNet(depth=3, width=2), D, rules=Rules(r1=2.0))
    x, y, fake = torch.randn(3, 2, 3, 8, 8)
    found = method.game.critic(D, y, fake, x, step=0)[0]["r1"].item()
    y.requires_grad_()
    (gradient,) = torch.autograd.grad(D(y, x).flatten(1).mean(1).sum(), y)
    assert found == pytest.approx(gradient.flatten(1).square().sum(1).mean().item(), rel=1e-12)
