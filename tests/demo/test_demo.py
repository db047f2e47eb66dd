"""The demo on digits: data, model, and the fault of each run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from demo.__main__ import main
from demo.data import batches, digits
from demo.folder import MARK, fresh
from demo.models import DeepCNN
from demo.runs import RUNS
from demo.train import train
from tests.support.event_reader import Run

#: Gradient norms above it are reported, unless `watch` is given other limits.
EXPLODING = 100
NAMES = ["healthy", "deep-sigmoid", "lr-too-high", "dying-relu"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Use one thread, as ``python -m demo`` does."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_digits_split_is_stable_and_stratified() -> None:
    (train_a, test_a), (train_b, test_b) = digits(), digits()
    assert torch.equal(train_a.images, train_b.images)
    assert torch.equal(test_a.labels, test_b.labels)
    assert len(train_a.labels) == 1437
    shares = torch.bincount(test_a.labels) / len(test_a.labels)
    assert torch.allclose(shares, torch.bincount(train_a.labels) / len(train_a.labels), atol=0.005)
    assert train_a.images.mean().abs() < 1e-6
    assert train_a.images.std() == pytest.approx(1, abs=1e-3)


def test_digits_test_images_are_not_in_training() -> None:
    train_split, test_split = digits()
    trained = {bytes(image.numpy()) for image in train_split.images}
    assert not any(bytes(image.numpy()) in trained for image in test_split.images)


def test_batches_epoch_has_every_image_once() -> None:
    train_split, _ = digits()
    rows = torch.arange(1437).reshape(-1, 1, 1, 1).expand(-1, 1, 8, 8).float()
    seen = torch.cat([x[:, 0, 0, 0] for x, _ in batches(train_split._replace(images=rows), 64, 22)])
    assert len(seen) == len(seen.unique()) == 22 * 64


def test_runs_have_the_same_layers_in_the_same_order() -> None:
    assert [run.name for run in RUNS] == NAMES
    weights = [
        [name for name, parameter in run.model().named_parameters() if parameter.ndim > 1 and name.endswith("weight")]
        for run in RUNS
    ]
    assert weights[0] == weights[1] == weights[2] == weights[3]
    assert weights[0] == [
        "stem.weight",
        *(f"blocks.{i}.conv{j}.weight" for i in range(8) for j in (1, 2)),
        "fc1.weight",
        "head.weight",
    ]


def trained(name: str, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return losses [step] and gradient norms of the weights [step, layer] of a run that nnviz does not watch."""
    torch.manual_seed(0)
    run = next(run for run in RUNS if run.name == name)
    model = run.model()
    optimizer = run.optimizer(model)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, run.schedule)
    losses, norms = [], []
    for step, (images, labels) in enumerate(batches(digits()[0], 64, steps), start=1):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        losses.append(loss.item())
        norms.append([float(p.grad.double().norm()) for p in model.parameters() if p.grad is not None and p.ndim > 1])
        optimizer.step()
        scheduler.step()
        run.constrain(model, step)
    return torch.tensor(losses), torch.tensor(norms)


def test_deep_sigmoid_first_step_gradient_vanishes() -> None:
    first = trained("deep-sigmoid", 1)[1][0]
    assert first[0] < 1e-12
    assert first[-1] > 0.1
    assert (first[1:-1] > first[:-2]).all()


@pytest.mark.slow
def test_dying_relu_after_clip_has_no_gradient_below_head() -> None:
    losses, norms = trained("dying-relu", 120)
    assert (norms[:80] > 0).all()
    assert losses[70:80].mean() < losses[0] / 2, "learns"
    assert (norms[80:, :18] == 0).all()
    assert (norms[80:, -1] > 1e-4).all()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("seed", range(3))
def test_clip_above_any_input_kills_every_relu(seed: int, scale: float) -> None:
    torch.manual_seed(seed)
    (run,) = (run for run in RUNS if run.name == "dying-relu")
    model = run.model()
    before = [parameter.clone() for parameter in model.parameters()]
    run.constrain(model, 79)
    assert all(map(torch.equal, model.parameters(), before))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=scale)
    run.constrain(model, 80)
    outputs: list[torch.Tensor] = []
    for block in model.blocks:
        for name in ("act1", "act2"):
            block.get_submodule(name).register_forward_hook(lambda module, args, output: outputs.append(output))
    logits = model(scale * torch.randn(64, 1, 8, 8))
    nn.functional.cross_entropy(logits, torch.arange(64) % 10).backward()
    assert len(outputs) == 16 and all((output == 0).all() for output in outputs)
    norms = [parameter.grad.norm() for parameter in model.parameters() if parameter.grad is not None]
    assert len(norms) == 38 and not any(norms[:-3]), "every layer up to the weights of fc1"
    assert all(norms[-3:]), "fc1's biases and the head"


@pytest.mark.slow
def test_lr_too_high_learns_then_explodes_then_is_nan() -> None:
    losses, norms = trained("lr-too-high", 220)
    assert losses[80:90].mean() < losses[0] / 2, "learns"
    assert (norms[10:90] < EXPLODING).all()
    exploding, nonfinite = (int(bad.any(1).nonzero()[0]) for bad in (norms > EXPLODING, ~norms.isfinite()))
    assert nonfinite - exploding > 40, "on several logged steps"
    assert norms[nonfinite - 2].min() > 1e3, "in every layer"
    assert norms[-1].isnan().all()


def test_train_few_steps_learns_and_logs(tmp_path: Path) -> None:
    train_split, test_split = digits()
    result = train(RUNS[0], train_split, test_split, fresh(tmp_path / "healthy"), steps=100)
    assert result.name == "healthy"
    # no threshold on the test accuracy: the running averages of the batch norms are still near their start
    assert 0 <= result.test_accuracy <= 1
    losses = list(Run(tmp_path / "healthy").scalars["nnviz/log/loss"].values())
    assert losses[0] > 2
    assert sum(losses[-10:]) / 10 < 1, "one batch's loss alone depends on the processor"


def test_main_prints_table_and_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--logdir", str(tmp_path), "--steps", "2", "--port", "7007"]) == 0
    printed = capsys.readouterr().out
    assert all(
        f"\n{name} " in printed
        for name in [*NAMES, "gpt/healthy", "gpt/no-mask", "silent/softmax-twice", "silent/no-zero-grad"]
    )
    assert f"tensorboard --logdir {tmp_path} --port 7007" in printed
    assert "http://localhost:7007/#nnviz" in printed


def test_fresh_own_folder_is_replaced(tmp_path: Path) -> None:
    folder = fresh(tmp_path / "a")
    (folder / "events.out.tfevents.1").write_text("old")
    assert [path.name for path in fresh(folder).iterdir()] == [MARK]


def test_main_foreign_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "dying-relu" / "thesis.txt"
    mine.parent.mkdir()
    mine.write_text("years of work")
    with pytest.raises(FileExistsError, match="was not made by the demo"):
        fresh(mine.parent)
    assert main(["--logdir", str(tmp_path), "--steps", "1"]) == 1
    assert "dying-relu was not made by the demo; name another --logdir" in capsys.readouterr().err
    assert mine.read_text() == "years of work"


def test_fresh_link_is_refused(tmp_path: Path) -> None:
    real = fresh(tmp_path / "real")
    (tmp_path / "link").symlink_to(real)
    with pytest.raises(FileExistsError, match="not a plain folder"):
        fresh(tmp_path / "link")
    assert (real / MARK).exists()


@pytest.mark.parametrize("option", ["--steps=0", "--burst=-1"])
def test_main_invalid_option_exits_with_error(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([option])
    name, value = option.split("=")
    assert f"invalid {name}: {value}; at least" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "dense"), [([], True), (["--burst", "0"], False)], ids=["default", "none"])
def test_main_only_and_burst_decide_runs_and_steps(
    options: list[str], dense: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--logdir", str(tmp_path), "--only", "silent", "--steps", "16", *options]) == 0
    assert sorted(one.name for one in tmp_path.iterdir()) == ["silent"]
    steps = list(Run(tmp_path / "silent" / "softmax-twice").tensors["nnviz/gradient/norm"])
    assert (len(steps) >= 9 and steps[-1] == 15) == dense, "found at step 8"
    assert "\nsilent/softmax-twice " in capsys.readouterr().out


def test_model_has_nineteen_layers() -> None:
    model = DeepCNN(nn.ReLU, norm=True)
    assert model(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
    assert sum(isinstance(module, (nn.Conv2d, nn.Linear)) for module in model.modules()) == 19
