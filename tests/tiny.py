"""The smallest configuration of every method: what the contract and the golden curves are run on.

A method that is added to METHODS is added here too, and inherits every test that is written over `TINY`.
"""

from copy import deepcopy
from pathlib import Path
from typing import Any

from translate import config
from translate.config import Plan

_SMALL_DCGAN = {
    "G": {"name": "dcgan_generator", "latent": 8, "width": 4},
    "D": {"name": "dcgan_discriminator", "width": 4},
}

_SMALL_CODES = {
    "E": {"latent": 8, "width": 4},
    "G": {"latent": 8, "width": 4},
}

_SMALL_CUT = {
    "G": {"name": "resnet", "blocks": 1, "width": 4},
    "D": {"name": "patchgan", "layers": 1, "width": 4},
    "P": {"name": "projector", "width": 8},
}

# {town} is the folder of the `town` fixture.
TINY: dict[str, dict[str, Any]] = {
    "dcgan": {
        "networks": _SMALL_DCGAN,
        "data": {"layout": "images", "root": "{town}/day"},
    },
    # The generator moves in every round: what is looked at is one.
    "wgan": {
        "method": {"critic_steps": 1},
        "networks": _SMALL_DCGAN,
        "data": {"layout": "images", "root": "{town}/day"},
    },
    "wgan_gp": {
        "method": {"critic_steps": 1},
        "networks": _SMALL_DCGAN,
        "data": {"layout": "images", "root": "{town}/day"},
    },
    "unrolled": {
        "method": {"unroll": 2},
        "networks": _SMALL_DCGAN,
        "data": {"layout": "images", "root": "{town}/day"},
    },
    # From 16² to 32²: in the first rounds all weights take part, as a level is fading in.
    "progressive": {
        "method": {"stable": [0], "fade": [4]},
        "networks": {
            "G": {"name": "progressive_generator", "latent": 8, "start": 16, "width": 4, "most": 8},
            "D": {"name": "progressive_critic", "start": 16, "width": 4, "most": 8},
        },
        "data": {"layout": "images", "root": "{town}/day"},
    },
    "cgan": {
        "networks": _SMALL_DCGAN,
        "data": {"layout": "labelled", "root": "{town}"},
    },
    "classifier": {
        "networks": {"C": {"name": "classifier", "width": 4}},
        "data": {"layout": "labelled", "root": "{town}"},
    },
    "vae": {
        "networks": _SMALL_CODES,
        "data": {"layout": "images", "root": "{town}/day"},
    },
    "aae": {
        "networks": {**_SMALL_CODES, "D": {"latent": 8, "width": 16}},
        "data": {"layout": "images", "root": "{town}/day"},
    },
    "pix2pix": {
        "networks": {
            "G": {"name": "unet", "depth": 5, "width": 4},
            "D": {"name": "patchgan", "layers": 1, "width": 4},
        },
        "data": {"layout": "two_folders", "source": "{town}/edges", "target": "{town}/day"},
    },
    "cyclegan": {
        "method": {"pool": 2},
        "networks": {
            "G": {"name": "resnet", "blocks": 1, "width": 4},
            "F": {"name": "resnet", "blocks": 1, "width": 4},
            "D_X": {"name": "patchgan", "layers": 1, "width": 4},
            "D_Y": {"name": "patchgan", "layers": 1, "width": 4},
        },
        "data": {"layout": "unpaired", "source": "{town}/day", "target": "{town}/night"},
    },
    "cut": {
        "method": {"layers": [0, 4, 8, 12], "patches": 16},
        "networks": _SMALL_CUT,
        "data": {"layout": "unpaired", "source": "{town}/day", "target": "{town}/night"},
    },
    "fastcut": {
        "method": {"layers": [0, 4, 8, 12], "patches": 16},
        "networks": _SMALL_CUT,
        "data": {"layout": "unpaired", "source": "{town}/day", "target": "{town}/night"},
    },
}
_FOURS = ("dcgan", "wgan", "wgan_gp", "unrolled", "progressive", "cgan", "vae", "aae", "classifier")
BATCH = dict.fromkeys(_FOURS, 4)  # of the others: 1


def configuration(method: str, town: Path, **train: Any) -> dict[str, Any]:
    """A tiny configuration of `method`, on the CPU in float32, with the fields of `[train]` that are given."""
    tiny = deepcopy(TINY[method])
    data = {
        key: value.format(town=town) if isinstance(value, str) else value for key, value in tiny.pop("data").items()
    }
    settings = {
        "steps": 6,
        "batch": BATCH.get(method, 1),
        "device": "cpu",
        "precision": "fp32",
        "workers": 0,
        "log_every": 1,
        "sample_every": 0,
        "checkpoint_every": 100,
        "tensorboard": False,
    }
    return {
        "name": method,
        "seed": 5,
        "method": {"name": method, **tiny.pop("method", {})},
        "data": {"holdout": 2, **data},
        "transform": {"size": 32, "load": 36},
        "train": settings | train,
        **tiny,
    }


def plan(method: str, town: Path, **train: Any) -> Plan:
    """The plan of a tiny configuration."""
    return config.plan(configuration(method, town, **train))


def ignore(line: str) -> None:
    """A listener who does not listen."""
