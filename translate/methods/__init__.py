"""Methods: one file a paper, each a game played in turns (see `base`)."""

from __future__ import annotations

from translate.methods.aae import AAE
from translate.methods.base import Method, Turn
from translate.methods.cgan import ConditionalGAN
from translate.methods.classifier import Classification
from translate.methods.cut import CUT
from translate.methods.cyclegan import CycleGAN
from translate.methods.dcgan import DCGAN
from translate.methods.fastcut import FastCUT
from translate.methods.pix2pix import Pix2Pix
from translate.methods.progressive import Progressive
from translate.methods.unrolled import Unrolled
from translate.methods.vae import VAE
from translate.methods.wgan import WGAN
from translate.methods.wgan_gp import WGANGP

__all__ = ["METHODS", "Method", "Turn"]

METHODS: dict[str, type[Method]] = {
    "dcgan": DCGAN,
    "wgan": WGAN,
    "wgan_gp": WGANGP,
    "unrolled": Unrolled,
    "progressive": Progressive,
    "cgan": ConditionalGAN,
    "vae": VAE,
    "aae": AAE,
    "classifier": Classification,
    "pix2pix": Pix2Pix,
    "cyclegan": CycleGAN,
    "cut": CUT,
    "fastcut": FastCUT,
}
