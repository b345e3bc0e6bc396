"""Inversion is DDIM upwards: the original's numbers, the exact flow's limit, and the way back."""

import json
import math
from pathlib import Path

import attrs
import pytest
import torch
from safetensors.torch import load_file

import superpose
from superpose import (
    Clipped,
    Condition,
    Denoiser,
    NoisePredictor,
    Plan,
    Prediction,
    Prompted,
    RecipeError,
    StaticClip,
    invert,
)
from superpose.testing.gaussian import GaussianImages
from superpose_networks import UNet2D, UNet2DConfig, assign, openai_names, read_weights, ready

FIXTURES = Path(__file__).parents[2] / "fixtures"
SHAPE = (1, 4, 4)


class GuidedDiffusion(NoisePredictor):
    """The class-conditional network of the fixture, from the shared blocks."""

    parameterization = "epsilon"
    shape = (3, 16, 16)

    def __init__(self):
        config = UNet2DConfig(
            in_channels=3, out_channels=6, block_out_channels=(32, 32, 32), layers_per_block=1,
            down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
            downsample_type="resnet",
            up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"), upsample_type="resnet",
            attention_head_dim=16, attn_norm_num_groups=32, resnet_time_scale_shift="scale_shift", num_class_embeds=10,
        )  # fmt: skip
        self.network = UNet2D(config)
        weights = read_weights(FIXTURES / "gd_a_unet_cc_legacyattn" / "model.pt")
        assign(self.network, openai_names(weights, [1] * 3, heads=lambda _, channels: channels // 16), "model.pt")
        ready(self.network)
        self.schedule, self.device = superpose.TableSchedule.named("linear"), torch.device("cpu")

    def condition(self, prompt):
        return Condition(prompt, {"label": torch.tensor([int(prompt)])})

    def predict(self, x, level, conditioning):
        return Prediction(self.network(x, torch.tensor(level.t), conditioning["label"])[:, :3])


def test_guided_diffusion():
    folder = FIXTURES / "gd_e_sampling_cc"
    about = json.loads((folder / "case.json").read_text())["outputs"]["reverse_ddim25_linear/sample"]
    inputs, wanted = (load_file(folder / f"{name}.safetensors") for name in ("inputs", "outputs"))
    network = GuidedDiffusion()
    plan = superpose.make("scheduler", "ddim", steps=25, grid="ddim-openai").plan(network.schedule)
    for row, label in enumerate(inputs["y"].tolist()):
        denoiser = Clipped(superpose.prompted(network, str(label)), StaticClip())
        got = invert(denoiser, inputs["reverse_ddim25_linear/x_0"][row : row + 1], plan)
        want = wanted["reverse_ddim25_linear/sample"][row : row + 1]
        torch.testing.assert_close(got, want, atol=about["atol"], rtol=about["rtol"])


class Gaussian:
    """Gaussian images, of which the flow is known, and levels of any number between two fixed ends."""

    def __init__(self):
        self.network = GaussianImages(SHAPE)
        self.denoiser = superpose.prompted(self.network, "")
        self.images = 0.1 + 0.5 * torch.randn(3, *SHAPE, generator=torch.Generator().manual_seed(1))

    def levels(self, steps):
        ratios = torch.linspace(math.log(0.05), math.log(20), steps + 1, dtype=torch.float64).exp().tolist()
        return [superpose.NoiseLevel(i, 0.0, 1 / math.hypot(1, r), r / math.hypot(1, r)) for i, r in enumerate(ratios)]

    def exact(self, levels):
        """The flow from the first level to the last: along each eigenvector, deviations grow as the marginal's."""
        network, (here, there) = self.network, (levels[0], levels[-1])
        here_variance, variance = (m.alpha**2 * network.values + m.sigma**2 for m in (here, there))
        along = (self.images.double().flatten(1) - here.alpha * network.mean) @ network.vectors
        away = (along * (variance / here_variance).sqrt()) @ network.vectors.T
        return (there.alpha * network.mean + away).view(self.images.shape)


def order(errors):
    return math.log2(errors[0] / errors[1])


def test_it_is_the_flow_to_first_order():
    case = Gaussian()
    errors = []
    for steps in (80, 160):
        levels = case.levels(steps)
        got = invert(case.denoiser, case.images, levels, to_noise=False)
        errors.append(float((got - case.exact(levels)).abs().max()))
    assert errors[0] < 0.1
    assert order(errors) == pytest.approx(1, abs=0.1)


def test_sampling_leads_back_to_first_order():
    case = Gaussian()
    ddim = superpose.make("scheduler", "ddim")
    errors = []
    for steps in (40, 80):
        levels = case.levels(steps)
        x = invert(case.denoiser, case.images, levels, to_noise=False)
        for here, there in zip(levels[::-1], levels[-2::-1], strict=False):
            x, _ = ddim.step(case.denoiser, x, here, there, None, None, jumped=False)
        errors.append(float((x - case.images).abs().max()))
    assert errors[0] < 0.1
    assert order(errors) == pytest.approx(1, abs=0.1)


def test_a_plan_is_climbed_from_its_last_noisy_level_to_all_noise():
    case = Gaussian()
    plan = superpose.make("scheduler", "ddim", steps=8).plan(case.network.schedule)
    levels = plan.levels[-2::-1]
    noise = invert(case.denoiser, case.images, plan)
    assert torch.equal(noise, invert(case.denoiser, case.images, levels))
    # The last step leaves the noise that the network sees at the noisiest level, and nothing of the image.
    state = invert(case.denoiser, case.images, plan, to_noise=False)
    top = plan.levels[0]
    torch.testing.assert_close(noise, (state - top.alpha * case.denoiser(state, top).clean) / top.sigma)


def test_blocks_of_rows_change_nothing():
    case = Gaussian()
    levels = case.levels(5)
    whole = invert(case.denoiser, case.images, levels, batch_size=2)
    assert torch.equal(whole[2:], invert(case.denoiser, case.images[2:], levels, batch_size=2))


def test_any_composition_can_be_inverted():
    case = Gaussian()
    views = [superpose.make("view", "identity"), superpose.make("view", "flip")]
    mixed = superpose.viewed([(view, Prompted(case.network, case.network.condition(""))) for view in views])
    plain = invert(case.denoiser, case.images, case.levels(6))
    # The distribution is the same upside down, so both views say the same.
    torch.testing.assert_close(invert(mixed, case.images, case.levels(6)), plain, atol=1e-5, rtol=1e-5)


@attrs.frozen
class Nudged(Denoiser):
    """The exact denoiser of Gaussian images, less a shift that a steer puts back."""

    inner: Denoiser
    shift: float

    def estimate(self, x, level):
        estimate = yield from self.inner.estimate(x, level)
        guidance_gradient = torch.full_like(x, self.shift * level.alpha / level.sigma**2)
        return estimate._replace(clean=estimate.clean - self.shift, guidance_gradient=guidance_gradient)


def test_where_a_classifier_steers_it_steers_on_the_way_up_too():
    case = Gaussian()
    with_gradient = invert(Nudged(case.denoiser, 0.7), case.images, case.levels(20))
    torch.testing.assert_close(with_gradient, invert(case.denoiser, case.images, case.levels(20)), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("pick", "message"),
    [
        (lambda levels: [superpose.NoiseLevel(0, -1.0, 1.0, 0.0), *levels], "leave out sigma = 0"),
        (lambda levels: [], "starts at a level with noise"),
        (lambda levels: levels[::-1], "no noisier than"),
        (lambda levels: Plan.of([levels[2], levels[1], levels[2], levels[0]]), "a plan that only descends"),
    ],
)
def test_levels_must_rise(pick, message):
    case = Gaussian()
    with pytest.raises(RecipeError, match=message):
        invert(case.denoiser, case.images, pick(case.levels(4)))
