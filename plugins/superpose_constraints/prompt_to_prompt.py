r"""Prompt-to-Prompt: the same image told other words (Hertz et al. 2022, arXiv 2208.01626).

Beside each sample its source is carried: the state that the prompt of the source leads to from the same noise. Both are
asked at each step, and the attention that the source has is put in the place of the sample's:

.. math:: P' = (1 - a)\,P + a\,c \odot (P_\mathrm{source} M)

at words, M being the alignment of the two prompts, c the weight of each word and a 1 as long as it is on; and at
places, where there are few enough, the source's own as long as that is on. So the drawing stays, and the words change
what they name. With `local` the source is kept but where the named words are looked at (LocalBlend).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

from superpose import (
    Canvas,
    Constraint,
    Denoiser,
    NoisePredictor,
    Plan,
    RecipeError,
    Rule,
    option,
)

if TYPE_CHECKING:
    from superpose import Token
    from superpose_constraints.attention_edit import Settings, Told


def _share(default: float, doc: str) -> float:
    made: float = option(default, doc=doc, ge=0, le=1)
    return made


@attrs.frozen(kw_only=True)
class PromptToPrompt(Constraint):
    """The image that another prompt gives, told the recipe's prompt: what the words don't name stays.

    ``source`` is what it shows as it is. Sample k is sample k of a recipe with that prompt, edited. Words are replaced
    one by one where the two prompts have as many, and aligned otherwise. Named words can be weighed, and can follow
    their own steps. With ``local`` the image changes where its words are looked at, and nowhere else. It costs the
    source's rows besides.
    """

    kind = "prompt-to-prompt"
    papers = ("arXiv 2208.01626",)
    needs = frozenset({"deterministic", "single_step"})
    source: str = option(doc="the prompt of the image that is edited")
    prompt: str | None = option(None, doc="the prompt that it is edited to; unset: the one that the recipe shows")
    align: Literal["words", "tokens"] | None = option(
        None,
        doc="word by word, or as sequences of tokens; unset: words where both prompts have as many",
        choices=("words", "tokens"),
    )
    cross_start: float = _share(0.0, "the source's attention to words holds from this share of the steps on")
    cross_stop: float = _share(0.8, "and up to this one")
    self_start: float = _share(0.0, "the source's attention of places holds from this share of the steps on")
    self_stop: float = _share(0.4, "and up to this one")
    timed: tuple[str, ...] = option((), doc="words of the prompt with steps of their own, which follow in lists")
    timed_start: tuple[float, ...] = option((), doc="the share of the steps from which on each holds")
    timed_stop: tuple[float, ...] = option((), doc="and the share up to which it does")
    weighed: tuple[str, ...] = option((), doc="words of the prompt with weights, which follow in a list")
    weights: tuple[float, ...] = option((), doc="the weight of each: more than 1 strengthens it, less weakens it")
    local: tuple[str, ...] = option((), doc="words of the prompt where the image may change; unset: everywhere")
    local_source: tuple[str, ...] = option((), doc="words of the source where it may; unset: the same words")
    fixed: tuple[str, ...] = option((), doc="words, of either prompt, where it may not")
    local_start: float = _share(0.2, "it is kept elsewhere from this share of the steps on")
    threshold: float = _share(0.3, "a place is of a word if it is looked at from there by this share of the most")
    fixed_threshold: float = _share(0.3, "the same for the words where it may not")

    def __attrs_post_init__(self) -> None:
        """Refuse lists that do not fit each other."""
        for words, lists in (("timed", ("timed_start", "timed_stop")), ("weighed", ("weights",))):
            for name in lists:
                if (count := len(getattr(self, name))) != len(getattr(self, words)):
                    raise RecipeError(f"{name} has {count} numbers for the words of {words}: give one for each")

    def bind(self, canvas: Canvas) -> SideBySide:
        """The rule, which knows the words of both prompts."""
        from superpose_constraints.attention_edit import Told  # needs torch; this module does not

        if canvas.predictor is None:
            raise AssertionError("bound with a network only")
        target = canvas.prompt_of("prompt-to-prompt edits", self.prompt)
        tokens = tuple(self._tokens(canvas.predictor, prompt) for prompt in (self.source, target))
        return SideBySide(canvas.predictor, Told(self._settings(), (self.source, target), (tokens[0], tokens[1])))

    def _tokens(self, predictor: NoisePredictor, prompt: str) -> tuple[Token, ...]:
        if not any(site.kind == "cross" for site in predictor.sites) or not predictor.tokens(self.source):
            raise RecipeError(
                "prompt-to-prompt needs a network whose places look at words, and this one's don't, or it does not say "
                "at which: use a model of text with cross-attention"
            )
        return predictor.tokens(prompt)

    def _settings(self) -> Settings:
        from superpose_constraints.attention_edit import Settings

        own = zip(self.timed, self.timed_start, self.timed_stop, strict=True)
        return Settings(
            align=self.align,
            cross=(self.cross_start, self.cross_stop),
            places=(self.self_start, self.self_stop),
            timed={word: (start, stop) for word, start, stop in own},
            weights=dict(zip(self.weighed, self.weights, strict=True)),
            local=(self.local_source or self.local, self.local),
            without=self.fixed,
            local_start=self.local_start,
            thresholds=(self.threshold, self.fixed_threshold),
        )


@attrs.frozen(eq=False)
class SideBySide(Rule):
    """Prompt-to-Prompt with its network at hand; for Python, where there is no recipe."""

    kind = "prompt-to-prompt"
    needs = frozenset({"deterministic", "single_step"})
    predictor: NoisePredictor
    told: Told

    def along(self, plan: Plan) -> SideBySide:
        """This rule; a plan that climbs is refused."""
        if any(plan.climbs(step) for step in range(plan.steps)):
            raise RecipeError(
                "prompt-to-prompt carries the source along without noise, and this plan climbs again with noise: "
                "remove the repeats that a constraint asks for"
            )
        return self

    def wrap(self, denoiser: Denoiser) -> Denoiser:
        """The denoiser, asked beside its source."""
        from superpose_constraints.beside_its_source import BesideItsSource

        return BesideItsSource(denoiser, self.predictor, self.told)
