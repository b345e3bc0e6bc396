"""Looks as matrices: right angles are the views, others interpolate, and what all agree on is found again."""

import math

import pytest
import torch

from superpose import make
from superpose_constraints.looks import Look, Seen, agreed, looked

PICTURE = torch.rand(3, 12, 12, generator=torch.Generator().manual_seed(0))


def flat(picture):
    return picture.flatten(1).T


def shown(look, picture=PICTURE):
    seen = Seen.of(look, *picture.shape[1:])
    return looked(seen, flat(picture), torch.full_like(flat(picture), -9.0)).T.reshape(picture.shape)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_right_angles_are_the_view(degrees):
    want = make("view", "rotate", degrees=degrees).apply(PICTURE[None])[0]
    torch.testing.assert_close(shown(Look(turn=float(degrees))), want)


def test_a_ramp_is_seen_in_closed_form():
    """Bilinear means of a plane are the plane: turned, nearer, tilted and in a mirror."""
    at = (torch.arange(12.0) * 2 + 1) / 12 - 1
    ramp = torch.stack((at[None].expand(12, 12), at[:, None].expand(12, 12)))
    y, x = torch.meshgrid(at.double(), at.double(), indexing="ij")
    for look in (Look(turn=45.0, zoom=2.0), Look(tilt=40.0, zoom=1.5), Look(mirror=True)):
        across, down = look.source(x, y)
        seen, within = shown(look, ramp), (across.abs() < 11 / 12) & (down.abs() < 11 / 12)
        assert within.any()
        torch.testing.assert_close(seen[0][within].double(), across[within], rtol=0, atol=1e-6)
        torch.testing.assert_close(seen[1][within].double(), down[within], rtol=0, atol=1e-6)
        assert (seen[0][(across.abs() > 1.01) | (down.abs() > 1.01)] == -9).all(), "outside is the canvas's own"


def test_a_mirror_shows_what_lies_around_its_foot():
    across, down = Look(mirror=True).source(torch.tensor([0.0, 0.0]).double(), torch.tensor([1.0, -1.0]).double())
    assert across.abs().max() < 1e-12
    torch.testing.assert_close(down, torch.tensor([0.7, -0.4]).double())


def test_the_transpose_is_one():
    seen = Seen.of(Look(turn=30.0, zoom=1.3), 12, 12)
    torch.testing.assert_close(seen.matrix.to_dense().T, seen.transpose.to_dense())
    assert math.isclose(float(seen.matrix.to_dense().sum()), float(seen.inside.sum()), rel_tol=1e-5)


def test_what_looks_agree_on_is_found_and_of_views_it_is_the_mean():
    looks = [Seen.of(look, 12, 12) for look in (Look(), Look(turn=37.0))]
    found = agreed(looks, [looked(each, flat(PICTURE), flat(PICTURE) * 0) for each in looks])
    torch.testing.assert_close(found, flat(PICTURE), rtol=0, atol=1e-4)
    turned = [Seen.of(look, 12, 12) for look in (Look(), Look(turn=180.0))]
    other = flat(PICTURE.roll(1, 0))
    mean = (flat(PICTURE) + other.flip(0)) / 2
    torch.testing.assert_close(agreed(turned, [flat(PICTURE), other]), mean)
