"""Writing a project: all of it or nothing, into a folder that is nobody's."""

import pytest

from superpose import PluginError
from superpose.scaffold.writing import write_project

TEXTS = {"README.md": "# é\n", "src/mine/__init__.py": "x = 1\r\n"}


@pytest.mark.parametrize("there", [False, True])
def test_every_file_is_written_as_it_is(there, tmp_path):
    out = tmp_path / "deep" / "new"
    if there:
        out.mkdir(parents=True)
    paths = write_project(TEXTS, out)
    assert paths == [out / name for name in TEXTS]
    assert {name: (out / name).read_bytes() for name in TEXTS} == {k: v.encode() for k, v in TEXTS.items()}
    assert [path.name for path in out.parent.iterdir()] == ["new"], "nothing is left beside it"


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (lambda out: out.write_text("mine"), "is there and is no folder"),
        (lambda out: out.symlink_to(out.parent), "is there and is no folder"),
        (lambda out: (out.mkdir(), (out / "b").touch(), (out / "a").touch()), r"is not empty \(a is in it\)"),
    ],
)
def test_what_is_there_is_left_alone(prepare, says, tmp_path):
    out = tmp_path / "new"
    prepare(out)
    with pytest.raises(PluginError, match=rf"{says}.*choose another"):
        write_project(TEXTS, out)
    assert not (tmp_path / "README.md").exists()


def test_the_folder_one_works_in_is_not_taken_away(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PluginError, match="is the folder you work in: go up one"):
        write_project(TEXTS, tmp_path)


def test_what_fails_half_way_leaves_nothing(tmp_path):
    texts = {"a": "1", "a/b": "a file can't be a folder"}
    with pytest.raises(PluginError, match=r"can't write .*new: .*; choose another folder with --out"):
        write_project(texts, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []
