"""The diffusion transformer is the published one: diffusers' folders, the paper's files, recorded runs."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor

import superpose
from superpose import NoisePredictor, PromptError, Trajectory, guided, prompted, refuse
from superpose_dit.model import DiffusionTransformer
from superpose_networks import assign
from superpose_networks.latent import DiT, DiTConfig, diffusers_dit

with warnings.catch_warnings():  # what diffusers warns of while it is imported is not ours to mend
    warnings.simplefilter("ignore")
    import diffusers

FIXTURE = Path(__file__).parents[2] / "fixtures" / "df_h_dit"
CASE = json.loads((FIXTURE / "case.json").read_text())
INPUTS, OUTPUTS = load_file(FIXTURE / "inputs.safetensors"), load_file(FIXTURE / "outputs.safetensors")
SCHEDULERS = {"ddim_cfg4": ("ddim", "leading"), "dpmpp_cfg1": ("dpmpp", "linspace-dpm")}


class Given:
    """Noise that was drawn before."""

    def __init__(self, x: Tensor) -> None:
        self.x = x

    def draw(self, step: int, purpose: str = "step") -> Tensor:
        return self.x


@pytest.fixture(scope="module")
def model() -> NoisePredictor:
    return superpose.model("dit", path=FIXTURE / "pipeline")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to break."""
    return Path(shutil.copytree(FIXTURE / "pipeline", tmp_path / "pipeline"))


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def within(got: Tensor, name: str) -> None:
    wanted = CASE["outputs"][name]
    torch.testing.assert_close(got, OUTPUTS[name], atol=wanted["atol"], rtol=wanted["rtol"])


def test_recorded_answers(model: Any) -> None:
    with torch.inference_mode():
        within(model.network(INPUTS["x"], INPUTS["t"], INPUTS["class_labels"]), "out")


@pytest.mark.parametrize("run", CASE["runs"], ids=lambda run: run["name"])
def test_recorded_runs(run: dict[str, Any], model: NoisePredictor) -> None:
    kind, grid = SCHEDULERS[run["name"]]
    scheduler = superpose.make("scheduler", kind, steps=run["num_inference_steps"], grid=grid)
    plan = scheduler.plan(model.schedule)
    assert [level.t for level in plan.levels[:-1]] == run["scheduler"]["timesteps"]
    images = []
    for label, x in zip(CASE["run_class_labels"], INPUTS["x_T"].split(1), strict=True):
        denoiser = guided(prompted(model, str(label)), prompted(model, ""), run["guidance_scale"])
        images.append(Trajectory(denoiser, scheduler, plan, Given(x), predictor=model).run())
    within((torch.cat(images) / 2 + 0.5).clamp(0, 1), f"{run['name']}/image")


def randomized(network: torch.nn.Module) -> torch.nn.Module:
    for parameter in network.parameters():
        if parameter.requires_grad:
            parameter.data += 0.1 * torch.randn_like(parameter)
    return network.eval().requires_grad_(requires_grad=False)


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    patch = draw(st.sampled_from([1, 2, 3]))
    return {
        "num_attention_heads": draw(st.integers(1, 3)),
        "attention_head_dim": 4 * draw(st.integers(1, 3)),
        "in_channels": draw(st.integers(1, 4)),
        "out_channels": draw(st.sampled_from([None, 3, 8])),
        "num_layers": draw(st.integers(1, 3)),
        "attention_bias": draw(st.booleans()),
        "sample_size": patch * draw(st.integers(1, 5)),
        "patch_size": patch,
        "activation_fn": draw(st.sampled_from(["gelu", "gelu-approximate"])),
        "num_embeds_ada_norm": draw(st.integers(1, 12)),
        "norm_elementwise_affine": draw(st.booleans()),
        "norm_eps": draw(st.sampled_from([1e-6, 1e-3])),
    }


@settings(max_examples=25)
@given(config=configurations(), rows=st.integers(1, 3), one_time=st.booleans(), seed=st.integers(0, 2**16))
def test_any_configuration_as_in_diffusers(config: dict[str, Any], rows: int, one_time: bool, seed: int) -> None:
    # In float64, where two orders of summation differ by 1e-15, any difference of meaning shows.
    torch.manual_seed(seed)
    theirs: Any = randomized(diffusers.DiTTransformer2DModel(**config)).double()
    ours = DiT(diffusers_dit("here", theirs.config)).double()
    assign(ours, dict(theirs.state_dict()), "diffusers")
    x = torch.randn(rows, config["in_channels"], config["sample_size"], config["sample_size"]).double()
    t = torch.full((rows,), 417.25) if one_time else torch.rand(rows) * 999
    labels = torch.randint(0, config["num_embeds_ada_norm"] + 1, (rows,))
    with torch.inference_mode():
        want = theirs(x, timestep=t, class_labels=labels).sample
        got = ours(x, t[0] if one_time else t, labels)
    assert (got - want).abs().max() <= 1e-9 * want.abs().max(), config
    kept = ours.state_dict()
    assert all(torch.equal(kept.pop(name), value) for name, value in theirs.state_dict().items()), config
    assert not kept


@pytest.fixture(params=[1, 2, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """Libraries share rows between threads, so the law is asked of several counts."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("count", [3, 4])
@pytest.mark.parametrize(("width", "heads", "size", "patch"), [(384, 6, 8, 2), (36, 3, 10, 2), (20, 1, 9, 3)])
def test_a_row_depends_on_itself_alone(width: int, heads: int, size: int, patch: int, count: int, threads: int) -> None:
    torch.manual_seed(0)
    config = DiTConfig(
        num_attention_heads=heads, attention_head_dim=width // heads, num_layers=2, sample_size=size, patch_size=patch
    )
    network: Any = randomized(DiT(config))
    image, answers = torch.randn(4, size, size), []
    for place in (0, count - 2, count - 1):
        x, t, labels = torch.randn(count, 4, size, size), torch.rand(count) * 999, torch.arange(count)
        x[place], t[place], labels[place] = image, 300, 62
        with torch.inference_mode():
            answers.append(network(x, t, labels)[place])
    moved = [place for place, answer in enumerate(answers) if not torch.equal(answer, answers[0])]
    assert not moved, f"with {threads} threads the answer of {count} rows changes in rows {moved}"


def test_gradient_of_the_input(model: Any) -> None:
    network = DiT(model.network.config).double()
    network.load_state_dict(model.network.double().state_dict())
    model.network.float()
    network.requires_grad_(requires_grad=False)
    x = torch.randn(1, 4, 8, 8, dtype=torch.float64, requires_grad=True)
    direction, t, labels = torch.randn_like(x), torch.tensor(300.0), torch.tensor([7])
    (slope,) = torch.autograd.grad(network(x, t, labels).sum(), x)
    with torch.no_grad():
        rise = network(x + 1e-5 * direction, t, labels).sum() - network(x - 1e-5 * direction, t, labels).sum()
    torch.testing.assert_close((slope * direction).sum(), rise / 2e-5, rtol=1e-6, atol=1e-6)


def test_bfloat16(model: Any) -> None:
    half = superpose.model("dit", path=FIXTURE / "pipeline", dtype="bfloat16")
    x, level = INPUTS["x_T"], model.schedule.level(0, 500)
    told = model.gather([model.condition("3")] * 2)
    want, got = model.predict(x, level, told).output, half.predict(x, level, told).output
    assert got.dtype == torch.bfloat16
    assert (got - want).square().mean().sqrt() < 0.03 * want.std()


def test_classes_by_number_and_by_name(folder: Path) -> None:
    rewrite(folder / "model_index.json", id2label={"0": "tench, Tinca tinca", "207": "golden retriever"})
    kind = DiffusionTransformer(path=folder)
    numbers = [kind.number(prompt) for prompt in ("", "5", "golden retriever", "tench", "Tinca tinca")]
    assert numbers == [1000, 5, 207, 0, 0]
    with pytest.raises(
        PromptError, match="unknown class 'golden retreiver': write a number from 0 to 999 or a name; did you mean 'gol"
    ):
        refuse(kind.prompt_problems("golden retreiver"), PromptError)
    with pytest.raises(PromptError, match=r"unknown class '1000': write a number from 0 to 999$"):
        refuse(DiffusionTransformer(path=FIXTURE / "pipeline").prompt_problems("1000"), PromptError)


def test_a_recipe_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from superpose.cli import main

    recipe = tmp_path / "two.toml"
    recipe.write_text(
        f'[model]\nkind = "dit"\npath = "{(FIXTURE / "pipeline").as_posix()}"\n\n'
        '[scheduler]\nkind = "ddpm"\nsteps = 3\n\n'
        '[guidance]\nkind = "cfg"\nscale = 4\n\n[[view]]\nkind = "identity"\nprompt = "207"\n\n'
        '[[view]]\nkind = "flip"\nprompt = "5"\n\n[run]\nsamples = 2\n'
    )
    assert main(["check", str(recipe)]) == 0
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "16x16 pixels, in latents of 4 channels, 8x8" in said
    assert main(["run", str(recipe), "--out", str(tmp_path / "out")]) == 0
    made = tmp_path / "out" / "0001.png"
    given = ["--input", f"pipeline={FIXTURE / 'pipeline'}"]
    assert main(["replay", str(made), "--out", str(tmp_path / "replayed"), *given]) == 0
    assert (tmp_path / "replayed" / "0001.png").read_bytes() == made.read_bytes()
