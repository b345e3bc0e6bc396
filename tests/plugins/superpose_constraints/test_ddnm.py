"""DDNM, against the recorded program and the exact answer of a normal distribution."""

from itertools import pairwise

import pytest
import torch

from recorded_posteriors import Case, Spectral, averaging, denoise, drawn, level, port
from superpose import Spectrum, make
from superpose_constraints.ddnm import NullSpace
from superpose_operators.bound.masked import Masked

CASE = Case("dn_a_ddnm")
SHAPE = (3, 16, 16)


class OldPhoto:
    """A mask, grey and small, whose inverse is that of each in turn, as the program's: not the least image."""

    spectrum = None

    def __init__(self, mask):
        grey = make("operator", "grey").bound_to(SHAPE)
        self.parts = mask, grey, make("operator", "block-average", factor=2).bound_to((1, 16, 16))

    def apply(self, x):
        for part in self.parts:
            x = part.apply(x)
        return x

    def pseudo_inverse(self, y):
        for part in reversed(self.parts):
            y = part.pseudo_inverse(y)
        return y


def deblurring(name):
    """The program's blur: it lays out singular values channel after channel, and coordinates pixel after pixel."""
    u, v = (CASE.given[f"{name}/svd/{part}"] for part in ("U_small", "V_small"))
    values, order = (CASE.given[f"{name}/svd/{part}"] for part in ("_singulars", "_perm"))

    def there(matrix):
        return lambda x: (matrix.T @ x @ matrix).flatten(2)[:, :, order].transpose(1, 2).reshape(-1, *SHAPE)

    def back(matrix):
        def image(coordinates):
            found = torch.empty(len(coordinates), 3, 256)
            found[:, :, order] = coordinates.view(-1, 256, 3).transpose(1, 2)
            return matrix @ found.view(-1, *SHAPE) @ matrix.T

        return image

    seen = values.repeat(3).view(SHAPE)
    return Spectral(SHAPE, SHAPE, Spectrum(seen, there(v), back(v), lambda y: there(u)(y) * (seen > 0)), back(u))


def operator_of(run):
    """The operator of a recorded run."""
    name, given = run["name"], CASE.given
    mask = Masked(SHAPE, given[f"{name}/mask"].expand(SHAPE)) if f"{name}/mask" in given else None
    match run["deg"]:
        case "inpainting":
            return mask
        case "sr_averagepooling" if run["mode"] == "svd":
            u, s, v = (given[f"{name}/svd/{part}"] for part in ("U_small", "singulars_small", "V_small"))
            return averaging(SHAPE, run["deg_scale"], v, float(u), float(s))
        case "sr_averagepooling":
            return make("operator", "block-average", factor=run["deg_scale"]).bound_to(SHAPE)
        case "colorization":
            return make("operator", "grey").bound_to(SHAPE)
        case "deblur_uni":
            return deblurring(name)
        case "mask_color_sr":
            return OldPhoto(mask)
    raise AssertionError(run["deg"])


def observed(run, operator):
    name = run["name"]
    if run["mode"] == "svd" and run["deg"] == "inpainting":
        kept = (CASE.given[f"{name}/mask"].flatten() == 1).nonzero()[:, 0]
        y = torch.zeros(1, 3, 256)
        y[:, :, kept] = CASE.wanted[f"{name}/y"].view(1, -1, 3).transpose(1, 2)
        return y.view(1, *SHAPE)
    if f"{name}/y" in CASE.wanted:
        return CASE.wanted[f"{name}/y"].view(1, *operator.observed_shape)
    return operator.apply(CASE.given[f"{name}/x_orig"])


def simplified(run, rule, clean, made, there):
    """The step of the program's simplified mode, given ours.

    It says alpha bar where its root should be, in the deviation of noise and for the signal, and multiplies noise that
    has its deviation already: nothing else differs.
    """
    a, noise = there.alpha**2, run["sigma_y"]
    deviation = (1 - a**2) ** 0.5
    share = 1.0 if deviation >= a * noise else deviation / (a * noise)
    left = max(deviation**2 - (a * noise) ** 2, 0) ** 0.5
    explained = rule.explained(clean, there)
    return there.alpha * (clean + share * (explained - clean)) + left * (made - there.alpha * explained)


def coefficients(rule, x, clean, made, here, there):
    """The step of the program for block averages and noise, given ours on a draw that is taken for coefficients.

    It takes the noise in the state for coefficients as well, where nothing is seen: nothing else differs.
    """
    known = rule.operator.spectrum
    own = (x - here.alpha * clean) / here.sigma
    kept = there.sigma * (1 - rule.eta**2) ** 0.5 * (known.values == 0)
    return made + known.image(kept * (own - known.coordinates(own)))


@pytest.mark.parametrize("name", CASE.runs)
def test_it_is_the_recorded_program(name):
    run = CASE.runs[name]
    operator = operator_of(run)
    plain = run["mode"] == "simplified"
    rule = NullSpace(
        operator=operator,
        observed=observed(run, operator),
        noise=0.0 if plain else run["sigma_y"],
        eta=run["eta"],
    )
    ask, x, seen, skip = denoise(port()), CASE.given[f"{name}/x_T"], [], 1000 // run["T"]
    times = [t * skip if t >= 0 else -1 for t in run["times"]]
    for step, (i, j) in enumerate(pairwise(times)):
        there, draw = level(j), CASE.given[f"{name}/draws"][step]
        if j > i:  # it travels from its last image, before that was made to explain anything; we from the state
            x = there.alpha * clean + there.sigma * draw  # noqa: F821
            continue
        seen.append(x)
        clean = ask(x, level(i)).clean
        spectral = name == "svd_sr4_noisy"
        made = rule.move(ask, x, level(i), there, drawn(operator.spectrum.image(draw) if spectral else draw))
        if spectral:
            made = coefficients(rule, x, clean, made, level(i), there)
        x = simplified(run, rule, clean, made, there) if plain else made
    CASE.agree(f"{name}/x_t", torch.cat(seen))
    CASE.agree(f"{name}/sample", x)
