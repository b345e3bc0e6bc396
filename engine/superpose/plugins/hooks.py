"""The hooks that a plugin may implement, each to register kinds of one role.

A plugin is a module with functions of these names, marked ``@superpose.hookimpl`` and named by an entry point of the
group ``superpose``. It must be light to import: heavy imports belong into the methods of its kinds.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

import pluggy

from superpose.kinds.kind import Kind

K = TypeVar("K", bound=Kind)


class Register(Protocol):
    """The function that registers a class of a role, and returns it, so that it may be a decorator."""

    def __call__(self, cls: type[K], /) -> type[K]:
        """Register a class."""
        ...


#: Marks the specification of a hook.
hookspec = pluggy.HookspecMarker("superpose")
#: Marks the functions of a plugin that superpose calls, such as ``register_views``.
hookimpl = pluggy.HookimplMarker("superpose")


@hookspec
def register_models(register: Register) -> None:
    """Register noise predictors: call ``register`` with each `Model` class."""


@hookspec
def register_schedulers(register: Register) -> None:
    """Register sampling methods: call ``register`` with each `Scheduler` class."""


@hookspec
def register_guidances(register: Register) -> None:
    """Register guidance rules: call ``register`` with each `Guidance` class."""


@hookspec
def register_clips(register: Register) -> None:
    """Register ways to keep clean images in range: call ``register`` with each `Clip` class."""


@hookspec
def register_classifiers(register: Register) -> None:
    """Register classifiers of noisy images: call ``register`` with each `Classifier` class."""


@hookspec
def register_views(register: Register) -> None:
    """Register views: call ``register`` with each `View` class."""


@hookspec
def register_decompositions(register: Register) -> None:
    """Register decompositions: call ``register`` with each `Decomposition` class."""


@hookspec
def register_operators(register: Register) -> None:
    """Register what can be observed of images: call ``register`` with each `Operator` class."""


@hookspec
def register_losses(register: Register) -> None:
    """Register what can be wanted of images: call ``register`` with each `Loss` class."""


@hookspec
def register_renderers(register: Register) -> None:
    """Register what optimised images can be drawn with: call ``register`` with each `Renderer` class."""


@hookspec
def register_constraints(register: Register) -> None:
    """Register constraints: call ``register`` with each `Constraint` class; what it is bound to is a `Rule`."""


@hookspec
def register_populations(register: Register) -> None:
    """Register ways to carry several particles a sample: call ``register`` with each `Population` class."""


@hookspec
def register_media(register: Register) -> None:
    """Register what images are besides pictures: call ``register`` with each `Medium` class."""


@hookspec
def register_executors(register: Register) -> None:
    """Register places where sweeps are carried out: call ``register`` with each `Executor` class."""
