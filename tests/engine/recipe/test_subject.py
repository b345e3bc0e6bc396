"""Subjects: exactly one of the things that they can be, walked, changed and heard to the bottom."""

from pathlib import Path

import pytest

from superpose import RecipeError, make
from superpose.recipe.subject import ComposeTerm, ComposeTerms, PartTerms, Subject, ViewTerm, inside

CFG = make("guidance", "cfg", scale=3.0)
FLIP = make("view", "flip")


def seen(*subjects, **own):
    return Subject(view=[ViewTerm(view=FLIP, subject=subject) for subject in subjects], **own)


def parts(low, high, **own):
    hybrid = make("decomposition", "hybrid")
    return Subject(decomposition=PartTerms(decomposition=hybrid, parts=(("low", low), ("high", high))), **own)


def both(*subjects, **own):
    terms = [ComposeTerm(subject=subject) for subject in subjects]
    return Subject(compose=ComposeTerms(conjuncts=terms, negated=()), **own)


A, B, IMAGE = Subject(prompt="a"), Subject(prompt="b", model="second"), Subject(image=Path("c.png"))
NESTED = seen(A, parts(both(A, B), IMAGE, model="first"))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "exactly one of .*; got none"),
        ({"prompt": "a", "image": Path("a.png")}, "got prompt and image"),
        ({"image": Path("a.png"), "guidance": CFG}, "no network is asked: leave out guidance, or give a prompt"),
        ({"image": Path("a.png"), "negative": "b"}, "leave out negative"),
        ({"prompt": "a", "guidance_stages": (0,)}, "there is none: add guidance beside it"),
        ({"prompt": "a", "reduction": "mean"}, "there are none: leave it out"),
    ],
)
def test_what_contradicts_itself(fields, says):
    with pytest.raises(RecipeError, match=says):
        Subject(**fields)


def test_views_that_take_turns_have_no_weights():
    terms = [ViewTerm(view=FLIP, subject=A, weight=weight) for weight in (1.0, 2.0)]
    with pytest.raises(RecipeError, match="views that take turns have no weights"):
        Subject(view=terms, reduction="alternate")


def test_every_subject_inside_has_its_place():
    [(first, a), (second, hybrid)] = NESTED.placed
    assert (first, a, second) == (("view", 0), A, ("view", 1))
    assert [place for place, _ in hybrid.placed] == [("decomposition", "low"), ("decomposition", "high")]
    assert [(place, it.image) for place, it in NESTED.images()] == [
        (("view", 1, "decomposition", "high", "image"), Path("c.png"))
    ]
    assert [name for _, name in NESTED.models_named()] == ["first", "second"]
    assert [*NESTED.models_named(("at",))][1][0][:3] == ("at", "view", 1)


def test_a_change_reaches_all_that_is_directly_inside():
    marked = seen(A, B).mapped(lambda inner: Subject(prompt=inner.prompt + "!"), negative="c")
    assert [inner.prompt for inner in marked.inner] == ["a!", "b!"]
    assert marked.negative == "c"
    assert seen(A, B).mapped(lambda inner: inner) == seen(A, B)
    assert NESTED.mapped(lambda inner: inner) == NESTED


def test_guidances_hold_at_their_stages():
    inner = Subject(prompt="a", guidance=CFG, guidance_stages=(1,))
    subject = seen(inner, Subject(prompt="b", guidance=CFG))
    for stage, held in ((0, [None, CFG]), (1, [CFG, CFG])):
        assert [one.guidance for one in subject.at_stage(stage).inner] == held
        assert not any(one.guidance_stages for one in subject.at_stage(stage).inner)


class TestNegatives:
    def test_one_is_heard_by_a_guidance_anywhere_below_it(self):
        guided = Subject(prompt="a", guidance=CFG)
        assert not Subject(prompt="a", negative="n").hears(guided=False)
        assert Subject(prompt="a", negative="n").hears(guided=True)
        assert seen(A, guided, negative="n").hears(guided=False)
        assert both(A, A, negative="n").hears(guided=False)

    def test_one_that_is_said_anew_below_does_not_hear_for_it(self):
        inner = Subject(prompt="a", guidance=CFG, negative="other")
        assert not seen(inner, negative="n").hears(guided=False)

    def test_those_that_nobody_hears_are_taken_out(self):
        subject = seen(Subject(prompt="a", negative="x"), Subject(prompt="b", negative="y", guidance=CFG), negative="z")
        unheard = [not heard for heard in subject.heard(guided=False)]
        left = subject.without_negatives(iter(unheard))
        assert [left.negative, *(one.negative for one in left.inner)] == [None, None, "y"]


def test_kinds_that_options_name_are_inside_too():
    rescale = make("guidance", "rescale", base=CFG)
    assert [kind.kind for kind in inside(rescale)] == ["rescale", "cfg"]
    assert [*inside(3)] == []
