"""`superpose new plugin`: what it writes works at once, and it writes all of it or nothing."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import fresh
import superpose
from superpose.cli import main
from superpose.kinds.roles import ROLES
from superpose.plugins.validate import validate
from superpose.scaffold import EXAMPLES
from superpose.scaffold.project import LONGEST, Project, requirement

ROOT = Path(__file__).parents[3]
FILES = {
    ".github/workflows/test.yml",
    ".gitignore",
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "recipes/my-{role}.toml",
    "src/superpose_my_{role}/__init__.py",
    "src/superpose_my_{role}/py.typed",
    "tests/test_my_{role}.py",
}


def new(out, name, role, *arguments):
    return main(["new", "plugin", name, "--role", role, "--out", str(out), *arguments])


@pytest.fixture
def projects(tmp_path):
    """A project of every role, named my-ROLE, by role."""
    folders = {role: tmp_path / f"superpose-my-{role}" for role in EXAMPLES}
    for role, out in folders.items():
        assert new(out, f"my-{role}", role) == 0, role
    return folders


def test_there_is_an_example_of_every_role():
    assert set(EXAMPLES) == set(ROLES)


def test_every_role_works_in_a_fresh_environment(projects, tmp_path):
    """superpose is installed from its sources too, so that what its wheel leaves out is missed."""
    env = fresh.make_environment(tmp_path / "env")
    fresh.install(env, ROOT, *projects.values())

    found = {it["name"]: it for it in json.loads(fresh.run(env, "superpose", "plugins", "--json").stdout)}
    for role in projects:
        plugin = found[f"my-{role}"]
        assert plugin["status"] == "loaded", plugin
        assert plugin["distribution"] == f"superpose-my-{role}"
        assert plugin["adds"] == {role: [f"my-{role}"]}

    printed = fresh.run(env, "superpose", "kinds", "my-view").stdout
    assert "my-view (view)" in printed
    assert "columns: a whole number, >= 1, default 16" in printed

    tests = [str(folder / "tests") for folder in projects.values()]
    quiet = ("-W", "error", "-p", "no:cacheprovider", "-p", "no:xdist")
    printed = fresh.run(env, "pytest", "-v", *quiet, *tests, cwd=tmp_path).stdout
    assert not re.search(r"\d (skipped|xfailed|warning)", printed), printed
    for role in projects:
        for test in ("test_the_laws", "test_it_is_light_to_import", "test_the_recipe"):
            assert re.search(rf"test_my_{role}\.py::{test}\S* .*PASSED", printed), f"{role}: no {test} ran\n{printed}"

    again = fresh.run(env, "superpose", "new", "plugin", "another", cwd=tmp_path)
    assert "superpose-another/pyproject.toml" in again.stdout, "the templates are not in the wheel"


@pytest.mark.parametrize("name", ["x", "a" * LONGEST, "-".join("ab" * (LONGEST // 4)).ljust(LONGEST, "z"), "noise-2"])
def test_what_it_writes_passes_ruff(name, tmp_path):
    """With the configuration that it writes, and with ours: the sources are then under src."""
    for role in EXAMPLES:
        assert new(tmp_path / role, name, role) == 0, role
    # Each project's own configuration holds for its files; ours names folders, and is for one project at a time.
    held = [(tmp_path, ["check"]), (tmp_path, ["format", "--check"])]
    ours = ["check", "--config", str(ROOT / "pyproject.toml"), "--config", "src = ['src']"]
    for folder, command in held + [(tmp_path / role, ours) for role in EXAMPLES]:
        line = [sys.executable, "-m", "ruff", *command, "--no-cache", "."]
        done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{folder.name} {name}: ruff {' '.join(command)}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("role", EXAMPLES)
def test_a_project_is_complete(role, projects):
    out = projects[role]
    written = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    further = {f"src/superpose_my_{role}/predictor.py"} if role in ("model", "classifier") else set()
    assert written == {name.format(role=role) for name in FILES} | further

    for name in sorted(written):
        text = (out / name).read_text(encoding="utf-8")
        assert not re.search(r"\$(?!\{\{ )", text), f"{name} has a placeholder that was not filled"
        assert text == "" or text.endswith("\n"), f"{name} does not end with a line"
    metadata = tomllib.loads((out / "pyproject.toml").read_text())
    assert metadata["project"]["dependencies"] == [requirement(superpose.__version__)]
    assert metadata["project"]["entry-points"] == {"superpose": {f"my-{role}": f"superpose_my_{role}"}}
    assert f"pip install superpose-my-{role}\n" in (out / "README.md").read_text()


@pytest.mark.parametrize("role", EXAMPLES)
@pytest.mark.parametrize("name", ["none", "true", "noise", "view", "model", "guidance", "between"])
def test_no_name_hides_what_the_module_imports(name, role):
    text = Project(name=name, role=role).texts()[f"src/superpose_{name}/__init__.py"]
    module = {"__name__": "example"}
    exec(compile(text, f"{role}.py", "exec"), module)
    kind = module[Project(name=name, role=role).cls]
    validate(kind, role)
    assert kind.kind == name


def test_it_says_what_it_wrote_and_what_to_do_next(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "plugin", "two-fold"]) == 0
    written, _, following = capsys.readouterr().out.partition("\n\nnext:\n")
    assert all((tmp_path / path).is_file() for path in written.splitlines()), written
    assert "superpose-two-fold/src/superpose_two_fold/__init__.py" in written.splitlines()
    assert [line.strip() for line in following.splitlines()] == [
        'pip install -e "./superpose-two-fold[test]"',
        'pytest "./superpose-two-fold"',
        "superpose kinds two-fold",
    ]


@pytest.mark.parametrize(
    ("author", "entry", "holder"),
    [
        ("", None, "the superpose-hinge authors"),
        ("Ada Lovelace", [{"name": "Ada Lovelace"}], "Ada Lovelace"),
        ("Ada <ada@example.org>", [{"name": "Ada", "email": "ada@example.org"}], "Ada"),
        ('Ada "L" \\ $name', [{"name": 'Ada "L" \\ $name'}], 'Ada "L" \\ $name'),
    ],
)
def test_the_author_is_named(author, entry, holder):
    texts = Project(name="hinge", author=author).texts()
    assert tomllib.loads(texts["pyproject.toml"])["project"].get("authors") == entry
    assert f"Copyright (c) {holder}\n" in texts["LICENSE"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "Hinge",
            "lower case letters and digits with single hyphens between, such as 'hinge' or 'two-fold', not 'Hinge'",
        ),
        ("my_hinge", "not 'my_hinge'"),
        ("9lives", "not '9lives'"),
        ("hinge-", "not 'hinge-'"),
        ("../hinge", "not '../hinge'"),
        ("", "not ''"),
        ("superpose-hinge", "'superpose-hinge' would be installed as superpose-superpose-hinge: write 'hinge'"),
        ("superpose", "write 'hinge'"),
        ("a" * (LONGEST + 1), f"has at most {LONGEST} characters"),
        ("rotate", "has a view called 'rotate' already: choose another name"),
        ("views", "has a plugin called 'views' already: choose another name"),
    ],
)
def test_a_name_that_will_not_do_is_refused(name, says, tmp_path, capsys):
    assert new(tmp_path / "out", name, "view") == 2
    errors = capsys.readouterr().err
    assert says in errors
    assert len(errors.splitlines()) == 1, errors
    assert not any(tmp_path.iterdir())


def test_a_name_that_another_role_has_is_free(tmp_path):
    assert new(tmp_path / "out", "rotate", "constraint") == 0


@pytest.mark.parametrize("author", ["<ada@example.org>", "Ada <ada>", "Ada\nLovelace", " ", "Ada <a@b> <c@d>"])
def test_an_author_that_is_none_is_refused(author, tmp_path, capsys):
    assert new(tmp_path / "out", "hinge", "view", "--author", author) == 2
    assert "the author must be a name, or a name and an address" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_an_unknown_role_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as done:
        new(tmp_path / "out", "hinge", "sampler")
    assert done.value.code == 2
    assert "invalid choice: 'sampler'" in capsys.readouterr().err


def test_a_folder_with_something_in_it_is_left_alone(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert new(tmp_path, "hinge", "view") == 2
    assert f"{tmp_path} is not empty (notes.txt is in it): choose another folder with --out" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_empty_folder_is_filled_and_missing_ones_are_made(tmp_path):
    (tmp_path / "empty").mkdir()
    assert new(tmp_path / "empty", "hinge", "view") == 0
    assert new(tmp_path / "some" / "where", "hinge", "view") == 0
    assert (tmp_path / "empty" / "README.md").read_text() == (tmp_path / "some" / "where" / "README.md").read_text()


def test_a_file_in_the_way_and_the_working_folder_are_refused(tmp_path, capsys, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    assert new(tmp_path / "file", "hinge", "view") == 2
    assert "is there and is no folder" in capsys.readouterr().err
    assert new(tmp_path / "file" / "out", "hinge", "view") == 2
    assert f"can't write {tmp_path / 'file' / 'out'}" in capsys.readouterr().err
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert new(".", "hinge", "view") == 2
    assert "is the folder you work in" in capsys.readouterr().err


def test_nothing_is_left_half_written(tmp_path, capsys, monkeypatch):
    written = []
    write = Path.write_text

    def full(self, *arguments, **options):
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        written.append(self)
        return write(self, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", full)
    assert new(tmp_path / "out", "hinge", "view") == 2
    assert "No space left on device; choose another folder with --out" in capsys.readouterr().err
    assert len(written) == 3
    assert not any(tmp_path.iterdir())


def test_the_folder_is_as_open_as_any_other(projects, tmp_path):
    (tmp_path / "other").mkdir()
    assert projects["view"].stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        ("0.1.0", "superpose>=0.1,<0.2"),
        ("0.9.7", "superpose>=0.9,<0.10"),
        ("1.4.2", "superpose>=1.4,<2"),
        ("2.0.0rc1", "superpose>=2.0,<3"),
    ],
)
def test_a_plugin_wants_the_versions_that_keep_the_promise(version, wanted):
    assert requirement(version) == wanted
