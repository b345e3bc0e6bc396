"""Prompt-to-Prompt: the recorded runs, and what holds of every edit."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import superpose
from superpose import RecipeError, make
from superpose.sampling.saved_state import load_state, save_state
from superpose_constraints.prompt_to_prompt import PromptToPrompt
from superpose_constraints.word_alignment import refined, replaced

FOLDER = Path(__file__).parents[2] / "fixtures"
CASE = json.loads((FOLDER / "pp_a_prompt_to_prompt" / "case.json").read_text())
WANT = load_file(FOLDER / "pp_a_prompt_to_prompt" / "outputs.safetensors")
START = load_file(FOLDER / "pp_a_prompt_to_prompt" / "inputs.safetensors")["x_T"]
RUNS = {run["name"]: run for run in CASE["runs"]}
EDITED = [
    (run["name"], place) for run in CASE["runs"] for place in range(1, len(run["prompts"])) if run["kind"] != "none"
]


@pytest.fixture(scope="module", params=["stable-diffusion", "diffusers"])
def network(request):
    return make("model", request.param, path=FOLDER / "df_d_stable_diffusion" / "pipeline").load()


def edit(run, place):
    """The constraint of a recorded run, for one of its prompts."""
    cross, own = run["cross_replace_steps"], run["self_replace_steps"]
    cross = cross if isinstance(cross, dict) else {"default_": cross}
    start, stop = pair if isinstance(pair := cross["default_"], list) else (0.0, pair)
    first, end = own if isinstance(own, list) else (0.0, own)
    prompt = run["prompts"][place]
    timed = {word: span for word, span in cross.items() if word != "default_" and word in prompt.split()}
    weights, blend = run.get("equalizer", {"words": [], "values": []}), run.get("blend")
    words = [[one] if isinstance(one, str) else one for one in blend["words"]] if blend else [[], []]
    kind = run.get("base", run["kind"])
    options = {
        "source": run["prompts"][0], "prompt": prompt, "cross_start": start, "cross_stop": stop,
        "self_start": first, "self_stop": end, "align": "tokens" if kind == "refine" else "words",
        "timed": tuple(timed), "timed_start": tuple(a for a, _ in timed.values()),
        "timed_stop": tuple(b for _, b in timed.values()), "weighed": tuple(weights["words"]),
        "weights": tuple(weights["values"]), "local": tuple(words[1]), "local_source": tuple(words[0]),
    }  # fmt: skip
    if blend:
        options |= {"local_start": blend["start_blend"], "threshold": blend["th"][0], "fixed_threshold": blend["th"][1]}
        options["fixed"] = tuple(dict.fromkeys(blend.get("substruct_words", [])))
    return PromptToPrompt(**options)


def states(network, prompt, scale, constraint=None, start=START, steps=8):
    """The latents after each step, shape (steps, N, 4, 8, 8)."""
    seen = []

    class Watch:
        def see(self, step):
            seen.append(step.x)

    class Given:
        def draw(self, step, purpose="step", law="normal"):
            assert purpose == "start"
            return start

    told, nothing = network.condition(prompt), network.condition("")
    shown = make("guidance", "cfg", scale=scale).denoiser(network, told, nothing)
    scheduler = make("scheduler", "ddim", grid="leading", offset=1, steps=steps, final="first")
    rules = [] if constraint is None else [constraint.bind(superpose.Canvas.of(network, shown))]
    superpose.Trajectory(shown, scheduler, scheduler.plan(network.schedule), Given(), rules).run([Watch()])
    return torch.stack(seen)


def agree(name, got, want):
    about = CASE["outputs"][name]
    torch.testing.assert_close(got, want, atol=about["atol"], rtol=about["rtol"])


@pytest.mark.parametrize(("name", "place"), EDITED)
def test_an_edit_follows_the_recorded_run(network, name, place):
    run, want = RUNS[name], WANT[f"{name}/latents"]
    got = states(network, run["prompts"][place], run["guidance_scale"], edit(run, place))
    agree(f"{name}/latents", got[:, 0], want[:, place])
    if name == "replace":
        picture = network.decode(got[-1])
        agree("replace/image", picture[0], WANT["replace/image"][place])


def test_the_source_is_what_its_prompt_gives(network):
    run = RUNS["replace"]
    agree("replace/latents", states(network, run["prompts"][0], 7.5)[:, 0], WANT["replace/latents"][:, 0])


@pytest.mark.parametrize(("name", "place"), [edited for edited in EDITED if f"{edited[0]}/mapper" in WANT])
def test_prompts_are_aligned_as_recorded(network, name, place):
    run, want = RUNS[name], WANT[f"{name}/mapper"]
    source, target = (network.tokens(run["prompts"][i]) for i in (0, place))
    if run.get("base", run["kind"]) == "refine":
        found = refined(source, target, 16)
        new = want[place - 1].long() < 0
        assert torch.equal(found.known == 0, new)
        assert torch.equal(found.shares[:, ~new].argmax(0), want[place - 1].long()[~new])
    else:
        torch.testing.assert_close(replaced(source, target, 16).shares, want[place - 1])


@pytest.mark.parametrize("name", RUNS)
def test_words_are_those_of_the_recorded_tokens(network, name):
    run = RUNS[name]
    for i, prompt in enumerate(run["prompts"]):
        tokens, words = network.tokens(prompt), prompt.split()
        found = {}
        for place, token in enumerate(tokens):
            if token.word is not None:
                found.setdefault(f"{i}:{words[token.word]}", []).append(place)
        want = {word: places for word, places in run.get("word_indices", {}).items() if word.startswith(f"{i}:")}
        assert not want or found == want


@pytest.fixture(scope="module")
def glyphs():
    return superpose.model("glyphs-ldm")


def images(network, prompt, *constraints, samples=3, **options):
    shown = make("guidance", "cfg", scale=3.0).denoiser(network, network.condition(prompt), network.condition(""))
    scheduler = make("scheduler", options.pop("scheduler", "ddim"), steps=6)
    return superpose.sample(shown, scheduler, network, samples=samples, constraints=constraints, **options)


def test_equal_prompts_give_the_source(glyphs):
    """As exactly as probabilities give what the fused kernel gives."""
    told = PromptToPrompt(source="bold A in red", prompt="bold A in red")
    torch.testing.assert_close(
        images(glyphs, "bold A in red", told), images(glyphs, "bold A in red"), atol=1e-4, rtol=0
    )


def test_the_drawing_stays_and_the_colour_changes(glyphs):
    told = PromptToPrompt(source="bold A in red", prompt="bold A in blue")
    source, edited = images(glyphs, "bold A in red"), images(glyphs, "bold A in blue", told)
    ink = source.amin(1) < -0.3
    red, blue = edited[:, 0][ink].mean(), edited[:, 2][ink].mean()
    assert blue > red + 0.3, f"the ink is {red:.2f} red and {blue:.2f} blue"


def test_a_sample_is_the_same_alone(glyphs):
    told = PromptToPrompt(source="bold A in red", prompt="bold A in blue", local=("blue",), local_source=("red",))
    whole = images(glyphs, "bold A in blue", told, batch_size=4)
    alone = images(glyphs, "bold A in blue", told, samples=1, batch_size=4)
    assert torch.equal(whole[:1], alone)


def test_a_run_that_is_gone_on_with_is_the_same_run(glyphs, tmp_path):
    told = PromptToPrompt(source="bold A in red", prompt="bold A in blue", local=("blue",), local_source=("red",))
    shown = superpose.prompted(glyphs, "bold A in blue")
    run = superpose.trajectory(shown, make("scheduler", "ddim", steps=4), glyphs, constraints=[told])
    state = run.start()
    for _ in range(2):
        state = run.step(state)
    file = tmp_path / "state.safetensors"
    save_state(state, file, scheduler=run.scheduler)
    again, _ = load_state(file, run.scheduler)
    while state.step < run.steps:
        state, again = run.step(state), run.step(again)
    assert torch.equal(state.x, again.x)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"source": "bold A", "local": ("green",)},
            "there is no word 'green' in 'bold A in blue': write one of bold, A",
        ),
        ({"source": "bold A", "align": "words"}, "'bold A' has 2 words and 'bold A in blue' has 4"),
        ({"source": "bold A", "prompt": None}, "edits one prompt, and what is shown has none: say which as prompt"),
    ],
)
def test_what_does_not_fit_is_refused(glyphs, options, message):
    told = PromptToPrompt(**({"prompt": "bold A in blue"} | options))
    with pytest.raises(RecipeError, match=message):
        told.bind(superpose.Canvas.of(glyphs, superpose.prompted(glyphs, "bold A in blue")))


def test_lists_of_other_lengths_are_refused():
    with pytest.raises(RecipeError, match="weights has 0 numbers for the words of weighed: give one for each"):
        PromptToPrompt(source="A", weighed=("A",))


RECIPE = """
{subject}
[model]
kind = "{model}"
[scheduler]
kind = "{scheduler}"
steps = 4
[[constraint]]
kind = "prompt-to-prompt"
source = "{source}"
{more}
"""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model": "pictograms", "source": "cat", "subject": 'prompt = "dog"'},
            "needs a network whose places look at words",
        ),
        ({"scheduler": "ddpm"}, "prompt-to-prompt needs a deterministic scheduler"),
        ({"scheduler": "dpmpp"}, "prompt-to-prompt needs a single-step scheduler"),
        ({"scheduler": "heun"}, "is asked in between: use a scheduler that asks once a step"),
        ({"source": "bold Q in mauve"}, "mauve"),
        ({"more": 'local = ["red"]'}, "there is no word 'red' in 'bold A in blue'"),
    ],
)
def test_check_refuses_what_does_not_go_together(changes, message):
    told = {"model": "glyphs-ldm", "scheduler": "ddim", "source": "bold A in red", "more": ""}
    told["subject"] = 'prompt = "bold A in blue"'
    with pytest.raises(RecipeError) as found:
        superpose.inspect(superpose.loads(RECIPE.format(**(told | changes))))
    assert message in str(found.value)


def test_a_recipe_of_one_prompt_needs_no_other():
    recipe = RECIPE.format(
        subject='prompt = "bold A in blue"', model="glyphs-ldm", scheduler="ddim", source="bold A in red", more=""
    )
    assert superpose.inspect(superpose.loads(recipe)).total == 2 * 4


def test_a_picture_of_ones_own_is_edited(glyphs, tmp_path):
    """Inverted under the words that it shows, and told others from there."""
    picture = images(glyphs, "bold A in red", samples=1)
    Image.fromarray(superpose.to_pixels(picture)[0]).save(tmp_path / "red.png")
    inversion = make("constraint", "inversion", image=tmp_path / "red.png", prompt="bold A in red", ask="there")
    told = PromptToPrompt(source="bold A in red", prompt="bold A in blue", cross_stop=1.0, self_stop=1.0)
    shown = superpose.prompted(glyphs, "bold A in blue")
    edited = superpose.sample(shown, make("scheduler", "ddim", steps=20), glyphs, constraints=[inversion, told])
    ink = picture.amin(1) < -0.3
    red, blue = edited[:, 0][ink].mean(), edited[:, 2][ink].mean()
    assert blue > red + 0.3, f"the ink is {red:.2f} red and {blue:.2f} blue"
    paper = (picture.amin(1) > 0.8) & (torch.nn.functional.avg_pool2d(picture.amin(1), 3, 1, 1) > 0.8)
    assert (edited.amin(1)[paper] > 0.5).float().mean() > 0.9
