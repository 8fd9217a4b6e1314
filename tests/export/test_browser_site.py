"""The folder with the page for browsers: what is in it, what it is made of, and what is refused."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType

import pytest

from translate.errors import DataError, ModelError
from translate.runtime.metadata import card

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "export" / "browser"
ASSETS = ROOT / "tests" / "assets"


def script(name: str) -> ModuleType:
    """A script of the page's folder, which is no package, as a module."""
    spec = importlib.util.spec_from_file_location(f"browser_{name}", PAGE / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_site, serve = script("make_site"), script("serve")


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """Stands for the folder `dist` of onnxruntime-web."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    for names in json.loads((PAGE / "package.json").read_text(encoding="utf-8"))["runtimes"].values():
        for name in names:
            (folder / name).write_text(name)
    return folder


def test_the_folder_has_all_that_the_page_names(tmp_path: Path, runtime: Path) -> None:
    out = tmp_path / "site"
    make_site.assemble([ASSETS / "edges.onnx", ASSETS / "invert.onnx"], out, runtime)
    record = json.loads((out / "models.json").read_text(encoding="utf-8"))
    assert [entry["title"] for entry in record["models"]] == ["edges → photo", "photo → negative"]
    for entry in record["models"]:
        path = out / entry["file"]
        assert path.read_bytes() == (ASSETS / path.name).read_bytes()
        assert entry["bytes"] == path.stat().st_size
        assert entry["card"] == asdict(card(path))
    for build in record["runtimes"].values():
        assert all((out / build[key]).is_file() for key in ("script", "loader", "wasm"))
        assert build["bytes"] == (out / build["wasm"]).stat().st_size
    named = re.findall(r'(?:href|src)="([^"]+)"', (out / "index.html").read_text(encoding="utf-8"))
    for path in out.glob("*.js"):
        named += re.findall(r'(?:from |URL\()"(?:\./)?([^"]+)"', path.read_text(encoding="utf-8"))
    own = {"app.js", "style.css", "engine.js", "picture.js", "words.js", "worker.js"}
    assert own | {"marks.js", "sheet.js", "stamps.js"} <= set(named)
    assert [name for name in named if not (out / name).is_file()] == []


def test_a_folder_is_brought_up_to_date(tmp_path: Path, runtime: Path) -> None:
    out = tmp_path / "site"
    make_site.assemble([ASSETS / "edges.onnx", ASSETS / "invert.onnx"], out, runtime)
    (out / "models" / "mine.txt").write_text("kept")
    make_site.assemble([out / "models" / "edges.onnx"], out, runtime)
    assert sorted(path.name for path in (out / "models").iterdir()) == ["edges.onnx", "mine.txt"]


def test_models_of_one_task_are_told_apart(tmp_path: Path, runtime: Path) -> None:
    shutil.copy(ASSETS / "edges.onnx", tmp_path / "other.onnx")
    make_site.assemble([ASSETS / "edges.onnx", tmp_path / "other.onnx"], tmp_path / "site", runtime)
    record = json.loads((tmp_path / "site" / "models.json").read_text(encoding="utf-8"))
    assert [entry["title"] for entry in record["models"]] == ["edges → photo (edges)", "edges → photo (other)"]
    assert len({entry["digest"] for entry in record["models"]}) == 1


def test_what_cannot_be_offered_is_refused(
    tmp_path: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "site"
    shutil.copy(ASSETS / "invert.onnx", tmp_path / "edges.onnx")
    for models, reason in (
        ([], "no model"),
        ([ASSETS / "no_card.onnx"], "without a card"),
        ([ASSETS / "edges.onnx", tmp_path / "edges.onnx"], "2 models are called edges.onnx"),
    ):
        with pytest.raises(ModelError, match=reason):
            make_site.assemble(models, out, runtime)
    with pytest.raises(DataError, match="run `npm ci"):
        make_site.assemble([ASSETS / "edges.onnx"], out, tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds something else"):
        make_site.assemble([ASSETS / "edges.onnx"], runtime, runtime)
    for changed, reason in (({"noise": True}, "noise input"), ({"target_channels": 4}, "neither grey nor RGB")):
        monkeypatch.setattr(make_site, "card", lambda path, changed=changed: replace(card(path), **changed))
        with pytest.raises(ModelError, match=reason):
            make_site.assemble([ASSETS / "edges.onnx"], out, runtime)
    monkeypatch.undo()
    with pytest.raises(ModelError, match="draws from noise, and the page gives pictures alone"):
        make_site.assemble([ASSETS / "drawing.onnx"], out, runtime)
    assert not out.exists()
    with pytest.raises(SystemExit) as ended:
        make_site.main([str(ASSETS / "no_card.onnx"), str(out)])
    assert ended.value.code == 1
    assert re.fullmatch(r"error: [^\n]+\n", capsys.readouterr().err)


def test_the_page_and_the_server_have_one_policy() -> None:
    found = re.search(r'content="(default-src[^"]+)"', (PAGE / "index.html").read_text(encoding="utf-8"))
    assert found
    # A page cannot say for itself who may frame it.
    assert serve.HEADERS["Content-Security-Policy"] == f"{found[1]}; frame-ancestors 'none'"
    assert "://" not in found[1]


def test_what_npm_brings_is_pinned_by_content_and_by_no_address() -> None:
    wanted = json.loads((PAGE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    text = (PAGE / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert packages.pop("")["dependencies"] == wanted
    assert packages["node_modules/onnxruntime-web"]["version"] == wanted["onnxruntime-web"]
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert "resolved" not in text
    assert "://" not in text
