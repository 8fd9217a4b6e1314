"""Networks for points."""

import pytest
import torch

from translate.networks.points import PointCritic, PointGenerator


def test_shapes_and_sizes() -> None:
    G, D = PointGenerator(2, 256, 128, 2), PointCritic(2, 128, 1)
    assert (G.latent, G.classes) == (256, 0)
    points = G(torch.randn(5, 256))
    assert points.shape == (5, 2)
    assert D(points).shape == (5, 1)
    assert sum(weight.numel() for weight in G.parameters()) == 257 * 128 + 129 * 128 + 129 * 2
    assert sum(weight.numel() for weight in D.parameters()) == 3 * 128 + 129
    assert D.last.out_features == 1
    assert not any("last" in name for name in D.state_dict())


def test_orthogonal_weights_times_a_gain() -> None:
    """WᵀW = gain² on the shorter side, biases 0."""
    G = PointGenerator(2, 16, 8, 2, "relu", gain=0.8)
    first = G.layers[0].weight
    torch.testing.assert_close(first @ first.T, 0.64 * torch.eye(8), rtol=0, atol=1e-5)
    assert all(not bias.any() for name, bias in G.named_parameters() if name.endswith("bias"))


def test_the_critic_scales_what_it_sees() -> None:
    torch.manual_seed(0)
    D = PointCritic(1, 4, 1, scale=0.25)
    x = torch.randn(3, 1)
    torch.testing.assert_close(D(x), D.layers(x / 4))


def test_an_activation_that_is_not_known() -> None:
    with pytest.raises(KeyError):
        PointCritic(activation="sine")
