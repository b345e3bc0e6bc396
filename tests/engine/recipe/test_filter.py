"""Conditions: they tell what Python would tell of the same comparison, and run nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzing import fuzz
from superpose.recipe.filter import Filter

KNOWN = {"scale": (0,), "guidance_scale": (0,), "seed": (1,), "prompt": (2, 3), "view_0_prompt": (2,), "last": (3,)}
VALUES = [2.0, 3, "A", "V"]


def holds(text, values=VALUES):
    return Filter.of(text, KNOWN).holds(values)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("scale < 8 or seed < 2", True),
        ("scale < 8 and seed < 2", False),
        ("not seed == 3", False),
        ("1 < scale <= 2", True),
        ("view_0_prompt in ['A', 'B'] and last != 'A'", True),
        ("last not in ('A', 'B')", True),
        ("'a' in 'cat'", True),
        ("seed % 2 == 1 and -seed // 2 == -2", True),
        ("scale * 2 + 1 - seed / 3 == 4", True),
        ("true and not false", True),
        (" guidance_scale == 2 ", True),
        ("True", True),
    ],
)
def test_a_condition_holds_as_python_has_it(text, truth):
    assert holds(text) is truth


NUMBERS = st.integers(-5, 5) | st.floats(-5, 5)
TERM = NUMBERS.map(repr) | st.sampled_from(["scale", "seed"])
ARITHMETIC = st.recursive(
    TERM,
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda it: f"({' '.join(it)})"),
    max_leaves=4,
)
COMPARED = st.tuples(ARITHMETIC, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), ARITHMETIC).map(" ".join)
LOGIC = st.recursive(
    COMPARED,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda it: f"({' '.join(it)})")
        | inner.map(lambda it: f"(not {it})")
    ),
    max_leaves=5,
)


@fuzz(60)
@given(text=LOGIC, scale=NUMBERS, seed=NUMBERS)
def test_any_condition_is_told_as_python_tells_it(text, scale, seed):
    assert holds(text, [scale, seed, "", ""]) == eval(text, {"scale": scale, "seed": seed})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("scale <", "can't be read: a condition has names"),
        ("scale = 2", "can't be read"),
        ("", "can't be read"),
        ("sclae < 2", "at character 1: no axis is called 'sclae'; did you mean 'scale'?"),
        ("1 < qqqq", "no axis is called 'qqqq'; known: guidance_scale, last"),
        ("prompt == 'A'", "'prompt' fits several axes: write view_0_prompt"),
        ("__import__('os').system('x')", "at character 1: "),
        ("scale.real < 2", "'scale.real' is not allowed"),
        ("scale ** 99 < 2", "'scale ** 99' is not allowed"),
        ("[x for x in 'ab'] == 1", "is not allowed"),
        ("(lambda: 1) == 1", "is not allowed"),
        ("scale is 2", "is not allowed"),
        ("scale[0] < 2", "is not allowed"),
        ("None == 1", "'None' is not allowed"),
        ("f'{scale}' == 1", "is not allowed"),
        ("(" * 300 + "1" + ")" * 300, "can't be read"),
        ("scale" + " + 1" * 2000, "characters, and may have 2,000"),
    ],
)
def test_what_is_no_condition_is_told_where(text, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        Filter.of(text, KNOWN)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("last < 2", "can't compare 'V' with 2"),
        ("2 in seed", "can't compare 2 with 3"),
        ("scale", "is 2.0, neither true nor false"),
        ("scale or seed < 2", "'scale' is 2.0, neither true nor false"),
        ("last * 1000000000 == 1", "'last' is 'V', and no number"),
        ("scale / (seed - 3) < 1", "division"),
        ("-true == 1", "'true' is True, and no number"),
    ],
)
def test_what_can_not_be_told_is_no_silence(text, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        holds(text)
