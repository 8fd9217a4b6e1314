"""Mode collapse on a ring of 8 Gaussians: one generator, four games                        (Metz 2017, §3.1)

A generator that flees from mode to mode is never caught by a critic of today; unrolling shows it the critic of
tomorrow, and a Wasserstein critic slopes towards every mode that has too little.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

import torch
from torch import Tensor

from translate.learn import ring
from translate.learn.play import play, settings
from translate.methods import Method
from translate.methods.dcgan import DCGAN
from translate.methods.unrolled import Unrolled
from translate.methods.wgan_gp import WGANGP
from translate.networks.points import PointCritic, PointGenerator
from translate.settings import Settings
from translate.training.trainer import Trainer
