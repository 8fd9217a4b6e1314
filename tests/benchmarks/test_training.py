"""The benchmark of training steps: it measures like with like, counts honestly, and runs."""

import ast
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks import probe, report, training
from benchmarks.candidates import KINDS, LITERAL, PAPERS, TINY, Candidate, our_method
from benchmarks.report import Turn
from translate.methods import METHODS

ROOT = Path(__file__).resolve().parents[2]


def parameters(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


@pytest.mark.parametrize("sizes", [PAPERS, TINY], ids=["papers", "tiny"])
@pytest.mark.parametrize("method", LITERAL)
def test_both_candidates_have_the_same_networks(method: str, sizes: dict) -> None:
    with torch.device("meta"):
        ours, literal = our_method(method, sizes), LITERAL[method](sizes)
    shapes = [sorted(tuple(weight.shape) for weight in module.parameters()) for module in (ours, literal)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize(
    ("method", "millions"),
    [("cyclegan", 2 * (11.378 + 2.765)), ("pix2pix", 54.414 + 2.769), ("cut", 14.703), ("fastcut", 14.703)],
)
def test_the_networks_are_the_papers(method: str, millions: float) -> None:
    with torch.device("meta"):
        assert parameters(LITERAL[method](PAPERS)) / 1e6 == pytest.approx(millions, abs=2e-3)


def test_the_literal_implementations_know_torch_alone() -> None:
    known = set()
    for path in (ROOT / "benchmarks" / "literal").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                known |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                known.add(str(node.module))
    others = {name for name in known if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name for name in others if not name.startswith("benchmarks.literal.")} == {"torch", "torch.nn"} & others


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", LITERAL)
def test_every_candidate_moves(method: str, kind: str) -> None:
    candidate = Candidate(method, kind, TINY)
    picture = torch.rand(1, 3, 32, 32, device=candidate.device) * 2 - 1
    before = {name: weight.detach().clone() for name, weight in candidate.model.named_parameters()}
    losses = candidate.step(picture, picture.flip(3))
    assert all(torch.isfinite(loss) for loss in losses.values())
    # Not the biases: the true gradient of one before a norm is 0.
    still = [name for name, weight in candidate.model.named_parameters() if torch.equal(weight, before[name])]
    assert [name for name in still if not name.endswith("bias")] == []


def test_turns_of_a_slow_minute_do_not_count() -> None:
    turns = {
        ("cut", "ours"): [Turn(2.0, 1, 1.0), Turn(9.0, 1, 1.4), Turn(2.2, 1, 1.1)],
        ("cut", "literal"): [Turn(8.0, 2, 1.5), Turn(9.0, 2, 1.6)],
        ("cyclegan", "ours"): [Turn(1.0, 1, 1.0), Turn(1.0, 1, 1.0), Turn(1.0, 1, 0.9)],
    }
    assert report.calm(turns) == {
        ("cut", "ours"): [True, False, True],
        ("cut", "literal"): [True, False],  # the calmest of what there is
        ("cyclegan", "ours"): [True, True, True],
    }


def test_a_summary_is_of_seconds_a_step() -> None:
    turns = [Turn(2.0, 2, 1.0), Turn(4.0, 2, 1.0), Turn(6.0, 2, 1.0), Turn(60.0, 2, 9.0)]
    found = report.summary(turns, [True, True, True, False])
    assert found["seconds"] == {"median": 2.0, "lower_quartile": 1.5, "upper_quartile": 2.5}
    assert (found["counted"], found["dropped"], len(found["turns"])) == (3, 1, 4)
    assert report.summary(turns[:1], [True])["seconds"]["upper_quartile"] == 1.0


@pytest.mark.parametrize(("judged", "met"), [(True, [True, False]), (False, [None, None])])
def test_targets_are_judged_where_they_apply(judged: bool, met: list) -> None:
    seconds = {"cyclegan": (1.0, 0.45), "fastcut": (9.0, 0.3), "cut": (1.0, 1.0)}
    candidates = {
        method: {kind: {"seconds": {"median": value}} for kind, value in zip(("literal", "ours"), both, strict=True)}
        for method, both in seconds.items()
    }
    assert [target["met"] for target in report.targets(candidates, judged)] == met
    assert report.ratios(candidates)["fastcut/cyclegan"] == pytest.approx(0.3 / 0.45)


def test_targets_are_for_a_cpu_in_bf16() -> None:
    usual = {"device": "cpu", "precision": "bfloat16"}
    literal = {"device": "cpu", "precision": "float32"}
    assert report.on_cpu_in_bf16({"cut": {"literal": literal, "ours": usual}})
    for other in ({"device": "cuda:0"}, {"precision": "float32"}):
        unusual = {"literal": literal, "ours": usual | other}
        assert not report.on_cpu_in_bf16({"cut": {"literal": literal, "ours": usual}, "pix2pix": unusual})


@pytest.mark.parametrize(
    ("methods", "networks", "side", "name"),
    [
        (list(LITERAL), "papers'", 256, "2026-01-02-training-cpu.json"),
        (list(LITERAL), "tiny", 32, "2026-01-02-training-cpu-quick.json"),
        (["cyclegan", "fastcut"], "papers'", 256, "2026-01-02-training-cpu-cyclegan-fastcut.json"),
        (list(LITERAL), "papers'", 512, "2026-01-02-training-cpu-side-512.json"),
        (["cut"], "tiny", 64, "2026-01-02-training-cpu-quick-cut-side-64.json"),
    ],
)
def test_a_partial_record_does_not_replace_a_full_one(methods: list[str], networks: str, side: int, name: str) -> None:
    settings = {"networks": networks, "side": side}
    record = {"date": "2026-01-02", "machine": {}, "settings": settings, "candidates": dict.fromkeys(methods)}
    assert training.file_name(record) == name


def test_probe_and_workers_leave_each_other_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that spin after their work would take the cores from whoever comes next, on both sides of the probe."""
    events = []
    monkeypatch.setattr(probe.time, "sleep", lambda seconds: events.append(f"pause of {seconds}"))
    monkeypatch.setattr(probe.Probe, "_once", lambda self: float(events.append("probe") is None))
    probe.Probe(torch.device("cpu"), quick=False)()
    pause = f"pause of {probe.SETTLE}"
    assert events[-7:] == [pause, *["probe"] * 5, pause]


@pytest.mark.slow
def test_the_benchmark_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.training", "--quick", "--methods", "fastcut,cyclegan"]
    # One thread: five processes would fight over the cores.
    one = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, "--out", str(tmp_path)], cwd=ROOT, env=one, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.iterdir()
    record = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == training.file_name(record)
    assert list(record["candidates"]) == ["cyclegan", "fastcut"]
    medians = {}
    for method, kinds in record["candidates"].items():
        for kind, found in kinds.items():
            counted = [turn["seconds"] / turn["steps"] for turn in found["turns"] if turn["counts"]]
            medians[method, kind] = found["seconds"]["median"]
            assert found["seconds"]["median"] == pytest.approx(statistics.median(counted))
            assert 0 < found["seconds"]["lower_quartile"] <= medians[method, kind] <= found["seconds"]["upper_quartile"]
            assert all(turn[number] > 0 for turn in found["turns"] for number in ("seconds", "steps", "probe"))
            assert found["counted"] + found["dropped"] == len(found["turns"]) >= record["settings"]["rounds"]
            assert 0 < found["memory"]["before"] <= found["memory"]["peak"]
            assert f"{method:<10}{kind}" in done.stdout
        assert kinds["literal"]["precision"] == "float32"
        assert record["ratios"][method] == pytest.approx(medians[method, "ours"] / medians[method, "literal"])
    assert [target["at_most"] for target in record["targets"]] == [0.45, 0.5]
    assert {target["met"] for target in record["targets"]} == {None}
    assert record["machine"]["cores"] > 0
    assert record["versions"]["torch"] == torch.__version__


@pytest.mark.parametrize("wrong", [["--methods", "cutt"], ["--side", "300"], ["--rounds", "0"]])
def test_wrong_options_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        training.main(wrong)
    assert wrong[0] in capsys.readouterr().err


def test_every_timed_method_is_one_of_ours() -> None:
    assert set(LITERAL) <= set(METHODS)
