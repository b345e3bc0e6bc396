"""The noisy classifier of guided-diffusion, and what it steers, give the numbers of the original program."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import superpose
from guided_runs import FIXTURES, A, B, Recorded, agree, model_of, read, scheduler_of
from openai_file import openai_file
from superpose import PromptError, RecipeError
from superpose_adm.encoder import Encoder
from superpose_adm.layout import Heads, Layout
from superpose_networks import WeightFile

CASE = "gd_c_classifier_attnpool"


def classifier_of(**options: Any) -> Any:
    told = {"path": FIXTURES / CASE / "classifier.pt", "betas": "linear", "blocks": 1, "head_width": 16}
    return superpose.make("classifier", "guided-diffusion-classifier", **told | options)


def test_recorded_answers() -> None:
    about, given, want = read(CASE)
    loaded = classifier_of().load()
    levels = [loaded_schedule.level(0, float(t)) for loaded_schedule in [classifier_of().schedule] for t in given["t"]]
    for row, level in enumerate(levels):
        x = given["x"][row : row + 1]
        with torch.no_grad():
            agree(about, "logits", loaded.logits(x, level), want["logits"][row : row + 1])
        gradient = loaded.predict(x, level, {"label": given["y"][row : row + 1]}).output
        agree(about, "grad", about["config"]["classifier_scale"] * gradient, want["grad"][row : row + 1])


RUNS = [
    ("gd_e_sampling_cc", A, "guided_ancestral_25_linear"),
    ("gd_e_sampling_cc", A, "guided_ddim25_linear"),
    ("gd_f_sampling_fixedvar", B, "guided_uncond_fixed_small_20_linear"),
]


@pytest.mark.parametrize(("case", "network", "name"), RUNS)
def test_recorded_runs(case: str, network: str, name: str) -> None:
    about, given, want = read(case)
    run = next(run for run in about["runs"] if run["name"] == name)
    model, scheduler = model_of(network).load(), scheduler_of(run)
    loaded = classifier_of().load()
    plan = scheduler.plan(model.schedule)
    samples: list[list[torch.Tensor]] = []
    for row, label in enumerate(given["y"].tolist()):
        options = {"classifier": classifier_of(), "scale": run["classifier_scale"], "label": str(label)}
        context = superpose.Context.of(model, read=lambda _: loaded)
        bound = superpose.make("guidance", "classifier", **options).bind(context)
        prompt = model.condition(str(label) if network == A else "")
        denoiser = superpose.Clipped(bound.denoiser(model, prompt, prompt), model.clip)
        noise = Recorded({"x_T": given["x_T"][row : row + 1], "noise": given["noise"][:, row : row + 1]}, name)
        trajectory = superpose.Trajectory(denoiser, scheduler, plan, noise)
        state, states = trajectory.start(), []
        while state.step < trajectory.steps:
            state = trajectory.step(state)
            states.append(state)
        first, middle, last = states[0], states[run["nsteps"] // 2], states[-1]
        samples.append([first.x, first.clean, middle.x, last.x])
    for i, part in enumerate(("first_x", "first_pred_xstart", "mid_x", "sample")):
        got = torch.cat([sample[i] for sample in samples])
        agree(about, f"{name}/{part}", got, want[f"{name}/{part}"])


def test_rows_are_apart() -> None:
    loaded, level = classifier_of().load(), classifier_of().schedule.level(0, 500)
    image, gradients = torch.randn(3, 16, 16), []
    for place in range(4):
        x, label = torch.randn(4, 3, 16, 16), torch.randint(0, 10, (4,))
        x[place], label[place] = image, 3
        gradients.append(loaded.predict(x, level, {"label": label}).output[place])
    assert all(torch.equal(one, gradients[0]) for one in gradients)


def test_what_it_is_told_and_what_it_asks() -> None:
    assert (classifier_of().shape, classifier_of().classes, classifier_of().pool) == ((3, 16, 16), 10, "attention")
    with pytest.raises(RecipeError, match="6 input blocks: no levels of 3 and a halving; give blocks"):
        _ = classifier_of(blocks=3).shape
    with pytest.raises(RecipeError, match="head_width = 64 does not divide 32 channels"):
        classifier_of(head_width=64).load()
    with pytest.raises(RecipeError, match="it is a model"):
        _ = classifier_of(path=FIXTURES / A / "model.pt").layout
    with pytest.raises(PromptError, match="from 0 to 9"):
        classifier_of().label("ten")
    for option, what in (
        ("blocks", "how many residual blocks a level has: give blocks, or a preset"),
        ("head_width", "how attentions over 32 channels are cut: give head_width, or a preset"),
        ("betas", "its noise schedule: give betas = 'linear' or 'cosine', or a preset"),
    ):
        asking = classifier_of(**{option: None})
        with pytest.raises(RecipeError, match=rf"classifier\.pt does not tell {what}"):
            _ = asking.heads, asking.schedule


def test_presets_of_the_public_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of each published classifier, as the flags of its program make it, is understood by its preset alone."""
    factors = {64: (1, 2, 3, 4), 128: (1, 1, 2, 3, 4), 256: (1, 1, 2, 2, 4, 4), 512: (0.5, 1, 1, 2, 2, 4, 4)}
    for size, multiples in factors.items():
        depth, betas = (4, "cosine") if size == 64 else (2, "linear")
        layout = Layout(
            channels=128, widths=tuple(int(128 * factor) for factor in multiples), blocks=depth,
            in_channels=3, out_channels=1000, classes=None, scale_shift=True, residual=True,
            attention=frozenset(level for level in range(len(multiples)) if size >> level in (32, 16, 8)),
        )  # fmt: skip
        with torch.device("meta"):
            network = Encoder(layout, Heads(width=64), "attention", size >> (len(multiples) - 1))
        shapes = {name: tuple(value.shape) for name, value in numbered(network.state_dict(), depth).items()}
        monkeypatch.setattr(WeightFile, "shapes", shapes)
        kind = classifier_of(preset=f"adm-{size}", betas=None, blocks=None, head_width=None)
        assert (kind.shape, kind.layout, kind.heads) == ((3, size, size), layout, Heads(width=64)), size
        assert (kind.pool, kind.schedule) == ("attention", superpose.TableSchedule.named(betas)), size
        if size > 64:
            other = "adm-256" if size != 256 else "adm-128"
            with pytest.raises(RecipeError, match=f"is not {other[4:]}x{other[4:]}_classifier: its levels of"):
                _ = classifier_of(preset=other, blocks=None).shape


def numbered(state: dict[str, torch.Tensor], blocks: int) -> dict[str, torch.Tensor]:
    """The tensors of a classifier as OpenAI's program would have saved them."""
    ours = {name: value for name, value in state.items() if not name.startswith("out.")}
    return openai_file(ours, blocks, "legacy", 64) | {name: state[name] for name in state.keys() - ours.keys()}


RECIPE = """
[[view]]
kind = "identity"
prompt = "3"
[[view]]
kind = "flip"
prompt = "4"
[model]
kind = "guided-diffusion"
path = "model.pt"
size = 16
betas = "linear"
head_width = 16
order = "legacy"
[scheduler]
kind = "ddpm"
steps = 3
[guidance]
kind = "classifier"
scale = 2.0
[guidance.classifier]
kind = "guided-diffusion-classifier"
path = "classifier.pt"
betas = "linear"
blocks = 1
head_width = 16
"""


def test_a_recipe_runs_through_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from superpose.cli import main
    from superpose.media.png import read_origin

    shutil.copy(FIXTURES / A / "model.pt", tmp_path)
    shutil.copy(FIXTURES / CASE / "classifier.pt", tmp_path)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    assert main(["check", str(recipe)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "; and 2 of a classifier, there and back, beside each evaluation" in said
    assert main(["run", str(recipe), "--out", str(tmp_path / "out"), "--device", "cpu"]) == 0
    assert {"model.pt", "classifier.pt"} <= read_origin(tmp_path / "out" / "0000.png").weights.keys()
    capsys.readouterr()
    wrong = ["--set", "guidance.classifier.betas=cosine", "--out", str(tmp_path / "other")]
    assert main(["run", str(recipe), *wrong]) == 2
    assert "guidance.classifier: its classifier was trained on other noise levels" in capsys.readouterr().err
    wrong = ["--set", "view.1.prompt=ten", "--out", str(tmp_path / "other")]
    assert main(["run", str(recipe), *wrong]) == 2
    assert "view.1.prompt" in capsys.readouterr().err


def test_a_network_that_knows_no_classes_is_steered_by_a_label(tmp_path: Path) -> None:
    text = RECIPE.partition("[model]")
    network = (
        'prompt = ""\n[model]\nkind = "guided-diffusion"\npath = "model.pt"\nsize = 16\nbetas = "linear"\n'
        'heads = 2\nheads_up = 4\norder = "new"\n'
    )
    rest = "[scheduler]" + text[2].partition("[scheduler]")[2].replace("scale = 2.0", 'scale = 2.0\nlabel = "7"')
    shutil.copy(FIXTURES / B / "model.pt", tmp_path)
    shutil.copy(FIXTURES / CASE / "classifier.pt", tmp_path)
    recipe = superpose.loads(network + rest, folder=tmp_path)
    assert (superpose.inspect(recipe).rows, superpose.inspect(recipe).judged) == (1, 1)
    plain = superpose.loads(network + rest.partition("[guidance]")[0], folder=tmp_path)
    guided, alone = (superpose.compose(one).trajectory([0]).run() for one in (recipe, plain))
    assert not torch.equal(guided, alone)
    with pytest.raises(RecipeError, match=r"guidance\.label: .*from 0 to 9"):
        superpose.inspect(superpose.loads((network + rest).replace('"7"', '"10"'), folder=tmp_path))
