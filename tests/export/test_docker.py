"""The images without a daemon: what they copy exists, what they install is locked, and what they start serves.

The files of the last stage are put together as its COPY instructions say, and its command is run on them, with every
package hidden that the image would not have.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.test_repository import locked, name
from tests.export.scripts import ASSETS, ROOT, script
from translate.page.shelf import Shelf

pins = script("docker", "pins")

DOCKER = ROOT / "export" / "docker"
LISTED = (DOCKER / "packages.txt").read_text().split()
ENGINES = {"Dockerfile": "onnxruntime", "Dockerfile.gpu": "onnxruntime-gpu"}
BASES = {"Dockerfile": {"python"}, "Dockerfile.gpu": {"nvidia/cuda"}}
both = pytest.mark.parametrize("file", ENGINES)


def instructions(file: str) -> list[tuple[str, str]]:
    """Keyword and argument of every instruction, comments gone and lines joined."""
    lines = [line for line in (DOCKER / file).read_text().splitlines() if not line.lstrip().startswith("#")]
    logical = re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines()
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in logical if line.strip()]


def stages(file: str) -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for instruction in instructions(file):
        if instruction[0] == "FROM":
            found.append([])
        found[-1].append(instruction)
    return found


def last(file: str, keyword: str) -> str:
    """The one instruction of this kind in the last stage."""
    (argument,) = (argument for key, argument in stages(file)[-1] if key == keyword)
    return argument


def environment(file: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in last(file, "ENV").split())


def copies(file: str) -> list[tuple[list[str], str]]:
    """Sources in the repository, and where they go, over all stages."""
    words = [argument.split() for key, argument in instructions(file) if key == "COPY"]
    return [(sources, target) for *sources, target in words if not sources[0].startswith("--from=")]


def requirements(*roots: str) -> set[str]:
    """What some distributions need on Linux with Python 3.12, by what they say of themselves."""
    from packaging.requirements import Requirement

    there = {"python_version": "3.12", "python_full_version": "3.12.9", "sys_platform": "linux", "os_name": "posix"}
    there |= {"platform_machine": "x86_64", "platform_system": "Linux", "platform_python_implementation": "CPython"}
    seen, todo = set(), [(root, "") for root in roots]
    while todo:
        at, extra = todo.pop()
        if (at, extra) not in seen:
            seen.add((at, extra))
            for needed in map(Requirement, metadata.requires(at) or []):
                if needed.marker is None or needed.marker.evaluate({**there, "extra": extra}):
                    todo += [(name(needed.name), more) for more in ("", *needed.extras)]
    return {at for at, _ in seen}


@both
def test_what_is_copied_exists_and_reaches_the_builder(file: str) -> None:
    ignored = (DOCKER / f"{file}.dockerignore").read_text().splitlines()
    kept = {line[1:].removesuffix("/*.py") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    for sources, _ in copies(file):
        for source in sources:
            assert (ROOT / source).exists(), source
            assert any(Path(source).is_relative_to(entry) for entry in kept), source
    assert {"app.py", "translate"} <= {source for sources, _ in copies(file) for source in sources}


@both
def test_the_base_is_the_only_name_of_a_place(file: str) -> None:
    known: set[str] = set()
    for key, argument in instructions(file):
        if key == "FROM":
            image, *alias = argument.split(" AS ")
            assert image in known or image.partition(":")[0] in BASES[file]
            assert image in known or re.fullmatch(r"[a-z/]+:[\w.-]*\d[\w.-]*", image), "pinned"
            known |= set(alias)
        elif key in ("RUN", "COPY", "ADD", "ENV"):
            assert key != "ADD"
            assert "://" not in argument
            assert not re.search(r"--(?:index|extra|find|trusted)", argument)


@both
def test_it_runs_as_nobody(file: str) -> None:
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", last(file, "USER"))
    keys = [key for key, _ in stages(file)[-1]]
    assert "RUN" not in keys[keys.index("USER") :]
    assert last(file, "EXPOSE") == "7860"
    # Both know where things are.
    assert environment(file)["PYTHONPATH"] == last(file, "WORKDIR") == "/app"
    assert environment(file)["PATH"].startswith("/opt/venv/bin:")


def test_both_images_start_the_same() -> None:
    for keyword in ("ENTRYPOINT", "CMD", "HEALTHCHECK", "ENV", "USER", "WORKDIR", "EXPOSE", "STOPSIGNAL"):
        assert last("Dockerfile", keyword) == last("Dockerfile.gpu", keyword)
    assert (DOCKER / "Dockerfile.dockerignore").read_text() == (DOCKER / "Dockerfile.gpu.dockerignore").read_text()


@both
def test_what_is_installed_is_what_the_lock_says(file: str) -> None:
    engine = ENGINES[file]
    (command,) = (argument for key, argument in instructions(file) if key == "RUN" and "pip" in argument.split())
    assert f"pins.py requirements.lock packages.txt {engine} > pins.lock" in command
    assert {"--require-hashes", "--no-deps", "-r pins.lock"} <= set(re.findall(r"-r \S+|--[\w-]+", command))
    text = pins.pins((ROOT / "requirements.lock").read_text(), LISTED, engine)
    blocks = re.split(r"\n(?=\S)", text.strip())
    for block in blocks:
        at, version = re.match(r"([\w.-]+)==([^\s;\\]+)", block).groups()  # type: ignore[union-attr]
        assert version in locked()[at]
        assert re.fullmatch(r"[^\n]+ \\\n(    --hash=sha256:[0-9a-f]{64}( \\\n)?)+", block), at
        # Word for word that of the lock; the engine's marker alone is gone.
        whole = (ROOT / "requirements.lock").read_text()
        assert block in whole or (at == engine and block.partition("\n")[2] in whole and ";" not in block)
    assert {block.partition("==")[0] for block in blocks} == {*LISTED, engine}


def test_the_list_is_what_the_page_needs() -> None:
    if "gradio" not in _installed():
        pytest.skip("the page needs the extra `app`")
    engine = "onnxruntime-gpu" if "onnxruntime-gpu" in _installed() else "onnxruntime"
    needed = requirements("gradio", "numpy", "pillow", "av", engine) - {engine}
    assert sorted(needed) == LISTED, "write the left side into packages.txt"
    assert not {"torch", "onnx", "albumentations", "kornia", "ray"} & needed


def test_pins_refuses() -> None:
    lock = "a==1 ; os_name == 'x' \\\n    --hash=sha256:00\nonnxruntime==2 ; never \\\n    --hash=sha256:11\n"
    assert pins.pins(lock, ["a"], "onnxruntime") == lock.replace(" ; never", "")
    for names, engine, reason in [(["b"], "onnxruntime", "does not have b"), (["a"], "tensorflow", "is neither of")]:
        with pytest.raises(SystemExit, match=reason):
            pins.pins(lock, names, engine)


def test_compose_says_the_same() -> None:
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    assert set(services) == {"page", "page-gpu"}
    for service, file in (("page", "Dockerfile"), ("page-gpu", "Dockerfile.gpu")):
        made = services[service]
        assert (DOCKER / made["build"]["context"]).resolve() == ROOT
        assert ROOT / made["build"]["dockerfile"] == DOCKER / file
        assert made["ports"] == [f"127.0.0.1:7860:{last(file, 'EXPOSE')}"]
        assert made["volumes"] == [f"${{MODELS:-../../models}}:{json.loads(last(file, 'CMD'))[1]}:ro"]
        assert (made["read_only"], made["cap_drop"]) == (True, ["ALL"])
        assert made["tmpfs"][0].split(":")[0] == environment(file)["HOME"]
    assert services["page-gpu"]["profiles"] == ["gpu"]
    assert "profiles" not in services["page"]


# Stands in for the image: packages that it lacks cannot be imported, and what is written and called is noted.
SITE = """
import signal

# What a shell starts in the background, tests too, ignores SIGINT; a container does not.
signal.signal(signal.SIGINT, signal.default_int_handler)

import importlib.machinery, json, os, sys
hidden, log = json.loads(os.environ["IMAGE_HIDDEN"]), open(os.environ["IMAGE_LOG"], "a", buffering=1)

class Image:
    def find_spec(name, path=None, target=None):
        if name == "translate":  # the image's, not one that is installed here
            return importlib.machinery.PathFinder.find_spec(name, [os.environ["PYTHONPATH"].split(os.pathsep)[1]])
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"{name} is not in the image", name=name)

sys.meta_path.insert(0, Image)

def note(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and isinstance(arguments[2], int):
        if arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            print("write", arguments[0], file=log)
    elif event == "os.mkdir":
        print("write", arguments[0], file=log)
    elif event == "socket.getaddrinfo":
        print("host", arguments[0], file=log)
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        print("host", arguments[1][0], file=log)

sys.addaudithook(note)
"""


@cache
def _installed() -> dict[str, set[str]]:
    """Distributions here, each with its top-level modules."""
    found = {}
    for distribution in metadata.distributions():
        record = (distribution.read_text("RECORD") or "").splitlines()
        tops = {re.split(r"[/,]", line, maxsplit=1)[0].partition(".")[0] for line in record}
        found[name(distribution.metadata["Name"])] = {top for top in tops if top.isidentifier()}
    return found


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The root of a file system: what the last stage copies, models mounted over those in it, and the stand-in."""
    root = tmp_path / "image"
    work = root / last("Dockerfile", "WORKDIR")[1:]
    work.mkdir(parents=True)
    for key, argument in stages("Dockerfile")[-1]:
        *sources, place = argument.split()
        if key == "COPY" and not sources[0].startswith("--"):
            target = root / place[1:] if place.startswith("/") else work / place
            for source in sources:
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    target.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / source, target)
    for folder in ("tmp", "site"):
        (root / folder).mkdir()
    (root / "models").rename(root / "own")
    # Mounted over the image's own.
    (root / "models").mkdir()
    for model in ("invert", "edges", "there", "back"):
        shutil.copy(ASSETS / f"{model}.onnx", root / "models")
    (root / "site" / "sitecustomize.py").write_text(SITE)
    return root


def variables(image: Path) -> dict[str, str]:
    """The image's environment, its paths moved into the stand-in; nothing of ours but where programs are."""
    inherited = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH") if key in os.environ}
    moved = {
        key: f"{image}{value}" if value.startswith("/") else value for key, value in environment("Dockerfile").items()
    }
    in_it = {*LISTED, *pins.ENGINES}
    kept = {module for at in in_it for module in _installed().get(at, ())}
    hidden = sorted({module for modules in _installed().values() for module in modules} - kept - {"translate"})
    assert {"torch", "onnx", "ray", "pytest"} <= set(hidden)
    return {
        **moved,
        **inherited,
        "PYTHONPATH": f"{image / 'site'}{os.pathsep}{moved['PYTHONPATH']}",
        "TMPDIR": str(image / "tmp"),
        "IMAGE_HIDDEN": json.dumps(hidden),
        "IMAGE_LOG": str(image / "log"),
    }


def command(image: Path, keyword: str, port: int) -> list[str]:
    """An instruction in exec form as it runs here: this Python, the stand-in's paths, the loopback, a free port."""
    words = json.loads(last("Dockerfile", keyword).split("CMD ")[-1])
    words = [word.replace("7860", str(port)).replace("0.0.0.0", "127.0.0.1") for word in words]
    words = [f"{image}{word}" if word.startswith("/") else word for word in words]
    return [sys.executable if word == "python" else word for word in words]


def test_the_image_serves(image: Path) -> None:
    pytest.importorskip("gradio", reason="the page needs the extra `app`")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env, work = variables(image), image / "app"
    started = [*command(image, "ENTRYPOINT", port), *command(image, "CMD", port), "--port", str(port)]
    health: dict[str, Any] = {"args": command(image, "HEALTHCHECK", port), "cwd": work, "env": env}
    with (image / "said").open("w") as said:
        server = subprocess.Popen(started, cwd=work, env=env, stdout=said, stderr=said)
    try:
        assert subprocess.run(**health, stderr=subprocess.DEVNULL).returncode != 0, "healthy before it serves"
        for _ in range(300):
            if "The page is at" in (image / "said").read_text() or server.poll() is not None:
                break
            time.sleep(0.1)
        assert subprocess.run(**health).returncode == 0, (image / "said").read_text()
        # docker stop
        server.send_signal(getattr(signal, last("Dockerfile", "STOPSIGNAL")))
        assert server.wait(10) == 0, (image / "said").read_text()
    finally:
        server.kill()
        server.wait()
    assert "Traceback" not in (image / "said").read_text()
    noted = [line.split(" ", 1) for line in (image / "log").read_text().splitlines()]
    written = {Path(os.path.abspath(path)) for kind, path in noted if kind == "write"}
    assert {path for path in written if not path.is_relative_to(image / "tmp")} <= {Path("/dev/null")}
    assert {host for kind, host in noted if kind == "host"} <= {"127.0.0.1", "localhost"}


@both
def test_where_nothing_is_mounted_the_image_has_the_projects_models(image: Path, file: str) -> None:
    assert (["export/space/models"], json.loads(last(file, "CMD"))[1]) in copies(file)
    shelf = Shelf(image / "own")
    assert shelf.left_out() == []
    assert {model.name for model in shelf.models()} >= {"edges2photo", "labels2photo"}
    assert all(model.examples for model in shelf.models() if not model.card.draws)


def test_the_image_translates_a_shard(image: Path, tmp_path: Path) -> None:
    from PIL import Image

    (image / "in").mkdir()
    Image.new("RGB", (5, 4), (1, 2, 3)).save(image / "in" / "a.png")
    words = ["export/ray/translate_folder.py", image / "models" / "invert.onnx", image / "in", image / "out"]
    done = subprocess.run(
        [sys.executable, *map(str, words), "--shard", "0/1"],
        cwd=image / "app",
        env=variables(image),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 translated, 0 were there, 0 failed\n", "")
    assert Image.open(image / "out" / "a.png").getpixel((0, 0)) == (254, 253, 252)
