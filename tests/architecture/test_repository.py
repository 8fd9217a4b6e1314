"""What is in the repository: nothing huge, nothing that binds it to one machine or one registry, a lock that holds."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 5 * 2**20
IGNORED = {"__pycache__", "build", "data", "dist", "models", "node_modules", "runs"}

# Written in pieces, so that this file does not find itself.
REGISTRIES = [
    r"\b(?:test\.)?pypi\." + "org",
    r"\bpython" + r"hosted\.org",
    r"\bdownload\.py" + r"torch\.org/whl",
    r"\bregistry\.npm" + r"js\.org",
    r"\bconda\.ana" + r"conda\.org",
    r"://[^\s\"')>]*/sim" + r"ple\b",
    r"://[^\s\"')>/]*(?:artifact" + r"ory|nex" + r"us)[^\s\"')>/]*/",
    r"--(?:extra-)?index-" + r"url[ =]",
]
MACHINES = [r"(?<![\w.~$}{/-])/(?:home|root|Users|wo" + r"rk)/[\w.]", r"\b[A-Z]:\\" + r"Users\\"]


def files() -> list[Path]:
    """Everything that git would carry; in a copy without git, everything but what a user makes."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if (ROOT / ".git").exists():
        try:
            names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
            return [ROOT / name for name in names if name and (ROOT / name).is_file()]
        except (OSError, subprocess.CalledProcessError):
            pass
    found = []
    for folder, inner, names in os.walk(ROOT):
        inner[:] = [name for name in inner if name == ".ci" or not (name.startswith(".") or name in IGNORED)]
        found += [Path(folder, name) for name in names]
    return found


FILES = files()


def test_nothing_is_huge():
    assert len(FILES) > 20
    assert {path.name: path.stat().st_size for path in FILES if path.stat().st_size > LIMIT} == {}


@pytest.mark.parametrize("patterns", [REGISTRIES, MACHINES], ids=["registries", "machines"])
def test_nothing_is_bound_to_a_place(patterns):
    pattern = re.compile("|".join(patterns))
    found = []
    for path in FILES:
        raw = path.read_bytes()
        if b"\0" in raw[:8192]:
            continue
        for number, line in enumerate(raw.decode(errors="replace").splitlines(), 1):
            if match := pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {match[0]}")
    assert found == []


def test_the_patterns_find_what_they_are_for():
    registry, machine = (re.compile("|".join(patterns)) for patterns in (REGISTRIES, MACHINES))
    for text in ("https://py" + "pi.org/x", "https://host/a/sim" + "ple/", "--index-" + "url x"):
        assert registry.search(text), text
    for text in ("see /ho" + "me/someone/x", "C:\\" + "Users\\x", "'/ro" + "ot/.cache'"):
        assert machine.search(text), text
    for text in ("a simple/work flow", "runs/home/x", "https://example.org/home/x", "~/files/x"):
        assert not machine.search(text), text


def broken_links(text: str, folder: Path) -> list[str]:
    """What a text in Markdown refers to, links and pictures, that is not there; of other sites none."""
    prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.M | re.S)
    found = re.findall(
        r"\]\(([^)\s]+)[^)]*\)|^\[[^\]]+\]: *(\S+)|<(?:img|a)\b[^>]*(?:src|href)=\"([^\"]+)\"", prose, flags=re.M
    )
    links = [link for link in map("".join, found) if not re.match(r"[a-z]+:", link)]
    return [link for link in links if not leads_somewhere(link, text, folder)]


def leads_somewhere(link: str, text: str, folder: Path) -> bool:
    path, _, heading = link.partition("#")
    if not (folder / path).exists():
        return False
    told = (folder / path).read_text(encoding="utf-8") if path and heading else text
    headings = [
        re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^#+ +(.+)$", told, flags=re.M)
    ]
    return not heading or heading in headings


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.suffix == ".md"], ids=lambda path: str(path.relative_to(ROOT))
)
def test_what_the_documentation_refers_to_is_there(path):
    assert broken_links(path.read_text(encoding="utf-8"), path.parent) == []


def test_broken_links_are_found(tmp_path):
    (tmp_path / "there.md").write_text("# A tale\n\n## Of 2 (cities)\n")
    good = [
        "[a](there.md)",
        "[a](there.md#of-2-cities)",
        "[a](#here)",
        "[a](https://example.org)",
        "`[a](b)`",
        "[a][b]",
    ]
    bad = [
        "[a](gone.md)",
        "![a](gone.png 'title')",
        "[a](there.md#gone)",
        "[a](#gone)",
        '<img src="gone.png">',
        "[a]: gone",
    ]
    text = "\n".join(["# Here", *good, "```", "[a](code)", "```", *bad])
    assert broken_links(text, tmp_path) == ["gone.md", "gone.png", "there.md#gone", "#gone", "gone.png", "gone"]


def name(requirement: str) -> str:
    """The canonical name of the distribution that a requirement or a lock's line is about."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()


def locked() -> dict[str, set[str]]:
    """The versions that the lock allows of each distribution (several, where platforms differ)."""
    versions: dict[str, set[str]] = {}
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"[\w.-]+==([^\s;\\]+)", line):
            versions.setdefault(name(line), set()).add(match[1])
    return versions


def test_the_lock_holds_every_requirement_and_no_address():
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    assert {name(requirement) for requirement in wanted} - set(locked()) == set()


@pytest.mark.skipif(Path(sys.prefix).parent != ROOT, reason="holds in the environments that make sets up")
def test_what_is_installed_is_what_is_locked():
    versions = locked()
    installed = {name(found.metadata["Name"]): found.version for found in metadata.distributions()}
    del installed["translate-gan"]
    assert {key: value for key, value in installed.items() if value not in versions.get(key, ())} == {}
