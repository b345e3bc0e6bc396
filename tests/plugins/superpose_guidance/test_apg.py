"""Adaptive projected guidance, beside the paper's algorithm and diffusers'."""

import attrs
import pytest
import torch
from safetensors.torch import load_file

from recorded_guiders import FOLDER, RUNS, Recorded, check_recorded, guided_run
from recorded_guiders import recorded as recorded_guider
from superpose import (
    Denoiser,
    PluginError,
    Prompted,
    factorized,
    guided,
    make,
    recall,
    remember,
    sample,
    trajectory,
    viewed,
)
from superpose.sampling.saved_state import load_state, save_state
from superpose.testing import check_guidance
from superpose.testing.predictors import TinyPredictor

APG = {"scale": 7.5, "eta": 0.3, "momentum": -0.5, "threshold": 4.0}


def project(v0, v1):
    """Algorithm 1 of the paper, in double precision."""
    v0, v1 = v0.double(), v1.double()
    v1 = torch.nn.functional.normalize(v1, dim=(-1, -2, -3))
    parallel = (v0 * v1).sum(dim=(-1, -2, -3), keepdim=True) * v1
    return parallel, v0 - parallel


def restated(cond, uncond, scale, eta, momentum, threshold):
    """The same, over the steps."""
    average, guided_images = 0, []
    for c, u in zip(cond, uncond, strict=True):
        average = (c - u) + momentum * average
        norm = average.norm(p=2, dim=(-1, -2, -3), keepdim=True)
        factor = torch.minimum(torch.ones_like(norm), (threshold or torch.inf) / norm)
        parallel, orthogonal = project(average * factor, c)
        guided_images.append(c + (scale - 1) * (orthogonal + eta * parallel).float())
    return torch.stack(guided_images)


def recorded():
    given = load_file(FOLDER / "inputs.safetensors")
    return given["pred_cond"], given["pred_uncond"]


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("momentum", [0.0, -0.5, 0.3])
@pytest.mark.parametrize("threshold", [None, 2.5])
def test_it_is_the_algorithm_of_the_paper(eta, momentum, threshold):
    options = {"scale": 7.5, "eta": eta, "momentum": momentum, "threshold": threshold}
    got = guided_run(make("guidance", "apg", **options), Recorded(yes="pred_cond", no="pred_uncond"))
    torch.testing.assert_close(got, restated(*recorded(), **options), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["apg", "apg_eta0", "apg_momentum", "apg_norm_dim"])
def test_it_is_that_of_diffusers(name):
    """Which adds w times the update to the other end: to the image without the prompt."""
    args, (cond, uncond) = RUNS[name], recorded()
    rule = make(
        "guidance",
        "apg",
        scale=args["guidance_scale"] + 1,
        eta=args["eta"],
        momentum=args.get("adaptive_projected_guidance_momentum") or 0.0,
        threshold=args["adaptive_projected_guidance_rescale"] or None,
        over="pixel" if args.get("adaptive_projected_guidance_norm_dim") == 1 else "sample",
    )
    check_recorded(guided_run(rule, Recorded(yes="pred_cond", no="pred_uncond")) - cond + uncond, name)


def test_late_and_with_the_contrast_of_the_prompt_it_is_that_of_diffusers():
    """From the same other end, in an interval, and with a momentum that begins with the interval."""
    args, (cond, uncond) = RUNS["apg_momentum_eta_rescale"], recorded()
    apg = make(
        "guidance",
        "apg",
        scale=args["guidance_scale"] + 1,
        eta=args["eta"],
        momentum=args["adaptive_projected_guidance_momentum"],
        threshold=args["adaptive_projected_guidance_rescale"],
    )
    late, first = make("guidance", "interval", base=apg, start=args["start"]), int(args["start"] * len(cond))
    got = guided_run(late, Recorded(yes="pred_cond", no="pred_uncond"))
    assert first
    moved, phi, over = (got - cond + uncond)[first:], args["guidance_rescale"], (2, 3, 4)
    gain = cond[first:].std(over, keepdim=True) / moved.std(over, keepdim=True)
    got[first:] = moved * (phi * gain + 1 - phi)
    check_recorded(got, "apg_momentum_eta_rescale")


def test_a_start_with_cfg_is_that_of_diffusers_but_for_a_momentum_that_is_not_in_use():
    """Its mix of both keeps the momentum going while cfg guides, as the paper's algorithm does not; that is all."""
    cond, uncond = recorded()
    shift = {"scale": 11.0, "eta": 0.0, "momentum": -0.5, "threshold": 10.0}
    first = RUNS["apg_mix"]["adaptive_projected_guidance_start_step"] + 1
    warm = restated(cond, uncond, **shift) - cond + uncond
    check_recorded(warm, "apg_mix", first)
    base, plain = make("guidance", "apg", **shift), make("guidance", "cfg", scale=RUNS["apg_mix"]["guidance_scale"])
    rule = make("guidance", "interval", base=base, start=first / len(cond), outside=plain)
    got = guided_run(rule, Recorded(yes="pred_cond", no="pred_uncond"))
    torch.testing.assert_close(got[:first], recorded_guider("apg_mix")[:first], atol=1e-4, rtol=1e-4)
    cold = restated(cond[first:], uncond[first:], **shift)
    torch.testing.assert_close(got[first:], cold, atol=1e-4, rtol=1e-4)


def test_without_all_three_it_is_cfg():
    network = Recorded(yes="pred_cond", no="pred_uncond")
    plain = make("guidance", "apg", scale=4.0, eta=1.0, momentum=0.0)
    got, want = guided_run(plain, network), guided_run(make("guidance", "cfg", scale=4.0), network)
    torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("options", [{}, APG, {"scale": 1.0}])
def test_it_keeps_the_laws_of_guidances(options):
    check_guidance(make("guidance", "apg", **options), rows=2)


def tree(network, rule):
    """Two of them in a tree, each with a momentum of its own, one of them in half of the steps alone."""
    cat, dog, none = (network.condition(prompt) for prompt in ("cat", "dog", ""))
    half = make("guidance", "interval", base=rule, start=0.3, stop=0.8)
    two = viewed([
        (make("view", "identity"), rule.denoiser(network, cat, none)),
        (make("view", "flip"), half.denoiser(network, dog, none)),
    ])  # fmt: skip
    return factorized(make("decomposition", "hybrid"), [two, Prompted(network, cat)])


def a_run(scheduler="ddim", samples=2):
    network = TinyPredictor()
    chosen = make("scheduler", scheduler, steps=5)
    denoiser = tree(network, make("guidance", "apg", **APG))
    return trajectory(denoiser, chosen, network, samples=samples, batch_size=4)


@pytest.mark.parametrize("scheduler", ["ddim", "heun"])
def test_a_run_gone_on_with_is_the_same_run(scheduler, tmp_path):
    whole = a_run(scheduler).run()
    for stop in range(6):
        stopped = a_run(scheduler)
        state = stopped.start()
        for _ in range(stop):
            state = stopped.step(state)
        save_state(state, tmp_path / "state.safetensors", scheduler=stopped.scheduler)
        loaded, _ = load_state(tmp_path / "state.safetensors", stopped.scheduler)
        assert torch.equal(a_run(scheduler).run(state=loaded), whole), f"stopped after {stop} steps"


def test_what_is_remembered_is_all_of_the_state():
    """Two runs stepped in turn, and one state stepped twice, do not meet."""
    run = a_run()
    first = run.step(run.step(run.start()))
    again, other = run.step(first), a_run(samples=(5, 6))
    other.step(other.start())
    assert torch.equal(run.step(first).x, again.x)
    forgetful = run.step(attrs.evolve(first, denoiser_memory=()))
    assert not torch.equal(forgetful.x, again.x)


def test_a_sample_of_many_is_the_sample_alone():
    many = a_run(samples=4).run()
    for k in (0, 3):
        assert torch.equal(a_run(samples=(k,)).run()[0], many[k])


def test_memory_costs_no_forward_pass_and_keeps_rounds_together():
    """Beside one that asks twice and remembers nothing."""

    @attrs.frozen(eq=False)
    class Twice(Denoiser):
        inner: Denoiser

        def estimate(self, x, level):
            first = yield from self.inner.estimate(x, level)
            return (yield from self.inner.estimate(0.5 * x + 0.5 * level.alpha * first.clean, level))

    network = TinyPredictor()
    cat, none = network.condition("cat"), network.condition("")
    rule = make("guidance", "apg", **APG)
    mix = guided(Twice(rule.denoiser(network, cat, none)), Twice(Prompted(network, network.condition("dog"))), 0.5)
    level = make("scheduler", "ddim", steps=5).plan(network.schedule).asked(2)
    mix(torch.zeros(1, 3, 8, 8), level)
    assert network.blocks == [3, 3]


def test_one_that_is_hidden_can_not_remember():
    @attrs.frozen(eq=False)
    class Counting(Denoiser):
        inner: Denoiser

        def estimate(self, x, level):
            seen = yield from recall(self)
            yield from remember(self, torch.ones(len(x)) if seen is None else seen + 1)
            return (yield from self.inner.estimate(x, level))

    class Hiding(Denoiser):
        def __init__(self, inner):
            self.give = lambda: inner

        def estimate(self, x, level):
            return (yield from self.give().estimate(x, level))

    network, scheduler = TinyPredictor(), make("scheduler", "ddim", steps=3)
    counting = Counting(Prompted(network, network.condition("cat")))
    run = trajectory(counting, scheduler, network, samples=2)
    state = run.start()
    for step in range(3):
        state = run.step(state)
        assert [value.tolist() for *_, value in state.denoiser_memory] == [[step + 1.0] * 2]
    with pytest.raises(PluginError, match=r"Counting.estimate.* is not among the fields of what asks it"):
        sample(Hiding(counting), scheduler, network)
