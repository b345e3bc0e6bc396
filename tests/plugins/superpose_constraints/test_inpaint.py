"""Inpainting by replacement: exact where it can be, and measured where it is not."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from superpose import Canvas, NoiseLevel, Plan, RecipeError, Trajectory, make, prompted, refuse, to_pixels, trajectory
from superpose.testing import check_constraint
from superpose.testing.gaussian import BatchNoise, ExactSteps, GaussianImages, distance
from superpose.testing.predictors import TinyPredictor
from superpose_constraints.inpaint import Replacement

SHAPE = (3, 8, 8)
RNG = np.random.default_rng(0)


@pytest.fixture
def files(tmp_path):
    """An image and a mask whose right half is painted anew."""
    pixels = RNG.integers(0, 256, (8, 8, 3), np.uint8)
    mask = np.zeros((8, 8), np.uint8)
    mask[:, 4:] = 255
    Image.fromarray(pixels).save(tmp_path / "image.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    return {"image": tmp_path / "image.png", "mask": tmp_path / "mask.png"}


def run(scheduler, *constraints, steps=6, samples=2, network=None):
    network = network or TinyPredictor(SHAPE)
    return trajectory(
        prompted(network, "cat"),
        make("scheduler", scheduler, steps=steps),
        network,
        samples=samples,
        constraints=constraints,
    ).run()


@pytest.mark.parametrize("scheduler", ["ddpm", "ddim", "dpmpp"])
@pytest.mark.parametrize("repeats", [1, 3])
def test_known_pixels_are_the_files_in_the_finished_image(scheduler, repeats, files):
    images = run(scheduler, make("constraint", "inpaint", repeats=repeats, **files))
    want = np.asarray(Image.open(files["image"]))
    for got in to_pixels(images):
        assert np.array_equal(got[:, :4], want[:, :4]), "a known pixel is not the file's"
        assert not np.array_equal(got[:, 4:], want[:, 4:]), "nothing was painted anew"


@pytest.mark.parametrize("scheduler", ["ddpm", "ddim", "dpmpp"])
def test_with_nothing_to_paint_the_image_comes_back(scheduler):
    image = torch.rand(SHAPE, generator=torch.Generator().manual_seed(0)) * 2 - 1
    got = run(scheduler, Replacement(known=image, keep=torch.ones(1, 8, 8)))
    assert torch.equal(got, image.expand_as(got))


@pytest.mark.parametrize("scheduler", ["ddpm", "ddim", "dpmpp", "unipc", "heun"])
def test_with_nothing_known_it_is_the_plain_run_bit_for_bit(scheduler):
    """The history of a multistep scheduler included: where nothing is put in, there is no jump."""
    nothing = Replacement(known=torch.zeros(SHAPE), keep=torch.zeros(1, 8, 8))
    assert torch.equal(run(scheduler, nothing), run(scheduler))


def test_the_known_region_has_the_right_noise_at_every_level():
    """Its standard deviation and mean are those of the image noised to the level, at each level of the plan."""
    network = GaussianImages((1, 32, 32))
    image = torch.full((1, 32, 32), 0.25)
    steps = make("scheduler", "ddim", steps=8).plan(network.schedule)
    rule = Replacement(known=image, keep=torch.ones(1, 32, 32))
    for level in steps.levels[:-1]:
        generator = torch.Generator().manual_seed(level.index)
        edit = rule.before(
            torch.zeros(16, 1, 32, 32),
            level,
            lambda purpose="step", g=generator: torch.randn(16, 1, 32, 32, generator=g),
        )
        assert edit.jumped
        assert abs(edit.value.mean() - 0.25 * level.alpha) < 5 * level.sigma / 128
        assert abs(edit.value.std() - level.sigma) < 5 * level.sigma / 181


class TestGreys:
    """A grey keeps its share, at every level and at the end."""

    @pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9, 1.0])
    def test_the_noise_of_a_blend_is_the_levels(self, share):
        """Two noisy images that are merely averaged have half the variance that the networks expect."""
        generator = torch.Generator().manual_seed(0)
        draw = lambda purpose="step": torch.randn(16, 1, 32, 32, generator=generator)  # noqa: E731
        known, painted = torch.full((1, 32, 32), 0.25), -0.5
        rule = Replacement(known=known, keep=torch.full((1, 32, 32), share))
        for level in make("scheduler", "ddim", steps=8).plan(GaussianImages((1, 32, 32)).schedule).levels[:-1]:
            x = painted * level.alpha + draw() * level.sigma
            value = rule.before(x, level, draw).value
            assert abs(value.std() - level.sigma) < 5 * level.sigma / 181
            clean = share * 0.25 + (1 - share) * painted
            assert abs(value.mean() - clean * level.alpha) < 5 * level.sigma / 128

    @pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.75, 0.9])
    def test_the_share_of_the_file_is_the_greys_however_many_levels_there_are(self, share):
        """Values that are independent of each other, so that a pixel is pulled by its own grey alone."""
        network, found = GaussianImages((1, 4, 4), length=0.05, mean=0.0), []
        rule = Replacement(known=torch.ones(1, 4, 4), keep=torch.full((1, 4, 4), share))
        for steps in (10, 20, 80):
            scheduler = make("scheduler", "ddim", steps=steps)
            plan = scheduler.plan(network.schedule)
            run = Trajectory(prompted(network, ""), scheduler, plan, BatchNoise((1000, 1, 4, 4)), [rule])
            found.append(float(run.run().mean()))
        assert max(found) - min(found) < 0.04, f"it depends on the number of steps: {found}"
        assert found[-1] == pytest.approx(share, abs=0.1)

    def test_the_finished_picture_is_blended(self):
        keep = torch.tensor([0, 0.25, 0.5, 1]).expand(1, 4, 4)
        rule = Replacement(known=torch.full((1, 4, 4), 0.8), keep=keep)
        image = torch.full((2, 1, 4, 4), -0.4)
        torch.testing.assert_close(rule.finish(image), (0.8 * keep - 0.4 * (1 - keep)).expand_as(image))

    def test_a_file_with_a_soft_edge(self, files):
        mask = np.zeros((8, 8), np.uint8)
        mask[:, 4:] = (64, 128, 192, 255)
        Image.fromarray(mask).save(files["mask"])
        soft = to_pixels(run("ddim", make("constraint", "inpaint", **files)))
        Image.fromarray(np.where(mask >= 128, np.uint8(255), np.uint8(0))).save(files["mask"])
        cut = to_pixels(run("ddim", make("constraint", "inpaint", **files)))
        want = np.asarray(Image.open(files["image"]))
        assert (soft[:, :, :4] == want[:, :4]).all(), "a pixel under black is not the file's"
        assert (soft[:, :, 4:7] != cut[:, :, 4:7]).any((0, 1, 3)).all(), "greys are cut in the middle"


@pytest.mark.parametrize("repeats", [1, 2, 4])
def test_the_plan_makes_each_transition_again_after_climbing_back(repeats):
    levels = [NoiseLevel(i, 900 - 300 * i, 0.2 + 0.2 * i, 0.9 - 0.3 * i) for i in range(4)]
    plan = Replacement(known=torch.zeros(SHAPE), keep=torch.ones(1, 8, 8), repeats=repeats).plan(Plan.of(levels))
    assert plan.steps == 3 * (2 * repeats - 1)
    assert [level.index for level in plan.levels] == list(range(plan.steps + 1))
    assert sum(not plan.climbs(step) for step in range(plan.steps)) == 3 * repeats
    assert sum(plan.climbs(step) for step in range(plan.steps)) == 3 * (repeats - 1)
    for here, there in zip(plan.levels, plan.levels[1:], strict=False):
        assert abs(here.t - there.t) == 300, "a transition skips a level"


def test_climbs_that_are_there_already_are_not_repeated():
    once = Replacement(known=torch.zeros(SHAPE), keep=torch.ones(1, 8, 8), repeats=2)
    levels = [NoiseLevel(i, 900 - 300 * i, 0.2 + 0.2 * i, 0.9 - 0.3 * i) for i in range(4)]
    twice = once.plan(once.plan(Plan.of(levels)))
    assert sum(not twice.climbs(step) for step in range(twice.steps)) == 12
    assert [level.t for level in twice.levels[:8]] == [900, 600, 900, 600, 900, 600, 900, 600]


def test_it_obeys_the_laws_of_constraints(files):
    check_constraint(make("constraint", "inpaint", repeats=2, **files), Canvas(SHAPE))


class TestClosedForm:
    """Gaussian images, the left half known: what replacement makes of the right half, against the exact conditional."""

    network = GaussianImages((1, 4, 4), std=0.5, length=3.0)
    samples = 2000

    def half(self, scheduler, repeats):
        """Samples of the right half, and the mean and covariance that they should have."""
        keep = torch.zeros(1, 4, 4)
        keep[..., :2] = 1
        known = torch.tensor([0.9, 0.7, 0.0, 0.0]).expand(1, 4, 4)
        rule = Replacement(known=known, keep=keep, repeats=repeats)
        plan = rule.plan(scheduler.plan(self.network.schedule))
        noise = BatchNoise((self.samples, 1, 4, 4))
        images = Trajectory(prompted(self.network, ""), scheduler, plan, noise, [rule]).run()
        assert torch.equal(images * keep, (known * keep).expand_as(images)), "the known half is not exact"
        return images[..., 2:].flatten(1), *self.network.given(known, keep)

    def test_repeats_make_it_exact_where_the_steps_are(self):
        """Replacement by itself is a third of the spread off; with exact steps, repeats take all of it away."""
        levels = make("scheduler", "ddpm", steps=50).plan(self.network.schedule)
        exact = ExactSteps(images=self.network, levels=levels)
        errors = {repeats: distance(*self.half(exact, repeats)) for repeats in (1, 2, 5, 10)}
        shrinking = list(errors.values())
        assert shrinking == sorted(shrinking, reverse=True), f"more repeats made it worse: {errors}"
        assert 0.25 < errors[1] < 0.45, f"replacement alone is off by about a third of the spread: {errors}"
        assert errors[10] < 0.09, f"ten repeats leave more than chance does (0.06 here): {errors}"

    def test_repeats_shrink_the_error_with_ddpm_in_fine_steps(self):
        scheduler = make("scheduler", "ddpm", steps=250)
        errors = {repeats: distance(*self.half(scheduler, repeats)) for repeats in (1, 2, 5)}
        shrinking = list(errors.values())
        assert shrinking == sorted(shrinking, reverse=True), f"more repeats made it worse: {errors}"
        assert errors[5] < errors[1] / 3, f"five repeats leave too much of the error: {errors}"

    def test_coarse_steps_lose_spread_and_repeats_lose_more_of_it(self):
        """Why more is not always better: each of DDPM's coarse steps has too little noise, and repeats add that up."""
        scheduler, spreads = make("scheduler", "ddpm", steps=20), []
        for repeats in (1, 3, 10):
            got, _, covariance = self.half(scheduler, repeats)
            spreads.append(float(got.T.cov().trace() / covariance.trace()))
        assert spreads == sorted(spreads, reverse=True), f"shares of the exact variance: {spreads}"
        assert spreads[-1] < 0.75, f"shares of the exact variance: {spreads}; if they are right now, correct the docs"

    def test_the_measure_itself_sees_nothing_in_exact_samples(self):
        mean, covariance = self.network.given(torch.zeros(1, 4, 4), torch.eye(4)[None])
        generator = torch.Generator().manual_seed(0)
        white = torch.randn(self.samples, len(mean), generator=generator, dtype=torch.float64)
        exact = mean + white @ torch.linalg.cholesky(covariance).T
        assert distance(exact, mean, covariance) < 0.06
        assert distance(exact + 0.1, mean, covariance) > 0.2


class TestWhatIsWrong:
    def test_another_size_of_both(self, files):
        rule = make("constraint", "inpaint", **files)
        image, mask = rule.problems(Canvas((3, 16, 16)))
        assert (image.option, mask.option) == (("image",), ("mask",))
        assert "image.png: is 8x8 (height x width), and the model's images are 16x16: scale or crop it" in str(image)
        assert "mask.png: is 8x8 (height x width), and the model's images are 16x16" in str(mask)

    def test_a_missing_file_is_named(self, files):
        rule = make("constraint", "inpaint", **(files | {"mask": files["mask"].with_name("no.png")}))
        with pytest.raises(RecipeError, match=r"^mask: .*no\.png: no such file$"):
            refuse(rule.problems(Canvas(SHAPE)))

    def test_a_mask_that_keeps_nothing(self, files):
        Image.new("L", (8, 8), 255).save(files["mask"])
        with pytest.raises(
            RecipeError, match=r"^mask: .*mask\.png: this mask is white throughout, which keeps nothing"
        ):
            refuse(make("constraint", "inpaint", **files).problems(Canvas(SHAPE)))

    def test_a_mask_of_the_values_0_and_1(self, files):
        array = np.zeros((8, 8), np.uint8)
        array[:, 4:] = 1
        Image.fromarray(array).save(files["mask"])
        with pytest.raises(RecipeError, match=r"^mask: .*mask\.png: .*values 0 and 1, multiply them by 255"):
            refuse(make("constraint", "inpaint", **files).problems(Canvas(SHAPE)))

    def test_repeats_below_one(self, files):
        with pytest.raises(RecipeError, match="must be at least 1, got 0"):
            make("constraint", "inpaint", repeats=0, **files)

    def test_a_missing_key_is_named(self):
        with pytest.raises(RecipeError, match=re.escape("constraint 'inpaint'") + ".*mask"):
            make("constraint", "inpaint", image="a.png")
