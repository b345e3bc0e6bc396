"""Guidance away from the same network with its attention made worse, which is told the same prompt."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

import attrs

from superpose import (
    BoundGuidance,
    Denoiser,
    Guidance,
    Problem,
    Prompted,
    RecipeError,
    Tapped,
    option,
    problems_of,
    together,
)

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Condition, Context, Estimation, Model, NoiseLevel, NoisePredictor, Site, Tap

#: Attention in which places look at places.
OF_PLACES: frozenset[str] = frozenset({"self", "joint"})


@attrs.frozen(kw_only=True)
class Perturbed(Guidance):
    r"""Base of guidances away from the network with a `tap`.

    .. math:: D(x) = d(x) + s\,\big(d_+(x) - \tilde d_+(x)\big), \qquad s = \max(0, s_0 - f\,(T - t))

    where d is what ``base`` makes of the prompt, :math:`d_+` the prompt alone, and the last its answer with the tap.
    """

    wants: ClassVar[frozenset[str]] = OF_PLACES
    wanted: ClassVar[str] = "attention of places to each other"
    base: Guidance | None = option(None, doc="the guidance that it is added to: a table with its kind; unset: none")
    strength: float = option(3.0, doc="s: 0 is none", ge=0)
    fade: float = option(0.0, doc="f: how much weaker it is for each of the network's times below the noisiest", ge=0)
    sites: tuple[str, ...] = option(
        (), doc="where: modules of the network, or the beginning of their names, such as mid; unset: everywhere"
    )

    @abstractmethod
    def tap(self) -> Tap:
        """The tap that makes the network worse."""

    def at(self, site: Site) -> bool:
        """True at a site that its kind and the given names fit."""
        return site.kind in self.wants and (not self.sites or any(begins(site.name, name) for name in self.sites))

    @property
    def negates(self) -> bool:
        """True where its base asks for the negative prompt."""
        return self.base is not None and self.base.negates

    def problems(self, model: Model) -> Iterator[Problem]:
        """A model without such sites, or a name that is none of them; and problems of its base."""
        if self.base is not None:
            yield from (problem.inside("base") for problem in problems_of(self.base.problems, model))
        try:
            known = [site.name for site in model.sites if site.kind in self.wants]
        except RecipeError as error:
            yield Problem.of(error)
            return
        if not known:
            what = f"the network of {model.kind} has no {self.wanted} that {self.kind} could change"
            yield Problem("", what, "use a guidance that leaves the network as it is")
            return
        for name in self.sites:
            if not any(begins(one, name) for one in known):
                what = f"the network of {model.kind} has no {self.wanted} called {name!r}"
                yield Problem("sites", what, f"write the beginning of one of {', '.join(known)}")

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """Problems of its base with guiding towards a prompt."""
        if self.base is not None:
            yield from problems_of(self.base.prompt_problems, prompt)

    def bind(self, context: Context) -> BoundGuidance:
        """The same around its base, bound."""
        return Bound(None if self.base is None else self.base.bind(context), self)

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Estimate of its base, moved away from the worse network's."""
        return Bound(self.base, self).denoiser(predictor, condition, negative)

    def strength_at(self, level: NoiseLevel, times: int) -> float:
        """S at a level of a network with so many times."""
        return max(0.0, self.strength - self.fade * (times - level.t))


@attrs.frozen(eq=False)
class Bound(BoundGuidance):
    """Such a guidance around a base that is bound."""

    base: BoundGuidance | None
    rule: Perturbed

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Estimate of the base, moved away from the worse network's."""
        plain = Prompted(predictor, condition)
        return self._away(plain if self.base is None else self.base.denoiser(predictor, condition, negative), plain)

    def unprompted(self, predictor: NoisePredictor, negative: Condition) -> Denoiser:
        """The same without a prompt."""
        plain = Prompted(predictor, negative)
        return self._away(plain if self.base is None else self.base.unprompted(predictor, negative), plain)

    def _away(self, guided: Denoiser, plain: Prompted) -> Denoiser:
        if self.rule.strength == 0:
            return guided
        worse = Tapped(plain, (self.rule.tap(),))
        return Away(guided, plain, worse, self.rule, plain.predictor.schedule.steps)


@attrs.frozen(eq=False)
class Away(Denoiser):
    """One denoiser, moved by what sets another apart from a worse one; the variance is its own."""

    guided: Denoiser
    plain: Denoiser
    worse: Denoiser
    rule: Perturbed
    times: int

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask all at once; equal questions are asked once."""
        strength = self.rule.strength_at(level, self.times)
        asked = (self.guided, self.plain, self.worse) if strength else (self.guided,)
        guided, *rest = yield from together([denoiser.estimate(x, level) for denoiser in asked])
        if not rest:
            return guided
        plain, worse = rest
        return guided._replace(clean=guided.clean + strength * (plain.clean - worse.clean))


def begins(name: str, start: str) -> bool:
    """True where a module's name is ``start``, or goes on from there with another word or number."""
    return name == start or (name.startswith(start) and not name[len(start)].isalnum())
