"""Networks that grow, and the layers that they are made of, against closed forms and literal loops (Karras 2018)."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from translate.methods.progressive import Progressive
from translate.networks import DCGANDiscriminator, DCGANGenerator
from translate.networks.equalised import HE, EqualisedConv2d, EqualisedLinear, plain
from translate.networks.growing import Growing, doubled, halved
from translate.networks.minibatch_deviation import MinibatchDeviation
from translate.networks.norm import as_used
from translate.networks.pixel_norm import PixelNorm
from translate.networks.progressive import ProgressiveCritic, ProgressiveGenerator


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def generator(**given: int) -> ProgressiveGenerator:
    return ProgressiveGenerator(**{"latent": 8, "size": 32, "width": 4, "most": 16, **given}).double()


def critic(**given: int) -> ProgressiveCritic:
    return ProgressiveCritic(**{"size": 32, "width": 4, "most": 16, **given}).double()


def method(stable: tuple[int, ...], fade: tuple[int, ...], **given: int) -> Progressive:
    return Progressive(generator(**given), critic(**given), stable, fade)


# Layers


@pytest.mark.parametrize("gain", [1.0, HE])
@pytest.mark.parametrize("kind", ["conv", "linear"])
def test_an_equalised_layer_keeps_the_variance(kind: str, gain: float) -> None:
    """Var(ŵ·x) = gain² for x ~ N(0, 1), however many inputs there are; the weights themselves are N(0, 1)."""
    for inputs in (8, 128):
        if kind == "conv":
            layer: nn.Module = EqualisedConv2d(inputs, 64, 3, gain=gain)
            out = layer(torch.randn(16, inputs, 12, 12))
        else:
            layer = EqualisedLinear(inputs, 1024, gain=gain)
            out = layer(torch.randn(256, inputs))
        assert layer.weight.std().item() == pytest.approx(1, abs=0.03)
        assert (layer.bias == 0).all()
        assert out.std().item() == pytest.approx(gain, rel=0.05)


def test_rectified_layers_in_a_row_keep_the_variance() -> None:
    """He's gain is what LeakyReLU takes: E[lrelu(x)²] = (1 + 0.2²)/2 E[x²], so 1.02 in the deviation a layer."""
    x = torch.randn(512, 256)
    for _ in range(10):
        x = functional.leaky_relu(EqualisedLinear(256, 256)(x), 0.2)
    assert x.square().mean().sqrt().item() == pytest.approx(math.sqrt(1.04) ** 10, rel=0.2)


def test_an_equalised_layer_learns_at_one_rate_whatever_its_size() -> None:
    """Adam's first step moves each w by η, so each ŵ by c η: by the share η of its own deviation c."""
    for inputs in (8, 512):
        layer = EqualisedConv2d(inputs, 4, 3)
        before = layer.weight.detach().clone() * layer.scale
        (layer(torch.randn(2, inputs, 5, 5)) ** 2).sum().backward()
        torch.optim.Adam(layer.parameters(), lr=0.01).step()
        moved = (layer.weight.detach() * layer.scale - before).abs()
        assert moved.mean().item() / before.std().item() == pytest.approx(0.01, rel=0.05)


def test_the_gradient_of_an_equalised_weight_has_its_scale() -> None:
    """∂L/∂w = c ∂L/∂ŵ."""
    layer = EqualisedConv2d(6, 3, 3, padding=1).double()
    x = torch.randn(2, 6, 5, 5, dtype=torch.float64)
    effective = (layer.weight.detach() * (HE / math.sqrt(6 * 9))).requires_grad_()
    functional.conv2d(x, effective, layer.bias, padding=1).pow(3).sum().backward()
    layer(x).pow(3).sum().backward()
    torch.testing.assert_close(layer.weight.grad, effective.grad * HE / math.sqrt(6 * 9))


def test_an_equalised_layer_as_a_plain_one() -> None:
    for layer, shape in ((EqualisedConv2d(4, 3, 3, padding=1), (2, 4, 5, 6)), (EqualisedLinear(4, 3), (2, 4))):
        nn.init.normal_(layer.bias)
        made, x = plain(layer), torch.randn(shape)
        assert type(made) in (nn.Conv2d, nn.Linear)
        torch.testing.assert_close(made(x), layer(x), rtol=0, atol=0)


@pytest.mark.parametrize("shape", [(3, 5, 4, 2), (4, 7)])
def test_pixel_norm_against_a_loop(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, dtype=torch.float64)
    expected = x.clone()
    places = [(n, ...) for n in range(shape[0])]
    for n, _ in places:
        columns = x[n].reshape(shape[1], -1)
        for place in range(columns.shape[1]):
            column = columns[:, place]
            mean = sum(float(value) ** 2 for value in column) / shape[1]
            expected[n].view(shape[1], -1)[:, place] = column / math.sqrt(mean + 1e-8)
    torch.testing.assert_close(PixelNorm()(x), expected)


def test_noise_lies_on_a_hypersphere() -> None:
    """Only the direction counts: of z and 3 z the same is drawn."""
    z = torch.randn(6, 100, dtype=torch.float64)
    torch.testing.assert_close(PixelNorm()(z).norm(dim=1), torch.full((6,), 10.0, dtype=torch.float64))
    network = generator()
    torch.testing.assert_close(network(z[:, :8]), network(3 * z[:, :8]), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("count", "group"), [(8, 4), (4, 4), (3, 3), (6, 3), (2, 2), (1, 1), (7, 1), (10, 2)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_minibatch_deviation_against_a_loop(count: int, group: int, layout: torch.memory_format) -> None:
    """Of a batch that fours do not make up, the largest groups that do."""
    x = torch.randn(count, 3, 2, 5, dtype=torch.float64)
    told = MinibatchDeviation()(x.contiguous(memory_format=layout))
    assert told.shape == (count, 4, 2, 5)
    assert torch.equal(told[:, :3], x)
    for n in range(count):
        first = n // group * group
        deviations = []
        for c in range(3):
            for i in range(2):
                for j in range(5):
                    values = [float(x[first + k, c, i, j]) for k in range(group)]
                    mean = sum(values) / group
                    deviations.append(math.sqrt(sum((value - mean) ** 2 for value in values) / group + 1e-8))
        expected = sum(deviations) / len(deviations)
        torch.testing.assert_close(told[n, 3], torch.full((2, 5), expected, dtype=torch.float64))


def test_minibatch_deviation_can_be_differentiated_twice_where_nothing_varies() -> None:
    x = torch.ones(4, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    told = MinibatchDeviation()(x)[:, 2:]
    assert told.max().item() == pytest.approx(1e-4)
    (slope,) = torch.autograd.grad(told.sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(slope.square().sum(), x)
    assert slope.isfinite().all()
    assert second.isfinite().all()


# Growing


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_level_begins_as_the_one_before_and_ends_as_itself(level: int) -> None:
    """At α = 0 G draws the picture of the level before, its pixels doubled, and D says what it said of that one."""
    network, judge = generator(), critic()
    z = torch.randn(4, 8, dtype=torch.float64)
    drawn = {}
    for name, grown in (("before", level - 1), ("now", level)):
        network.grow(grown)
        drawn[name] = network(z)
        assert drawn[name].shape == (4, 3, 4 << grown, 4 << grown)
    begun, ended = level - 1 + 1e-300, level - 1e-300
    for fading, name in ((begun, "before"), (ended, "now")):
        fading = network_at(network, level, fading)
        expected = doubled(drawn["before"]) if name == "before" else drawn["now"]
        assert torch.equal(fading(z), expected)
    image = torch.randn(4, 3, 4 << level, 4 << level, dtype=torch.float64)
    judge.grow(level - 1)
    before = judge(halved(image))
    judge.grow(level)
    now = judge(image)
    assert not torch.allclose(before, now)
    torch.testing.assert_close(network_at(judge, level, begun)(image), before, rtol=0, atol=0)
    torch.testing.assert_close(network_at(judge, level, ended)(image), now, rtol=0, atol=0)


def network_at(network: Growing, level: int, grown: float) -> Growing:
    """Fading in `level`, at an α so near to 0 or 1 that it is that number."""
    network.grow(grown)
    network.level, network.fading = level, True
    network.grown.fill_(grown)
    return network


def test_in_between_it_is_their_mixture() -> None:
    network = generator()
    z = torch.randn(2, 8, dtype=torch.float64)
    parts = []
    for level in (1, 2):
        network.grow(level)
        parts.append(network(z))
    network.grow(1.3)
    assert (network.level, network.fading, network.side) == (2, True, 16)
    torch.testing.assert_close(network(z), 0.7 * doubled(parts[0]) + 0.3 * parts[1])


def test_pictures_of_a_stage() -> None:
    """Real pictures are reduced by means of squares of pixels, and fade as generated ones do."""
    network, image = critic(), torch.randn(1, 1, 32, 32, dtype=torch.float64)
    network.grow(1)
    means = torch.stack([image[0, 0, i : i + 4, j : j + 4].mean() for i in range(0, 32, 4) for j in range(0, 32, 4)])
    torch.testing.assert_close(network.reduced(image), means.view(1, 1, 8, 8))
    assert network.enlarged(network.reduced(image)).shape == image.shape
    network.grow(1.25)
    full = functional.avg_pool2d(image, 2)
    blocks = functional.avg_pool2d(image, 4).repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(network.reduced(image), 0.75 * blocks + 0.25 * full)
    network.grow(3)
    assert torch.equal(network.reduced(image), image)


def test_low_levels_leave_high_layers_alone() -> None:
    """Neither computed nor moved: their weights have no gradient, and so no optimiser's state."""
    network, judge = generator(), critic()
    for each in (network, judge):
        each.grow(1)
    judge(network(torch.randn(4, 8, dtype=torch.float64))).sum().backward()
    for each, tops in ((network, "colours"), (judge, "features")):
        for name, weight in each.named_parameters():
            part, number = name.split(".")[:2]
            used = int(number) == 1 if part == tops else int(number) <= 1
            assert (weight.grad is not None) == used, name


def test_growing_from_a_larger_picture() -> None:
    network, judge = generator(start=8), critic(start=8)
    assert network.sides == judge.sides == [8, 16, 32]
    assert len(network.colours) == len(judge.features) == 3
    for level, side in enumerate(network.sides):
        network.grow(level)
        judge.grow(level)
        picture = network(torch.randn(4, 8, dtype=torch.float64))
        assert picture.shape[2:] == (side, side)
        assert judge(picture).shape == (4,)


def test_the_papers_networks_have_its_size() -> None:
    """Karras 2018, table 2: 23.1 M weights each, at 1024²."""
    with torch.device("meta"):
        networks = (
            ProgressiveGenerator(latent=512, size=1024, width=16, most=512),
            ProgressiveCritic(size=1024, width=16, most=512),
        )
    for network in networks:
        # Theirs counts one layer from and to colours, of the last level.
        lower = (network.colours if isinstance(network, ProgressiveGenerator) else network.features)[:-1]
        weights, extra = (sum(weight.numel() for weight in part.parameters()) for part in (network, lower))
        assert (weights - extra) / 1e6 == pytest.approx(23.1, abs=0.05)


def test_what_has_grown_is_known_after_loading_and_where_it_is_used() -> None:
    first, second = generator(), generator()
    first.grow(1.5)
    second.load_state_dict(first.state_dict())
    assert (second.level, second.fading) == (2, True)
    z = torch.randn(3, 8, dtype=torch.float64)
    assert torch.equal(first(z), second(z))
    third = generator()
    third.load_state_dict(first.state_dict())
    third.grow(3)
    third.grown.copy_(first.grown)  # as an average is given buffers
    used = as_used(third, "running")
    assert torch.equal(used(z), second.eval()(z))
    assert used(z).shape == (3, 3, 32, 32), "of full size"
    assert used(z).abs().max() <= 1


# The schedule


def test_the_schedule() -> None:
    """Four rounds at 4², two to 8², one there, three to 16² …"""
    plays = method((4, 1, 2), (2, 3))
    expected = [0, 0, 0, 0, 1 / 3, 2 / 3, 1, 1.25, 1.5, 1.75, 2, 2, 2.25, 2.5, 2.75, 3, 3, 3]
    assert [plays.grown(step) for step in range(18)] == pytest.approx(expected)
    assert plays.grown(10**9) == 3
    for step, phase in ((3, (0, False)), (4, (1, True)), (6, (1, False)), (9, (2, True)), (15, (3, False))):
        plays.at(step)
        assert plays.phase == phase
        assert plays.G.level == plays.D.level
        assert plays.G.grown == plays.D.grown == pytest.approx(expected[step])


def test_the_papers_schedule_by_default() -> None:
    """800,000 pictures for each phase, 16 a round: 64² is whole after eight of them."""
    plays = Progressive(generator(size=64), critic(size=64))
    assert plays.grown(0) == plays.grown(49_999) == 0
    assert plays.grown(75_000) == pytest.approx(0.5, abs=1e-4)
    assert plays.grown(8 * 50_000 - 1) < 4
    assert plays.grown(8 * 50_000) == 4


def test_without_stable_rounds_it_grows_all_the_time() -> None:
    plays = method((0,), (4,), start=16)
    assert [plays.grown(step) for step in range(5)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1])
    assert [method((2,), (0,), start=16).grown(step) for step in range(3)] == [0, 0, 1]


# What is refused


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ({"size": 48}, "start = 4, size = 48: both must be 4 doubled a few times"),
        ({"start": 6, "size": 12}, "start = 6, size = 12"),
        ({"start": 2}, "start = 2"),
        ({"start": 64}, "start = 64, size = 32"),
    ],
)
def test_sizes_that_cannot_be(sizes: dict[str, int], told: str) -> None:
    for build in (generator, critic):
        with pytest.raises(ValueError, match=told):
            build(**sizes)


def test_arguments_that_cannot_be() -> None:
    with pytest.raises(ValueError, match=r"stable = \[\]: one number of rounds for each level, or one for all"):
        method((), (1,))
    with pytest.raises(ValueError, match=r"fade = \[2, -1\]"):
        method((1,), (2, -1))
    for pair in ((generator(), critic(start=8)), (DCGANGenerator(size=32, width=2), critic())):
        with pytest.raises(ValueError, match="G and D must grow together"):
            Progressive(*pair)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="G and D must grow together"):
        Progressive(generator(), DCGANDiscriminator(size=32, width=2))  # type: ignore[arg-type]
