"""Networks against the papers: sizes, receptive fields, initial weights, normalisation."""

from inspect import signature

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from translate.networks import GENERATORS, DCGANDiscriminator, DCGANGenerator, PatchGAN, ResNet, UNet
from translate.networks.blur import BlurDown, BlurUp
from translate.networks.norm import norm_layer, per_image, statistics_of
from translate.networks.pad import _replicated, pad


def parameters(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


@pytest.mark.parametrize(
    ("build", "millions"),
    [
        (lambda: UNet(), 54.414),
        (lambda: ResNet(), 11.378),
        (lambda: PatchGAN(3), 2.765),
        (lambda: PatchGAN(6), 2.768),
    ],
)
def test_parameters_of_the_papers_networks(build, millions: float) -> None:
    assert parameters(build()) / 1e6 == pytest.approx(millions, abs=1e-3)


def test_patchgan_gives_30x30_at_256() -> None:
    with torch.no_grad():
        assert PatchGAN(6)(torch.zeros(1, 3, 256, 256), torch.zeros(1, 3, 256, 256)).shape == (1, 1, 30, 30)


@pytest.mark.parametrize(("layers", "field"), [(0, 1), (1, 16), (3, 70), (5, 286)])
def test_receptive_field(layers: int, field: int) -> None:
    """Isola 2017, table 2: as computed, and as measured by which pixels one logit depends on."""
    network = PatchGAN(1, layers=layers, width=2, norm="none").double()
    assert network.field == field
    for weight in network.parameters():
        nn.init.ones_(weight)  # nothing cancels
    image = torch.full((1, 1, 600, 600), 0.01, dtype=torch.float64, requires_grad=True)
    logits = network(image)
    middle = logits.shape[2] // 2
    logits[0, 0, middle, middle].backward()
    reached = image.grad[0, 0].abs().sum(0).nonzero().flatten()
    assert len(reached) == reached[-1] - reached[0] + 1 == field


@pytest.mark.parametrize("depth", [2, 5, 6, 8, 9])
def test_unet_of_any_depth(depth: int) -> None:
    network = UNet(2, 5, depth=depth, width=2)
    assert network.multiple == 2**depth
    with torch.no_grad():
        assert network.eval()(torch.zeros(1, 2, 2**depth, 2 ** (depth + 1))).shape == (1, 5, 2**depth, 2 ** (depth + 1))


def test_a_unet_that_doubles_by_nearest_pixels_leaves_no_grid() -> None:
    """Of a flat picture it makes a flat one, away from the border; transposed convolutions show every other row."""

    def spread(upsample: str) -> float:
        torch.manual_seed(0)
        network = UNet(depth=3, width=8, norm="none", dropout=0, upsample=upsample).double().eval()
        with torch.no_grad():
            inner = network(torch.full((1, 3, 128, 128), 0.3, dtype=torch.float64))[..., 48:80, 48:80]
        return float((inner.amax((2, 3)) - inner.amin((2, 3))).max())

    assert spread("nearest") < 1e-12
    assert spread("transposed") > 1e-4
    with pytest.raises(ValueError, match="upsample = 'cubic': choose one of transposed, nearest"):
        UNet(upsample="cubic")


def test_unet_has_the_papers_dropout_and_norms() -> None:
    """Three of the blocks with 512 channels outside the innermost; no norm at either end of the encoder."""
    network = UNet(width=4)
    assert [any(isinstance(layer, nn.Dropout) for layer in up) for up in network.ups] == [False] + [True] * 3 + [
        False
    ] * 3
    assert [any(isinstance(layer, nn.BatchNorm2d) for layer in down) for down in network.downs] == (
        [False] + [True] * 6 + [False]
    )


def test_unet_skips_reach_every_resolution() -> None:
    """With the innermost path cut, the output still depends on the input through each skip."""
    network = UNet(1, 1, depth=4, width=4, norm="none", dropout=0).double()
    image = torch.rand(1, 1, 16, 16, dtype=torch.float64, requires_grad=True)
    gradients = []
    for cut in range(4):
        # Replace what each encoder block gives from `cut` on by a constant: what remains came by the shallower skips.
        handles = [down.register_forward_hook(lambda *a: a[2].detach()) for down in network.downs[cut + 1 :]]
        gradients.append(torch.autograd.grad(network(image).sum(), image)[0].abs().sum().item())
        for handle in handles:
            handle.remove()
    assert all(gradient > 0 for gradient in gradients)
    assert len(set(gradients)) == 4


@pytest.mark.parametrize("name", ["batch", "instance"])
def test_bias_only_where_no_affine_norm_follows(name: str) -> None:
    generator, discriminator = UNet(width=2, norm=name), PatchGAN(3, width=2, norm=name)
    biases = [layer.bias is not None for layer in generator.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert biases == [name == "instance"] * 7 + [True]
    biases = [layer.bias is not None for layer in discriminator.layers if isinstance(layer, nn.Conv2d)]
    assert biases == [True] + [name == "instance"] * 3 + [True]


def test_initial_weights_are_normal_with_deviation_002() -> None:
    torch.manual_seed(0)
    network = UNet(width=32)
    weights = torch.cat([m.weight.flatten() for m in network.modules() if isinstance(m, nn.Conv2d)])
    assert weights.mean().item() == pytest.approx(0, abs=1e-4)
    assert weights.std().item() == pytest.approx(0.02, rel=5e-3)
    gains = torch.cat([m.weight for m in network.modules() if isinstance(m, nn.BatchNorm2d)])
    assert gains.mean().item() == pytest.approx(1, abs=5e-3)
    assert gains.std().item() == pytest.approx(0.02, rel=0.1)
    assert all((m.bias == 0).all() for m in network.modules() if getattr(m, "bias", None) is not None)


def test_dcgan_keeps_its_guidelines() -> None:
    """Radford 2016, §3."""
    generator, discriminator = DCGANGenerator(), DCGANDiscriminator()
    kinds = [type(layer) for network in (generator, discriminator) for layer in network.layers]
    assert not {nn.MaxPool2d, nn.AvgPool2d, nn.Linear, nn.Upsample} & set(kinds)
    assert not isinstance(generator.layers[-2], nn.BatchNorm2d)
    assert isinstance(generator.layers[-1], nn.Tanh)
    assert not isinstance(discriminator.layers[1], nn.BatchNorm2d)
    assert kinds.count(nn.BatchNorm2d) == 4 + 3
    assert all(layer.bias is None for layer in generator.layers if isinstance(layer, nn.ConvTranspose2d))
    assert discriminator(generator(torch.randn(3, 100))).shape == (3,)


@pytest.mark.parametrize("build", [DCGANGenerator, DCGANDiscriminator])
def test_a_label_changes_what_a_conditional_network_says(build) -> None:
    network = build(size=8, width=2, classes=3).eval()
    given = torch.randn(1, 100) if build is DCGANGenerator else torch.randn(1, 3, 8, 8)
    with torch.no_grad():
        answers = [network(given, torch.tensor([label])) for label in range(3)]
    assert not torch.equal(answers[0], answers[1])
    assert not torch.equal(answers[1], answers[2])
    with pytest.raises(TypeError, match="label"):
        network(given)


def test_per_image_is_train_mode_batchnorm_at_batch_one() -> None:
    torch.manual_seed(0)
    network = UNet(depth=5, width=4, dropout=0).double().train()
    for _ in range(3):
        network(torch.randn(2, 3, 32, 32, dtype=torch.float64))  # running statistics that are not the image's
    picture = torch.randn(1, 3, 32, 32, dtype=torch.float64)
    used = per_image(network)
    with torch.no_grad():
        expected = network(picture)
        torch.testing.assert_close(used(picture), expected, atol=1e-10, rtol=0)
        # Another picture beside it changes nothing.
        torch.testing.assert_close(used(torch.cat((picture, picture * 3)))[:1], expected, atol=1e-10, rtol=0)
    assert (statistics_of(network), statistics_of(used)) == ("running", "image")


@pytest.mark.parametrize("name", [n for n, kind in GENERATORS.items() if "inputs" in signature(kind).parameters])
def test_translating_generators_say_what_sizes_they_take(name: str) -> None:
    network = GENERATORS[name](width=2).eval()
    side = int(network.smallest)
    assert side % network.multiple == 0
    with torch.no_grad():
        output: Tensor = network(torch.zeros(1, 3, side, side + int(network.multiple)))
    assert output.shape == (1, 3, side, side + network.multiple)


def test_blur_halves_and_doubles() -> None:
    """A constant stays one; a point becomes the filter; sizes are those of a strided convolution."""
    flat = torch.full((1, 2, 7, 10), 3.0)
    assert torch.equal(BlurDown()(flat), torch.full((1, 2, 4, 5), 3.0))
    torch.testing.assert_close(BlurUp()(flat), torch.full((1, 2, 14, 20), 3.0))
    point = torch.zeros(1, 1, 9, 9)
    point[0, 0, 4, 4] = 1
    row = torch.tensor([1.0, 2.0, 1.0]) / 4
    torch.testing.assert_close(BlurDown()(point)[0, 0, 2, 2], row[1] * row[1])
    row = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    torch.testing.assert_close(BlurUp()(point)[0, 0, 7:11, 7:11], 4 * row[:, None] * row)
    assert BlurUp()(point).sum().item() == pytest.approx(4)


def test_cut_compares_the_layers_of_its_authors() -> None:
    """Places 0, 4, 8, 12, 16: the padded picture, both halvings' convolutions, the first and the fifth block."""
    network = ResNet(antialias=True)
    layers = (0, 4, 8, 12, 16)
    assert network.channels(layers) == [3, 128, 256, 256, 256]
    with torch.no_grad():
        shapes = [tuple(map_.shape[1:]) for map_ in network.encode(torch.zeros(1, 3, 64, 64), layers)]
    assert shapes == [(3, 70, 70), (128, 64, 64), (256, 32, 32), (256, 16, 16), (256, 16, 16)]
    assert parameters(network) == parameters(ResNet())
    with pytest.raises(ValueError, match="the generator has"):
        ResNet(blocks=1, antialias=True).channels((0, 30))


def test_xavier_weights() -> None:
    torch.manual_seed(0)
    layer = PatchGAN(6, init="xavier").layers[0]
    # gain² · 2 / (fan in + fan out)
    assert layer.weight.std().item() == pytest.approx(0.02 * (2 / (16 * (6 + 64))) ** 0.5, rel=0.05)
    with pytest.raises(ValueError, match="init = 'kaiming': choose one of normal, xavier"):
        PatchGAN(3, init="kaiming")


@pytest.mark.parametrize("mode", ["reflect", "replicate"])
def test_padding_keeps_its_precision(mode: str) -> None:
    """torch's autocast on the CPU would widen it, and with it all the way to the next convolution."""
    x = torch.randn(1, 2, 8, 8, dtype=torch.bfloat16, requires_grad=True)
    plain = functional.pad(x.detach(), (3, 3, 3, 3), mode)
    with torch.autocast("cpu", torch.bfloat16):
        padded = pad(x, (3, 3, 3, 3), mode)
    assert padded.dtype == torch.bfloat16
    assert torch.equal(padded, plain)
    (gradient,) = torch.autograd.grad(padded.float().sum(), x)
    assert gradient.sum() == padded.numel(), "every copy counts"


def test_repeated_borders_are_the_same_when_compiled() -> None:
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    one, other = functional.pad(x, (1, 2, 3, 4), "replicate"), _replicated(x, (1, 2, 3, 4))
    assert torch.equal(one, other)
    weights = torch.randn_like(one)
    mine, theirs = (torch.autograd.grad((weights * padded).sum(), x)[0] for padded in (one, other))
    torch.testing.assert_close(mine, theirs)


LAYOUTS = (torch.contiguous_format, torch.channels_last)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("arriving", LAYOUTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_instance_norm_is_right_in_every_layout(
    layout: torch.memory_format, arriving: torch.memory_format, batch: int
) -> None:
    """Against the definition. torch 2.15's own is wrong for channels-last gradients at batch 1, on a CPU."""
    torch.manual_seed(6)
    pictures, gradient = torch.randn(2, batch, 5, 7, 6, dtype=torch.float64)
    x = pictures.clone().requires_grad_()
    variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
    expected = (x - mean) / (variance + 1e-5).sqrt()
    expected.backward(gradient)
    mine = pictures.clone().to(memory_format=layout).requires_grad_()
    output = norm_layer("instance")(5).double().train()(mine)
    output.backward(gradient.to(memory_format=arriving))
    torch.testing.assert_close(output, expected, rtol=0, atol=1e-10)
    torch.testing.assert_close(mine.grad, x.grad, rtol=0, atol=1e-10)
    assert output.is_contiguous(memory_format=layout) or batch > 1, "nothing is copied"
