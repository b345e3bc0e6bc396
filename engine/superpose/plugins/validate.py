"""Validation of classes that are registered as kinds; nothing of them is made for it."""

from __future__ import annotations

import inspect
import re

import attrs

from superpose.errors import PluginError
from superpose.kinds.kind import Kind, fields_of
from superpose.kinds.options import nested_options, options_of
from superpose.kinds.roles import ROLES

#: Names of plugins and of kinds.
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
#: Keys that the grammar of recipes puts beside the options of a kind.
_ROLE_KEYS = tuple(role.name for role in ROLES.values() if role.in_subject)
_SAID = ("prompt", "interpolate", "image", "fit", "resizer", "negative", "guidance_stages", "reduction")
SUBJECT_KEYS = ("model", *_SAID, *_ROLE_KEYS, "compose")
TERM_KEYS = ("weight", *SUBJECT_KEYS)
VIEW_KEYS = ("start", "stop", "lift", *TERM_KEYS)


def validate(cls: type[Kind], role: str) -> None:
    """Accept ``cls`` as a kind of ``role``.

    Raises:
        PluginError: If it is not one; says which rule it breaks and what to write instead.
    """
    _role(cls, role)
    _kind(cls)
    _form(cls)
    try:
        options = options_of(cls)
        for option in nested_options(cls):
            if not option.required:
                option.check(option.default)
    except (TypeError, ValueError) as error:
        raise PluginError(f"{role} {cls.kind!r}: {error}") from error
    reserved = {"kind"}
    if role == "view":
        reserved |= set(VIEW_KEYS)
    elif role == "decomposition":
        reserved |= set(names_of_all(cls) or ())
    if clash := sorted(reserved & {option.name for option in options}):
        raise PluginError(f"{role} {cls.kind!r}: option {clash[0]!r} has a name that recipes use themselves; rename it")


def _role(cls: object, role: str) -> None:
    if not (isinstance(cls, type) and issubclass(cls, Kind)):
        raise PluginError(f"register takes classes of kinds, got {cls!r}")
    given = getattr(cls, "role", None)
    if given != role:
        cure = f"; register it in {ROLES[given].hook}" if given in ROLES else ""
        hook = ROLES[role].hook if role in ROLES else f"register_{role}s"
        raise PluginError(f"{hook} was given {cls.__name__}, whose role is {given!r}{cure}")
    base = ROLES[role].base if role in ROLES else Kind
    if not issubclass(cls, base):
        raise PluginError(f"{cls.__name__} says it is a {role} and does not inherit from superpose.{base.__name__}")


def _kind(cls: type[Kind]) -> None:
    kind = getattr(cls, "kind", None)
    if not isinstance(kind, str) or not NAME.fullmatch(kind):
        raise PluginError(
            f"{cls.__name__}.kind is {kind!r}; it must be lower case letters and digits with single hyphens between, "
            "such as 'tiles' or 'tiles-of-two'"
        )
    if not (cls.__doc__ or "").strip():
        raise PluginError(f"{cls.role} {kind!r} has no docstring, which is its manual page")


def _form(cls: type[Kind]) -> None:
    what = _what(cls)
    if inspect.isabstract(cls):
        missing = ", ".join(sorted(getattr(cls, "__abstractmethods__", ())))
        raise PluginError(f"{what} does not define {missing}")
    if not attrs.has(cls) or "__attrs_attrs__" not in vars(cls) or not _frozen(cls):
        raise PluginError(f"{what} must be a frozen attrs class: decorate it with @attrs.frozen(kw_only=True)")
    if any(field.init and not field.kw_only for field in attrs.fields(cls)):
        raise PluginError(f"{what} takes options by position: decorate it with @attrs.frozen(kw_only=True)")


def _frozen(cls: type) -> bool:
    try:
        setattr(object.__new__(cls), "kind", "")  # noqa: B010  (an attribute of the class, so the type checker objects)
    except attrs.exceptions.FrozenInstanceError:
        return True
    except AttributeError:
        return False
    return False


def names_of_all(cls: type[Kind]) -> tuple[str, ...] | None:
    """Names of the parts of every decomposition of a class; None where they depend on its options.

    Raises:
        PluginError: If they are no different names.
    """
    names: object = getattr(cls, "names", None)
    return None if hasattr(names, "__get__") else _names(cls, names)


def names_of(decomposition: Kind) -> tuple[str, ...]:
    """Names of the parts of a decomposition, which can stand in a recipe beside its options.

    Raises:
        PluginError: If they are no different names, or one of them is an option.
    """
    cls = type(decomposition)
    names = _names(cls, getattr(decomposition, "names", None))
    if clash := sorted({"kind", *(field.name for field in fields_of(cls))} & set(names)):
        raise PluginError(f"{_what(cls)}: the part {clash[0]!r} has the name of an option; rename it")
    return names


def _names(cls: type[Kind], names: object) -> tuple[str, ...]:
    good = isinstance(names, tuple) and names and all(isinstance(name, str) and NAME.fullmatch(name) for name in names)
    if not isinstance(names, tuple) or not good or len(set(names)) < len(names):
        raise PluginError(
            f"{_what(cls)}: names is {names!r}; it must be a tuple of different names, such as ('low', 'high')"
        )
    return names


def _what(cls: type[Kind]) -> str:
    return f"{cls.role} {cls.kind!r}"
