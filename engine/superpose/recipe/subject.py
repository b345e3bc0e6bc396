"""Subjects: what an image shows, as frozen classes that nest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose.errors import RecipeError
from superpose.estimate.reduction import REDUCTIONS
from superpose.estimate.staggered import ALL, Span, parties
from superpose.estimate.superposed import AND, OR
from superpose.kinds.kind import Kind, Limits, fields_of, option
from superpose.kinds.roles import ROLES
from superpose.media.fit import FITS, RESIZERS, Fit

if TYPE_CHECKING:
    from superpose.estimate.decomposition import Decomposition
    from superpose.estimate.guidance import Guidance
    from superpose.estimate.view import View
    from superpose.recipe.interpolation import Interpolation
    from superpose.recipe.where import KeyPath

#: What an image shows is exactly one of these.
SUBJECTS = ("prompt", "image", *(role.name for role in ROLES.values() if role.shows), "compose")


def inside(part: object) -> Iterator[Kind]:
    """An object of a registered kind and those that its options name; nothing for anything else."""
    if isinstance(part, Kind):
        yield part
        for field in fields_of(type(part)):
            yield from inside(getattr(part, field.name))


@attrs.frozen(kw_only=True)
class Subject:
    """Subject of an image: exactly one of a prompt, an image, views, a decomposition and a composition; they may nest.

    Attributes:
        prompt: What to ask the model for.
        interpolate: The way from there to another prompt; None to stay.
        image: The file of a picture that is given, of which no network is asked.
        fit, resizer: What is done where that has another size: see `Fit`; None to refuse it.
        view: Views, each of which shows a subject of its own.
        decomposition: Parts, each of which shows a subject of its own.
        compose: AND and NOT of subjects.
        negative: What not to show, here and in what is inside; None for what is said further out.
        guidance: Guidance here and in what is inside; None for what is said further out.
        guidance_stages: Numbers of the stages at which that guidance holds; all of them where there are none.
        reduction: How the views become one image; None for their mean.
        model: Name of the network that paints it and what is inside, one of ``[models.NAME]``; None for that of what
            it is in, which outermost is ``[model]``.
    """

    prompt: str | None = None
    interpolate: Interpolation | None = None
    image: Path | None = None
    fit: str | None = attrs.field(default=None, validator=Limits(choices=FITS))
    resizer: str | None = attrs.field(default=None, validator=Limits(choices=RESIZERS))
    view: tuple[ViewTerm, ...] = attrs.field(default=(), converter=tuple)
    decomposition: PartTerms | None = None
    compose: ComposeTerms | None = None
    negative: str | None = None
    guidance: Guidance | None = None
    guidance_stages: tuple[int, ...] = attrs.field(default=(), converter=tuple)
    reduction: str | None = attrs.field(default=None, validator=Limits(choices=REDUCTIONS))
    model: str | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse what shows nothing, or two things, and stages of no guidance."""
        given = [key for key in SUBJECTS if getattr(self, key) not in (None, ())]
        if len(given) != 1:
            raise RecipeError(f"a subject is exactly one of {', '.join(SUBJECTS)}; got {' and '.join(given) or 'none'}")
        if self.image is not None:
            beside = {"model": self.model, "negative": self.negative, "guidance": self.guidance}
            if said := next((key for key, value in beside.items() if value is not None), None):
                raise RecipeError(f"of an image that is given no network is asked: leave out {said}, or give a prompt")
        elif said := next((key for key in ("fit", "resizer") if getattr(self, key) is not None), None):
            raise RecipeError(f"{said} is of an image that is given, and there is none here: leave it out")
        if self.interpolate is not None and self.prompt is None:
            raise RecipeError("interpolate goes from a prompt to another, and there is none beside it: give prompt")
        if self.guidance_stages and self.guidance is None:
            raise RecipeError("guidance_stages says where a guidance holds, and there is none: add guidance beside it")
        if self.reduction is not None and not self.view:
            raise RecipeError("reduction says how views become one image, and there are none: leave it out")
        if self.reduction != AND and any(term.lift for term in self.view):
            raise RecipeError(f'lift is of densities that are kept equal: write reduction = "{AND}", or leave it out')
        if self.reduction == "alternate" and len({term.weight for term in self.view}) > 1:
            raise RecipeError("views that take turns have no weights: leave them out, or leave out the reduction")
        self._refuse_spans()

    def _refuse_spans(self) -> None:
        spans = [term.span for term in self.view]
        if all(span == ALL for span in spans):
            return
        if self.reduction in (OR, AND):
            raise RecipeError(f"{self.reduction} compares densities from the first step on: leave out start and stop")
        if gap := next((span for span, numbers in parties(spans).items() if not numbers), None):
            raise RecipeError(
                f"from a share of {gap.start:g} of the steps to {gap.stop:g} no view takes part: let one start "
                "earlier, or stop later"
            )

    @property
    def fits(self) -> Fit:
        """What is done with an image of another size."""
        return Fit(**{key: said for key, said in (("how", self.fit), ("resizer", self.resizer)) if said is not None})

    @property
    def shown(self) -> str:
        """The prompt that is shown, or the name of what lies between two; "" where there is none."""
        prompt = self.prompt or ""
        return prompt if self.interpolate is None else self.interpolate.name(prompt)

    def own_prompts(self) -> Iterator[tuple[KeyPath, str]]:
        """The prompts that are said here and not inside, each with the place that says it."""
        said: list[tuple[KeyPath, str | None]] = [(("prompt",), self.prompt), (("negative",), self.negative)]
        if self.interpolate is not None:
            said.append((("interpolate", "to"), self.interpolate.to))
        yield from ((place, prompt) for place, prompt in said if prompt is not None)

    @property
    def is_between(self) -> bool:
        """True where what is shown lies between two prompts and is neither."""
        return self.interpolate is not None and self.interpolate.mix not in (0, 1)

    @property
    def inner(self) -> tuple[Subject, ...]:
        """The subjects inside, in order."""
        return tuple(subject for _, subject in self.placed)

    @property
    def placed(self) -> tuple[tuple[KeyPath, Subject], ...]:
        """The subjects inside, in order, each with its place in this one's table."""
        views: Iterable[tuple[KeyPath, Subject]] = ((("view", i), term.subject) for i, term in enumerate(self.view))
        parts = () if self.decomposition is None else self.decomposition.parts
        composed = () if self.compose is None else self.compose.placed
        return (
            *views,
            *((("decomposition", name), part) for name, part in parts),
            *((("compose", *place), term.subject) for place, term in composed),
        )

    def images(self, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Subject]]:
        """The subjects here and inside that are images, each with the place that says it; ``path`` is this one's."""
        if self.image is not None:
            yield (*path, "image"), self
        for place, inner in self.placed:
            yield from inner.images((*path, *place))

    def prompts(self) -> Iterator[str]:
        """The prompts here and inside; negative ones are left out, and what lies between two prompts, which is none."""
        if not (self.placed or self.image) and not self.is_between:
            yield self.shown
        for _, inner in self.placed:
            yield from inner.prompts()

    def models_named(self, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
        """The names of models here and inside, each with the place that says it; ``path`` is this one's."""
        if self.model is not None:
            yield (*path, "model"), self.model
        for place, inner in self.placed:
            yield from inner.models_named((*path, *place))

    def mapped(self, change: Callable[[Subject], Subject], **own: Any) -> Subject:
        """This subject with ``change`` done to each that is inside, and ``own`` fields of its own."""
        views: Any = (attrs.evolve(term, subject=change(term.subject)) for term in self.view)
        parts = self.decomposition
        if parts is not None:
            parts = attrs.evolve(parts, parts=tuple((name, change(part)) for name, part in parts.parts))
        compose = None if self.compose is None else self.compose.mapped(change)
        return attrs.evolve(self, view=views, decomposition=parts, compose=compose, **own)

    def at_stage(self, number: int) -> Subject:
        """The same subject with the guidances that hold at a stage."""
        holds = not self.guidance_stages or number in self.guidance_stages
        guidance = self.guidance if holds else None
        return self.mapped(lambda inner: inner.at_stage(number), guidance=guidance, guidance_stages=())

    def hears(self, guided: bool) -> bool:
        """True where a negative prompt that is said here is asked for, by a guidance or a composition.

        Arguments:
            guided: Whether there is a guidance further out.
        """
        guided = guided or self.guidance is not None or self.compose is not None
        return guided or any(inner.negative is None and inner.hears(guided) for inner in self.inner)

    def heard(self, guided: bool) -> Iterator[bool]:
        """Tell of the negative prompt here, then of those of all subjects inside, whether they are asked for.

        Arguments:
            guided: Whether there is a guidance further out.
        """
        yield self.hears(guided)
        for inner in self.inner:
            yield from inner.heard(guided or self.guidance is not None)

    def without_negatives(self, unheard: Iterator[bool]) -> Subject:
        """The same subject without the negative prompts that are ``unheard``, in the order of `heard`."""
        negative = None if next(unheard) else self.negative
        return self.mapped(lambda inner: inner.without_negatives(unheard), negative=negative)

    def scaled(self, factor: float) -> Subject:
        """The same subject for an image ``factor`` times as large."""
        parts = self.decomposition
        views: Any = (term.scaled(factor) for term in self.view)
        compose = None if self.compose is None else self.compose.mapped(lambda inner: inner.scaled(factor))
        scaled = None if parts is None else parts.scaled(factor)
        return attrs.evolve(self, view=views, decomposition=scaled, compose=compose)

    def kinds(self) -> Iterator[Kind]:
        """Every object of a registered kind here and in what is inside."""
        yield from inside(self.guidance)
        for term in self.view:
            yield from inside(term.view)
            yield from term.subject.kinds()
        if self.decomposition is not None:
            yield from inside(self.decomposition.decomposition)
            for _, part in self.decomposition.parts:
                yield from part.kinds()
        if self.compose is not None:
            for _, composed in self.compose.placed:
                yield from composed.subject.kinds()


@attrs.frozen(kw_only=True)
class ViewTerm:
    """One view and what it shows.

    Attributes:
        view: The view.
        weight: Its share of the mix, relative to the other views'; more than 0.
        start, stop: Shares of the steps from which on and up to which it takes part.
        lift: Nats by which its density is to be more likely in the end than the others.
        subject: What it shows.
    """

    view: View
    weight: float = option(1.0, doc="share of the mix, relative to the other views", gt=0)
    start: float = option(0.0, doc="share of the steps from which on it takes part", ge=0, lt=1)
    stop: float = option(1.0, doc="share of the steps up to which it takes part", gt=0, le=1)
    lift: float = option(0.0, doc=f"{AND}: nats by which its log-density ends above the others'")
    subject: Subject

    def __attrs_post_init__(self) -> None:
        """Refuse a view that takes part in nothing."""
        if self.start >= self.stop:
            raise RecipeError(f"start = {self.start:g} must be less than stop = {self.stop:g}")

    @property
    def span(self) -> Span:
        """The steps in which it takes part."""
        return Span(self.start, self.stop)

    def scaled(self, factor: float) -> ViewTerm:
        """The same for an image ``factor`` times as large."""
        return attrs.evolve(self, view=self.view.scaled(factor), subject=self.subject.scaled(factor))


@attrs.frozen(kw_only=True)
class PartTerms:
    """A decomposition and what each part shows.

    Attributes:
        decomposition: The decomposition.
        parts: Each part's name and subject, in the order of the decomposition's names.
    """

    decomposition: Decomposition
    parts: tuple[tuple[str, Subject], ...]

    def __attrs_post_init__(self) -> None:
        """Refuse parts that are not the decomposition's."""
        given = tuple(name for name, _ in self.parts)
        if given != self.decomposition.names:
            raise RecipeError(
                f"the parts of {self.decomposition.kind!r} are {', '.join(self.decomposition.names)}, in this order; "
                f"got {', '.join(given) or 'none'}"
            )

    def scaled(self, factor: float) -> PartTerms:
        """The same parts of an image ``factor`` times as large."""
        inner = tuple((name, part.scaled(factor)) for name, part in self.parts)
        return PartTerms(decomposition=self.decomposition.scaled(factor), parts=inner)


@attrs.frozen(kw_only=True)
class ComposeTerm:
    """One subject of a composition.

    Attributes:
        weight: How strongly it is shown, or kept away from; times the scale of a guidance, where there is one.
        subject: What it shows.
    """

    weight: float = option(1.0, doc="how strongly it counts, times the scale of the guidance if there is one", gt=0)
    subject: Subject


@attrs.frozen(kw_only=True)
class ComposeTerms:
    """AND and NOT of subjects (arXiv 2206.01714).

    Attributes:
        conjuncts: What the image shows, all of it; at least one.
        negated: What it does not show.
    """

    conjuncts: tuple[ComposeTerm, ...] = attrs.field(converter=tuple)
    negated: tuple[ComposeTerm, ...] = attrs.field(default=(), converter=tuple)

    def __attrs_post_init__(self) -> None:
        """Refuse one that shows nothing."""
        if not self.conjuncts:
            raise RecipeError("a composition shows something: give it one subject at least that is not negated")

    @property
    def placed(self) -> tuple[tuple[KeyPath, ComposeTerm], ...]:
        """All terms, those that are shown first, each with its place in the table."""
        shown: Iterable[tuple[KeyPath, ComposeTerm]] = ((("and", i), term) for i, term in enumerate(self.conjuncts))
        return (*shown, *((("not", i), term) for i, term in enumerate(self.negated)))

    @property
    def weights(self) -> tuple[float, ...]:
        """Weights of all terms, below 0 for those that are negated."""
        return (*(term.weight for term in self.conjuncts), *(-term.weight for term in self.negated))

    def mapped(self, change: Callable[[Subject], Subject]) -> ComposeTerms:
        """The same with ``change`` done to each subject."""

        def changed(terms: tuple[ComposeTerm, ...]) -> Any:
            return (attrs.evolve(term, subject=change(term.subject)) for term in terms)

        return ComposeTerms(conjuncts=changed(self.conjuncts), negated=changed(self.negated))
