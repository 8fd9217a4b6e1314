"""A folder translated by many: every picture once, whatever dies in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.export.scripts import ASSETS, ROOT, script
from translate import pixels
from translate.errors import DataError
from translate.runtime import Translator

ledger, job = script("ray", "ledger"), script("ray", "translate_folder")

MODEL = ASSETS / "invert.onnx"
COUNT = 40


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Pictures of as many sizes, in three folders and three formats."""
    folder = tmp_path / "in"
    noise = np.random.default_rng(0)
    for number in range(COUNT):
        path = folder / ("", "deep", "deep/er")[number % 3] / f"{number}.{('png', 'jpg', 'bmp')[number % 7 % 3]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise.integers(0, 256, (9 + number, 50 - number, 3), dtype=np.uint8)).save(path)
    return folder


def by_hand(source: Path, folder: Path) -> dict[str, bytes]:
    """What a plain loop makes of the pictures."""
    translator = Translator(MODEL)
    made = {}
    for path in (path for path in source.rglob("*") if path.is_file()):
        result = folder / path.relative_to(source)
        result.parent.mkdir(parents=True, exist_ok=True)
        pixels.write(translator.array(pixels.read(path)), result)
        made[result.relative_to(folder).as_posix()] = result.read_bytes()
    return made


def results(out: Path) -> dict[str, bytes]:
    """Every file of the output but the job's own, hidden ones too."""
    found = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if not name.endswith((".json", ".jsonl"))}


def lines(report: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in report.read_text().splitlines()]


def run(*arguments: object) -> int:
    status: int = job.main([str(argument) for argument in arguments])
    return status


def test_shards_are_the_whole_and_do_not_meet(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for index in range(3):
        assert run(MODEL, pictures, out, "--shard", f"{index}/3") == 0
    assert results(out) == by_hand(pictures, tmp_path / "hand")
    shares = [[line["path"] for line in lines(out / f"report-{index}-of-3.jsonl")] for index in range(3)]
    assert all(8 <= len(share) <= 20 for share in shares)
    assert sorted(path for share in shares for path in share) == sorted(
        path.relative_to(pictures).as_posix() for path in pictures.rglob("*.*")
    )
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == []


def test_a_job_goes_on_where_it_was(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, report = tmp_path / "out", tmp_path / "out" / "report-0-of-1.jsonl"
    bad = pictures / "deep" / "1.jpg"
    good = bad.read_bytes()
    bad.write_bytes(good[:300])
    assert run(MODEL, pictures, out, "--shard", "0/1") == 1
    assert capsys.readouterr().out == "39 translated, 0 were there, 1 failed\n"
    (failed,) = (line for line in lines(report) if line["status"] == "failed")
    assert (failed["path"], "damaged or cut short" in failed["reason"]) == ("deep/1.jpg", True)
    # Killed: a line cut short, a result without a line, a line without a result, one that a power cut emptied.
    before = {name: (out / name).stat().st_mtime_ns for name in results(out)}
    text = report.read_text()
    report.write_text(text[: text.rindex('"result"')])
    (out / "0.png").unlink()
    (out / "deep" / "er" / "2.bmp").write_bytes(b"")
    bad.write_bytes(good)
    assert run(MODEL, pictures, out, "--shard", "0/1") == 0
    assert capsys.readouterr().out == "3 translated, 37 were there, 0 failed\n"
    assert results(out) == by_hand(pictures, tmp_path / "hand")
    assert len({line["path"] for line in lines(report)}) == len(lines(report)) == COUNT
    assert {line["status"] for line in lines(report)} == {"done"}
    same = {name for name, time in before.items() if (out / name).stat().st_mtime_ns == time}
    assert set(before) - same == {"0.png", "deep/er/2.bmp"}


def test_what_is_told_twice_is_written_once(tmp_path: Path) -> None:
    (tmp_path / "there.png").write_bytes(b"result")
    tasks = [(name, name) for name in ("new.png", "there.png", "bad.png")]
    report = ledger.Report(tmp_path / "report.jsonl", tasks, tmp_path)
    assert report.todo == [tasks[0], tasks[2]]
    for line in [{"path": "new.png", "status": "done"}, {"path": "bad.png", "status": "failed"}] * 2:
        report.add(line)
    report.add({"path": "there.png", "status": "done"})
    report.add({"path": "stranger.png", "status": "done"})
    report.close()
    assert [line["path"] for line in lines(tmp_path / "report.jsonl")] == ["there.png", "new.png", "bad.png"]
    assert (report.done, report.failed, report.found) == (1, 1, 1)


def test_two_workers_at_one_picture(pictures: Path, tmp_path: Path) -> None:
    """As after a pod was given up that was alive: the one that is late finds its scratch gone, and the result there."""

    class Late(job.Worker):  # type: ignore[misc, name-defined]
        def _write(self, path: str, target: Path) -> None:
            target.parent.mkdir(parents=True)
            target.write_bytes(b"the other's")
            raise FileNotFoundError("scratch")

    worker = Late(str(MODEL), str(pictures), str(tmp_path / "out"), str(tmp_path / "scratch"), 1, False)
    assert worker.translate("0.png", "0.png")["status"] == "done"
    assert (tmp_path / "out" / "0.png").read_bytes() == b"the other's"


def test_names_and_what_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / ".hidden").mkdir(parents=True)
    for name in ("a.gif", "b.PNG", "ü ö.webp", ".c.png", ".hidden/d.png"):
        Image.new("RGB", (4, 5), "red").save(folder / name)
    (folder / "notes.txt").touch()
    assert ledger.plan(folder, tmp_path / "out") == [
        ("a.gif", "a.png"),
        ("b.PNG", "b.PNG"),
        ("ü ö.webp", "ü ö.webp"),
    ]
    assert run(MODEL, folder, tmp_path / "out", "--shard", "0/1", "--suffix", ".bmp") == 0
    assert set(results(tmp_path / "out")) == {"a.bmp", "b.bmp", "ü ö.bmp"}
    Image.new("RGB", (4, 5)).save(folder / "a.png")
    with pytest.raises(DataError, match=r"would both become a.png"):
        ledger.plan(folder, tmp_path / "out")


def test_a_picture_that_kills_is_given_up(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies (here: is left by an exception that nothing catches) in the middle of the same picture."""

    class Death(BaseException):
        pass

    read, tries = pixels.read, []

    def deadly(path: Path, *arguments: object, **options: object) -> pixels.Pixels:
        if path.name == "0.png":
            tries.append(path)
            raise Death
        return read(path, *arguments, **options)  # type: ignore[arg-type]

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(job.pixels, "read", deadly)
        # A dead worker removes no mark.
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        for _ in range(job.LIVES):
            with pytest.raises(Death):
                run(MODEL, pictures, out, "--shard", "0/1")
        assert len(tries) == job.LIVES
        capsys.readouterr()
        assert run(MODEL, pictures, out, "--shard", "0/1") == 1
    assert len(tries) == job.LIVES
    assert capsys.readouterr().out == "39 translated, 0 were there, 1 failed\n"
    (failed,) = (line for line in lines(out / "report-0-of-1.jsonl") if line["status"] == "failed")
    assert "ended its worker 3 times" in failed["reason"]
    assert not (out / ".scratch-0-of-1").exists()
    assert run(MODEL, pictures, out, "--shard", "0/1") == 0


def test_what_is_refused(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, shard = tmp_path / "out", ("--shard", "0/1")
    assert run(MODEL, pictures, out, *shard) == 0
    capsys.readouterr()
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    for arguments, reason in [
        ((ASSETS / "edges.onnx", pictures, out, *shard), "has results of another model or format"),
        ((MODEL, pictures, out, *shard, "--suffix", ".png"), "has results of another model or format"),
        ((MODEL, pictures, out, *shard, "--suffix", ".gif"), "cannot be written as .gif"),
        ((MODEL, pictures, pictures / "out", *shard), "lie within each other"),
        ((MODEL, pictures / "deep", pictures, *shard), "lie within each other"),
        ((MODEL, tmp_path / "empty", out, *shard), "there are no pictures in"),
        ((MODEL, tmp_path / "none", out, *shard), "none does not exist"),
        ((MODEL, pictures, tmp_path / "file", *shard), "file"),
        ((ASSETS / "no_card.onnx", pictures, out, *shard), "without a card"),
        ((ASSETS / "drawing.onnx", pictures, out, *shard), "draws pictures from noise, where this job"),
        ((tmp_path / "none.onnx", pictures, out, *shard), "none.onnx does not exist"),
    ]:
        assert run(*arguments) == 1
        error = capsys.readouterr().err
        assert error.startswith("translate_folder: ")
        assert reason in error
        assert error.count("\n") == 1
    for words in ([], ["--shard", "2/2"], ["--shard", "x"], ["--workers", "0"], ["--workers", "2", *shard]):
        with pytest.raises(SystemExit) as exit:
            run(MODEL, pictures, out, *words)
        assert exit.value.code == 2


def test_the_kubernetes_job_says_what_the_script_takes() -> None:
    yaml = pytest.importorskip("yaml")
    spec = yaml.safe_load((ROOT / "export" / "ray" / "job.yaml").read_text())["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    python, path = container["command"]
    assert (python, (ROOT / path).is_file()) == ("python", True)
    count = spec["completions"]
    shards = set()
    for index in range(count):
        words = [word.replace("$(JOB_COMPLETION_INDEX)", str(index)) for word in container["args"]]
        options = job.parser().parse_args(words)
        shards.add(options.shard)
        assert options.cpus_per_worker == int(container["resources"]["requests"]["cpu"])
    assert shards == {(index, count) for index in range(count)}
    assert spec["completionMode"] == "Indexed"


# Runs the job with workers that die: the one that writes the 7th result before it is in place, and the one that
# writes the 19th just after. Says what listens on which address, and what goes to other nodes.
DEADLY = """
import os, pathlib, pickle, signal, subprocess, sys
sys.path.insert(0, sys.argv.pop(1))
folder = pathlib.Path(sys.argv.pop(1))
import translate_folder

class Deadly(translate_folder.Worker):
    def _write(self, path, target):
        place = os.replace
        def deadly(aside, there):
            if pathlib.Path(there) == target:
                (folder / "writes").open("ab").write(b".")
                count = (folder / "writes").stat().st_size
                if count == 7:
                    os.kill(os.getpid(), signal.SIGKILL)
                place(aside, there)
                if count == 19:
                    os.kill(os.getpid(), signal.SIGKILL)
            else:
                place(aside, there)
        os.replace = deadly
        try:
            super()._write(path, target)
        finally:
            os.replace = place

plain = translate_folder.Worker
session = translate_folder._session
from contextlib import contextmanager
@contextmanager
def watched(options):
    with session(options) as ray:
        yield ray
        (folder / "pickled").write_bytes(ray.cloudpickle.dumps(plain))
        mine = {os.readlink(link) for process in pathlib.Path("/proc").glob("[0-9]*")
                if (process / "cmdline").exists() and (b"ray" in (process / "cmdline").read_bytes()
                or process.name == str(os.getpid())) for link in (process / "fd").iterdir() if link.is_symlink()}
        rows = [row.split() for kind in ("tcp", "tcp6", "udp", "udp6")
                for row in pathlib.Path("/proc/net", kind).read_text().splitlines()[1:]]
        rows = [row for row in rows if f"socket:[{row[9]}]" in mine]
        ends = [sorted({row[end].partition(":")[0] for row in rows}) for end in (1, 2)]
        (folder / "addresses").write_text("\\n".join(map(" ".join, ends)))
translate_folder._session = watched
translate_folder.Worker = Deadly
sys.exit(translate_folder.main())
"""

LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}
NOBODY = {"00000000", "0" * 32}


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_workers_that_are_killed_lose_nothing(pictures: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    (pictures / "bad.png").write_text("not a picture")
    out, watch = tmp_path / "out", tmp_path / "watch"
    watch.mkdir()
    command = [sys.executable, "-c", DEADLY, str(ROOT / "export" / "ray"), str(watch), str(MODEL), str(pictures)]
    # In a process of its own: Ray leaves threads and sockets, and pytest takes every warning for an error.
    with (tmp_path / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [*command, str(out), "--workers", "2", "--batch", "4"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": "/tmp"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(240)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    said = (tmp_path / "log.txt").read_text()
    assert (status, said.splitlines()[-1]) == (1, "40 translated, 0 were there, 1 failed"), said
    (pictures / "bad.png").unlink()
    assert results(out) == by_hand(pictures, tmp_path / "hand")
    report = {line["path"]: line for line in lines(out / "report.jsonl")}
    assert len(report) == len(lines(out / "report.jsonl")) == COUNT + 1
    assert report.pop("bad.png")["reason"].endswith("is not a picture: give one of " + ", ".join(pixels.FORMATS))
    assert {line["status"] for line in report.values()} == {"done"}
    # Both deaths were: 40 results, and one write more for the result that was not yet in place.
    assert (watch / "writes").stat().st_size == COUNT + 1
    assert len({line["worker"] for line in report.values()}) >= 3
    ours, theirs = (set(line.split()) for line in (watch / "addresses").read_text().splitlines())
    assert ours == LOOPBACK
    assert theirs <= LOOPBACK | NOBODY
    assert sorted(path.name for path in out.iterdir() if path.is_file() and path.suffix.startswith(".json")) == [
        "job.json",
        "report.jsonl",
    ]
    assert not list(out.glob(".*"))
    # What workers are made of can be read where this folder is not.
    loading = f"import pickle; print(pickle.load(open({str(watch / 'pickled')!r}, 'rb')).__name__)"
    loaded = subprocess.run(
        [sys.executable, "-c", loading], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert loaded.stdout == b"Worker\n", loaded.stderr
