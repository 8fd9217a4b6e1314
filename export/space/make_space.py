"""Puts a Hugging Face Space together: a folder that holds all it needs, to be pushed as the Space's repository.

    python export/space/make_space.py models space      # or export/space/models: those that come with this project

A Space runs `app.py` with the Gradio of its README and installs `requirements.txt`: both are those of this
repository's lock. Models are read for their cards and not run.
"""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement

from translate.errors import DataError, TranslateError
from translate.page.shelf import Shelf

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PACKAGES = ("av", "numpy", "onnxruntime", "pillow")
"""What the page needs beside Gradio; a Space's free machine has no GPU."""
PYTHON = "3.12"
"""Of the Space: its README says so, and the lock has other versions of some packages for other Pythons."""
MACHINE = {
    **{"python_version": PYTHON, "python_full_version": f"{PYTHON}.0", "implementation_name": "cpython"},
    **{"platform_python_implementation": "CPython", "platform_machine": "x86_64", "platform_system": "Linux"},
    **{"sys_platform": "linux", "os_name": "posix"},
}
"""What markers in the lock ask about."""


def assemble(models: Path, out: Path) -> None:
    """Make the folder.

    Args:
        models: a folder of exported models and their examples, as `app.py --models` takes it.
        out: the Space's folder; new, empty, or a clone of the Space. Files of other names in it are left alone.

    Raises:
        DataError: there is no model that can be used, or the folder cannot be written.
    """
    shelf = Shelf(models)
    if not shelf.models():
        told = "; ".join(str(error) for _, error in shelf.left_out()) or "there is none"
        raise DataError(f"{models} holds no model that can be used ({told}): export one into it")
    pins = _pins((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    try:
        for folder in ("translate", "models"):
            shutil.rmtree(out / folder, ignore_errors=True)
        shutil.copytree(ROOT / "translate", out / "translate", ignore=shutil.ignore_patterns("__pycache__", "*.pyi"))
        (out / "models").mkdir()
        for model in shelf.models():
            shutil.copyfile(model.path, out / "models" / model.path.name)
            for example in model.examples:
                target = out / "models" / example.relative_to(models)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(example, target)
        shutil.copyfile(ROOT / "app.py", out / "serve.py")
        shutil.copyfile(ROOT / "LICENSE", out / "LICENSE")
        shutil.copyfile(HERE / "space_app.py", out / "app.py")
        requirements = "".join(f"{name}=={pins[name]}\n" for name in PACKAGES)
        (out / "requirements.txt").write_text(requirements, encoding="utf-8")
        readme = (HERE / "space_readme.md").read_text(encoding="utf-8").replace("GRADIO_VERSION", pins["gradio"])
        (out / "README.md").write_text(readme.replace("PYTHON_VERSION", PYTHON), encoding="utf-8")
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror}") from None


def _pins(lock: str) -> dict[str, str]:
    """Versions by name, of what the lock has for a Space's Python and machine.

    The marker of ONNX Runtime is not heeded: for such a machine the lock has the build for GPUs.
    """
    found = {}
    for line in re.findall(r"^\S+==[^\\\n]*", lock, flags=re.M):
        pin = Requirement(line)
        if pin.name == "onnxruntime" or pin.marker is None or pin.marker.evaluate(MACHINE):
            found[pin.name] = str(pin.specifier).removeprefix("==")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and make the folder."""
    parser = argparse.ArgumentParser(description="Put a Hugging Face Space together.")
    parser.add_argument("models", type=Path, help="folder of .onnx files and their examples")
    parser.add_argument("out", type=Path, help="the Space's folder")
    options = parser.parse_args(arguments)
    try:
        assemble(options.models, options.out)
    except TranslateError as error:
        parser.error(str(error))
    print(f"{options.out} is a Space: push it, or try it with `python app.py` inside of it")


if __name__ == "__main__":
    main()
