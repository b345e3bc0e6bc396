"""A further stage of an image that is there: a network that enlarges paints over it, in all its views."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose.errors import RecipeError
from superpose.plugins import load_plugins
from superpose.recipe.tables import Stage

if TYPE_CHECKING:
    from superpose.estimate.model import Model
    from superpose.media.frames import Picture
    from superpose.recipe import Subject
    from superpose.running.inside import Inside


def painted_larger(found: Inside, model: Model) -> tuple[Subject, Picture]:
    """What an image shows and its picture, after a further stage with its recipe's scheduler, guidance and seed.

    Arguments:
        found: The recipe inside the image.
        model: The network of that stage.

    Raises:
        RecipeError: If the model does not enlarge, or does not fit after the image.
    """
    import torch

    from superpose.running.composition import compose
    from superpose.running.inspection import inspect
    from superpose.running.threads import threads

    if not model.upscales:
        fit = ", ".join(kind for kind, cls in load_plugins().kinds("model").items() if cls.upscales is True)
        raise RecipeError(f"stage: {model.kind} paints from noise alone: name a model that enlarges, such as {fit}")
    recipe = found.recipe()
    last = recipe.stage[-1] if recipe.stage else recipe
    stages = *recipe.stage, Stage(model=model, scheduler=last.scheduler, guidance=last.guidance)
    longer = attrs.evolve(recipe, stage=stages)  # type: ignore[arg-type]  # mypy does not follow attrs' converter
    inspect(longer)
    with threads(recipe.run.threads):
        stage = compose(longer).stages[-1]
        low = torch.from_numpy(found.shown().picture()).float()[None]
        [image] = stage.trajectory([found.origin.sample], low).run()
    return longer.stages[-1].subject, image.double().clamp(-1, 1).cpu().numpy()
