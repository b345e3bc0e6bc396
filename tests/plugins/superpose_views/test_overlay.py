"""Transparencies laid on each other: Diffusion Illusions' recorded arrangements, and bad printers."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from problems import told
from superpose import LawError, Layer, Stacking, make
from superpose.testing import check_view

FOLDER = Path(__file__).parents[2] / "fixtures" / "di_a_arrangements"
ABOUT = json.loads((FOLDER / "case.json").read_text())["outputs"]
GIVEN, WANT = load_file(FOLDER / "inputs.safetensors"), load_file(FOLDER / "outputs.safetensors")


def agree(name, got, want=None):
    about = ABOUT[name]
    torch.testing.assert_close(got, WANT[name] if want is None else want, atol=about["atol"], rtol=about["rtol"])


def stacked(names):
    """Sheets in [0, 1], as a state in [-1, 1]."""
    return torch.cat([GIVEN[name] for name in names], 1)[None] * 2 - 1


def seen(view, x):
    return (view.apply(x)[0] + 1) / 2


def test_the_recorded_overlays_and_their_slopes():
    x = stacked("ab").requires_grad_()
    overlays = [seen(make("view", "overlay", turns=[0, k]), x) for k in range(4)]
    for k, overlay in enumerate(overlays):
        agree("overlay", overlay, WANT["overlay"][k])
    [slope] = torch.autograd.grad((torch.stack(overlays) * GIVEN["weights"]).sum(), x)
    bottom, top = slope[0].chunk(2, 1)
    agree("grad_overlay_bottom", 2 * bottom)  # of values in [0, 1], not in [-1, 1]
    agree("grad_overlay_top", 2 * top)


def test_the_recorded_hidden_overlay_and_its_slope():
    x = stacked("abcd").requires_grad_()
    hidden = seen(make("view", "overlay", sheets=4), x)
    agree("hidden", hidden)
    [slope] = torch.autograd.grad((hidden * GIVEN["weights"][0]).sum(), x)
    agree("grad_hidden", torch.stack(slope[0].chunk(4, 1)) * 2)


def test_the_recorded_print():
    agree("overlay_printer", seen(make("view", "overlay", exponent=0.7, brightness=2.5), stacked("ab")))


def test_a_printer_is_the_same_for_the_same_noise_and_another_for_other():
    view, x = make("view", "overlay", printer=True), stacked("ab").repeat(2, 1, 1, 1)
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    first, second = view.shaken(x, noise)
    assert torch.equal(view.shaken(x, noise)[0], first)
    assert float((first - second).abs().max()) > 0.05, "each sample has a printer of its own"
    assert float((first - view.apply(x)[0]).abs().max()) > 0.05
    assert torch.equal(make("view", "overlay").shaken(x, noise), view.apply(x)), "without one nothing is left to chance"


@pytest.mark.parametrize(
    "options", [{}, {"turns": (0, 1)}, {"turns": (0, 2), "exponent": 0.6}, {"printer": True, "brightness": 5.0}]
)
def test_the_laws(options):
    check_view(make("view", "overlay", **options), 3, 16, 8)


def test_sheets_are_counted_and_turned_as_it_says():
    assert make("view", "overlay").stacking(24, 8) == Stacking(3, (Layer(0), Layer(1), Layer(2)))
    assert make("view", "overlay", turns=(0, 5)).stacking(16, 8) == Stacking(2, (Layer(0), Layer(1, 1)))
    assert make("view", "overlay", sheets=2).stacking(12, 8).sheets == 2
    assert make("view", "overlay").cutting(24, 8) is None


def test_what_does_not_fit_is_refused():
    assert "33 rows are not 2 equal sheets" in told(make("view", "overlay", sheets=2), (3, 33, 8))
    assert "2 turns are given for 3 sheets" in told(make("view", "overlay", sheets=3, turns=(0, 1)), (3, 24, 8))
    assert "sheets have no quarter turns" in told(make("view", "overlay", turns=(0, 1)), (3, 16, 16))
    assert not told(make("view", "overlay", turns=(0, 2)), (3, 16, 16))
    with pytest.raises(LawError, match="overlay is no linear map and has no inverse"):
        make("view", "overlay").invert(torch.zeros(1, 3, 8, 8))
