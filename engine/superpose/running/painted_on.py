"""The canvas that a recipe is painted on: the owner of its states, with the edges that its views join."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from superpose.estimate.on_canvas import OnCanvas
from superpose.estimate.process import GAUSSIAN
from superpose.estimate.shares import shown_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from superpose.estimate.predictor import NoisePredictor
    from superpose.estimate.tensors import Shape
    from superpose.estimate.view import View
    from superpose.recipe import Recipe, Subject

#: Axes of an image: from top to bottom, and from left to right.
AXES = (-2, -1)
OTHER = "use another model, or leave out [canvas]"


def on_canvas(recipe: Recipe, network: NoisePredictor) -> OnCanvas:
    """The owner of a recipe's states, which have a canvas of their own."""
    count = 1 if recipe.canvas is None else recipe.canvas.count
    # What goes round several canvases one below the other goes round none of them.
    joined = tuple(axis for axis in sorted(joined_axes(recipe.subject, recipe.shape)) if count == 1 or axis == -1)
    return OnCanvas(network, recipe.shape, count, joined)


def off_canvas(recipe: Recipe) -> Iterator[str]:
    """Reasons why a model can't be shown parts of a canvas of another size than its images."""
    if recipe.canvas is None:
        return
    before: tuple[int, ...] = recipe.image_shape
    for stage in recipe.stages:
        model = stage.model
        sizes = model.image_shape, stage.shape, model.shape
        if model.process.name != GAUSSIAN:
            yield f"parts are averaged in Gaussian noise, and that of {model.kind} is {model.process.name}: {OTHER}"
        elif model.has_concat_conditioning and not model.upscales:
            yield f"{model.kind} sees more than the state, and parts of a canvas are of the state alone: {OTHER}"
        elif any((own * side) % state for own, side, state in zip(*(it[1:] for it in sizes), strict=True)):
            yield f"of a canvas of {stage.shape[1]}x{stage.shape[2]} places no picture has whole pixels: make it larger"
        elif len({large / small for large, small in zip(stage.image_shape[1:], before[1:], strict=True)}) > 1:
            small, large = (f"{it[1]}x{it[2]}" for it in (before, stage.image_shape))
            yield f"a canvas of {small} pixels becomes {large} by {model.kind}: give it a size whose parts stay whole"
        elif model.upscales and not model.enlarges_canvases and _is_larger(recipe, stage):
            yield f"{model.kind} enlarges to pictures of its own size alone, and this canvas is of another: {OTHER}"
        before = stage.image_shape


def _is_larger(recipe: Recipe, stage: Recipe) -> bool:
    """True where canvases of a stage are no images of its model, or are seen round their edges."""
    count = 1 if recipe.canvas is None else recipe.canvas.count
    channels, height, width = stage.model.shape
    return stage.shape != (channels, height * count, width) or bool(joined_axes(recipe.subject, recipe.shape))


def joined_axes(subject: Subject, shape: Shape) -> set[int]:
    """The axes along which images of ``shape`` have no edge for what is shown of them, -2 and -1."""
    found: set[int] = set()
    for term in subject.view:
        found |= term.view.joined
        windows = term.view.windows(shape)
        if len(windows) == 1 and (inside := joined_axes(term.subject, shown_shape(windows[0], shape))):
            found |= {axis for axis in AXES if any(_turns_into(windows[0], shape, axis, to) for to in inside)}
    for place, inner in subject.placed:
        if place[0] != "view":
            found |= joined_axes(inner, shape)
    return found


def _turns_into(view: View, shape: Shape, axis: int, to: int) -> bool:
    """Whether an image that is rolled along one axis is shown rolled along another, one way or the other."""
    x = torch.randn((1, *shape), generator=torch.Generator().manual_seed(0))
    rolled, shown = view.apply(x.roll(1, axis)), view.apply(x)
    return any(torch.equal(rolled, shown.roll(by, to)) for by in (1, -1))
