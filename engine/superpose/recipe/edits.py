"""Edits by words: what is said to change, as templates whose words are drawn for each pair.

Which edit and which words a pair has is a function of (seed, number of the pair): no other pair has a part in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

import attrs

from superpose.errors import RecipeError
from superpose.estimate.loss import Loss
from superpose.kinds.kind import option, with_options
from superpose.kinds.options import Listed, Option, Scalar, options_of
from superpose.kinds.spelling import suggestion
from superpose.plugins import Registry, load_plugins
from superpose.recipe.loading import plain_tables, text_of
from superpose.recipe.mistakes import MistakesError, Source
from superpose.recipe.read import TEXT, WRONG, Reader, Wrong, all_right
from superpose.recipe.where import KeyPath, TomlTable, locate

#: Keys of a file of edits.
KEYS = ("together", "words", "edit", "keep")
#: What a loss is told the picture before the edit by.
IMAGE = "image"
#: Draws of words until both prompts differ, at most.
DRAWS = 1000
T = TypeVar("T")
_WORD = re.compile(r"\{([^{}]*)\}")


class Told(NamedTuple):
    """Texts of a pair: two prompts, an instruction, and the one that would change it back; "" for none."""

    before: str
    after: str
    instruction: str
    back: str


@attrs.frozen(kw_only=True)
class Edit:
    """An edit as templates, in which ``{name}`` stands for a word of that list."""

    before: str = option(doc='prompt of the picture before, such as "{letter} in {from}"')
    after: str = option(doc='prompt of the picture after, such as "{letter} in {to}"')
    instruction: str = option(doc='what is said to change, such as "make it {to}"')
    back: str = option("", doc="what would change it back, which makes another pair of the same pictures")
    weight: float = option(1.0, doc="how often it is drawn, relative to the other edits", gt=0)

    @property
    def templates(self) -> tuple[str, str, str, str]:
        """Its texts, as `Told` has them."""
        return self.before, self.after, self.instruction, self.back

    def told(self, words: Mapping[str, str]) -> Told:
        """Its texts with a word in the place of each name."""
        return Told(*(_WORD.sub(lambda found: words[found[1]], text) for text in self.templates))

    def mistakes(self, lists: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        """Names that stand for no word, or that neither prompt has, as (option, what is wrong)."""
        shown = {*_WORD.findall(self.before), *_WORD.findall(self.after)}
        for name, text in zip(("before", "after", "instruction", "back"), self.templates, strict=True):
            for word in _WORD.findall(text):
                if word not in lists:
                    cure = suggestion(word, lists) if lists else f": write [words] with {word} = [...]"
                    yield name, f"{{{word}}} is no list of [words]{cure}"
                elif word not in shown:
                    yield name, f"neither prompt has {{{word}}}, so nothing shows it: write it into before or after"


@attrs.frozen(kw_only=True)
class Keep:
    """A condition on pairs: the loss of the picture after, which is told the picture before."""

    loss: Loss = option(doc="what is computed, without its image, which is the picture before")
    most: float | None = option(None, doc="the highest that a pair is kept with: more has changed than was said")
    least: float | None = option(None, doc="the lowest: less has hardly changed anything")

    def of(self, before: Path) -> Loss:
        """The loss, told the picture before an edit."""
        return with_options(self.loss, **{IMAGE: before})

    def holds(self, value: float) -> bool:
        """True for the loss of a pair that is kept."""
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)


@attrs.frozen(kw_only=True)
class Edits:
    """A file of edits.

    Attributes:
        edit: Edits, of which each pair has one.
        words: The lists that templates name.
        keep: What must hold of a pair for it to be listed.
        together: Pairs in a row that are told the same, of other noise.
    """

    edit: tuple[Edit, ...]
    words: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    keep: tuple[Keep, ...] = ()
    together: int = option(1, doc="pairs in a row that are told the same, of other noise", ge=1, le=10_000)

    def told(self, seed: int, pair: int) -> Told:
        """Texts of a pair.

        Raises:
            RecipeError: If words were drawn often, and both prompts were the same each time.
        """
        group = pair // self.together
        for draw in range(DRAWS):
            key = f"{seed}/{group}/{draw}"
            edit = self._edit(_share(key))
            chosen = {name: words[int(_share(f"{key}/{name}") * len(words))] for name, words in self.words.items()}
            told = edit.told(chosen)
            if told.before != told.after:
                return told
        raise RecipeError(
            f"in {DRAWS} draws of words before and after were the same, {told.before!r}: "
            "give what changes lists of words that differ"
        )

    def _edit(self, share: float) -> Edit:
        left = share * sum(edit.weight for edit in self.edit)
        for edit in self.edit:
            left -= edit.weight
            if left < 0:
                return edit
        return self.edit[-1]


_together = attrs.fields(Edits).together
#: The option of a whole file.
TOGETHER = Option("together", Scalar(int), _together.metadata["doc"], _together.metadata["limits"], _together.default)


def load_edits(path: str | Path, *, registry: Registry | None = None) -> Edits:
    """Read a file of edits.

    Arguments:
        path: The TOML file.
        registry: The kinds there are; all installed ones by default.

    Raises:
        RecipeError: With every mistake, one a line, in the order of the file.
    """
    text = text_of(path)
    data = plain_tables(text, str(path))
    reader = Reader(registry or load_plugins(), Path(path).parent)
    edits = _edits(reader, data, Path(path))
    if edits is WRONG or reader.mistakes:
        raise MistakesError(Source(str(path), locate(text), {}).mistakes(reader.mistakes))
    return edits


def _edits(reader: Reader, data: TomlTable, path: Path) -> Edits | Wrong:
    reader.unknown_keys(data, KEYS, ())
    words = _words(reader, data.get("words", {}))
    if "edit" not in data:
        return reader.wrong(("edit",), "missing; write [[edit]] with before, after and instruction")
    lists = words if words is not WRONG else {}
    edit = _listed(reader, data, "edit", lambda table, at: _edit(reader, table, at, lists))
    keep = _listed(reader, data, "keep", lambda table, at: _keep(reader, table, at, path))
    together = reader.option(TOGETHER, data, ())
    return reader.made(Edits, {"edit": edit, "words": words, "keep": keep, "together": together}, ())


def _listed(
    reader: Reader, data: TomlTable, key: str, read: Callable[[TomlTable, KeyPath], T | Wrong]
) -> tuple[T, ...] | Wrong:
    """The tables of a list; none where the file has no such key."""
    tables = reader.tables(data[key], (key,)) if key in data else []
    if tables is WRONG:
        return WRONG
    found = [(reader.table(each, (key, i), f"[[{key}]]"), (key, i)) for i, each in enumerate(tables)]
    return all_right(WRONG if table is WRONG else read(table, at) for table, at in found)


def _edit(reader: Reader, table: TomlTable, at: KeyPath, lists: Mapping[str, tuple[str, ...]]) -> Edit | Wrong:
    edit = reader.options(Edit, table, at)
    wrong = [] if edit is WRONG else [reader.wrong((*at, name), why) for name, why in edit.mistakes(lists)]
    return WRONG if wrong else edit


def _keep(reader: Reader, table: TomlTable, at: KeyPath, path: Path) -> Keep | Wrong:
    loss = table.get("loss")
    if isinstance(loss, dict):
        if IMAGE in loss:
            return reader.wrong((*at, "loss", IMAGE), "it is the picture before, of each pair its own: leave it out")
        cls = reader.named("loss", loss, (*at, "loss"))
        if cls is WRONG:
            return WRONG
        if IMAGE not in {one.name for one in options_of(cls)}:
            cure = f"choose one with an option {IMAGE!r}, as superpose kinds loss lists"
            return reader.wrong((*at, "loss"), f"{cls.kind!r} compares with no image: {cure}")
        table = table | {"loss": loss | {IMAGE: path.name}}  # any file that is there, until a pair is
    keep = reader.options(Keep, table, at)
    if keep is not WRONG and keep.most is None and keep.least is None:
        return reader.wrong(at, "says neither most nor least, so that every pair is kept: write one of them")
    return keep


def _words(reader: Reader, given: object) -> dict[str, tuple[str, ...]] | Wrong:
    table = reader.table(given, ("words",), "[words] with a list on each line")
    if table is WRONG:
        return WRONG
    lists = all_right(_list(reader, name, said) for name, said in table.items())
    return WRONG if lists is WRONG else dict(zip(table, lists, strict=True))


def _list(reader: Reader, name: str, given: object) -> tuple[str, ...] | Wrong:
    words = reader.value(Listed(TEXT), given, ("words", name))
    if words == ():
        return reader.wrong(("words", name), f'has no word: write {name} = ["red", "blue"]')
    return tuple(map(str, words)) if isinstance(words, tuple) else WRONG


def _share(key: str) -> float:
    """A number in [0, 1) that is a function of a text."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6]) / 2**48
