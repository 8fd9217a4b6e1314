"""Networks: tensors in, tensors out. They know no method, no configuration, no file."""

from __future__ import annotations

from torch import nn

from translate.networks.classifier import Classifier
from translate.networks.colouriser import UNetAB
from translate.networks.dcgan import DCGANDiscriminator, DCGANGenerator
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

OTHERS: dict[str, type[nn.Module]] = {
    "projector": PatchProjector,
    "classifier": Classifier,
}

NETWORKS: dict[str, type[nn.Module]] = {**GENERATORS, **COLOURISERS, **DISCRIMINATORS, **OTHERS}
