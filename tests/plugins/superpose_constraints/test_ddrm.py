"""DDRM, against the recorded program and deepinv's."""

from itertools import pairwise

import pytest
import torch

from recorded_posteriors import Case, averaging, denoise, drawn, level, patches, port, unpatched
from superpose import LinearOperator, Plan, Spectrum, Trajectory, make, prompted, trajectory
from superpose.testing.gaussian import BatchNoise, GaussianImages
from superpose.testing.predictors import TinyPredictor
from superpose_constraints.ddrm import Restored
from superpose_operators.bound.masked import Masked

CASE = Case("dr_a_ddrm")
SHAPE = (3, 16, 16)
MISSING = CASE.given["missing_pixels"]


def interleaved(image):
    """Images as the program lays them out: pixel after pixel, with its channels."""
    return image.flatten(2).transpose(1, 2).reshape(len(image), -1)


def laid_out(row):
    """The images again."""
    return row.view(len(row), 256, 3).transpose(1, 2).reshape(-1, *SHAPE)


#: Places of coordinates in the program's order: those that are kept, then those that are missing, red ones first.
KEPT = torch.tensor([3 * p + c for p in range(256) for c in range(3) if p not in set(MISSING.tolist())])
GONE = torch.tensor([3 * p + c for c in range(3) for p in MISSING.tolist()])


class Inpainting:
    """The mask, and the program's order of coordinates."""

    def __init__(self):
        seen = torch.ones(1, 768)
        seen[:, GONE] = 0
        self.operator = Masked(SHAPE, laid_out(seen)[0])
        self.order = torch.cat((KEPT, GONE))

    def coordinates(self, row):
        image = torch.zeros(len(row), 768)
        image[:, self.order[: row.shape[1]]] = row
        return laid_out(image)

    def observed(self, row):
        return self.coordinates(row)


class Averages:
    """Block averages in the program's basis: first what is seen of every block, then the rest, one a block in turn."""

    def __init__(self):
        u, s, v = (CASE.given[f"sr4/{part}_small"] for part in ("U", "singulars", "V"))
        self.operator = averaging(SHAPE, 4, v, float(u), float(s))

    def coordinates(self, row):
        tiles = torch.zeros(len(row), 3, 16, 16)
        tiles[..., 0] = row[:, :48].view(-1, 3, 16)
        for i in range(15 if row.shape[1] > 48 else 0):
            tiles[..., i + 1] = row[:, 48 + i :: 15].view(-1, 3, 16)
        return unpatched(tiles, SHAPE, 4)

    def observed(self, row):
        return row.view(1, 3, 4, 4)


def test_tiles_are_those_of_the_block_averages():
    x = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(unpatched(patches(x, 4), SHAPE, 4), x)
    torch.testing.assert_close(Averages().operator.apply(x), torch.nn.functional.avg_pool2d(x, 4))


def draw_of(told, name, step, rule, there):
    """The recorded draws of a step as one for each coordinate, as an image."""
    given = {key: CASE.given.get(f"{name}/step{step}/{key}") for key in "ABC"}
    z, measured = told.coordinates(given["C"]), told.coordinates(given["B"])
    seen = rule.operator.spectrum.values > 0
    hidden = there.sigma * rule.operator.spectrum.values < rule.noise * there.alpha
    z = measured.where(seen, z)
    if given["A"] is not None:
        z = told.coordinates(given["A"]).where(seen & hidden, z)
    return rule.operator.spectrum.image(z)


@pytest.mark.parametrize("name", CASE.runs)
def test_it_is_the_recorded_program(name):
    run, told = CASE.runs[name], Inpainting() if "inpaint" in name else Averages()
    times = [*reversed(run["timesteps_ascending"]), -1]
    rule = Restored(
        operator=told.operator,
        observed=told.observed(CASE.given[f"{name}/y_0"]),
        noise=run["sigma_0"],
        eta=run["eta"],
        eta_b=run["etaB"],
        threshold=0.0,
    )
    ask, levels = denoise(port()), Plan.of([level(t) for t in times]).levels
    # It divides its state by the deviation of the noise in it.
    top = levels[0]
    x = rule.start(CASE.given["x"], Plan(levels), drawn(start_of(told, rule, top))).value / top.sigma
    CASE.agree(f"{name}/x_init", x)
    CASE.agree(f"{name}/x0_pred_first", ask(x, top).clean)
    for step, (here, there) in enumerate(pairwise(levels)):
        x = rule.move(ask, x, here, there, drawn(draw_of(told, name, step, rule, there)))
        if step == 0:
            CASE.agree(f"{name}/x_after_first", x)
    if run["sigma_0"]:
        CASE.agree(f"{name}/sample", x)
        return
    # Without noise the program leaves out what was observed in its last step: the only difference.
    seen = told.operator.seen == 1
    torch.testing.assert_close(x[0][seen], rule.observed[0][seen])
    ours = CASE.wanted[f"{name}/sample"].where(~seen, x)
    CASE.agree(f"{name}/sample", CASE.wanted[f"{name}/sample"].where(seen, x))
    torch.testing.assert_close(ours, x, atol=7e-5, rtol=1e-4)


def test_where_all_is_seen_without_noise_that_is_what_comes_back():
    seen = torch.rand(1, *SHAPE, generator=torch.Generator().manual_seed(1)) * 2 - 1
    rule = Restored(operator=Masked(SHAPE, torch.ones(SHAPE)), observed=seen, noise=0.0, eta=0.85, eta_b=1.0)
    network = TinyPredictor(SHAPE)
    run = trajectory(prompted(network, "cat"), make("scheduler", "ddim", steps=6), network, constraints=[rule])
    torch.testing.assert_close(run.run(), seen, atol=1e-5, rtol=0)


def start_of(told, rule, top):
    """The program's start as a draw: where nothing is seen, of the deviation of noise alone, and not of the prior."""
    known = rule.operator.spectrum
    seen = (known.values > 0) & (rule._spread(known, top) < top.sigma)
    z = told.coordinates(CASE.given["x"].view(1, -1))
    return known.image(z.where(seen, z * top.sigma / top.prior))


def test_coordinates_that_noise_drowns_are_as_if_unseen():
    """What was observed through a small singular value changes no bit of what is made."""
    values = torch.full(SHAPE, 0.8)
    values[:, 8:] = 0.04
    known = Spectrum(values, torch.clone, torch.clone, torch.clone)
    plan, network = make("scheduler", "ddim", steps=6).plan(GaussianImages(SHAPE).schedule), GaussianImages(SHAPE)
    observed = torch.rand(1, *SHAPE, generator=torch.Generator().manual_seed(0))

    def made(y, threshold):
        rule = Restored(operator=Weighed(known), observed=y, noise=0.05, threshold=threshold)
        return Trajectory(prompted(network, ""), make("scheduler", "ddim", steps=6), plan, DRAWS, [rule]).run()

    other = observed.clone()
    other[:, :, 8:] = -3.0
    assert torch.equal(made(observed, 1.0), made(other, 1.0))
    assert not torch.equal(made(observed, 0.0), made(other, 0.0))


class Weighed(LinearOperator):
    """An operator that is its spectrum."""

    shape = observed_shape = SHAPE

    def __init__(self, known):
        self.known = known

    @property
    def spectrum(self):
        return self.known

    def apply(self, x):
        return x * self.known.values


DRAWS = BatchNoise((2, *SHAPE))
