"""Finding, judging and loading plugins; one that is broken never stops the others or the program.

Plugins are code, so they come from installed entry points and from the folder that the user names, never from a recipe.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import time
from collections.abc import Callable, Container, Iterable, Iterator
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path

import attrs
import pluggy
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

import superpose
from superpose.errors import PluginError
from superpose.kinds.roles import ROLES
from superpose.kinds.spelling import suggestion
from superpose.plugins import folder, hooks
from superpose.plugins.quiet import quiet
from superpose.plugins.registry import Plugin, Registrations, Registry
from superpose.plugins.validate import NAME
from superpose.terminal import printable

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
    entries, unread = _installed()
    installed = sorted(entries, key=_order)
    blocked = {name.strip() for name in os.environ.get(BLOCK, "").split(",")} - {""}
    found = [_of_entry(*pair) for pair in installed] + [_of_file(path) for path in folder.files()]
    names = {one.plugin.name for one in found}
    unmatched = sorted(blocked - names - {"*"})
    unknown = [f"{BLOCK} names {name!r}, which is no plugin here{suggestion(name, names)}" for name in unmatched]
    with quiet():
        return Registry(_candidates(found, blocked), [*unread, *unknown])


@attrs.frozen
class _Found:
    """A plugin before it is loaded, of an entry point or a file; `unmet` tells the requirement that is not met."""

    plugin: Plugin
    load: Callable[[], object]
    unmet: Callable[[], str] = str


@attrs.frozen(eq=False)
class _Owner:
    """A distribution with entry points of ours; what its metadata say is read once for all of them."""

    distribution: Distribution

    @functools.cached_property
    def name(self) -> str:
        return _told(self.distribution, "Name")

    @functools.cached_property
    def version(self) -> str:
        return _told(self.distribution, "Version")

    @functools.cached_property
    def unmet(self) -> str:
        return _unmet(self.distribution.requires or ())


def _of_entry(entry: EntryPoint, owner: _Owner) -> _Found:
    module = entry.value.partition(":")[0]
    plugin = Plugin(name=entry.name, distribution=owner.name, version=owner.version, module=module)
    return _Found(plugin, entry.load, lambda: owner.unmet)


def _of_file(path: Path) -> _Found:
    # Its folder is nobody's business: images tell which plugins made them.
    name, version = folder.name_of(path), folder.version_of(path)
    plugin = Plugin(name=name, distribution=path.name, version=version, module=folder.module_of(path), file=path)
    return _Found(plugin, functools.partial(folder.load, path))


def _candidates(candidates: Iterable[_Found], blocked: Container[str]) -> Iterator[tuple[Plugin, Registrations]]:
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hooks)
    owners: dict[str, str] = {}
    for found in candidates:
        plugin = found.plugin
        if plugin.name in blocked or "*" in blocked:
            yield attrs.evolve(plugin, status="blocked", why=f"by {BLOCK}"), Registrations()
        elif not NAME.fullmatch(plugin.name):
            why = f"its name must be lower case letters and digits with single hyphens between, not {plugin.name!r}"
            yield attrs.evolve(plugin, status="broken", why=why), Registrations()
        elif plugin.name in owners:
            its = "file" if plugin.file else "entry point"
            why = f"{owners[plugin.name]} has a plugin of that name already; {plugin.label} must rename its {its}"
            yield attrs.evolve(plugin, status="duplicate", why=why), Registrations()
        else:
            owners[plugin.name] = plugin.label
            yield _load(manager, found)


def _installed() -> tuple[list[tuple[EntryPoint, _Owner]], list[str]]:
    """The entry points of our group, and a line for each distribution whose list of them can't be read.

    Not `importlib.metadata.entry_points`, which fails for everybody where one distribution is damaged.
    """
    found, unread, seen = [], [], set()
    for distribution in distributions():
        place = getattr(distribution, "_path", "an unknown place")
        try:
            # The first of a name hides those that follow on the path, as it does for imports.
            name = canonicalize_name(_told(distribution, "Name", missing=str(place)))
            if name not in seen:
                seen.add(name)
                owner = _Owner(distribution)
                found += [(entry, owner) for entry in distribution.entry_points if entry.group == GROUP]
        except Exception as error:  # whatever a damaged folder makes of the reading
            unread.append(f"the entry points of {place} can't be read: {_one_line(error)}")
    return found, unread


def _told(distribution: Distribution, key: str, missing: str = "unknown") -> str:
    """A line of a distribution's metadata, where it has that line and metadata at all.

    Not ``distribution.metadata``, which parses a whole README: a hundred of them are a third of a second.
    """
    try:
        text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    except Exception:  # a file that is no text
        return missing
    line = re.search(rf"^{key}: *(.+)$", text.partition("\n\n")[0], re.MULTILINE | re.IGNORECASE)
    return line[1].strip() if line else missing


def _order(found: tuple[EntryPoint, _Owner]) -> tuple[bool, str, str]:
    entry, owner = found
    name = canonicalize_name(owner.name)
    return name != GROUP, entry.name, name


def _load(manager: pluggy.PluginManager, found: _Found) -> tuple[Plugin, Registrations]:
    plugin, draft = found.plugin, Registrations()
    had_torch = "torch" in sys.modules
    start = time.process_time()  # not the clock: a busy machine is no fault of a plugin
    try:
        if wanted := found.unmet():
            why = f"it wants {wanted}; this is {GROUP} {superpose.__version__}"
            return attrs.evolve(plugin, status="incompatible", why=why), draft
        module = found.load()
        manager.register(module, plugin.name)
        _call_hooks(manager, module, draft)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a stranger raises
        if manager.has_plugin(plugin.name):
            manager.unregister(name=plugin.name)
        seconds = time.process_time() - start
        return attrs.evolve(
            plugin, status="broken", why=_one_line(error), error=error, seconds=seconds
        ), Registrations()
    seconds, brings_torch = time.process_time() - start, not had_torch and "torch" in sys.modules
    loaded = attrs.evolve(plugin, adds=draft.adds, seconds=seconds, brings_torch=brings_torch)
    return loaded, draft


def _call_hooks(manager: pluggy.PluginManager, module: object, draft: Registrations) -> None:
    """Call the hooks of one plugin, so that what they raise is its own fault and nobody else's."""
    specified = {role.hook: role.name for role in ROLES.values()}
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


def _unmet(requires: Iterable[str]) -> str:
    """The requirement of a distribution on superpose that this one does not meet, or ''."""
    for text in requires:
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
    said = printable(" ".join(printable(error, 2000).replace("\\n", " ").split()), 500)
    if isinstance(error, PluginError):
        return said
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
