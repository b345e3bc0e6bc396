"""Wildcards: a choice is a function of seed, sample and place, every choice is reached, and none is left open."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from example_kinds import Flip
from fuzzing import fuzz
from superpose import RecipeError
from superpose.recipe import ComposeTerm, ComposeTerms, Subject, ViewTerm
from superpose.recipe.wildcards import Wildcards, has_wildcards


@pytest.fixture
def wild(tmp_path):
    (tmp_path / "animals.txt").write_text("cat\n# no animal\n{big|small} dog\n")
    (tmp_path / "empty.txt").write_text("# nothing\n")
    (tmp_path / "loop.txt").write_text("__loop__\n")
    return Wildcards(tmp_path)


def prompts(wild, prompt, count=200):
    return [wild.resolved(Subject(prompt=prompt), 0, sample).prompt for sample in range(count)]


def test_every_choice_is_reached_about_as_often(wild):
    counted = Counter(prompts(wild, "a {cat|dog|bird} at sea", 600))
    assert set(counted) == {"a cat at sea", "a dog at sea", "a bird at sea"}
    assert min(counted.values()) > 150


def test_a_name_stands_for_the_lines_of_a_text_and_choices_may_stand_in_choices(wild):
    assert set(prompts(wild, "__animals__!")) == {"cat!", "big dog!", "small dog!"}
    assert set(prompts(wild, "{a|{b|c}}")) == {"a", "b", "c"}
    assert set(prompts(wild, "{a | b}|")) == {"a|", "b|"}


def test_what_is_no_choice_stays(wild):
    for text in ("", "a {brace}", "__init", "a | b", "snake_case_name"):
        assert set(prompts(wild, text, 3)) == {text}
        assert not has_wildcards(Subject(prompt=text))


@fuzz(30)
@given(seed=st.integers(0, 2**63 - 1), sample=st.integers(0, 10**6))
def test_a_choice_is_that_of_its_sample_and_seed_alone(seed, sample):
    subject = Subject(prompt="{a|b|c|d}{a|b|c|d}", negative="{e|f}")
    one, two = (Wildcards(Path()).resolved(subject, seed, sample) for _ in range(2))
    assert one == two
    assert not has_wildcards(one)


def test_prompts_choose_for_themselves(wild):
    term = {"subject": Subject(prompt="{a|b}")}
    views = Subject(view=(ViewTerm(view=Flip(), **term), ViewTerm(view=Flip(), **term)))
    both = {tuple(it.prompt for it in wild.resolved(views, 0, k).inner) for k in range(40)}
    assert both == {("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")}
    composed = Subject(compose=ComposeTerms(conjuncts=(ComposeTerm(**term),), negated=(ComposeTerm(**term),)))
    assert has_wildcards(composed)
    assert len({tuple(it.prompt for it in wild.resolved(composed, 0, k).inner) for k in range(40)}) == 4


def test_what_can_not_be_chosen_is_told(wild):
    with pytest.raises(RecipeError, match=r"nothing\.txt: no such file"):
        prompts(wild, "__nothing__")
    with pytest.raises(ValueError, match=r"__empty__: .*empty\.txt has no line"):
        prompts(wild, "__empty__")
    with pytest.raises(ValueError, match="does a text of words name itself"):
        prompts(wild, "__loop__")
    assert {path.name for path in wild.files} == {"empty.txt", "loop.txt"}
