"""The house stays in the shape that its blueprint gives it."""

import ast
import importlib
import inspect
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import translate

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "translate"
PACKAGES = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_a_paper_is_a_page():
    long = {path.name: lines(path) for path in (PACKAGE / "methods").glob("*.py") if lines(path) > 120}
    assert not long


def test_files_stay_readable():
    files = list(PACKAGE.rglob("*.py"))
    assert len(files) > 3
    long = {str(path.relative_to(ROOT)): lines(path) for path in files if lines(path) > 350}
    assert not long


@pytest.mark.parametrize("folder", ["datasets", "export"])
def test_folders_of_things_are_not_packages(folder):
    # An importable top-level `datasets` would stand in the way of Hugging Face's.
    assert (ROOT / folder / "README.md").is_file()
    assert not (ROOT / folder / "__init__.py").exists()


def test_the_package_alone_is_installed():
    record = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert record["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["translate"]
    assert (PACKAGE / "py.typed").is_file()


def test_the_version_is_said_once():
    record = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert translate.__version__ == record["project"]["version"] == metadata.version("translate-gan")


def test_the_page_knows_the_runtime_alone():
    files = [ROOT / "app.py", *(PACKAGE / "page").rglob("*.py")]
    known = set()
    for node in (node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Import):
            known |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # `from translate import pixels` names a module as well as `from translate.pixels import …` does.
            within = node.module == "translate"
            known |= {f"translate.{alias.name}" for alias in node.names} if within else {str(node.module)}
    ours = {".".join(name.split(".")[:2]) for name in known if name.split(".")[0] == "translate"}
    assert ours <= {
        "translate",
        "translate.card",
        "translate.errors",
        "translate.latent",
        "translate.page",
        "translate.pixels",
        "translate.runtime",
        "translate.suggest",
    }


def test_methods_are_composed_not_inherited():
    pytest.importorskip("torch")
    from translate.methods import METHODS, Method

    for name, method in METHODS.items():
        assert method.__bases__ == (Method,), f"{name}: {method.__name__} builds on {method.__bases__}"


def test_every_method_file_is_in_the_table():
    pytest.importorskip("torch")
    from translate.methods import METHODS

    files = {path.stem for path in (PACKAGE / "methods").glob("*.py")} - {"__init__", "base"}
    assert files == {method.__module__.rsplit(".", 1)[1] for method in METHODS.values()}


@pytest.mark.parametrize("name", PACKAGES)
def test_the_public_surface_is_there_and_described(name):
    module = import_or_skip(f"translate.{name}")
    listed = getattr(module, "__all__", [])
    assert len(listed) == len(set(listed))
    assert [entry for entry in listed if not hasattr(module, entry)] == []
    things = [getattr(module, entry) for entry in listed]
    described = [thing.__doc__ for thing in things if inspect.isclass(thing) or inspect.isfunction(thing)]
    assert all(described), "what a package offers is described"


def import_or_skip(name: str):
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if str(missing.name).split(".")[0] == "translate":
            raise
        pytest.skip(f"{name} needs {missing.name}")
