"""Names of parts that depend on the options of a decomposition."""

import attrs
import pytest
from jsonschema import Draft4Validator

from example_kinds import KINDS
from reading import HEAD, loads, mistakes
from superpose import Decomposition, option
from superpose.plugins import Registry
from superpose.recipe import dumps, schema
from superpose.recipe.example import example


@attrs.frozen(kw_only=True)
class Bands(Decomposition):
    """Strips, from the left to the right."""

    kind = "bands"
    bands: int = option(2, doc="number of strips", ge=1)
    prefix: str = option("band", doc="how the strips are called")

    @property
    def names(self):
        return tuple(f"{self.prefix}-{i}" for i in range(self.bands))

    def split(self, x):
        raise NotImplementedError


REGISTRY = Registry.of(*KINDS, Bands)


def text(bands, *parts):
    body = "".join(f'{part} = "A"\n' for part in parts)
    return f'{HEAD}[decomposition]\nkind = "bands"\nbands = {bands}\n{body}'


@pytest.mark.parametrize("count", [1, 3])
def test_there_is_a_part_for_each_name(count):
    recipe = loads(text(count, *(f"band-{i}" for i in range(count))), registry=REGISTRY)
    assert [name for name, _ in recipe.subject.decomposition.parts] == [f"band-{i}" for i in range(count)]
    assert loads(dumps(recipe), registry=REGISTRY) == recipe


def test_the_default_of_the_option_names_parts_too():
    short = HEAD + '[decomposition]\nkind = "bands"\nband-0 = "A"\nband-1 = {prompt = "B"}'
    assert [part.prompt for _, part in loads(short, registry=REGISTRY).subject.decomposition.parts] == ["A", "B"]


def test_parts_that_are_missing_or_unknown_are_told_with_the_names_there_are():
    assert mistakes(text(2, "band-0", "sky"), registry=REGISTRY) == [
        'r.toml:3:1: decomposition.band-1: missing; say what the part shows, such as band-1 = "a prompt"',
        "r.toml:7:1: decomposition.sky: unknown key; known: band-0, band-1, bands, kind, prefix",
    ]


def test_an_override_of_the_option_wants_other_parts():
    assert mistakes(text(2, "band-0", "band-1"), "decomposition.bands=3", registry=REGISTRY) == [
        'r.toml:3:1: decomposition.band-2: missing; say what the part shows, such as band-2 = "a prompt"',
    ]


def test_a_wrong_option_is_told_alone_since_it_would_make_the_names():
    assert mistakes(text(0, "band-0"), registry=REGISTRY) == [
        "r.toml:5:1: decomposition.bands: must be at least 1, got 0"
    ]


@pytest.mark.parametrize(
    ("prefix", "says"),
    [
        ("Band!", "decomposition 'bands': names is ('Band!-0', 'Band!-1'); it must be a tuple of different names"),
        ("", "decomposition 'bands': names is ('-0', '-1'); it must be a tuple of different names"),
    ],
)
def test_names_that_no_recipe_can_write_are_refused(prefix, says):
    [line] = mistakes(text(2) + f'prefix = "{prefix}"', registry=REGISTRY)
    assert line.startswith(f"r.toml:3:1: decomposition: {says}")


def test_a_part_called_like_an_option_is_refused():
    @attrs.frozen(kw_only=True)
    class Clash(Decomposition):
        """Its only part is called as its option says."""

        kind = "clash"
        called: str = option("called", doc="name of the part")

        @property
        def names(self):
            return (self.called,)

        def split(self, x):
            return (x,)

    [line] = mistakes(HEAD + '[decomposition]\nkind = "clash"', registry=Registry.of(*KINDS, Clash))
    assert "decomposition 'clash': the part 'called' has the name of an option; rename it" in line


def test_the_schema_takes_a_part_of_any_name_and_nothing_that_is_no_part():
    judge = Draft4Validator(schema(REGISTRY))
    head = {"model": {"kind": "toy"}, "scheduler": {"kind": "ddim", "steps": 4}}
    parts = {"kind": "bands", "bands": 1, "band-0": "A"}
    assert not list(judge.iter_errors(head | {"decomposition": parts}))
    for wrong in ({"band-0": 3}, {"bands": "many"}, {"band-0": {"promt": "A"}}):
        assert list(judge.iter_errors(head | {"decomposition": parts | wrong})), wrong


def test_the_example_has_the_parts_of_the_options_it_shows():
    assert 'bands = 2\nprefix = "band"\nband-0 = "A"\nband-1 = "B"\n' in example(Bands, REGISTRY)
