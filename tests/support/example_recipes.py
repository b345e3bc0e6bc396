"""Recipes drawn at random from the example kinds."""

import attrs
from hypothesis import strategies as st

from example_kinds import Box, Cfg, Flip, Hybrid, Identity, Rotate, Steps, Toy, Window
from superpose.estimate.clip import DynamicClip, NoClip, StaticClip
from superpose.recipe import ComposeTerm, ComposeTerms, PartTerms, Recipe, Run, Stage, Subject, ViewTerm

TEXTS = st.text(max_size=8)
SHARES = st.floats(0, 1)
POSITIVE = st.floats(0, 1e6, exclude_min=True)
STEPS = st.builds(
    Steps,
    steps=st.integers(1, 1000),
    eta=SHARES,
    grid=st.sampled_from(["leading", "trailing"]),
    levels=st.none() | st.lists(POSITIVE, max_size=3).map(tuple),
    order=st.integers() | st.just("auto"),
)
WINDOWS = st.tuples(SHARES, SHARES).map(sorted).map(lambda pair: Window(start=pair[0], stop=pair[1]))
GUIDANCES = st.builds(Cfg, scale=st.floats(allow_nan=False, allow_infinity=False), window=st.none() | WINDOWS)
VIEWS = st.one_of(
    st.just(Identity()),
    st.builds(Rotate, degrees=st.sampled_from([90, 180, 270])),
    st.builds(Flip, axis=st.sampled_from(["horizontal", "vertical"])),
)
CLIPS = st.one_of(st.just(NoClip()), st.builds(StaticClip, range=POSITIVE), st.just(DynamicClip()))
CORNERS = st.tuples(st.integers(0, 99), st.integers(0, 99))
STAGES = st.builds(
    Stage,
    model=st.just(Toy()),
    scheduler=STEPS,
    guidance=st.none() | GUIDANCES,
    clip=st.none() | CLIPS,
)
BOXES = st.builds(Box, corner=CORNERS, through=st.none() | VIEWS, note=TEXTS)
NAMES = ("second", "third-3")
INNER = {"model": st.none() | st.sampled_from(NAMES)}
COMMON = {"negative": st.none() | TEXTS, "guidance": st.none() | GUIDANCES}
PROMPTED = st.builds(Subject, prompt=TEXTS, **COMMON, **INNER)


def composed(inner):
    """Subjects that are made of ``inner`` ones."""
    terms = st.builds(ViewTerm, view=VIEWS, weight=POSITIVE, subject=inner)
    parts = st.tuples(inner, inner).map(lambda pair: tuple(zip(("low", "high"), pair, strict=True)))
    hybrids = st.builds(PartTerms, decomposition=st.builds(Hybrid, sigma=POSITIVE), parts=parts)
    term = st.builds(ComposeTerm, weight=POSITIVE, subject=inner)
    conjuncts, negated = (st.lists(term, min_size=least, max_size=2) for least in (1, 0))
    compositions = st.builds(ComposeTerms, conjuncts=conjuncts, negated=negated)
    return st.one_of(
        st.builds(Subject, compose=compositions, **COMMON, **INNER),
        st.builds(Subject, view=st.lists(terms, min_size=1, max_size=3).map(tuple), **COMMON, **INNER),
        st.builds(Subject, decomposition=hybrids, **COMMON, **INNER),
    )


SUBJECTS = st.recursive(PROMPTED, composed, max_leaves=4)
RUNS = st.builds(
    Run,
    samples=st.integers(1, 100_000),
    seed=st.integers(0, 2**63 - 1),
    device=TEXTS,
    dtype=st.sampled_from(["float32", "bfloat16", "float16"]),
    compile=st.booleans(),
    offload=st.sampled_from(["none", "model"]),
    batch_size=st.integers(0, 64),
    at_once=st.integers(1, 64),
)


@st.composite
def recipes(draw):
    """A recipe; what the recipe itself says of model and guidance is kept in the recipe, not in its subject."""
    subject = attrs.evolve(draw(SUBJECTS), guidance=None, model=None)
    named = {name for _, name in subject.models_named()}
    return Recipe(
        requires=draw(st.sampled_from([(), ("pytest",)])),
        model=Toy(),
        models=tuple((name, Toy()) for name in NAMES if name in named),
        scheduler=draw(STEPS),
        guidance=draw(st.none() | GUIDANCES),
        clip=draw(st.none() | CLIPS),
        subject=subject,
        stage=tuple(draw(st.lists(STAGES, max_size=2))),
        constraint=tuple(draw(st.lists(BOXES, max_size=2))),
        run=draw(RUNS),
    )
