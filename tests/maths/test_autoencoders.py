"""Autoencoders against closed forms: divergence, likelihood, the evidence they bound; codes that find the prior."""

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from translate import losses
from translate.batches import Images
from translate.games import Rules
from translate.methods.aae import AAE
from translate.methods.vae import FINEST, VAE, best_deviation
from translate.networks import NETWORKS
from translate.networks.encoder import CodeCritic, DCGANEncoder, Gaussian, GaussianEncoder, one_latent
from translate.settings import Settings
from translate.training.trainer import Trainer

SIGMA = 0.5
W = torch.tensor([[1.0, -0.5], [0.5, 1.0], [0.0, 0.0]], dtype=torch.float64)  # orthogonal: the posterior is diagonal
B = torch.tensor([0.1, -0.3, 0.2], dtype=torch.float64)
X = torch.tensor([0.9, -0.4, 0.7], dtype=torch.float64)


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


class Told(GaussianEncoder):
    """q(z|x) as it is told, whatever x is."""

    def __init__(self, mean: Tensor, deviation: Tensor) -> None:
        nn.Module.__init__(self)
        self.latent = len(mean)
        self.mean, self.log_variance = nn.Parameter(mean), nn.Parameter(2 * deviation.log())

    def forward(self, image: Tensor) -> Gaussian:
        return Gaussian(self.mean.expand(len(image), -1), self.log_variance.expand(len(image), -1))


class Linear(nn.Module):
    """z → Wz + b, as pictures of three channels and one pixel."""

    latent = 2

    def forward(self, noise: Tensor) -> Tensor:
        return (noise @ W.T + B)[:, :, None, None]


def posterior() -> Normal:
    """p(z|x) of the linear model, each number on its own."""
    variance = 1 / (1 + W.square().sum(0) / SIGMA**2)
    return Normal(variance * (W.T @ (X - B)) / SIGMA**2, variance.sqrt())


def bound(q: Normal, beta: float = 1.0) -> float:
    """The ELBO of x in nats, as the method minimises it, from many draws."""
    method = VAE(Told(q.mean, q.stddev), Linear(), beta, SIGMA)
    (turn,) = method.round(Images(X[None, :, None, None].expand(200_000, -1, -1, -1)), 0)
    return -3 * sum(loss.item() for loss in turn.losses.values())


def evidence() -> float:
    return float(MultivariateNormal(B, W @ W.T + SIGMA**2 * torch.eye(3)).log_prob(X))


def test_the_bound_is_reached_by_the_posterior() -> None:
    assert bound(posterior()) == pytest.approx(evidence(), abs=0.01)


@pytest.mark.parametrize(("mean", "deviation"), [((0.0, 0.0), (1.0, 1.0)), ((0.5, -0.5), (0.2, 0.6))])
def test_the_bound_is_below_the_evidence_by_the_divergence(mean: tuple, deviation: tuple) -> None:
    """log p(x) = ELBO + KL(q(z) ‖ p(z|x))                                      (Kingma & Welling 2014, eq. 1)."""
    q = Normal(torch.tensor(mean), torch.tensor(deviation))
    lost = float(kl_divergence(q, posterior()).sum())
    assert lost > 0.5
    assert bound(q) == pytest.approx(evidence() - lost, abs=0.03)


def test_beta_weighs_the_divergence() -> None:
    q = posterior()
    divergence = float(kl_divergence(q, Normal(0.0, 1.0)).sum())
    assert bound(q, beta=3.0) == pytest.approx(evidence() - 2 * divergence, abs=0.01)


def test_divergence_from_the_prior() -> None:
    mean, log_variance = torch.randn(5, 3), torch.randn(5, 3)
    q = Normal(mean, (log_variance / 2).exp())
    expected = kl_divergence(q, Normal(0.0, 1.0)).sum(1)
    found = losses.kl_to_normal(mean, log_variance)
    torch.testing.assert_close(found, expected.mean())
    z = q.sample((100_000,))  # and by its definition, E_q[log q − log p]
    drawn = (q.log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum(2).mean()
    assert float(drawn) == pytest.approx(float(found), abs=0.02)
    assert losses.kl_to_normal(torch.zeros(2, 3), torch.zeros(2, 3)) == 0
    tiny = torch.full((1, 1), 1e-9)  # s²/4, which a difference of e^s and 1 + s would lose
    assert float(losses.kl_to_normal(torch.zeros(1, 1), tiny)) == pytest.approx(0.0, abs=1e-16)
    half = losses.kl_to_normal(mean.to(torch.bfloat16), log_variance.to(torch.bfloat16))
    assert half.dtype == torch.float32


@pytest.mark.parametrize("deviation", [0.3, torch.tensor(0.3)])
def test_likelihood_of_pictures(deviation: float | Tensor) -> None:
    target, mean = torch.rand(4, 3, 2, 2), torch.rand(4, 3, 2, 2)
    expected = Normal(mean, 0.3).log_prob(target).sum((1, 2, 3)).mean()
    torch.testing.assert_close(losses.gaussian_log_likelihood(target, mean, deviation), expected)


def test_the_best_deviation() -> None:
    """No other gives more; and its slope is 0, so that it needs no graph: the loss moves as ½ log E(x − x̂)² does."""
    target, mean = torch.rand(4, 3, 2, 2), torch.rand(4, 3, 2, 2, requires_grad=True)
    best = best_deviation(mean, target)
    here = losses.gaussian_log_likelihood(target, mean, best)
    assert all(losses.gaussian_log_likelihood(target, mean, best * f) < here for f in (0.9, 0.99, 1.01, 1.1))
    ((found,), (expected,)) = (
        torch.autograd.grad(value, mean) for value in (-here / 12, losses.squared_error(mean, target).log() / 2)
    )
    torch.testing.assert_close(found, expected)
    assert float(best_deviation(target, target)) == pytest.approx(FINEST), "a perfect copy is not infinitely likely"


def test_draws_of_a_code() -> None:
    mean, log_variance = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, 2 * math.log(0.1)]])
    z = Gaussian(mean.expand(100_000, 2), log_variance.expand(100_000, 2)).draw()
    torch.testing.assert_close(z.mean(0), mean[0], rtol=0, atol=0.02)
    torch.testing.assert_close(z.std(0), torch.tensor([1.0, 0.1]), rtol=0.02, atol=0)
    leaf = mean.clone().requires_grad_()
    Gaussian(leaf, log_variance).draw().sum().backward()
    assert torch.equal(leaf.grad, torch.ones(1, 2)), "through the draw, to what it was drawn from"


@pytest.mark.parametrize("name", ["dcgan_encoder", "gaussian_encoder"])
@pytest.mark.parametrize("norm", ["batch", "instance", "layer", "none"])
def test_encoders(name: str, norm: str) -> None:
    network = NETWORKS[name](3, 5, 32, 4, norm).eval()
    code = network(torch.rand(2, 3, 32, 32))
    found = code if isinstance(code, Gaussian) else (code,)
    assert [one.shape for one in found] == [(2, 5)] * len(found)
    assert len(found) == 1 + (name == "gaussian_encoder")
    with pytest.raises(RuntimeError):
        network(torch.rand(2, 3, 16, 16))


def test_a_pooled_encoder_takes_any_size() -> None:
    network = DCGANEncoder(3, 5, 32, 4, "none", pooled=True)
    for shape in ((32, 32), (64, 48), (8, 8), (37, 90)):
        assert network(torch.rand(2, 3, *shape)).shape == (2, 5)


def test_half_precision_codes_are_whole() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        code = GaussianEncoder(3, 5, 32, 4).float()(torch.rand(2, 3, 32, 32, dtype=torch.float32))
        assert code.mean.dtype == code.log_variance.dtype == code.draw().dtype == torch.float32


def test_a_critic_of_codes() -> None:
    critic = CodeCritic(7, width=11, layers=3)
    assert critic(torch.rand(4, 7)).shape == (4,)
    assert sum(weight.numel() for weight in critic.parameters()) == 7 * 11 + 11 + 2 * (11 * 11 + 11) + 11 + 1
    steep = CodeCritic(7, width=11, spectral=True)
    for _ in range(50):
        steep(torch.rand(4, 7))
    steep.eval()
    a, b = torch.rand(100, 7), torch.rand(100, 7)
    slopes = (steep(a) - steep(b)).abs() / (a - b).norm(dim=1)
    assert slopes.max() <= 1.0001


def test_what_does_not_fit_is_said() -> None:
    E, G = GaussianEncoder(latent=8, size=8, width=4), NETWORKS["dcgan_generator"](latent=9, size=8, width=4)
    with pytest.raises(ValueError, match=r"networks.E has 8, networks.G has 9: give all of them the same latent"):
        VAE(E, G)
    with pytest.raises(ValueError, match=r"networks.D has none"):
        one_latent(G=G, D=nn.Identity())
    with pytest.raises(ValueError, match=r'networks\.E\.name = "gaussian_encoder"'):
        VAE(DCGANEncoder(latent=9, size=8, width=4), G)  # type: ignore[arg-type]
    for wrong in ({"beta": -1.0}, {"deviation": -0.1}, {"beta": math.inf}, {"deviation": math.nan}):
        with pytest.raises(ValueError, match="they must be at least 0, and finite"):
            VAE(GaussianEncoder(latent=9, size=8, width=4), G, **wrong)
    with pytest.raises(ValueError, match=r"game.diffaugment changes pictures, and D sees codes here"):
        AAE(E, G, CodeCritic(8), rules=Rules(diffaugment=("color",)))


class Affine(nn.Module):
    """a x + b of one number, as a code or as a picture of one pixel."""

    latent = 1

    def __init__(self, shape: tuple[int, ...], slope: float, offset: float) -> None:
        super().__init__()
        self.shape, self.weight = shape, nn.Parameter(torch.tensor([slope, offset]))

    def forward(self, x: Tensor) -> Tensor:
        return (self.weight[0] * x + self.weight[1]).reshape(len(x), *self.shape)


def test_codes_come_to_lie_where_noise_is_drawn() -> None:
    """Data N(0.5, 0.2²): the reconstruction is content with any a ≠ 0; the game makes it 1/0.2 and centres it."""
    method = AAE(Affine((1,), 2.0, 0.5), Affine((1, 1, 1), 0.5, 0.0), CodeCritic(1, 32), "least_squares")
    paces = {"D": {"lr": 5e-3}, "E": {"lr": 2e-2}, "G": {"lr": 5e-3}}
    settings = Settings(device="cpu", precision="fp32", players=paces, decay=0.5, ema=0.99, channels_last="off")
    trainer = Trainer(method, settings, total=700, seed=1)
    generator = torch.Generator().manual_seed(3)
    for _ in range(700):
        pictures = 0.5 + 0.2 * torch.randn(256, 1, 1, 1, generator=generator)
        trainer.play(Images(pictures))
    with torch.no_grad():
        code = trainer.view().E(0.5 + 0.2 * torch.randn(20_000, 1, 1, 1, generator=generator))
    assert abs(float(code.mean())) < 0.2
    assert float(code.std()) == pytest.approx(1.0, abs=0.2)
