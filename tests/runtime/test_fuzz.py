"""Thousands of mutated files, from a seed: read, or refused in one sentence. No crash, no hang, no traceback."""

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from translate import pixels
from translate.pixels import metered
from translate.pixels import vetting as picture_limits
from translate.runtime import vetting

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not hasattr(signal, "alarm"), reason="what hangs is ended by SIGALRM")


def fuzzed(kind: str, seed: int, start: int, stop: int) -> int:
    """Try cases in a process of their own. How many passed; AssertionError with how to repeat the one that failed."""
    command = [sys.executable, "-W", "error", "-m", "tests.runtime.fuzz", kind, str(seed), str(start), str(stop)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=280, check=False)
    if done.returncode == 0 and (told := re.search(r"^passed (\d+)\n\Z", done.stdout, re.MULTILINE)):
        return int(told[1])
    numbers = re.findall(r"^\d+$", done.stdout, re.MULTILINE)
    index = int(numbers[-1]) if numbers else start
    how = {-signal.SIGALRM: "hung", 1: "ended in a traceback"}.get(done.returncode, f"died of {done.returncode}")
    pytest.fail(f"{kind} {how}: python -m tests.runtime.fuzz {kind} {seed} {index} {index + 1}\n{done.stderr[-3000:]}")


def in_parts(kind: str, seed: int, cases: int, parts: int) -> int:
    """The same in several processes, two at a time."""
    bounds = [cases * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(lambda start, stop: fuzzed(kind, seed, start, stop), bounds[:-1], bounds[1:]))


@pytest.mark.parametrize(("kind", "cases", "least"), [("pictures", 1500, 200), ("models", 400, 5), ("cards", 200, 5)])
def test_mutated_files_are_read_or_refused(kind: str, cases: int, least: int) -> None:
    passed = fuzzed(kind, 0, 0, cases)
    assert least <= passed < cases * 0.9, "mutations that change nothing, or leave nothing whole, try nothing"


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "cases"), [("pictures", 12_000), ("models", 8_000), ("cards", 2_000)])
def test_many_mutated_files_are_read_or_refused(kind: str, cases: int) -> None:
    seed = int(os.environ.get("FUZZ_SEED", "1"))
    assert 0 < in_parts(kind, seed, cases, 4) < cases


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "died of -11"),
        ("signal.alarm(1) or time.sleep(60)", "hung"),
        ("1 / 0", "ended in a traceback"),
    ],
)
def test_what_fails_is_seen_and_named(deed: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = f"import os, signal, time\nfor index in range(7, 9): print(index, flush=True)\n{deed}"
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda _, **options: run([sys.executable, "-c", program], **options))
    with pytest.raises(pytest.fail.Exception, match=rf"models {told}: python -m tests.runtime.fuzz models 3 8 9"):
        fuzzed("models", 3, 0, 10)


def test_the_page_on_safety_names_tests_and_limits_that_there_are() -> None:
    text = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")
    page = re.sub(r"\n## The page\n.*?(?=\n## )", "", text, flags=re.DOTALL)  # tests/app/test_docs.py has that
    assert page != text
    there = {
        name
        for path in Path(__file__).parent.glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > 20
    assert named <= there
    limits = [
        *(pixels.MAX_BYTES, pixels.MAX_PIXELS, picture_limits.MAX_SIDE, picture_limits.MAX_SLOW_PIXELS),
        *(picture_limits._SEGMENTS, picture_limits._SCANS, metered._READS),
        *(vetting.MAX_BYTES, vetting.MAX_NODES, vetting._MAX_FIELDS, vetting._MAX_DEPTH),
    ]
    assert [limit for limit in limits if not re.search(rf"\| {limit:,}( bytes)? \|", page)] == []
