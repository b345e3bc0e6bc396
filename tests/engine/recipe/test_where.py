"""Positions in TOML files, against tomllib and against documents whose positions are known as they are written."""

import tomllib

import tomli_w
import tomlkit
from hypothesis import assume, given
from hypothesis import strategies as st

from fuzzing import fuzz
from superpose.recipe.where import locate


def paths(value, path=()):
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from paths(inner, (*path, step))


SCALARS = st.one_of(
    st.integers(-9, 9),
    st.booleans(),
    st.text(max_size=6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.sampled_from(['"', '""', "'''", '"""', "a\nb", "#", "=]", "\\", "\t"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.text(max_size=5), VALUES, max_size=5)


def check(text):
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)  # tomlkit writes some documents wrongly
    spots = locate(text)
    assert set(spots) == set(paths(parsed)), text
    lines = text.split("\n")
    for path, (line, column) in spots.items():
        assert 1 <= line <= len(lines), (path, text)
        assert 1 <= column <= len(lines[line - 1]), (path, text)


@fuzz(300)
@given(DOCUMENTS, st.booleans(), st.booleans())
def test_the_paths_are_those_of_tomllib(document, multiline, windows):
    text = tomli_w.dumps(document, multiline_strings=multiline)
    check(text.replace("\n", "\r\n") if windows else text)


@fuzz(200)
@given(DOCUMENTS)
def test_the_paths_are_those_of_tomllib_in_other_handwriting(document):
    try:
        text = tomlkit.dumps(document)
    except ValueError:  # tomlkit can't write every date
        assume(False)
    check(text)


class Pen:
    """Writes a document and remembers where it wrote what."""

    def __init__(self, draw, newline):
        self.draw, self.newline = draw, newline
        self.text, self.spots, self.count = "", {}, 0

    def put(self, text, path=None):
        if path is not None and path not in self.spots:
            line = self.text.count("\n") + 1
            self.spots[path] = (line, len(self.text) - (self.text.rfind("\n") + 1) + 1)
        self.text += text

    def gap(self, lines=False):
        choices = ["", " ", "\t ", *([self.newline, f" # a ] comment{self.newline}\t"] if lines else [])]
        self.put(self.draw(st.sampled_from(choices)))

    def key(self):
        self.count += 1
        name = f"k{self.count}"
        written = self.draw(st.sampled_from([name, f'"{name}"', f"'{name} =[\"'", f'"{name} \\" ]"']))
        return written, tomllib.loads(f"{written} = 1").popitem()[0]

    def value(self, path, depth=0):
        match self.draw(st.sampled_from(["scalar", "list", "table"])) if depth < 3 else "scalar":
            case "scalar":
                strings = [
                    "1",
                    "'x'",
                    '"a # [b]"',
                    "1979-05-27 07:32:00",
                    "true",
                    "'''a\n'b'''''",
                    '"""\n[x]\n\\"""y"""',
                ]
                self.put(self.draw(st.sampled_from(strings)))
            case "list":
                self.put("[")
                for index in range(self.draw(st.integers(0, 3))):
                    self.gap(lines=True)
                    self.put("", (*path, index))
                    self.value((*path, index), depth + 1)
                    self.gap(lines=True)
                    self.put(",")
                self.gap(lines=True)
                self.put("]")
            case "table":
                self.put("{")
                for index in range(self.draw(st.integers(0, 2))):
                    self.put("," if index else "")
                    self.gap()
                    self.pair(path, depth + 1)
                    self.gap()
                self.put("}")

    def pair(self, table, depth=0):
        path = table
        written = []
        for _ in range(self.draw(st.integers(1, 2))):
            raw, name = self.key()
            path = (*path, name)
            written.append(raw)
            self.put("", path)
        self.put(" . ".join(written))
        self.gap()
        self.put("=")
        self.gap()
        self.value(path, depth)

    def pairs(self, table):
        for _ in range(self.draw(st.integers(0, 2))):
            self.gap(lines=True)
            self.pair(table)
            self.put(f" # ={self.newline}")


@st.composite
def written(draw):
    pen = Pen(draw, draw(st.sampled_from(["\n", "\r\n"])))
    pen.pairs(())
    items = {}
    for _ in range(draw(st.integers(0, 5))):
        pen.gap(lines=True)
        header = draw(st.sampled_from(["new", "item", "inside"]))
        if header == "new":
            raw, name = pen.key()
            pen.put("", (name,))
            pen.put(f"[ {raw}]{pen.newline}")
            pen.pairs((name,))
        elif header == "item" or not items:
            index = items.get("view", -1) + 1
            items["view"] = index
            pen.put("", ("view",))
            pen.put(f"[[view ]]{pen.newline}", ("view", index))
            pen.pairs(("view", index))
        else:
            index = items["view"]
            inner = items.get(("view", index), -1) + 1
            items["view", index] = inner
            pen.put("", ("view", index, "view"))
            pen.put(f"[[view.\tview]]{pen.newline}", ("view", index, "view", inner))
            pen.pairs(("view", index, "view", inner))
    return pen


@fuzz(300)
@given(written())
def test_the_positions_are_where_things_were_written(pen):
    parsed = tomllib.loads(pen.text)
    assert set(pen.spots) == set(paths(parsed)), f"the test itself is wrong:\n{pen.text}"
    assert locate(pen.text) == pen.spots, pen.text


def test_by_hand():
    text = '''# c
title = "x#y"   # comment
a.b."c d" = [1, 2, # hi
   {x = 1, y = ["q",]},
]
ml = """
[not.a.table]
k = 1"""
d = 1979-05-27 07:32:00
[[views]]
kind = "flip"
[views.inner]
\tz = 1
[[views]]
kind = "rotate"
[[views.sub]]
q = 1
[[views.sub]]
q = 2
[tool."x.y".z]
w = \'\'\'it''s\'\'\'
'''
    spots = locate(text)
    assert set(spots) == set(paths(tomllib.loads(text)))
    assert spots["views", 1, "kind"] == (15, 1)
    assert spots["views", 1, "sub", 1, "q"] == (19, 1)
    assert spots["a", "b", "c d", 2, "y", 0] == (4, 17)
    assert spots["views", 0, "inner", "z"] == (13, 2)
    assert spots["tool", "x.y", "z"] == (20, 1)
    assert locate("") == {}
