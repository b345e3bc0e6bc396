"""Options that constraints on observations share: what does not fit is refused at its option, with the cure."""

from pathlib import Path

import attrs
import numpy as np
import pytest
import torch
from PIL import Image

from problems import told
from superpose import BoundOperator, Canvas, LinearOperator, Observed, Operator, Problem, RecipeError

SHAPE = (3, 4, 6)


class Left(LinearOperator):
    """Sees the left half; its singular values are not known."""

    shape, observed_shape = SHAPE, (3, 4, 3)

    def apply(self, x):
        return x[..., :3].clone()

    def within(self, y):
        return y / 2


class Squared(BoundOperator):
    """Sees squares."""

    shape = observed_shape = SHAPE

    def apply(self, x):
        return x.square()


@attrs.frozen(kw_only=True)
class Seeing(Operator):
    """The left half, or squares."""

    kind = "seeing"
    squares: bool = False

    def problems(self, shape):
        if shape != SHAPE:
            yield Problem("squares", "it sees one size alone", "take that")

    def bind(self, shape, device="cpu"):
        return Squared() if self.squares else Left()


@attrs.frozen(kw_only=True)
class Free(Observed):
    """Takes any operator."""

    kind = "free"

    def bind(self, canvas):
        raise NotImplementedError


class Lines(Free):
    """Needs a linear operator."""

    kind, linear = "lines", True


class Spectra(Free):
    """Needs singular values."""

    kind, spectral = "spectra", True


@pytest.fixture
def seen(tmp_path):
    np.save(tmp_path / "left.npy", np.full((3, 4, 3), 0.5, np.float32))
    np.save(tmp_path / "whole.npy", np.full(SHAPE, 0.5, np.float32))
    Image.new("RGB", (6, 4)).save(tmp_path / "truth.png")
    return tmp_path


def test_an_observation_is_one_row_as_far_as_images_can_explain_it(seen):
    bound, observed = Free(operator=Seeing(), observed=seen / "left.npy").observation(Canvas(SHAPE))
    assert isinstance(bound, Left)
    assert observed.shape == (1, 3, 4, 3)
    assert torch.equal(observed, torch.full((1, 3, 4, 3), 0.25)), "what lies out of the range is left out"
    assert Lines(operator=Seeing(), observed=seen / "left.npy").linear_observation(Canvas(SHAPE))[1].shape == (
        1,
        3,
        4,
        3,
    )


def test_what_fits_has_no_problem(seen):
    for cls in (Free, Lines):
        assert told(cls(operator=Seeing(), observed=seen / "left.npy", truth=seen / "truth.png"), Canvas(SHAPE)) == ""
    assert told(Free(operator=Seeing(squares=True), observed=seen / "whole.npy"), Canvas(SHAPE)) == ""


@pytest.mark.parametrize(
    ("cls", "squares", "file", "canvas", "option", "says"),
    [
        (Free, False, "left.npy", Canvas(SHAPE, image_shape=(3, 32, 48)), ("operator",), "free observes pictures"),
        (Free, False, "left.npy", Canvas((3, 8, 8)), ("operator", "squares"), "it sees one size alone"),
        (Free, False, "whole.npy", Canvas(SHAPE), ("observed",), "4x6"),
        (Free, False, "none.npy", Canvas(SHAPE), ("observed",), "no such file"),
        (Lines, True, "whole.npy", Canvas(SHAPE), ("operator",), "lines needs a linear operator, and seeing as set"),
        (Spectra, True, "whole.npy", Canvas(SHAPE), ("operator",), "spectra needs a linear operator"),
        (Spectra, False, "left.npy", Canvas(SHAPE), ("operator",), "needs an operator whose singular values are known"),
    ],
)
def test_what_does_not_fit_is_told_at_its_option(cls, squares, file, canvas, option, says, seen):
    constraint = cls(operator=Seeing(squares=squares), observed=seen / file)
    [problem] = constraint.problems(canvas)
    assert problem.option == option
    assert says in str(problem)
    with pytest.raises(RecipeError):
        constraint.observation(canvas)


def test_the_cure_names_constraints_that_take_any_operator(seen):
    said = told(Lines(operator=Seeing(squares=True), observed=seen / "whole.npy"), Canvas(SHAPE))
    assert "use one of the constraints that take any: " in said
    assert "dps" in said


def test_a_truth_of_another_size_is_told_and_noise_is_no_less_than_none(seen):
    Image.new("RGB", (9, 4)).save(seen / "truth.png")
    constraint = Free(operator=Seeing(), observed=seen / "left.npy", truth=seen / "truth.png")
    [problem] = constraint.problems(Canvas(SHAPE))
    assert problem.option == ("truth",)
    with pytest.raises(ValueError, match="must be at least 0"):
        Free(operator=Seeing(), observed=Path("x"), noise=-0.1)
