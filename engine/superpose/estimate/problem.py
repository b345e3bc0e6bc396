"""Problems: why a kind can't be used where somebody wants to use it, in one form for every role.

A kind is asked by its ``problems``, before any weight is read: a view about a size, a guidance about a model, a
constraint about a canvas. It yields what is wrong, as many as there are, or lets the error of a file pass.

>>> from superpose import make, problems_of
>>> for problem in problems_of(make("view", "rotate", degrees=90).problems, (3, 24, 40)):
...     print(".".join(problem.option), "|", problem)
degrees | rotate by 90 degrees needs square images, not 24x40: use degrees = 180
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import ParamSpec

import attrs

from superpose.errors import RecipeError
from superpose.estimate.blame import article, blamed

P = ParamSpec("P")


def _path(option: str | tuple[str | int, ...]) -> tuple[str | int, ...]:
    return ((option,) if option else ()) if isinstance(option, str) else tuple(option)


@attrs.frozen
class Problem:
    """One thing that is wrong with a kind where it is used.

    Attributes:
        option: The option at fault, whose line in the recipe a message points to: a key of the kind's table, or a path
            into it, such as ``("views", 0, "degrees")``. Empty where it is none of them.
        what: What is wrong, with the values.
        cure: What to write instead; empty where ``what`` has said so.
    """

    option: tuple[str | int, ...] = attrs.field(converter=_path)
    what: str
    cure: str = ""

    @classmethod
    def of(cls, error: RecipeError, option: str | tuple[str | int, ...] = "") -> Problem:
        """What an error says, such as that of a file which an option names."""
        return cls(option, "; ".join(error.lines))

    @classmethod
    def caught(cls, option: str | tuple[str | int, ...], call: Callable[[], object]) -> Iterator[Problem]:
        """The error of a call, such as one that reads a file, as a problem of an option; nothing where it has none."""
        try:
            call()
        except RecipeError as error:
            yield cls.of(error, option)

    def inside(self, *place: str | int) -> Problem:
        """The same of a kind that an option of another kind names: ``problem.inside("base")``."""
        return attrs.evolve(self, option=(*place, *self.option))

    def __str__(self) -> str:
        """What is wrong, and the cure."""
        return f"{self.what}: {self.cure}" if self.cure else self.what


def problems_of(ask: Callable[P, Iterable[Problem]], *about: P.args, **options: P.kwargs) -> list[Problem]:
    """The problems of a kind: ``problems_of(view.problems, shape)``. A `RecipeError` on the way is the last of them.

    Raises:
        PluginError: If it gives something else than problems; says whose it is, and where.
    """
    found: list[Problem] = []
    try:
        given = ask(*about, **options)
        for problem in given if isinstance(given, Iterable) else [given]:
            if not isinstance(problem, Problem):
                _blame(ask, problem)
            found.append(problem)
    except RecipeError as error:
        found.append(Problem.of(error))
    return found


def refuse(problems: Iterable[Problem], error: type[RecipeError] = RecipeError) -> None:
    """Raise an error with these problems, one a line with its option first; nothing where there are none."""
    if lines := [": ".join(filter(None, [".".join(map(str, it.option)), str(it)])) for it in problems]:
        raise error(*lines)


def _blame(ask: Callable[..., object], given: object) -> None:
    kind, name = getattr(ask, "__self__", ask), getattr(ask, "__name__", "problems")
    blamed(kind, name, f"gives {article(given)}, and must give superpose.Problem objects, in a list or by yield")
