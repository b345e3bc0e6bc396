"""Every law that applies to a kind, over its variants and some sizes: one line a law, with the worst figure.

>>> from superpose import make
>>> from superpose.testing import report
>>> for line in report(type(make("view", "flip")), sizes=[(3, 8, 8)]):
...     if line.law == "keeps-lengths":
...         print(line)
view flip  keeps-lengths  3x8x8  ok  1.0000000
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import attrs

from superpose.errors import LawError, PluginError, RecipeError, SuperposeError
from superpose.kinds.kind import fields_of
from superpose.kinds.roles import ROLES
from superpose.kinds.spelling import suggestion
from superpose.testing.cases import SIZES, Case, cases
from superpose.testing.law import Law
from superpose.testing.variation import variants

if TYPE_CHECKING:
    from superpose.estimate.tensors import Shape
    from superpose.kinds.kind import Kind
    from superpose.plugins import Plugin, Registry

#: What became of a law: it holds, is broken, or could not be measured.
LawStatus = Literal["ok", "broken", "skipped"]


@attrs.frozen(kw_only=True)
class Line:
    """Outcome of one law.

    Attributes:
        role: The role of the kind: ``view``.
        kind: Its name.
        law: What the law asks, such as ``keeps-lengths``.
        where: The size and the options at which the figure is the worst, or the law is broken.
        status: Whether it holds; ``skipped`` where it can't be measured.
        figure: What was measured; None where it does not hold.
        why: The reason, where it does not hold or can't be measured.
        cases: Number of sizes and variants that were measured.
    """

    role: str
    kind: str
    law: str
    where: str = ""
    status: LawStatus = "ok"
    figure: float | None = None
    why: str = ""
    cases: int = 0

    def columns(self) -> tuple[str, str, str, str, str]:
        """The line in columns: kind, law, where, status, and the figure or the reason."""
        status = "BROKEN" if self.status == "broken" else self.status
        return f"{self.role} {self.kind}", self.law, self.where, status, self.why or _written(self.figure)

    def __str__(self) -> str:
        """One line: ``view roll  keeps-lengths  3x32x32  ok  1.0000000``."""
        return "  ".join(filter(None, self.columns()))


def report(cls: type[Kind], sizes: Sequence[Shape] = SIZES) -> Iterator[Line]:
    """Hold a kind to every law of its role, in all its variants.

    Arguments:
        cls: The class, registered or not.
        sizes: Sizes (C, H, W) of images to try; those that it refuses are left out.

    Returns:
        A line a law, in order: that of the worst figure, or of the first case that breaks it.
    """
    lines: dict[str, Line] = {}
    try:
        # One model is enough: each is as large as its weights.
        instances = variants(cls)[: 1 if ROLES[cls.role].heavy else None]
        accepted, refusals = cases(instances, sizes)
    except Exception as error:
        status: LawStatus = "broken"
        why = f"{type(error).__name__}: {' '.join(str(error).split())}"
        if isinstance(error, RecipeError):  # as it comes it refuses itself: it wants a file, or another option
            cure = f"call superpose.testing.check_{_check_of(cls)} in a test of your own"
            why, status = f"{' '.join(str(error).split())}: {cure}", "skipped"
        yield Line(role=cls.role, kind=cls.kind, law="can-be-tried", status=status, why=why)
        return
    if not instances:
        needs = ", ".join(field.name for field in fields_of(cls) if field.default is attrs.NOTHING)
        why = f"no default for {needs}: call superpose.testing.check_{_check_of(cls)} in a test of your own"
        yield Line(role=cls.role, kind=cls.kind, law="all", status="skipped", why=why)
        return
    if not accepted:
        why = next(iter(refusals), "no size was tried")
        yield Line(role=cls.role, kind=cls.kind, law="accepts", status="broken", why=why)
        return
    for case in accepted:
        for law, line in _measured(case):
            lines[law.name] = _worse(lines.get(law.name), line, law.ideal)
    yield from lines.values()


def report_plugin(
    name: str, sizes: Sequence[Shape] = SIZES, registry: Registry | None = None, kind: str | None = None
) -> Iterator[Line]:
    """The `report` of everything that a plugin registers, and of how long it takes to import.

    Arguments:
        name: Of the plugin or of its distribution.
        sizes: As in `report`.
        registry: What is installed, when not given.
        kind: Of its kinds, the one to report on; all of them by default.

    Raises:
        PluginError: If there is no such plugin, it is blocked, or it has no such kind.
    """
    from superpose.plugins import load_plugins

    registry = registry or load_plugins()
    mine = [plugin for plugin in registry.plugins if name in (plugin.name, plugin.distribution)]
    if not mine:
        raise PluginError(f"no plugin {name!r} is installed{suggestion(name, _names(registry))}")
    for plugin in mine:
        if plugin.status == "blocked":
            raise PluginError(str(plugin))
        kinds = {one for kinds in plugin.adds.values() for one in kinds}
        if kind is not None and plugin.status == "loaded" and kind not in kinds:
            raise PluginError(f"plugin {plugin.name!r} has no kind {kind!r}{suggestion(kind, kinds)}")
        yield from _of_plugin(plugin, sizes, registry, kind)


def _of_plugin(plugin: Plugin, sizes: Sequence[Shape], registry: Registry, only: str | None) -> Iterator[Line]:
    from superpose.testing.import_time import check_import_time

    if plugin.status != "loaded":
        yield Line(role="plugin", kind=plugin.name, law="loads", status="broken", why=f"{plugin.status}: {plugin.why}")
        return
    line = Line(role="plugin", kind=plugin.name, law="imports-fast", where=plugin.module)
    try:
        if plugin.file is not None:  # it is imported by nobody else
            yield attrs.evolve(line, figure=plugin.seconds, where=plugin.file.name, cases=1)
        else:
            yield attrs.evolve(line, figure=check_import_time(plugin.module), cases=1)
    except LawError as error:
        yield attrs.evolve(line, status="broken", why=str(error))
    for role, kinds in plugin.adds.items():
        for kind in (kind for kind in kinds if only in (None, kind)):
            yield from report(registry.get(role, kind), sizes)


def _measured(case: Case) -> Iterator[tuple[Law, Line]]:
    """A line a law of one case; whatever a stranger's code raises is the fault of the law that it was asked about."""
    line = Line(role=case.instance.role, kind=case.instance.kind, law="can-be-tried", where=case.where, cases=1)
    broken = False
    try:
        for law in case.laws():
            try:
                told = attrs.evolve(line, law=law.name, figure=law.measure())
            except Exception as error:
                broken = True
                told = attrs.evolve(line, law=law.name, status="broken", why=_reason(case.instance, error))
            yield law, told
    except Exception as error:
        if not broken:  # else it is only what comes of the law that is broken
            status: LawStatus = "skipped" if isinstance(error, RecipeError) else "broken"
            why = _reason(case.instance, error)
            yield Law(line.law, lambda: 0.0), attrs.evolve(line, status=status, why=why)


def _worse(one: Line | None, two: Line, ideal: float) -> Line:
    """The line that tells more: the first that is broken, or that whose figure is further from the ideal one."""
    if one is None:
        return two
    worse = one
    if one.status == "ok" and (two.status != "ok" or _off(two, ideal) > _off(one, ideal)):
        worse = two
    return attrs.evolve(worse, cases=one.cases + two.cases)


def _off(line: Line, ideal: float) -> float:
    figure = line.figure or 0.0
    return -figure if math.isinf(ideal) else abs(figure - ideal)


def _reason(instance: Kind, error: Exception) -> str:
    """The reason alone, where the line says already what is broken and where."""
    said = " ".join(str(error).split())
    if not isinstance(error, SuperposeError):
        return f"{type(error).__name__}: {said}"
    head = f"{instance.role} {instance.kind!r} {instance} at "
    return said.removeprefix(head).partition(": ")[2] if said.startswith(head) else said


def _check_of(cls: type[Kind]) -> str:
    return "predictor" if cls.role == "model" else cls.role


def _names(registry: Registry) -> set[str]:
    return {plugin.name for plugin in registry.plugins} | {plugin.distribution for plugin in registry.plugins}


def _written(figure: float | None) -> str:
    if figure is None:
        return ""
    if isinstance(figure, int) or figure == 0:
        return f"{figure:.0f}"
    return f"{figure:.7f}" if abs(figure) >= 1e-3 else f"{figure:.1e}"
