"""The benchmark of how cost grows: its exponents are right, it stays within time and memory, and it runs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from benchmarks.cost import __main__ as cost
from benchmarks.cost import report as tables
from benchmarks.cost.budget import GIB, Budget, Seen, available, expect, obstacle
from benchmarks.cost.fit import Fit, beyond_constant, fit, power_law, predict, verdict
from benchmarks.cost.points import GRID, METHODS, Group, Point, plan, sizes
from benchmarks.cost.run import Measured, explained, survey
from benchmarks.report import Turn
from benchmarks.worker import Worker
from tests.tiny import ignore

ROOT = Path(__file__).resolve().parents[2]
SIDES = (64, 128, 256, 512, 1024)


class Clock:
    """Goes forward when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def cost_of(point: Point) -> Seen:
    """A law: 20 ms and 1 GiB whatever is done, 1 s and 1 GiB more at the papers' size."""
    size = point.batch * (point.side / 256) ** 2
    return Seen(0.02 + size * (point.width / 64) ** 2, (1 + size * point.width / 64) * GIB)


def measured(point: Point, probe: float = 1.0) -> Measured:
    seconds, peak = cost_of(point)
    memory = {"before": GIB // 2, "peak": int(peak)}
    return Measured({"device": "cpu", "precision": "float32"}, [Turn(3 * seconds, 3, probe)] * 3, memory)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0, 3.25])
def test_an_exact_power_law_is_found(exponent: float) -> None:
    found, r2, residual = power_law([(x, 7e-3 * x**exponent) for x in SIDES])
    assert found == pytest.approx(exponent, abs=1e-12)
    assert r2 == pytest.approx(1, abs=1e-12)
    assert residual == pytest.approx(0, abs=1e-12)


def test_the_line_is_that_of_least_squares() -> None:
    """By hand: 1, 2, 8 at 1, 2, 4 are 0, 1, 3 at 0, 1, 2 in logarithms of 2: slope 3/2, misses 1/6, -1/3, 1/6."""
    exponent, r2, residual = power_law([(1, 1), (2, 2), (4, 8)])
    assert exponent == pytest.approx(1.5)
    assert r2 == pytest.approx(1 - (1 / 6) / (14 / 3))
    assert residual == pytest.approx(1 - 2 ** (-1 / 3))


def test_what_constant_cost_may_outweigh_is_not_fitted() -> None:
    # At 64 all is constant, at 128 four fifths; from 256 on a part that falls.
    law = fit([(side, 1.0 + (side / 256) ** 2) for side in SIDES])
    assert law is not None
    assert law.left_out == [64, 128, 256]
    assert law.used == [512, 1024]
    assert (law.r2, law.residual) == (None, None)  # two points lie on any line
    assert law.exponent == law.last == pytest.approx(1.77, abs=0.01)
    assert (law.constant, law.growing) == (pytest.approx(1, abs=0.01), pytest.approx(2, abs=0.01))


def test_where_nothing_is_constant_all_but_the_smallest_are_fitted() -> None:
    law = fit([(side, 3.0 * side**2) for side in reversed(SIDES)])
    assert law is not None
    assert law.used == [128, 256, 512, 1024]
    assert (law.exponent, law.r2) == (pytest.approx(2), pytest.approx(1))
    assert fit([(64, 1.0), (128, 1.0), (256, 1.1)]) is None
    assert fit([(64, 1.0)]) is None
    assert fit([]) is None


@pytest.mark.parametrize(("constant", "exponent"), [(0.0, 2.0), (3.0, 2.0), (40.0, 1.5)])
def test_a_constant_is_told_from_what_grows(constant: float, exponent: float) -> None:
    found, growing = beyond_constant([(x, constant + 3 * (x / 64) ** exponent) for x in SIDES])
    assert found == pytest.approx(constant, abs=0.05)
    assert growing == pytest.approx(exponent, abs=0.01)


@pytest.mark.parametrize(
    ("exponent", "growing", "expected", "words"),
    [
        (1.9, None, (2.0, 2.0), "as expected"),
        (2.31, 2.0, (2.0, 2.0), "grows faster"),
        (1.5, None, (1.0, 2.0), "as expected"),
        (0.69, None, (1.0, 2.0), "grows slower"),
        (1.4, 1.95, (2.0, 2.0), "as expected beyond the constant"),
        (1.4, 1.5, (2.0, 2.0), "grows slower"),
        (1.4, 2.5, (2.0, 2.0), "grows slower"),
    ],
)
def test_verdicts(exponent: float, growing: float | None, expected: tuple[float, float], words: str) -> None:
    assert verdict(Fit(exponent, 1.0, 0.0, exponent, [], [], None, growing), expected) == words


def test_predictions_reckon_with_a_constant_part_once_they_can() -> None:
    law = {side: 5.0 + 2.0 * side**2 for side in SIDES}
    assert predict([], 512, 2) is None
    assert predict([(64, law[64])], 1024, 2) == pytest.approx(law[64] * 256)  # all grows: too much, not too little
    assert predict([(64, law[64]), (256, law[256])], 1024, 2) == pytest.approx(law[1024])
    assert predict([(64, law[64]), (1024, law[1024])], 512, 2) == pytest.approx(law[512])
    assert predict([(256, law[256])], 64, 2) == law[256]
    assert predict([(64, 9.0), (256, 8.0)], 1024, 2) == 9.0  # noise does not make it cheaper


def test_a_larger_batch_is_reckoned_like_a_larger_picture() -> None:
    base = GRID.at("cyclegan")
    low, high = Point("cyclegan", 64, 1, 64), Point("cyclegan", 256, 16, 64)
    seen = {point: cost_of(point) for point in (base, low)}
    assert expect(high, seen, GRID) == pytest.approx(cost_of(high))
    assert expect(Point("pix2pix", 256, 16, 64), seen, GRID) is None
    thin, wide = Point("cyclegan", 256, 1, 16), Point("cyclegan", 256, 1, 128)
    seen[thin] = cost_of(thin)
    assert expect(wide, seen, GRID).seconds == pytest.approx(cost_of(wide).seconds)
    assert expect(wide, seen, GRID).memory >= cost_of(wide).memory
    option = expect(Point("cyclegan", 256, 1, 64, "fp32", (("precision", "fp32"),)), seen, GRID)
    assert option.seconds > cost_of(base).seconds


def test_the_plan_begins_with_bases_and_ends() -> None:
    points = [point for group in plan(METHODS, GRID, "fp32", cuda=False) for point in group.points]
    assert len(set(points)) == len({point.name for point in points}) == len(points)
    assert points[:3] == [GRID.at(method) for method in METHODS]
    axes = [point for point in points if point.method == "pix2pix" and not point.option]
    places = [
        next(
            (a, getattr(p, a))
            for a in ("side", "batch", "width", "method")
            if a == "method" or getattr(p, a) != GRID.base[a]
        )
        for p in axes
    ]
    assert places[1:6] == [("side", 64), ("width", 16), ("side", 1024), ("batch", 16), ("width", 128)]
    for axis, values in GRID.axes.items():
        assert {getattr(point, axis) for point in axes} == set(values)
    options = {point.option for point in points if point.option and not point.option.startswith("plain")}
    assert options == {"fp32", "channels_last", "recompute", "accumulate 4", "compile"}
    assert "graphs" in {point.option for group in plan(METHODS, GRID, "fp32", cuda=True) for point in group.points}


@pytest.mark.parametrize(("side", "depth"), [(64, 6), (128, 7), (256, 8), (1024, 8)])
def test_the_unet_fits_the_side(side: int, depth: int) -> None:
    point = Point("pix2pix", side, 1, 32)
    assert sizes(point, tiny=False)["unet"] == {"width": 32, "depth": depth}
    assert sizes(point, tiny=False)["patchgan"] == {"width": 32}


class Machine:
    """Measures by a law, and takes the time that it would take."""

    def __init__(self, clock: Clock, dies: Iterable[Point] = ()) -> None:
        self.clock, self.dies, self.asked = clock, set(dies), []

    def __call__(self, group: Group, budget: Budget) -> dict[Point, Measured]:
        self.asked.append(group)
        self.clock.now += 5 + sum(4 * cost_of(point).seconds for point in group.points)
        if self.dies & set(group.points):
            raise RuntimeError("cyclegan ours: its process ended with -9")
        return {point: measured(point) for point in group.points}


@pytest.mark.parametrize("minutes", [0.5, 2, 6, 60])
def test_time_is_kept(minutes: float) -> None:
    clock = Clock()
    machine, budget = Machine(clock), Budget(60 * minutes, clock)
    groups = plan(("cyclegan",), GRID, "fp32", cuda=False)
    found = survey(groups, GRID, budget, lambda: 1000 * GIB, machine, ignore)
    assert clock.now - 100 <= 60 * minutes
    assert set(found.measured) | set(found.left_out) == {point for group in groups for point in group.points}
    assert not set(found.measured) & set(found.left_out)
    for why in found.left_out.values():
        assert "would take about" in why or "no time was left" in why or "nothing that would foretell" in why
    if minutes == 60:
        assert not found.left_out
    else:
        # What is left out is dear; what is cheap and comes after it is still measured.
        assert found.left_out
        assert found.measured


def test_memory_is_kept() -> None:
    clock = Clock()
    machine = Machine(clock)
    groups = plan(("cyclegan",), GRID, "fp32", cuda=False)
    found = survey(groups, GRID, Budget(1e5, clock), lambda: 8 * GIB, machine, ignore)
    assert found.left_out[Point("cyclegan", 1024, 1, 64)] == "it would need about 17.0 GiB, there are 8.0"
    assert Point("cyclegan", 256, 16, 64) in found.left_out
    assert Point("cyclegan", 512, 1, 64) in found.measured
    assert all(cost_of(point).memory < 8 * GIB for point in found.measured)


def test_one_that_is_killed_is_reported_and_the_others_go_on() -> None:
    clock = Clock()
    wide = Point("cyclegan", 256, 1, 128)
    machine = Machine(clock, dies=[wide])
    groups = plan(("cyclegan",), GRID, "fp32", cuda=False)
    found = survey(groups, GRID, Budget(1e5, clock), lambda: 1000 * GIB, machine, ignore)
    assert list(found.left_out) == [wide]
    assert found.left_out[wide].endswith("ended with -9 (killed, as the system does where memory runs out)")
    assert explained("its process ended with 1") == "its process ended with 1"


def test_without_a_base_nothing_dear_is_tried() -> None:
    clock = Clock()
    machine = Machine(clock, dies=[GRID.at("cyclegan")])
    groups = plan(("cyclegan",), GRID, "fp32", cuda=False)
    found = survey(groups, GRID, Budget(1e5, clock), lambda: 1000 * GIB, machine, ignore)
    assert found.measured == {}
    assert len(machine.asked) == 1
    assert obstacle(groups[1], {}, GRID, Budget(1e5, clock), 1.0) == "nothing that would foretell its cost was measured"


def test_a_record_from_measured_points() -> None:
    groups = plan(("cyclegan",), GRID, "fp32", cuda=False)
    everything = {point: measured(point) for group in groups for point in group.points}
    busy = Point("cyclegan", 256, 8, 64)
    everything[busy] = measured(busy, probe=2.0)
    points = tables.points(everything, {point.name: [True] * 3 for point in everything})
    assert [point["batch"] for point in points if point["disturbed"]] == [8]
    laws = {(law["axis"], law["quantity"]): law for law in tables.fits(points, ["cyclegan"], GRID)}
    side, batch = laws["side", "seconds"], laws["batch", "seconds"]
    assert side["used"] == [128, 256, 512, 1024]
    assert side["exponent"] == pytest.approx(2, abs=0.1)
    assert side["r2"] > 0.99
    assert side["residual"] < 0.1
    assert (side["expected"], side["verdict"]) == ([2.0, 2.0], "as expected")
    assert batch["used"] == [4, 16]
    assert batch["left_out"] == [1, 2]  # and the disturbed one is on neither list
    assert laws["width", "training"]["expected"] == [1.0, 2.0]
    record = {
        "points": points,
        "fits": list(laws.values()),
        "options": tables.effects(points, groups),
        "left_out": [],
    }
    assert {(row["option"], row["against"]) for row in record["options"]} == {
        ("fp32", "plain"),
        ("channels_last", "plain"),
        ("recompute", "plain, batch 4"),
        ("accumulate 4", "plain, batch 4"),
        ("compile", "plain, beside compile"),
    }
    assert all(row["seconds"] == row["training"] == 1 for row in record["options"])  # this law knows no options
    table = tables.table(record, GRID)
    assert "(8020.0*)" in table
    assert "Nothing was left out." in table


def test_memory_at_hand_is_what_the_machine_has() -> None:
    import torch

    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < available(torch.device("cpu")) <= total


@pytest.mark.parametrize(
    ("methods", "networks", "name"),
    [
        (list(METHODS), "papers'", "2026-01-02-cost-cpu.json"),
        (list(METHODS), "tiny", "2026-01-02-cost-cpu-quick.json"),
        (["pix2pix"], "papers'", "2026-01-02-cost-cpu-pix2pix.json"),
    ],
)
def test_a_partial_record_does_not_replace_a_full_one(methods: list[str], networks: str, name: str) -> None:
    record = {"date": "2026-01-02", "machine": {}, "settings": {"networks": networks, "methods": methods}}
    assert cost.file_name(record) == name


@pytest.mark.parametrize("wrong", [["--methods", "cutt"], ["--minutes", "0"], ["--device", "nowhere"]])
def test_wrong_options_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cost.main(wrong)
    assert wrong[0] in capsys.readouterr().err


def test_a_worker_that_is_killed_or_late_says_so() -> None:
    with Worker("pix2pix", "ours", tiny=True, side=32, settings={"device": "cpu"}) as worker:
        assert worker.facts["device"] == "cpu"
        with pytest.raises(TimeoutError, match="no answer within 0 s"):
            worker.play(1000, within=0.0)
        with pytest.raises(RuntimeError, match=r"ended with -9"):
            worker.play(1)


@pytest.mark.slow
def test_the_benchmark_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.cost", "--quick", "--methods", "pix2pix", "--device", "cpu"]
    one = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, "--out", str(tmp_path)], cwd=ROOT, env=one, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.iterdir()
    record = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == cost.file_name(record)
    assert path.name.endswith("-cost-cpu-quick-pix2pix.json")
    assert record["left_out"] == []
    assert [(point["side"], point["option"]) for point in record["points"]] == [
        (32, ""),
        (32, "plain, batch 4"),
        (32, "accumulate 4"),
        (64, ""),
    ]
    for point in record["points"]:
        assert point["seconds"]["median"] > 0
        assert point["memory"]["peak"] >= point["memory"]["before"] > 0
        assert point["memory"]["training"] == point["memory"]["peak"] - point["memory"]["before"]
        assert point["device"] == "cpu"
    assert {(law["axis"], law["quantity"]) for law in record["fits"]} == {
        (axis, quantity) for axis in ("side", "batch", "width") for quantity in ("seconds", "training")
    }
    (row,) = record["options"]
    assert (row["option"], row["against"]) == ("accumulate 4", "plain, batch 4")
    medians = {point["option"]: point["seconds"]["median"] for point in record["points"]}
    assert row["seconds"] == pytest.approx(medians["accumulate 4"] / medians["plain, batch 4"])
    assert record["settings"]["used_minutes"] < record["settings"]["minutes"]
    assert record["machine"]["cores"] > 0
    assert "pix2pix, side" in done.stdout
    assert "accumulate 4" in done.stdout
