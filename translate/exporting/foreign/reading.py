"""A file of weights → names and tensors. Nothing in the file is run, and nothing in it is believed."""

from __future__ import annotations

import io
import pickle
import warnings
from typing import Any

import torch
from torch import Tensor

from translate.errors import ModelError

WRAPPERS = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put in front of every name."""

LONGEST = 120
"""Characters of a name that are said."""


def read(content: bytes) -> dict[str, Tensor]:
    """The tensors of a state_dict by name, on the CPU, without what wrappers put in front of the names.

    Args:
        content: of the file, as `torch.save` has written it, today's zip or the pickles from before 2020.

    Raises:
        ModelError: it cannot be read, is no state_dict, or holds tensors that are not plain arrays.
    """
    tensors = _unwrapped(_state_dict(_loaded(content)))
    for name, tensor in tensors.items():
        # A view can claim more elements than there are in the file: whoever copies it would fill the memory.
        if tensor.layout != torch.strided or tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise ModelError(f"{told(name)} is not a plain array of numbers")
    return tensors


def told(name: str) -> str:
    """A tensor's name as it is said in a sentence: a file may call them anything."""
    if name.isascii() and name.isprintable() and len(name) <= LONGEST:
        return name
    return ascii(name[:LONGEST])


def _loaded(content: bytes) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old formats: either they can be read or not
            return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # torch raises whatever the bytes suggest: KeyError, RuntimeError, EOFError …
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            raise ModelError(
                "it holds Python objects beside tensors, and loading those could run code: save a state_dict instead, "
                "torch.save(network.state_dict(), …)"
            ) from None
        raise ModelError("it is no file of weights that torch can read, or it is cut off: copy it again") from None


def _state_dict(loaded: Any) -> dict[str, Tensor]:
    if not isinstance(loaded, dict):
        raise ModelError(f"it holds a {type(loaded).__name__} and no state_dict, which is a dictionary of tensors")
    for name, value in loaded.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise ModelError(
                f"it is no state_dict: {told(str(name))} is not a tensor; "
                "the file of the generator alone is wanted, such as latest_net_G.pth"
            )
    if not loaded:
        raise ModelError("it is a state_dict without a tensor")
    return loaded


def _unwrapped(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    for wrapper in WRAPPERS * 2:  # either may be around the other
        if all(name.startswith(wrapper) for name in tensors):
            tensors = {name.removeprefix(wrapper): tensor for name, tensor in tensors.items()}
    return tensors
