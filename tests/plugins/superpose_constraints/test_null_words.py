"""What null-text inversion learns: equal to the recorded run of the original, step by step."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import superpose
from superpose import RecipeError
from superpose_constraints.null_text import HiddenImage
from superpose_constraints.null_words import NullWords

RECORDED = Path(__file__).parents[2] / "fixtures" / "nt_a_null_text"


@pytest.fixture(scope="module")
def recorded():
    case = json.loads((RECORDED / "case.json").read_text())
    [run] = [run for run in case["runs"] if run["name"] == "cat"]
    want, given = (load_file(RECORDED / f"{file}.safetensors") for file in ("outputs", "inputs"))
    folder = RECORDED.parent / "df_d_stable_diffusion" / "pipeline"
    network = superpose.make("model", "stable-diffusion", path=folder).load()
    scheduler = superpose.make("scheduler", "ddim", grid="leading", offset=1, steps=run["steps"], final="first")
    condition = network.condition(run["prompt"])
    words = NullWords(
        predictor=network,
        denoiser=superpose.guided(
            superpose.prompted(network, condition), superpose.prompted(network, ""), run["guidance_scale"]
        ),
        shown=run["prompt"],
        told=condition,
        image=network.encode(given["cat/image"]),
        inner=run["num_inner_steps"],
        epsilon=run["epsilon"],
    )
    return words, scheduler, want, case["outputs"]


def close(found, recorded, name):
    _, _, want, about = recorded
    torch.testing.assert_close(found, want[name], atol=about[name]["atol"], rtol=about[name]["rtol"])


def test_it_learns_what_the_original_learned(recorded):
    words, scheduler, want, _ = recorded
    learned = words.learn(scheduler.plan(words.predictor.schedule))
    close(torch.cat(learned.states).flip(0), recorded, "cat/inverted")
    assert learned.counts == want["cat/inner_counts"].int().tolist()
    close(torch.tensor(learned.losses), recorded, "cat/losses")
    found = torch.cat([condition.tensors["context"] for condition in learned.conditions])
    close(found, recorded, "cat/uncond_embeddings")
    close(torch.cat(learned.reached), recorded, "cat/reconstruction")


def test_the_one_loop_makes_the_recorded_image_of_it(recorded):
    words, scheduler, want, _ = recorded
    plan = scheduler.plan(words.predictor.schedule)

    class Nothing:
        def draw(self, step, purpose="step", law="normal"):
            return torch.zeros(2, *words.predictor.shape)

    run = superpose.Trajectory(words.denoiser, scheduler, plan, Nothing(), rules=(HiddenImage(words),))
    found = run.run()
    last, about = want["cat/reconstruction"][-1], recorded[3]["cat/reconstruction"]
    for sample in found:
        torch.testing.assert_close(sample, last, atol=about["atol"], rtol=about["rtol"])


def test_learning_leads_nearer_than_none(recorded):
    words, scheduler, _, _ = recorded
    plan = scheduler.plan(words.predictor.schedule)
    import attrs

    off = {}
    for inner in (0, 4):
        learned = attrs.evolve(words, inner=inner).learn(plan)
        off[inner] = float((learned.reached[-1] - learned.states[-1]).square().mean())
    assert off[4] < 0.7 * off[0]


@pytest.mark.parametrize(
    ("guidance", "wrong"),
    [("plain", "no prompt besides"), ("perp", "'' and 'a dog'|'a dog' and ''")],
)
def test_what_has_not_one_prompt_to_start_from_is_refused(recorded, guidance, wrong):
    import attrs

    words, scheduler, _, _ = recorded
    network = words.predictor
    shown = superpose.prompted(network, words.told)
    if guidance == "perp":
        others = [superpose.guided(shown, superpose.prompted(network, prompt), 2.0) for prompt in ("", "a dog")]
        shown = superpose.composed([(each, 0.5) for each in others])
    with pytest.raises(RecipeError, match=wrong):
        attrs.evolve(words, denoiser=shown).learn(scheduler.plan(network.schedule))
