"""Where to train and in which precision."""

from __future__ import annotations

import os

import torch

from translate.errors import ConfigError


def device(name: str) -> torch.device:
    """The device by name; `auto` is a GPU where there is one.

    Raises:
        ConfigError: it is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and "LOCAL_RANK" in os.environ and torch.cuda.is_available():
        # torchrun numbers the processes of a machine: each has a GPU of its own.
        return torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    try:
        chosen = torch.device(name)
        if chosen.type == "meta":
            raise RuntimeError
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise ConfigError(f'train.device = {name!r}: it cannot be used here; "auto" takes what there is') from None
    return chosen


def dtype(name: str, where: torch.device) -> torch.dtype:
    """The precision by name: `fp32`, `bf16`, or `auto`, which is bf16 where it is multiplied natively."""
    if name == "auto":
        return torch.bfloat16 if _native_bf16(where) else torch.float32
    return {"fp32": torch.float32, "bf16": torch.bfloat16}[name]


def _native_bf16(where: torch.device) -> bool:
    if where.type == "cuda":
        return torch.cuda.get_device_capability(where) >= (8, 0)
    # Older torch cannot tell; float32 is right everywhere.
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return where.type == "cpu" and bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
