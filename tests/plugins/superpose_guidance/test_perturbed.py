"""Guidance away from the same network made worse: what is common to its kinds, and the recorded runs."""

import json
from pathlib import Path

import attrs
import pytest
import torch
from safetensors.torch import load_file

import superpose
from recorded_guiders import RUNS, Recorded, check_recorded, guided_run
from superpose import BoundGuidance, Context, RecipeError, compose, inspect, loads, make
from superpose.estimate.attention import visit
from superpose.testing.predictors import AttentivePredictor
from superpose_guidance.perturbed import begins

FOLDER = Path(__file__).parents[2] / "fixtures"
PAG = FOLDER / "pg_a_perturbed_attention"
CASE = json.loads((PAG / "case.json").read_text())
KINDS = ("pag", "seg", "slg")


class Worsened(Recorded):
    """Says something else, as was recorded, wherever a tap is."""

    sites = (superpose.Site("block", "block"), superpose.Site("attn1", "self"))

    def predict(self, x, level, conditioning):
        if superpose.is_tapped():
            visit(self.sites)
            told = list(self.told).index("worse")
            conditioning = {"prompt": torch.full_like(conditioning["prompt"], told)}
        return super().predict(x, level, conditioning)


@attrs.frozen
class OnlyFrom(BoundGuidance):
    """One guidance in some of the steps, another in the rest: diffusers leaves its first active step out."""

    inside: BoundGuidance
    outside: BoundGuidance
    first: int
    end: int

    def denoiser(self, predictor, condition, negative):
        told = predictor, condition, negative
        return Between(self.inside.denoiser(*told), self.outside.denoiser(*told), self.first, self.end)


@attrs.frozen(eq=False)
class Between(superpose.Denoiser):
    inside: superpose.Denoiser
    outside: superpose.Denoiser
    first: int
    end: int

    def estimate(self, x, level):
        here = self.first < level.step.index < self.end
        return (yield from (self.inside if here else self.outside).estimate(x, level))


@pytest.mark.parametrize(
    ("name", "kind", "said", "start", "stop"),
    [
        ("pag", "pag", "perturbed_guidance_scale", 0.01, "perturbed_guidance_stop"),
        ("slg", "slg", "skip_layer_guidance_scale", "skip_layer_guidance_start", "skip_layer_guidance_stop"),
        ("seg", "seg", "seg_guidance_scale", "seg_guidance_start", "seg_guidance_stop"),
    ],
)
def test_the_arithmetic_is_that_of_diffusers_guiders(name, kind, said, start, stop):
    from recorded_guiders import STEPS

    args = RUNS[name]
    network = Worsened(yes="pred_cond", no="pred_uncond", worse="pred_skip")
    cfg = make("guidance", "cfg", scale=args["guidance_scale"])
    first, end = (int(args.get(it, it if isinstance(it, float) else 0) * STEPS) for it in (start, stop))
    guidance = OnlyFrom(make("guidance", kind, base=cfg, strength=args[said]), cfg, first, end)
    check_recorded(guided_run(guidance, network), name)


@attrs.frozen(eq=False)
class EpsilonRescaled(superpose.Denoiser):
    """Diffusers' rescaling, which is that of the noise: ours is that of the clean image."""

    inner: superpose.Denoiser
    plain: superpose.Denoiser
    share: float

    def estimate(self, x, level):
        got, plain = yield from superpose.together([self.inner.estimate(x, level), self.plain.estimate(x, level)])
        noise, alone = ((x - level.alpha * one.clean) / level.sigma for one in (got, plain))
        same = noise * (alone.std((1, 2, 3), keepdim=True) / noise.std((1, 2, 3), keepdim=True))
        noise = self.share * same + (1 - self.share) * noise
        return got._replace(clean=(x - level.sigma * noise) / level.alpha)


@pytest.mark.parametrize("kind", ["stable-diffusion", "diffusers"])
@pytest.mark.parametrize("run", CASE["runs"], ids=lambda run: run["name"])
def test_pag_follows_the_recorded_runs(run, kind):
    """On our own network and on diffusers' by the bridge."""
    network = make("model", kind, path=FOLDER / "df_d_stable_diffusion" / "pipeline").load()
    name, scale = run["name"], run["guidance_scale"]
    base = make("guidance", "cfg", scale=scale) if scale > 1 else None
    fade = run.get("pag_adaptive_scale", 0.0)
    sites = tuple(run["pag_applied_layers"])
    pag = make("guidance", "pag", base=base, strength=run["pag_scale"], fade=fade, sites=sites)
    told, negative = network.condition(run["prompt"]), network.condition(run["negative_prompt"])
    denoiser = pag.denoiser(network, told, negative)
    if share := run.get("guidance_rescale"):
        denoiser = EpsilonRescaled(denoiser, superpose.Prompted(network, told), share)
    latents = []

    class Watch:
        def see(self, step):
            latents.append(step.x)

    class Given:
        start = load_file(PAG / "inputs.safetensors")[f"{name}/x_T"]

        def draw(self, step, purpose="step", law="normal"):
            assert purpose == "start"
            return self.start

    scheduler = make("scheduler", "ddim", grid="leading", offset=1, steps=run["steps"], final="first")
    plan = scheduler.plan(network.schedule)
    assert [level.t for level in plan.levels[:-1]] == run["scheduler"]["timesteps"]
    superpose.Trajectory(denoiser, scheduler, plan, Given()).run([Watch()])
    about = CASE["outputs"][f"{name}/latents"]
    want = load_file(PAG / "outputs.safetensors")[f"{name}/latents"]
    torch.testing.assert_close(torch.cat(latents), want, atol=about["atol"], rtol=about["rtol"])


@pytest.mark.parametrize("kind", KINDS)
def test_no_strength_is_the_base_bit_for_bit_and_asks_what_it_asks(kind):
    network = AttentivePredictor()
    x, level = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)), network.schedule.level(0, 500)
    cfg = make("guidance", "cfg", scale=3.0)
    told, negative = network.condition("a cat"), network.condition("")
    asked, want = [], cfg.denoiser(network, told, negative)(x, level).clean
    for options in ({"strength": 0.0}, {"strength": 1.0, "fade": 0.1}, {"strength": 1.0}):
        network.blocks.clear()
        got = make("guidance", kind, base=cfg, **options).denoiser(network, told, negative)(x, level).clean
        asked.append((sum(network.blocks), torch.equal(got, want)))
    assert asked == [(4, True), (4, True), (6, False)]


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_base_it_is_the_prompt_moved(kind):
    network = AttentivePredictor()
    x, level = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)), network.schedule.level(0, 500)
    told = network.condition("a cat")
    guidance = make("guidance", kind, strength=2.0)
    assert not guidance.negates
    plain = superpose.Prompted(network, told)
    worse = superpose.Tapped(plain, (guidance.tap(),))(x, level).clean
    got = guidance.bind(Context.of(network)).denoiser(network, told, told)(x, level).clean
    torch.testing.assert_close(got, 3 * plain(x, level).clean - 2 * worse)


RECIPE = """
prompt = "bold A"
[model]
kind = "{model}"
[scheduler]
kind = "ddim"
steps = 2
[guidance]
kind = "{kind}"
{more}
"""


def problem(model, kind, more=""):
    with pytest.raises(RecipeError) as found:
        inspect(loads(RECIPE.format(model=model, kind=kind, more=more)))
    return str(found.value)


def test_a_network_without_attention_is_refused_by_name_before_it_is_read():
    said = problem("pictograms", "pag").replace("bold A", "")
    assert "the network of pictograms has no attention of places to each other that pag could change" in said
    assert "the network of glyphs has no block that slg could change" in problem("glyphs", "slg").replace("bold ", "")


def test_a_name_that_is_none_of_the_network_is_refused_with_those_that_are():
    said = problem("glyphs-ldm", "pag", 'sites = ["down_blocks", "mid"]')
    assert "no attention of places to each other called 'mid': write the beginning of one of down_blocks.0." in said
    assert ":10:1: guidance.sites" in said


def test_a_recipe_is_checked_and_costs_one_row_more():
    recipe = loads(RECIPE.format(model="glyphs-ldm", kind="pag", more='sites = ["down_blocks"]'))
    assert inspect(recipe).total == 2 * recipe.scheduler.steps
    assert compose(recipe).stages[0].predictor.sites


FITTING = ("mid", "mid_block", "mid_block.attentions.1", "mid_block.attentions")


@pytest.mark.parametrize("start", [*FITTING, "mi", "mid_block.attentions.1.x", "block"])
def test_a_site_is_named_by_the_beginning_of_its_name(start):
    assert begins("mid_block.attentions.1", start) == (start in FITTING)
    assert not begins("mid_block.attentions.11", "mid_block.attentions.1")
