"""G's gradient flows through the steps that D is looked ahead: by hand, and by finite differences."""

import pytest
import torch
from torch import Tensor, nn

from translate.batches import Images
from translate.games import Rules, lookahead
from translate.games.lookahead import SGD, Adam, ahead
from translate.methods.unrolled import Unrolled
from translate.networks import DCGANDiscriminator, DCGANGenerator

pytestmark = pytest.mark.usefixtures("_float64")


class Scale(nn.Module):
    """A critic or a generator of numbers: x ↦ w x."""

    def __init__(self, w: float, latent: int = 1) -> None:
        super().__init__()
        self.w, self.latent = nn.Parameter(torch.tensor(w)), latent

    def forward(self, x: Tensor) -> Tensor:
        return self.w * x


def test_one_step_by_hand() -> None:
    """D(x) = w x on one real point a and one generated b, one step of SGD on −V:

    w′ = w + η (a σ(−w a) − b σ(w b)),     V(w′) = log σ(w′ a) + log σ(−w′ b)
    dV/db = −w′ σ(w′ b) + (a σ(−w′ a) − b σ(w′ b)) · dw′/db,    dw′/db = −η (σ(w b) + w b σ′(w b))
    """
    w, a, eta = 0.7, torch.tensor([1.3]), 0.4
    b = torch.tensor([-0.6], requires_grad=True)
    D = Scale(w)
    method = Unrolled(Scale(1.0), D, unroll=1, inner="sgd", inner_lr=eta)
    D_1 = ahead(D, lambda judge: -method.game.value(judge, a, b), 1, SGD(eta))
    loss = method.against(D_1, a, b)
    (gradient,) = torch.autograd.grad(loss, b)
    s, wb = torch.sigmoid, (w * b).detach()
    at = b.detach()
    w1 = w + eta * (a * s(-w * a) - at * s(wb))
    assert D_1(torch.ones(1)).item() == pytest.approx(w1.item(), rel=1e-14)
    slope = -eta * (s(wb) + w * at * s(wb) * s(-wb))
    by_hand = -w1 * s(w1 * at) + (a * s(-w1 * a) - at * s(w1 * at)) * slope
    assert loss.item() == pytest.approx((torch.log(s(w1 * a)) + torch.log(s(-w1 * at))).item(), rel=1e-14)
    assert gradient.item() == pytest.approx(by_hand.item(), rel=1e-12)


def networks(norm: str = "batch") -> tuple[DCGANGenerator, DCGANDiscriminator]:
    G, D = DCGANGenerator(size=16, width=2, latent=3), DCGANDiscriminator(size=16, width=3, norm=norm)
    for weight in (*G.parameters(), *D.parameters()):
        nn.init.normal_(weight, 0, 0.3)
    return G, D


@pytest.mark.parametrize("norm", ["batch", "layer", "none"])
@pytest.mark.parametrize(("inner", "lr"), [("sgd", 0.1), ("adam", 0.01)])
@pytest.mark.parametrize("gan", ["minimax", "nonsaturating"])
def test_the_generator_s_gradient_by_finite_differences(inner: str, lr: float, norm: str, gan: str) -> None:
    """Of the whole turn by G's weights, through K = 3 steps; not what it is without them."""
    G, D = networks(norm)
    y = torch.rand(3, 3, 16, 16) * 2 - 1

    def loss(unroll: int = 3) -> Tensor:
        method = Unrolled(G, D, unroll=unroll, inner=inner, inner_lr=lr, gan=gan)
        torch.manual_seed(1)  # the same noise
        *_, turn = method.round(Images(y), 0)
        assert turn.player == "G"
        return turn.losses["gan"]

    weights = list(G.parameters())
    gradients, plain = (torch.autograd.grad(loss(unroll), weights) for unroll in (3, 0))
    directions = [torch.randn_like(weight) for weight in weights]
    values = []
    for shift in (1e-6, -2e-6, 1e-6):
        with torch.no_grad():
            for weight, direction in zip(weights, directions, strict=True):
                weight += shift * direction
        values.append(loss().item())
    found, without = (
        sum((g * d).sum().item() for g, d in zip(one, directions, strict=True)) for one in (gradients, plain)
    )
    assert found == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-4, abs=1e-7)
    assert abs(found - without) > 1e-3 * abs(found), "the steps are felt"


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_looking_ahead_leaves_the_critic_as_it_is(norm: str) -> None:
    _, D = networks(norm)
    before = {name: value.clone() for name, value in D.state_dict().items()}
    x = torch.rand(4, 3, 16, 16)
    D_K = ahead(D, lambda judge: judge(x).square().mean(), 4, SGD(0.1))
    D_K(x)
    assert all(torch.equal(value, before[name]) for name, value in D.state_dict().items())
    assert all(weight.grad is None for weight in D.parameters())


@pytest.mark.parametrize("kind", ["adam", "sgd"])
def test_steps_are_torchs(kind: str) -> None:
    """Without a graph they are those of torch's optimisers; Adam's where ε is nothing beside the gradients."""
    _, D = networks("none")
    x, lr = torch.rand(6, 3, 16, 16), 0.01
    loss = lambda judge: (judge(x) - 3).square().mean()  # noqa: E731
    D_K = ahead(D, loss, 5, SGD(lr) if kind == "sgd" else Adam(lr, epsilon=1e-15))
    expected = D_K(x).detach()
    optimizer = (
        torch.optim.SGD(D.parameters(), lr)
        if kind == "sgd"
        else torch.optim.Adam(D.parameters(), lr, (0.5, 0.999), 1e-15)
    )
    for _ in range(5):
        optimizer.zero_grad()
        loss(D).backward()
        optimizer.step()
    torch.testing.assert_close(expected, D(x).detach(), rtol=1e-9, atol=1e-10)


def test_a_gradient_of_nothing_stays_finite() -> None:
    weight = torch.zeros(3, requires_grad=True)
    (moved,) = Adam(0.1)([weight], [0.0 * weight])
    assert torch.equal(moved.detach(), torch.zeros(3))
    assert torch.isfinite(torch.autograd.grad(moved.sum(), weight)[0]).all()


@pytest.mark.parametrize("wrong", [{"unroll": -1}, {"inner_lr": 0.0}, {"inner": "rmsprop"}])
def test_what_cannot_be_is_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="from 0, above 0, and one of adam, sgd"):
        Unrolled(*networks(), **wrong)


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_third_derivatives_that_torch_does_not_have(norm: str) -> None:
    with pytest.raises(ValueError, match="BatchNorm and InstanceNorm have no third"):
        Unrolled(*networks(norm), rules=Rules(r1=1.0))
    assert Unrolled(*networks(norm), unroll=0, rules=Rules(r1=1.0)).unroll == 0


def test_every_descent_is_in_the_table() -> None:
    assert {"adam": Adam, "sgd": SGD} == lookahead.DESCENTS
