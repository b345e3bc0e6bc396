"""Conditions of a sweep: ``scale < 8 or seed < 10``, read as a tree of a few safe parts; nothing of it is run."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from superpose.kinds.spelling import suggestion

#: Characters of a condition, at most.
LONGEST = 2000
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}
_COUNTED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_WORDS = {"true": True, "false": False}
_MAY = "a condition has names of axes, numbers, texts, lists, comparisons, and, or, not, in, + - * / // %"


@attrs.frozen
class Filter:
    """A condition that has been read.

    Attributes:
        text: As it was written.
        names: The number of the axis that each of its names stands for.
    """

    text: str
    names: Mapping[str, int]
    _tree: ast.expr = attrs.field(repr=False, eq=False)

    @classmethod
    def of(cls, text: str, known: Mapping[str, tuple[int, ...]]) -> Filter:
        """Read a condition.

        Arguments:
            text: The condition.
            known: The axes that each name fits.

        Raises:
            ValueError: If it is none; says what is wrong and where in it.
        """
        if len(text) > LONGEST:
            raise ValueError(f"has {len(text):,} characters, and may have {LONGEST:,}")
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise ValueError(f"can't be read: {_MAY}") from None
        names: dict[str, int] = {}
        _allowed(tree, known, names)
        return cls(text, names, tree)

    def holds(self, values: list[object]) -> bool:
        """Tell whether it holds where the axes have these values.

        Raises:
            ValueError: If it can't be told: a text is compared with a number, or the result is no truth.
        """
        found = _value(self._tree, {name: values[number] for name, number in self.names.items()})
        if not isinstance(found, bool):
            raise ValueError(f"is {found!r}, neither true nor false: compare it with something")
        return found


def _allowed(node: ast.AST, known: Mapping[str, tuple[int, ...]], names: dict[str, int]) -> None:
    """Collect the names of a tree; raise ValueError at the first part that no condition has."""
    where = f"at character {getattr(node, 'col_offset', 0) + 1}"
    match node:
        case ast.Name(id=name) if name in known or name not in _WORDS:
            if len(known.get(name, ())) != 1:
                raise ValueError(f"{where}: {_unclear(name, known)}")
            names[name] = known[name][0]
        case ast.Name() | ast.Constant(value=bool() | int() | float() | str()):
            pass
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not() | ast.USub()) | ast.List() | ast.Tuple():
            pass
        case ast.Compare(ops=ops) if all(type(op) in _COMPARED for op in ops):
            pass
        case ast.BinOp(op=op) if type(op) in _COUNTED:
            pass
        case _:
            raise ValueError(f"{where}: {ast.unparse(node)!r} is not allowed; {_MAY}")
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.expr):
            _allowed(inner, known, names)


def _unclear(name: str, known: Mapping[str, tuple[int, ...]]) -> str:
    if name not in known:
        return f"no axis is called {name!r}{suggestion(name, known)}"
    longer = [it for it, axes in known.items() if len(axes) == 1 and it.endswith(f"_{name}")]
    return f"{name!r} fits several axes: write {' or '.join(longer)}"


def _value(node: ast.AST, names: Mapping[str, object]) -> Any:  # noqa: PLR0911  (one return a node)
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return names[name] if name in names else _WORDS[name]
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_value(item, names) for item in items]
        case ast.BoolOp(op=op, values=parts):
            truths = (_truth(part, names) for part in parts)
            return all(truths) if isinstance(op, ast.And) else any(truths)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return not _truth(inner, names)
        case ast.UnaryOp(operand=inner):
            return -_number(inner, names)
        case ast.BinOp(left=left, op=op, right=right):
            try:
                return _COUNTED[type(op)](_number(left, names), _number(right, names))
            except ArithmeticError as error:
                raise ValueError(f"{ast.unparse(node)!r}: {error}") from None
        case ast.Compare(left=left, ops=ops, comparators=rights):
            values = [_value(it, names) for it in (left, *rights)]
            return all(map(_compared, ops, values, values[1:]))
    raise AssertionError(f"{ast.dump(node)} was not to be allowed")


def _compared(op: ast.cmpop, one: object, other: object) -> bool:
    try:
        return _COMPARED[type(op)](one, other)
    except TypeError:
        raise ValueError(f"can't compare {one!r} with {other!r}") from None


def _truth(node: ast.AST, names: Mapping[str, object]) -> bool:
    value = _value(node, names)
    if not isinstance(value, bool):
        raise ValueError(f"{ast.unparse(node)!r} is {value!r}, neither true nor false: compare it with something")
    return value


def _number(node: ast.AST, names: Mapping[str, object]) -> float:
    value = _value(node, names)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{ast.unparse(node)!r} is {value!r}, and no number")
    return value
