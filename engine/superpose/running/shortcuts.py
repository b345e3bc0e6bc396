"""Shortcuts for Python: kinds by name, and sampling without a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from superpose.errors import LawError, RecipeError
from superpose.kinds.options import paths_read
from superpose.plugins import load_plugins

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.clip import Clip
    from superpose.estimate.denoiser import Denoiser
    from superpose.estimate.predictor import NoisePredictor
    from superpose.sampling.constraint import Constraint
    from superpose.sampling.loop import Trajectory
    from superpose.sampling.population import Population
    from superpose.sampling.rule import Rule
    from superpose.sampling.scheduler import Scheduler


def make(role: str, kind: str, **options: Any) -> Any:
    """An object of a registered kind, such as ``make("view", "rotate", degrees=180)``.

    Raises:
        RecipeError: If there is no such kind, or an option is unknown, missing or out of range.
    """
    cls = load_plugins().get(role, kind)
    try:
        return cls(**paths_read(cls, options))
    except (TypeError, ValueError) as error:
        raise RecipeError(f"{role} {kind!r}: {error}") from error


def model(kind: str, *, device: str = "cpu", dtype: str = "float32", **options: Any) -> NoisePredictor:
    """The noise predictor of a registered model, its weights read.

    Arguments:
        kind: Registered name, such as ``glyphs``.
        device: A torch device.
        dtype: What the network computes in: float32, bfloat16 or float16.
        options: The keys of the model's table in a recipe.
    """
    loaded: NoisePredictor = make("model", kind, **options).load(device, dtype)
    return loaded


def trajectory(
    denoiser: Denoiser,
    scheduler: Scheduler,
    predictor: NoisePredictor,
    *,
    samples: int | Sequence[int] = 1,
    seed: int = 0,
    constraints: Sequence[Constraint | Rule] = (),
    clip: Clip | None = None,
    batch_size: int | None = None,
    low: Tensor | None = None,
    stage: int | None = None,
    population: Population | None = None,
) -> Trajectory:
    """A run of ``denoiser``, ready to be stepped by hand.

    >>> import superpose
    >>> model = superpose.model("glyphs")
    >>> scheduler = superpose.make("scheduler", "ddim", steps=4)
    >>> trajectory = superpose.trajectory(superpose.prompted(model, "A"), scheduler, model)
    >>> state = trajectory.start()
    >>> while state.step < trajectory.steps:
    ...     state = trajectory.step(state)
    >>> image = trajectory.finish(state)

    Arguments:
        denoiser: What the image shows.
        scheduler: How to get there.
        predictor: Gives the noise levels, the size and the device.
        samples: How many samples, or their numbers.
        seed: Of the noise, from 0.
        constraints: What to obey, in order: constraints, which are bound here, and rules.
        clip: How the clean image is kept in range; None for the predictor's own way.
        batch_size: Rows of a forward pass, fixed so that a sample does not depend on its neighbours; None for one pass.
        low: The samples' pictures from the stage before, shape (N, 3, h, w), for a predictor that enlarges.
        stage: Number of the stage, which has noise of its own; 0, or 1 where there are pictures of a stage before.
        population: Several particles a sample, of which one becomes its image.

    Raises:
        LawError: If the composition is not lawful.
        RecipeError: If a constraint or the population contradicts the scheduler or the network.
    """
    from superpose.estimate.context import Context
    from superpose.estimate.lawful import check_law
    from superpose.estimate.problem import problems_of, refuse
    from superpose.estimate.process import GAUSSIAN
    from superpose.kinds.kind import Kind
    from superpose.running.assembly import assemble
    from superpose.running.contradictions import refuses_process
    from superpose.sampling.fitting import refused, unlawful_wraps
    from superpose.sampling.rule import told

    refuse(problems_of(scheduler.problems, predictor.learned_variance))
    process = predictor.process
    if population is not None and (why := refused(scheduler, population, differentiable=predictor.differentiable)):
        raise RecipeError(why)
    for kind in (scheduler, clip, population, *constraints):
        if isinstance(kind, Kind) and (why := refuses_process(kind, process)):
            raise RecipeError(why)
    numbers = tuple(range(samples)) if isinstance(samples, int) else tuple(samples)
    plan = scheduler.plan(predictor.schedule)
    # The middle and the end: at the top there may be no signal, and there is nothing to be said of it.
    levels = [plan.asked(plan.steps // 2), plan.asked(plan.steps - 1)]
    check_law(denoiser, predictor.shape, levels if process.name == GAUSSIAN else [])
    run = (
        assemble(
            denoiser,
            scheduler,
            predictor,
            constraints=constraints,
            clip=clip,
            batch_size=batch_size,
            number=int(low is not None) if stage is None else stage,
            seed=seed,
        )
        .carrying(population, Context.of(predictor))
        .trajectory(numbers, low)
    )
    for _, why in unlawful_wraps(denoiser, told(run.rules, run.plan, run.conditioning), predictor.shape, levels):
        raise LawError(why)
    return run


def sample(denoiser: Denoiser, scheduler: Scheduler, predictor: NoisePredictor, **options: Any) -> Tensor:
    """Images of ``denoiser``, shape (N, C, H, W); takes the options of `trajectory`."""
    return trajectory(denoiser, scheduler, predictor, **options).run()
