"""Finding, judging and loading plugins; one that is broken never stops the others or the program.

Plugins are code, so they come from installed entry points only, never from a folder or a recipe.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import time
import warnings
from collections.abc import Container, Iterable, Iterator
from importlib.metadata import Distribution, EntryPoint, entry_points

import attrs
import pluggy
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

import superpose
from superpose.errors import PluginError
from superpose.kinds.roles import ROLES
from superpose.plugins import hooks
from superpose.plugins.judge import NAME
from superpose.plugins.registry import Draft, Plugin, Registry
from superpose.spelling import suggestion

#: The entry-point group, which is also the name of the distribution and of the pluggy project.
GROUP = "superpose"
#: The environment variable that turns plugins off: names with commas between, or ``*`` for all, ours included.
BLOCK = "SUPERPOSE_BLOCK_PLUGINS"


def load_plugins(strict: bool = False) -> Registry:
    """All installed plugins, loaded once in a process.

    Arguments:
        strict: Raise for a plugin that did not load, unless it is blocked; for those who write plugins.

    Raises:
        PluginError: With ``strict``: one line a plugin, raised from the first one's own error.
    """
    registry = _loaded()
    failed = [plugin for plugin in registry.plugins if plugin.status not in ("loaded", "blocked")]
    if strict and failed:
        cause = next((plugin.error for plugin in failed if plugin.error is not None), None)
        raise PluginError(*failed) from cause
    return registry


@functools.cache
def _loaded() -> Registry:
    return discover()


def discover() -> Registry:
    """Load all installed plugins anew; `load_plugins` is this, remembered."""
    # Ours first and then by name: discovery goes by sys.path, which is no order at all.
    installed = sorted(_installed(), key=_order)
    blocked = {name.strip() for name in os.environ.get(BLOCK, "").split(",")} - {""}
    names = {entry.name for entry, _ in installed}
    unmatched = sorted(blocked - names - {"*"})
    unknown = [f"{BLOCK} names {name!r}, which is no plugin here{suggestion(name, names)}" for name in unmatched]
    return Registry(_candidates(installed, blocked), unknown)


def _candidates(
    installed: Iterable[tuple[EntryPoint, Distribution]], blocked: Container[str]
) -> Iterator[tuple[Plugin, Draft]]:
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hooks)
    owners: dict[str, str] = {}
    for entry, distribution in installed:
        plugin = Plugin(
            name=entry.name, distribution=distribution.name, version=distribution.version, module=entry.module
        )
        if entry.name in blocked or "*" in blocked:
            yield attrs.evolve(plugin, status="blocked", why=f"by {BLOCK}"), Draft()
        elif not NAME.fullmatch(entry.name):
            why = f"its name must be lower case letters and digits with single hyphens between, not {entry.name!r}"
            yield attrs.evolve(plugin, status="broken", why=why), Draft()
        elif entry.name in owners:
            why = f"{owners[entry.name]} has a plugin of that name already; {plugin.label} must rename its entry point"
            yield attrs.evolve(plugin, status="duplicate", why=why), Draft()
        else:
            owners[entry.name] = plugin.label
            yield _load(manager, plugin, entry, distribution)


def _installed() -> list[tuple[EntryPoint, Distribution]]:
    return [(entry, entry.dist) for entry in entry_points(group=GROUP) if entry.dist is not None]


def _order(found: tuple[EntryPoint, Distribution]) -> tuple[bool, str, str]:
    entry, distribution = found
    name = canonicalize_name(distribution.name)
    return name != GROUP, entry.name, name


def _load(
    manager: pluggy.PluginManager, plugin: Plugin, entry: EntryPoint, distribution: Distribution
) -> tuple[Plugin, Draft]:
    draft = Draft()
    had_torch = "torch" in sys.modules
    start = time.perf_counter()
    try:
        if wanted := _unmet(distribution):
            why = f"it wants {wanted}; this is {GROUP} {superpose.__version__}"
            return attrs.evolve(plugin, status="incompatible", why=why), draft
        module = entry.load()
        deprecated = _register(manager, module, entry.name)
        _call_hooks(manager, module, draft)
    except (Exception, SystemExit) as error:  # whatever a stranger raises
        if manager.has_plugin(entry.name):
            manager.unregister(name=entry.name)
        seconds = time.perf_counter() - start
        return attrs.evolve(plugin, status="broken", why=_one_line(error), error=error, seconds=seconds), Draft()
    seconds, brings_torch = time.perf_counter() - start, not had_torch and "torch" in sys.modules
    loaded = attrs.evolve(plugin, adds=draft.adds, seconds=seconds, brings_torch=brings_torch, deprecated=deprecated)
    return loaded, draft


def _register(manager: pluggy.PluginManager, module: object, name: str) -> tuple[str, ...]:
    """Register a plugin; a line for each hook and argument that it uses and that will go.

    The warnings point into the plugin's file, for its author. They never stop it, even where warnings are errors: that
    is for the program that runs the plugin to want, and no fault of the plugin that worked yesterday.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        manager.register(module, name)
    for said in caught:
        with contextlib.suppress(Warning):
            warnings.warn_explicit(f"plugin {name!r}: {said.message}", said.category, said.filename, said.lineno)
    return tuple(f"{' '.join(str(said.message).split())} ({said.filename}:{said.lineno})" for said in caught)


def _call_hooks(manager: pluggy.PluginManager, module: object, draft: Draft) -> None:
    """Call the hooks of one plugin, so that what they raise is its own fault and nobody else's."""
    specified = {role.hook: role.name for role in ROLES.values()} | hooks.RENAMED
    callers = manager.get_hookcallers(module) or []
    if not callers:
        raise PluginError("it implements no hook; mark its register_ functions with @superpose.hookimpl")
    try:
        manager.check_pending()  # without this a misspelt hook is registered in silence and never called
    except pluggy.PluginValidationError as error:
        unknown = next(caller.name for caller in callers if not caller.has_spec())
        raise PluginError(f"there is no hook {unknown!r}{suggestion(unknown, specified)}") from error
    for caller in sorted(callers, key=lambda caller: caller.name):
        for hook in caller.get_hookimpls():
            if hook.plugin is not module or caller.name not in specified:
                continue
            if hook.hookwrapper or hook.wrapper:
                raise PluginError(f"{caller.name} is a hook wrapper; registration has nothing to wrap")
            given = {"register": draft.register(specified[caller.name])}
            hook.function(*(given[name] for name in hook.argnames))


def _unmet(distribution: Distribution) -> str:
    """The distribution's requirement on superpose that this one does not meet, or ''."""
    for text in distribution.requires or ():
        try:
            need = Requirement(text)
        except InvalidRequirement as error:
            raise PluginError(f"its metadata has a requirement that can't be read: {text!r}") from error
        if canonicalize_name(need.name) != GROUP or (need.marker and not need.marker.evaluate({"extra": ""})):
            continue
        if not need.specifier.contains(superpose.__version__, prereleases=True):
            return f"{need.name}{need.specifier}"
    return ""


def _one_line(error: BaseException) -> str:
    said = " ".join(str(error).split())
    if isinstance(error, PluginError):
        return said
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
