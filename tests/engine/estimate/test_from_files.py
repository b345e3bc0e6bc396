"""Kinds that are read from files: each file is read once for what it says, and problems of files are problems."""

import hashlib
from pathlib import Path

import attrs
import pytest

from superpose import FileModel, RecipeError, TableSchedule, option, problems_of

READ = []


@attrs.frozen(kw_only=True)
class Sized(FileModel[int]):
    """A model whose file is its size."""

    kind = "sized"
    path: Path = option(doc="the file")
    most: int = option(8, doc="largest size")

    def read(self):
        READ.append(self.path)
        return int(self.path.read_text())

    @property
    def shape(self):
        return 3, self.metadata, self.metadata

    @property
    def schedule(self):
        return TableSchedule.named("linear")

    @property
    def weight_files(self):
        return {"all": self.path, "again": self.path}

    def prompt_problems(self, prompt):
        return ()

    def load(self, device="cpu", dtype="float32"):
        if device == "meta" and self.metadata > self.most:
            raise RecipeError(f"{self.path} is too large", "and odd")
        return object()


@pytest.fixture
def file(tmp_path):
    READ.clear()
    path = tmp_path / "size.txt"
    path.write_text("9")
    return path


def test_what_the_file_says_is_read_once(file):
    model = Sized(path=file)
    assert READ == [], "and not before it is asked for"
    assert (model.shape, model.metadata, model.shape) == ((3, 9, 9), 9, (3, 9, 9))
    assert [file] == READ
    file.write_text("5")
    assert model.metadata == 9, "another file is another object's"
    assert Sized(path=file).metadata == 5


def test_equal_kinds_are_equal_though_one_has_been_read(file):
    one, other = Sized(path=file), Sized(path=file)
    assert one.metadata == 9
    assert one == other
    assert hash(one) == hash(other)


def test_files_that_do_not_fit_are_a_problem(file):
    [problem] = problems_of(Sized(path=file).problems)
    assert str(problem) == f"{file} is too large; and odd"
    assert problems_of(Sized(path=file, most=9).problems) == []


def test_weights_are_digests(file):
    digest = hashlib.sha256(b"9").hexdigest()
    assert Sized(path=file).weights() == {"all": digest, "again": digest}
