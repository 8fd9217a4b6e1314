"""A Space without the Hub: what is put together serves, with nothing of this checkout on its path."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("gradio", reason="the page needs the extra `app`")
from tests.export.scripts import ASSETS, ROOT, script
from translate.errors import DataError
from translate.runtime import Translator

make_space = script("space", "make_space")
SHIPPED = ROOT / "export" / "space" / "models"
NAMES = ("edges2photo", "labels2photo", "day2night", "night2day")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    (folder / "examples" / "photo").mkdir(parents=True)
    shutil.copy(ASSETS / "invert.onnx", folder)
    (folder / "notes.txt").write_text("mine")
    Image.new("RGB", (9, 7), (1, 2, 3)).save(folder / "examples" / "photo" / "a.png")
    return folder


def test_a_space_is_whole_and_no_more(models: Path, tmp_path: Path) -> None:
    out = tmp_path / "space"
    make_space.assemble(models, out)
    files = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert {file for file in files if not file.startswith("translate/")} == {
        *("LICENSE", "README.md", "app.py", "requirements.txt", "serve.py"),
        *("models/invert.onnx", "models/examples/photo/a.png"),
    }
    assert {"translate/page/static/page.css", "translate/runtime/translator.py"} <= files
    assert not [file for file in files if "__pycache__" in file]
    head = (out / "README.md").read_text().split("---")[1]
    lock = (ROOT / "requirements.lock").read_text()
    version = next(line for line in lock.splitlines() if line.startswith("gradio==")).split("==")[1].split()[0]
    assert f"sdk_version: {version}\n" in head
    assert "app_file: app.py\n" in head
    assert 'python_version: "3.12"\n' in head
    pins = (out / "requirements.txt").read_text().split()
    assert [pin.partition("==")[0] for pin in pins] == ["av", "numpy", "onnxruntime", "pillow"]
    assert all(pin in lock for pin in pins)


def test_pins_are_those_of_the_spaces_python() -> None:
    lock = "".join(
        f"{pin} \\\n    --hash=sha256:00\n"
        for pin in (
            "av==1 ; python_full_version < '3.12'",
            "av==2 ; python_full_version == '3.12.*'",
            "av==3 ; python_full_version >= '3.13'",
            "colorama==4 ; sys_platform == 'win32'",
            "evdev==5 ; platform_machine == 'x86_64' and sys_platform == 'linux'",
            "gradio==6.7.8",
            "onnxruntime==9 ; platform_machine != 'x86_64'",
        )
    )
    assert make_space._pins(lock) == {"av": "2", "evdev": "5", "gradio": "6.7.8", "onnxruntime": "9"}


def test_made_again_it_follows_the_models_and_leaves_the_rest(models: Path, tmp_path: Path) -> None:
    out = tmp_path / "space"
    make_space.assemble(models, out)
    (out / ".gitattributes").write_text("*.onnx filter=lfs")
    (models / "invert.onnx").rename(models / "other.onnx")
    make_space.assemble(models, out)
    assert [path.name for path in (out / "models").glob("*.onnx")] == ["other.onnx"]
    assert (out / ".gitattributes").exists()


def test_without_a_model_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no model that can be used"):
        make_space.assemble(tmp_path, tmp_path / "space")


def test_it_serves_behind_the_hubs_proxy(models: Path, tmp_path: Path) -> None:
    out = tmp_path / "space"
    make_space.assemble(models, out)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # A path for imports without this checkout: an installed copy of the package must not hide a missing file.
    environment = {**os.environ, "PORT": str(port), "PYTHONPATH": str(out)}
    log = tmp_path / "log"
    with log.open("w") as said:
        server = subprocess.Popen([sys.executable, "app.py"], cwd=out, env=environment, stdout=said, stderr=said)
    try:
        for _ in range(600):
            if "The page is at" in log.read_text() or server.poll() is not None:
                break
            time.sleep(0.1)
        address = f"http://127.0.0.1:{port}"
        with urllib.request.urlopen(f"{address}/health", timeout=30) as answer:
            assert json.load(answer)["models"] == 1
        asked = urllib.request.Request(
            f"{address}/", headers={"Host": "someone-pictures.hf.space", "X-Forwarded-Proto": "https"}
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            assert "https://huggingface.co" in answer.headers["Content-Security-Policy"]
            assert "https://someone-pictures.hf.space" in answer.read().decode()
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.parametrize("name", NAMES)
def test_models_that_come_with_the_project_are_what_they_are_said_to_be(name: str) -> None:
    path = SHIPPED / f"{name}.onnx"
    assert path.is_file()
    card = Translator(path, engine="cpu").card
    assert path.stat().st_size < 5_000_000
    assert card.precision == "int8"
    assert card.parity["int8"]["mean_levels"] <= 1
    assert card.parity["int8"]["held_out"]
    with (ROOT / "configs" / f"{card.name}.toml").open("rb") as file:
        config = tomllib.load(file)
    assert [card.source, card.target] == config["domains"]
    assert card.training["step"] == config["train"]["steps"]
    assert card.palette == config.get("palette", {})
    assert card.license == "Apache-2.0"


def test_the_model_that_draws_is_what_it_is_said_to_be() -> None:
    path = SHIPPED / "faces.onnx"
    card = Translator(path, engine="cpu").card
    assert path.stat().st_size < 5_000_000
    assert card.draws
    with (ROOT / "configs" / f"{card.name}.toml").open("rb") as file:
        config = tomllib.load(file)
    assert [card.source, card.target] == config["domains"]
    assert (card.latent, card.training["step"]) == (config["networks"]["G"]["latent"], config["train"]["steps"])
    assert len(card.attributes) == 8
    assert card.license == "Apache-2.0"


def test_no_other_model_comes_with_the_project() -> None:
    assert {path.stem for path in SHIPPED.glob("*.onnx")} == {*NAMES, "faces"}
