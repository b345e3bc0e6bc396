"""The laws of noise predictors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from superpose.errors import LawError
from superpose.testing.law import Law, figures
from superpose.testing.probes import gap, noise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from superpose.models import Model
    from superpose.predictor import NoisePredictor
    from superpose.schedule import Moment


def check_predictor(
    predictor: NoisePredictor, prompts: Sequence[str] = ("",), t: float | None = None
) -> dict[str, float]:
    """Hold a noise predictor to its laws, on four rows of noise.

    Arguments:
        predictor: The predictor.
        prompts: Some that it knows; rows take them in turn.
        t: The network's time to ask at; half way down when not given.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
    """
    return figures(laws(predictor, prompts, t))


def laws(predictor: NoisePredictor, prompts: Sequence[str], t: float | None = None) -> Iterator[Law]:
    """The laws of a predictor."""
    moment = predictor.schedule.moment(0, predictor.schedule.steps // 2 if t is None else t)
    yield Law("answers-in-form", lambda: answers_in_form(predictor, prompts, moment))
    yield Law("keeps-rows-apart", lambda: keeps_rows_apart(predictor, prompts, moment))


def model_laws(model: Model) -> Iterator[Law]:
    """The laws of a model as it comes, and of the predictor that it loads, told the prompt that says nothing."""
    model.check_prompt(model.unconditional)
    predictor = model.load()
    yield Law("loads-what-it-says", lambda: loads_what_it_says(model, predictor))
    yield from laws(predictor, [model.unconditional])


def loads_what_it_says(model: Model, predictor: NoisePredictor) -> float:
    """The predictor has the shape and the noise levels that the model announced before any weight was read."""
    if tuple(model.shape) != tuple(predictor.shape):
        raise LawError(f"model {model.kind!r} says its shape is {model.shape}, and loads one of {predictor.shape}")
    said, loaded = model.schedule, predictor.schedule
    if said.steps != loaded.steps:
        raise LawError(f"model {model.kind!r} says it has {said.steps} times, and loads {loaded.steps}")
    times = [i * (said.steps - 1) // 10 for i in range(11)]
    off = max(abs(a - b) for t in times for a, b in zip(said.at(t), loaded.at(t), strict=True))
    if off > 0:
        raise LawError(f"model {model.kind!r} loads noise levels that are up to {off:.3g} away from those it says")
    return off


def answers_in_form(predictor: NoisePredictor, prompts: Sequence[str], moment: Moment) -> float:
    """An answer has the shape of the question, is finite, has the variance that was promised, and leaves x alone.

    Returns:
        The largest absolute value of the answer.
    """
    import torch  # the laws can be imported without torch

    name = type(predictor).__name__
    x = noise(4, *predictor.shape, double=False).to(predictor.device)
    copy = x.clone()
    given = predictor.gather([predictor.condition(prompts[i % len(prompts)]) for i in range(4)])
    with torch.no_grad():
        answer = predictor.predict(x, moment, given)
    if gap(x, copy) > 0:
        raise LawError(f"{name} writes to the images it is asked about")
    if (answer.variance is not None) != (predictor.learned_variance != "none"):
        has = "no variance" if answer.variance is None else "a variance"
        raise LawError(f"{name} answers {has}, and its learned_variance is {predictor.learned_variance!r}")
    for what, tensor in (("output", answer.output), ("variance", answer.variance)):
        if tensor is None:
            continue
        if tensor.shape != x.shape:
            raise LawError(f"{name} answers {tuple(x.shape)} with {what} of shape {tuple(tensor.shape)}")
        if not tensor.is_floating_point():
            raise LawError(f"{name} answers with {what} of {tensor.dtype}")
        if not bool(tensor.isfinite().all()):
            raise LawError(f"{name} answers with {what} that is not finite")
    return float(answer.output.abs().max())


def keeps_rows_apart(predictor: NoisePredictor, prompts: Sequence[str], moment: Moment) -> float:
    """With as many rows, a row's answer is the same bits whatever the other rows ask."""
    import torch

    x = noise(4, *predictor.shape, double=False).to(predictor.device)
    others = noise(4, *predictor.shape, seed=1, double=False).to(predictor.device)
    told = [predictor.condition(prompts[i % len(prompts)]) for i in range(4)]
    with torch.no_grad():
        whole = predictor.predict(x, moment, predictor.gather(told)).output
        for i in range(4):
            mixed = others.clone()
            mixed[i] = x[i]
            beside = [told[i] if j == i else told[(j + 1) % 4] for j in range(4)]
            answer = predictor.predict(mixed, moment, predictor.gather(beside)).output
            if (off := gap(answer[i], whole[i])) > 0:
                raise LawError(f"{type(predictor).__name__}: row {i} changes by {off:.3g} with the rows beside it")
    return 0.0
