"""Networks: tensors in, tensors out. They know no method, no configuration, no file."""

from __future__ import annotations

from torch import nn

from translate.networks.classifier import Classifier
from translate.networks.colouriser import UNetAB
from translate.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from translate.networks.encoder import CodeCritic, DCGANEncoder, GaussianEncoder
from translate.networks.patchgan import PatchGAN
from translate.networks.progressive import ProgressiveCritic, ProgressiveGenerator
from translate.networks.projector import PatchProjector
from translate.networks.resnet import ResNet
from translate.networks.unet import UNet

GENERATORS: dict[str, type[nn.Module]] = {
    "unet": UNet,
    "resnet": ResNet,
    "dcgan_generator": DCGANGenerator,
    "progressive_generator": ProgressiveGenerator,
}

DISCRIMINATORS: dict[str, type[nn.Module]] = {
    "patchgan": PatchGAN,
    "dcgan_discriminator": DCGANDiscriminator,
    "progressive_critic": ProgressiveCritic,
}

COLOURISERS: dict[str, type[nn.Module]] = {
    "unet_ab": UNetAB,
}
"""Generators from lightness to RGB, of these channels alone."""

ENCODERS: dict[str, type[nn.Module]] = {
    "dcgan_encoder": DCGANEncoder,
    "gaussian_encoder": GaussianEncoder,
}
"""From a picture to a code, or to a distribution over codes."""

OTHERS: dict[str, type[nn.Module]] = {
    "projector": PatchProjector,
    "classifier": Classifier,
    "code_critic": CodeCritic,
}

NETWORKS: dict[str, type[nn.Module]] = {**GENERATORS, **COLOURISERS, **DISCRIMINATORS, **ENCODERS, **OTHERS}
