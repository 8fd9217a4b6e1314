"""The command for a lent GPU: all of it that needs none works here, and it can tell right from wrong."""

import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.gpu import __main__ as command
from benchmarks.gpu import checks, conduct, kernels, recorded, roofline, speed
from benchmarks.gpu.agenda import STAGES, agenda
from benchmarks.gpu.item import STATUSES, Clock, Item, Task, scrub, verdict
from benchmarks.gpu.kernels import Kernel
from benchmarks.gpu.pairs import Crops, files, halves, read
from benchmarks.gpu.play import distance, feed, trainer
from benchmarks.gpu.scores import scores, ssim
from translate import metrics
from translate.methods import METHODS

ROOT = Path(__file__).resolve().parents[2]
# What the machine with the GPU does not have.
MISSING = ("albumentations", "kornia", "gradio", "filelock", "tensorboard", "tomli_w")
QUICK = Task(tuple(STAGES), quick=True, data=None, sheet=Path("sheet.png"))


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Eight side-by-side pictures, 64×32, as façades come: numbered, in `train`."""
    folder = tmp_path / "somewhere" / "train"
    folder.mkdir(parents=True)
    for number in range(1, 9):
        left, right = np.full((32, 32, 3), 20 * number, np.uint8), np.full((32, 32, 3), 255 - 20 * number, np.uint8)
        Image.fromarray(np.concatenate([left, right], axis=1)).save(folder / f"{number + 2}.png")
    return folder.parent


@pytest.mark.slow
def test_the_command_runs_without_a_gpu_and_without_what_is_missing_there(tmp_path: Path, pairs: Path) -> None:
    blocked = "\n".join(["import sys", *(f"sys.modules[{name!r}] = None" for name in MISSING)])
    (tmp_path / "sitecustomize.py").write_text(blocked)
    # One thread, and no GPU should this machine have one.
    there = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(tmp_path), "CUDA_VISIBLE_DEVICES": ""}
    out = tmp_path / "folder" / "record.json"
    line = [sys.executable, "-m", "benchmarks.gpu", "--quick", "--data", str(pairs), "--out", str(out)]
    done = subprocess.run(line, cwd=ROOT, env=there, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    text = out.read_text(encoding="utf-8")
    record = json.loads(text)
    assert record["ended"]
    assert list(record["stages"]) == list(STAGES)
    assert record["versions"]["torch"] == torch.__version__
    assert not any(str(folder) in text for folder in (tmp_path, ROOT, Path.home()))
    found = {(stage, name): result for stage, items in record["stages"].items() for name, result in items.items()}
    items = {(item.stage, item.name): item for item in agenda(QUICK)}
    assert list(found) == list(items)
    for key, result in found.items():
        assert (result["status"] == "no GPU") == items[key].needs_gpu, key
        assert result["status"] in ("no GPU", "passed", "measured"), key
    _plays_are_told(record["stages"]["checks"])
    _rates_are_told(record["stages"]["speed"]["pix2pix, batch 1"], done.stdout)
    _a_round_is_told(record["stages"]["roofline"])
    training = record["stages"]["facades"]["pix2pix"]
    assert training["pairs"] == {"learnt": 6, "held_out": 2}
    assert (training["steps"], training["whole"], training["recorded"]) == (12, True, False)
    assert training["target"]["met"] is None
    assert set(training["scores"]) == set(metrics.METRICS)
    with Image.open(out.with_name(training["sheet"])) as sheet:
        assert sheet.size == (3 * (32 + 8), 2 * (32 + 4) + 4)


def _plays_are_told(found: dict) -> None:
    for method in METHODS:
        for precision in ("fp32", "bf16"):
            assert found[f"{method} plays in {precision}"]["status"] == "passed"
            assert found[f"{method} recorded in {precision}"]["status"] == "no GPU"
    assert found["pix2pix resumes in fp32"]["to_the_bit"]
    assert found["cyclegan average"]["error"] <= 1e-5


def _rates_are_told(found: dict, printed: str) -> None:
    literal, eager = (found["forms"][form] for form in ("literal", "eager"))
    assert literal["precision"] == "float32"
    assert found["times_literal"] == {"eager": eager["steps_per_second"] / literal["steps_per_second"]}
    assert found["target"] == {"at_least": 5.0, "best": found["times_literal"]["eager"], "met": None}
    assert f"{found['times_literal']['eager']:.2f}×" in printed


def _a_round_is_told(found: dict) -> None:
    ceilings, method = found["ceilings"], found["pix2pix"]
    assert all(ceilings[rate] > 0 for rate in ("bfloat16_flops", "float32_flops", "bytes_per_second"))
    assert method["flops"] > 0
    assert method["forms"]["graphs"] == {"why": "no GPU"}
    for form in ("literal", "eager"):
        assert method["forms"][form]["shares"]["convolution"] > 0
        assert len(method["forms"][form]["top"]) == 10


@pytest.mark.slow
def test_a_failure_costs_one_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(conduct, "GRACE", 2.0)
    known = {item.name: item for item in agenda(QUICK)}
    dies = Item("checks", "not on the agenda", known["dcgan plays in fp32"].work, 60)
    hangs = known["cyclegan resumes in fp32"]._replace(seconds=-1.9)
    told = []
    conduct.conduct(
        QUICK, [dies, hangs, known["dcgan plays in fp32"]], time.time() + 200, lambda item, result: told.append(result)
    )
    assert [result["status"] for result in told] == ["error", "error", "passed"]
    assert "its process ended with 1" in told[0]["why"]
    assert "was stopped" in told[1]["why"]


def test_no_time_is_said() -> None:
    told = []
    conduct.conduct(QUICK, agenda(QUICK)[:2], time.time() - 1, lambda item, result: told.append(result))
    assert told == [{"status": "no time"}] * 2
    item = Item("facades", "x", lambda task, clock: verdict(True), 60, least=30)
    assert conduct.attempt(item, QUICK, time.time() + 10, on_gpu=True) == {"status": "no time"}


def test_errors_are_told_without_folders(capsys: pytest.CaptureFixture[str]) -> None:
    def breaks(task: Task, clock: Clock) -> dict:
        raise OSError("no /some/where/weights.pt here\nand more")

    found = conduct.attempt(Item("checks", "breaks", breaks, 60), QUICK, time.time() + 99, on_gpu=False)
    assert found == {"status": "error", "why": "OSError: no weights.pt here"}
    assert "Traceback" in capsys.readouterr().err
    assert scrub(ValueError("")) == "ValueError: "


def test_recorded_rounds_that_go_wrong_are_seen() -> None:
    """What a recording may freeze: the rate, the draws."""
    fine = recorded.evidence("dcgan", "fp32", trainer)
    assert fine["passed"]
    assert fine["error"] == 0.0
    assert not fine["recorded"]  # which alone fails the check

    def frozen(name: str, total: int, *, wrong: dict, **settings: object) -> object:
        return trainer(name, total, **{**settings, **wrong})

    for wrong in ({"decay": 0.0}, {"seed": 1}):
        assert not recorded.evidence("dcgan", "fp32", partial(frozen, wrong=wrong))["passed"], wrong


def test_what_disturbs_a_training_on_its_way_leaves_no_trace() -> None:
    for drive in (recorded.resumed, recorded.rewound, recorded.looked_at):
        assert recorded.evidence("dcgan", "fp32", trainer, drive)["error"] == 0.0


def test_views_hold_the_same_pictures() -> None:
    plain, views = feed("pix2pix", 2)(3), feed("pix2pix", 2, views=True)(3)
    assert all(torch.equal(one, other) for one, other in zip(plain, views, strict=True))
    assert not views.source.is_contiguous()
    assert not torch.equal(feed("pix2pix", 2)(4).source, plain.source)


def test_distance_is_that_of_the_worst_loss_and_never_passes_nan() -> None:
    curve = {"D/gan": torch.tensor([3.0, 4.0]), "D/right_on_real": torch.tensor([0.0, 1.0])}
    assert distance({"D/gan": torch.tensor([3.0, 4.5]), "D/right_on_real": torch.zeros(2)}, curve) == 0.1
    assert distance({**curve, "D/gan": torch.tensor([3.0, float("nan")])}, curve) == float("inf")


def test_a_frozen_weight_is_no_way_to_play(monkeypatch: pytest.MonkeyPatch) -> None:
    def frozen(*given: object, **settings: object) -> object:
        made = trainer(*given, **settings)
        made.optimizers["G"].step = lambda: None
        return made

    assert checks.plays("dcgan", "fp32")["status"] == "passed"
    monkeypatch.setattr(checks, "trainer", frozen)
    found = checks.plays("dcgan", "fp32")
    assert found["status"] == "failed"
    assert found["still"]
    assert all(name.startswith("G.") for name in found["still"])


def test_every_pair_is_learnt_from_once_an_epoch_and_keeps_together() -> None:
    # The left half tells the pair and the column, the right half is its complement.
    column = torch.arange(12, dtype=torch.uint8).expand(3, 12, 12)
    pairs = torch.stack([torch.cat((20 * pair + column, 255 - 20 * pair - column)) for pair in range(5)])
    crops = Crops(pairs, size=8, batch=1, steps=10, seed=3, source="right")
    batches = [crops(step) for step in range(10)]
    for epoch in (batches[:5], batches[5:]):
        assert sorted(int(batch.target.min()) // 20 for batch in epoch) == [0, 1, 2, 3, 4]
    mirrored = 0
    for batch in batches:
        assert batch.source.shape == (1, 3, 8, 8)
        assert torch.equal(batch.source, 255 - batch.target)
        steps = batch.target[0, 0, 0].diff()
        assert set(steps.tolist()) in ({1}, {255})  # 255 is −1
        mirrored += int(steps[0] == 255)
    assert 0 < mirrored < 10
    two = Crops(pairs, size=8, batch=2, steps=4, seed=3, source="left")
    assert two(1).source.shape == (2, 3, 8, 8)
    assert int(two(1).source.max()) < 100  # the left half
    assert torch.equal(two(1).source, Crops(pairs, 8, 2, 4, 3, "left")(1).source)


def test_pairs_are_read_by_number(pairs: Path) -> None:
    paths = files(pairs)
    assert [path.stem for path in paths] == [str(number) for number in range(3, 11)]
    both = read(paths, 32)
    assert both.shape == (8, 6, 32, 32)
    batch = halves("right")(both)
    assert batch.target[:, 0, 0, 0].tolist() == [20 * number for number in range(1, 9)]
    assert batch.source[:, 0, 0, 0].tolist() == [255 - 20 * number for number in range(1, 9)]


def test_ssim_is_the_one_of_the_scores() -> None:
    draw = torch.Generator().manual_seed(0)
    target = torch.randint(256, (3, 3, 48, 40), generator=draw, dtype=torch.uint8)
    noise = torch.randn(target.shape, generator=draw) * torch.tensor([0.0, 20.0, 80.0])[:, None, None, None]
    output = (target + noise).clamp(0, 255).to(torch.uint8)
    both = [[picture.permute(1, 2, 0).numpy() for picture in pictures] for pictures in (output, target)]
    wanted = [metrics.ssim(one, other) for one, other in zip(*both, strict=True)]
    assert ssim(output, target) == pytest.approx(wanted, abs=1e-5)
    found = scores(output[1:], target[1:])
    assert found["L1"] == pytest.approx(
        np.mean([metrics.l1(*pair) for pair in zip(both[0][1:], both[1][1:], strict=True)])
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sm90_xmma_fprop_implicit_gemm_bf16bf16_bf16f32_f32_nhwckrsc_nhwc_tilesize128x128x64", "convolution"),
        ("void cudnn::ops::nchwToNhwcKernel<__nv_bfloat16, __nv_bfloat16, float, false, true>", "layout"),
        ("void at::native::multi_tensor_apply_kernel<…FusedAdamMathFunctor…>", "optimiser and average"),
        ("void at::native::unrolled_elementwise_kernel<at::native::direct_copy_kernel_cuda(…)>", "copy"),
        ("void at::native::elementwise_kernel<128, 4, …bfloat16_copy_kernel_cuda…>", "copy"),
        ("void at::native::batch_norm_collect_statistics_kernel<…>", "normalisation"),
        ("void at::native::(anonymous namespace)::reflection_pad2d_backward_out_kernel<float>", "padding"),
        ("nvjet_tst_128x256_64x4_1x2_h_bz_coopA_NNT", "matrix product"),
        ("void at::native::vectorized_elementwise_kernel<4, at::native::tanh_backward_kernel_cuda…>", "elementwise"),
        ("void at::native::reduce_kernel<512, 1, at::native::ReduceOp<float, …>>", "reduction"),
        ("Memcpy DtoD (Device -> Device)", "copy"),
        ("aten::convolution_backward", "convolution"),
        ("something else", "other"),
    ],
)  # fmt: skip
def test_kernels_are_known_by_name(name: str, kind: str) -> None:
    assert kernels.kind(name) == kind


def test_time_is_accounted_for() -> None:
    # Two rounds of 50 µs: 40 µs of convolution, of which a copy overlaps 10, and a copy alone; the rest is idle.
    ran = [Kernel("conv", 0, 40), Kernel("memcpy", 30, 20), Kernel("conv", 100, 0)]
    assert kernels.busy(reversed(ran)) == 50
    found = kernels.account(ran, rounds=2, seconds=50e-6)
    assert found["idle"] == pytest.approx(0.5)
    assert found["shares"] == {"convolution": pytest.approx(0.4), "copy": pytest.approx(0.2)}
    assert found["kernels_a_round"] == 1.5
    assert [entry["name"] for entry in found["top"]] == ["conv", "memcpy"]


def test_bytes_are_counted_where_they_move() -> None:
    a, b = torch.rand(10, 100), torch.rand(10, 100)
    with roofline.ByteCounter() as moved:
        (a.view(100, 10).t() + b.view(100, 10).t()).t()
    assert (moved.operators, moved.bytes) == (1, 3 * 4000)


def test_what_a_round_demands() -> None:
    """Adam's traffic by hand, and operations at least those of a convolution."""
    work = roofline.demands("pix2pix", tiny=True)
    made = speed.Contestant("pix2pix", {}, 1, tiny=True).trainer
    weights = {player: sum(weight.numel() for weight in of_one) for player, of_one in made.parameters.items()}
    assert work["optimiser_bytes"] == 28 * sum(weights.values()) + 12 * weights["G"]
    # G's first convolution, 3 → 4 channels of 16², 4×4; forward, and backward to its weights.
    assert work["flops"] > 2 * 2 * 3 * 4 * 4 * 4 * 16 * 16
    assert work["operator_bytes"] > work["optimiser_bytes"] / 2


def test_the_target_is_judged_where_rounds_were_recorded() -> None:
    one = {"seconds": {"median": 0.5, "lower_quartile": 0.4, "upper_quartile": 0.6}, "steps_per_second": 2.0}
    eager = {**one, "steps_per_second": 6.0, "recorded": None, "peak_bytes": 1}
    graphs = {**one, "steps_per_second": 11.0, "recorded": True, "peak_bytes": 1}
    found = speed._against({"literal": {**one, "recorded": None}, "eager": eager, "graphs": graphs}, batch=1)
    assert found["times_literal"] == {"eager": 3.0, "graphs": 5.5}
    assert found["target"]["met"] is True
    assert speed._against({"literal": one, "graphs": {**graphs, "steps_per_second": 9.0}}, 1)["target"]["met"] is False
    assert speed._against({"literal": one, "graphs": graphs}, 4)["target"]["met"] is None
    assert speed._against({"literal": one, "graphs": {**graphs, "recorded": False}}, 1)["target"]["met"] is None


def test_a_partial_record_does_not_replace_a_full_one() -> None:
    record = {"date": "2026-01-02", "machine": {"gpu": "NVIDIA H100 80GB HBM3"}}
    whole = {"stages": list(STAGES), "quick": False}
    assert command.file_name({**record, "settings": whole}) == "2026-01-02-gpu-nvidia-h100-80gb-hbm3.json"
    some = {"stages": ["speed", "facades"], "quick": True}
    name = command.file_name({"date": "2026-01-02", "machine": {}, "settings": some})
    assert name == "2026-01-02-gpu-cpu-speed-facades-quick.json"


@pytest.mark.parametrize("wrong", [["--stages", "speeed"], ["--minutes", "0"], ["--data", "no/such/folder"]])
def test_wrong_options_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(wrong)
    assert wrong[0] in capsys.readouterr().err


def test_no_two_items_have_one_name() -> None:
    keys = [(item.stage, item.name) for item in agenda(Task(tuple(STAGES), False, None, Path("x.png")))]
    assert len(keys) == len(set(keys))
    assert STATUSES[0] == verdict(True)["status"]
