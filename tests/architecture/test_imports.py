"""What an import brings with it: inference never meets torch, and the command line answers at once."""

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TORCH_FREE = [
    "translate.card",
    "translate.cli",
    "translate.data.faces",
    "translate.data.known",
    "translate.data.town",
    "translate.data.world",
    "translate.errors",
    "translate.pixels",
    "translate.runtime",
]
"""Modules whose import may not even try for torch: inference, the card, the command line, known and drawn data."""

INSIDE_FUNCTIONS = {
    "albumentations",
    "fastapi",
    "gradio",
    "kornia",
    "lpips",
    "onnx",
    "onnxscript",
    "openvino",
    "tensorboard",
    "torch_fidelity",
    "torchmetrics",
}
"""Libraries that cost half a second or more each: imported inside the function that needs them."""

REFUSE = """
import importlib, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"albumentations", "gradio", "kornia", "onnx", "torch", "torchvision"}:
            raise AssertionError(f"imports {name}")   # not an ImportError: nobody may try and fall back

sys.meta_path.insert(0, Refuse())
importlib.import_module(sys.argv[1])
"""

SIDE_EFFECTS = """
import importlib, json, logging, os, sys, threading
import torch

heavy, modules = set(json.loads(sys.argv[1])), json.loads(sys.argv[2])
def state():
    return {
        "environment": dict(os.environ),
        "handlers": list(logging.root.handlers),
        "threads": threading.active_count(),
        "dtype": torch.get_default_dtype(),
        "torch threads": torch.get_num_threads(),
        "seed": torch.initial_seed(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "path": list(sys.path),
    }

before, found = state(), {}
for name in modules:
    known = set(sys.modules)
    importlib.import_module(name)
    brought = {loaded.partition(".")[0] for loaded in set(sys.modules) - known} & heavy
    if brought:
        found[name] = sorted(brought)
    after = state()
    changed = [key for key in before if before[key] != after[key]]
    if changed:
        found.setdefault(name, []).extend(f"changed {key}" for key in changed)
    before = after
print(json.dumps(found))
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COVERAGE_"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def quick_enough(command: list[str], limit: float, attempts: int = 15) -> tuple[bool, float]:
    """Whether `command` takes less than `limit` seconds more than a bare interpreter, in the best of some attempts.

    Another process can only make a run slower, so one fast pair shows what the command costs.
    """
    best = float("inf")
    for _ in range(attempts):
        times = []
        for arguments in ([sys.executable, "-c", "pass"], command):
            start = time.perf_counter()
            subprocess.run(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, check=True, timeout=60)
            times.append(time.perf_counter() - start)
        best = min(best, times[1] - times[0])
        if best < limit:
            break
    return best < limit, best


@pytest.mark.parametrize("module", TORCH_FREE)
def test_inference_does_not_try_for_torch(module):
    result = python("-c", REFUSE, module)
    assert result.returncode == 0, result.stderr


@pytest.mark.skipif(Path(sys.prefix).name != ".venv-runtime", reason="holds in the torch-free environment")
@pytest.mark.parametrize("library", ["albumentations", "kornia", "onnx", "torch", "torchvision"])
def test_the_torch_free_environment_has_none(library):
    assert importlib.util.find_spec(library) is None


def test_importing_the_package_takes_milliseconds():
    quick, best = quick_enough([sys.executable, "-c", "import translate"], 0.05)
    assert quick, f"import translate: {best:.3f} s at best"


def test_the_command_line_answers_at_once():
    script = Path(sys.executable).with_name("translate")
    quick, best = quick_enough([str(script), "--help"], 0.3)
    assert quick, f"translate --help: {best:.3f} s at best"


def test_the_runtime_costs_little_beside_what_it_needs():
    program = """
import time, numpy, PIL.Image, onnxruntime
start = time.process_time()
import translate.runtime
print(time.process_time() - start)
"""
    best = min(float(python("-c", program).stdout) for _ in range(5))
    assert best < 0.15, f"import translate.runtime: {best:.3f} s at best"


def test_imports_have_no_side_effects():
    pytest.importorskip("torch")
    # The page is made of Gradio, which is there when it is imported; nothing else imports the page.
    page = ROOT / "translate" / "page"
    paths = (path for path in (ROOT / "translate").rglob("*.py") if page not in path.parents)
    files = (path.relative_to(ROOT).with_suffix("") for path in paths)
    modules = sorted(".".join(file.parts).removesuffix(".__init__") for file in files if file.name != "__main__")
    result = python("-c", SIDE_EFFECTS, json.dumps(sorted(INSIDE_FUNCTIONS)), json.dumps(modules))
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert json.loads(result.stdout) == {}
