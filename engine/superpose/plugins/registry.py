"""The registry: which kinds there are, and who registered each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import attrs

from superpose.errors import PluginError, RecipeError
from superpose.kinds.kind import Kind
from superpose.kinds.options import options_of
from superpose.kinds.roles import ROLES
from superpose.kinds.spelling import nearest, suggestion
from superpose.plugins.hooks import K, Register
from superpose.plugins.validate import validate

#: What became of a plugin: one that is not loaded says why.
PluginStatus = Literal["loaded", "blocked", "incompatible", "broken", "duplicate"]

#: Seconds of the processor from which on the import of a plugin is called slow.
SLOW = 0.5


@attrs.frozen(kw_only=True)
class Plugin:
    """Record of one plugin, loaded or not.

    Attributes:
        name: Name of its entry point.
        distribution: What was installed.
        version: Version of the distribution.
        status: What became of it.
        why: The reason in one line; empty when loaded.
        adds: Names of its kinds by role; empty unless loaded.
        module: What its entry point names.
        seconds: Time of the processor that its import and registration took.
        brings_torch: Whether torch was imported with it.
        error: What it raised, where it is broken.
        file: The file of a folder that the user has named; None where it is installed.
    """

    name: str
    distribution: str
    version: str
    status: PluginStatus = "loaded"
    why: str = ""
    adds: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    module: str = ""
    seconds: float = attrs.field(default=0.0, eq=False)
    brings_torch: bool = False
    error: BaseException | None = attrs.field(default=None, eq=False, repr=False)
    file: Path | None = None

    @property
    def label(self) -> str:
        """Its distribution and version, as errors name it."""
        return f"{self.distribution} {self.version}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on one that is loaded: the file it is, and for its author that it is slow to import."""
        if self.status != "loaded":
            return ()
        torch = "torch is imported at import time: move it into functions"
        slow = f"slow: {self.seconds:.1f} s to import" if self.seconds >= SLOW else ""
        if slow and self.brings_torch:
            slow += f" ({torch})"
        elif self.brings_torch:
            slow = torch
        file = f"from {self.file}" if self.file else ""
        return tuple(filter(None, (file, slow)))

    def __str__(self) -> str:
        """One line: ``plugin 'hinge' (superpose-hinge 0.3) is broken: OSError: libcuda.so not found``."""
        return f"plugin {self.name!r} ({self.label}) is {self.status}" + (f": {self.why}" if self.why else "")


class Registrations:
    """The kinds that one plugin registers; nothing of it is seen by others until it is complete."""

    def __init__(self) -> None:
        self.kinds: dict[tuple[str, str], type[Kind]] = {}

    def register(self, role: str) -> Register:
        """The ``register`` that a hook for ``role`` is given; it may serve as a decorator."""

        def register(cls: type[K]) -> type[K]:
            validate(cls, role)
            if (role, cls.kind) in self.kinds:
                raise PluginError(f"{role} {cls.kind!r} is registered twice")
            self.kinds[role, cls.kind] = cls
            return cls

        return register

    @property
    def adds(self) -> dict[str, tuple[str, ...]]:
        """Names of the kinds by role."""
        roles = sorted({role for role, _ in self.kinds})
        return {role: tuple(sorted(kind for mine, kind in self.kinds if mine == role)) for role in roles}


class Registry:
    """All registered kinds. Immutable once discovery is done.

    Attributes:
        plugins: Every plugin that was found, loaded or not, in the order of loading.
        warnings: What was asked of the loading and could not be done, a line each.
    """

    def __init__(self, found: Iterable[tuple[Plugin, Registrations]] = (), warnings: Iterable[str] = ()) -> None:
        self._kinds: dict[tuple[str, str], tuple[type[Kind], Plugin]] = {}
        plugins = []
        for candidate, draft in found:
            plugin = candidate
            if why := self._collision(candidate, draft):
                plugin = attrs.evolve(candidate, status="duplicate", why=why, adds={})
            if plugin.status == "loaded":
                self._kinds |= {key: (cls, plugin) for key, cls in draft.kinds.items()}
            plugins.append(plugin)
        self.plugins: tuple[Plugin, ...] = tuple(plugins)
        self.warnings: tuple[str, ...] = tuple(warnings)

    @classmethod
    def of(cls, *kinds: type[Kind], name: str = "given", distribution: str = "given", version: str = "0") -> Registry:
        """A registry of these classes alone, as if one plugin had registered them.

        Raises:
            PluginError: If one of them can't be registered.
        """
        draft = Registrations()
        for kind in kinds:
            draft.register(getattr(kind, "role", ""))(kind)
        return cls([(Plugin(name=name, distribution=distribution, version=version, adds=draft.adds), draft)])

    @property
    def roles(self) -> tuple[str, ...]:
        """All roles, whether they have kinds or not."""
        return tuple(ROLES)

    def kinds(self, role: str) -> dict[str, type[Any]]:
        """The classes of a role by name, sorted."""
        return {
            kind: cls for (mine, kind), (cls, _) in sorted(self._kinds.items(), key=lambda it: it[0]) if mine == role
        }

    def get(self, role: str, kind: str) -> type[Any]:
        """The class registered as ``kind``.

        Raises:
            RecipeError: If there is none; names the nearest, or all with their owners, and plugins that did not load.
        """
        if role not in self.roles:
            raise RecipeError(f"no such role {role!r}{suggestion(role, self.roles)}")
        if (role, kind) not in self._kinds:
            raise RecipeError(self._unknown(role, kind))
        return self._kinds[role, kind][0]

    def fitting(self, role: str, fits: Callable[[Any], bool]) -> list[str]:
        """Names of the kinds of a role that ``fits`` as they come; those are left out that must be told something."""
        plain = {
            kind: cls() for kind, cls in self.kinds(role).items() if not any(it.required for it in options_of(cls))
        }
        return [kind for kind, instance in plain.items() if fits(instance)]

    def owner(self, cls: type[Kind]) -> Plugin:
        """The plugin that registered ``cls``.

        Raises:
            PluginError: If none did.
        """
        entry = self._kinds.get((getattr(cls, "role", ""), getattr(cls, "kind", "")))
        if entry is None or entry[0] is not cls:
            raise PluginError(f"{cls.__name__} is not registered")
        return entry[1]

    def known(self, role: str) -> str:
        """The kinds of a role by owner: ``flip, rotate (superpose 0.1.0); hinge (superpose-hinge 0.3)``."""
        by_owner: dict[str, list[str]] = {}
        for kind, cls in self.kinds(role).items():
            by_owner.setdefault(self.owner(cls).label, []).append(kind)
        return "; ".join(f"{', '.join(kinds)} ({label})" for label, kinds in by_owner.items()) or "none"

    def _collision(self, plugin: Plugin, draft: Registrations) -> str:
        for role, kind in sorted(draft.kinds):
            if (role, kind) in self._kinds:
                owner = self._kinds[role, kind][1]
                return (
                    f"{role} {kind!r} is registered by {owner.name!r} ({owner.label}) already; "
                    f"plugin {plugin.name!r} ({plugin.label}) must rename it"
                )
        return ""

    def _unknown(self, role: str, kind: str) -> str:
        near = nearest(kind, self.kinds(role))
        if near is not None:
            hint = f"did you mean {near!r} ({self.owner(self.kinds(role)[near]).label})?"
        else:
            hint = f"known: {self.known(role)}"
        return f"no such {role} {kind!r}; {hint}{self._absent()}"

    def _absent(self) -> str:
        """Plugins that did not load, any of which may have the kind that is missed."""
        blocked = [repr(plugin.name) for plugin in self.plugins if plugin.status == "blocked"]
        lines = [str(plugin) for plugin in self.plugins if plugin.status not in ("loaded", "blocked")]
        if blocked:
            lines.insert(0, f"SUPERPOSE_BLOCK_PLUGINS blocks {', '.join(blocked)}")
        return "".join(f"; {line}" for line in lines)
