"""Projects of plugins: names that work everywhere they are used, and texts that name each other."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import PluginError
from superpose.kinds.roles import ROLES
from superpose.plugins import load_plugins
from superpose.scaffold.project import LONGEST, Project

WORDS = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True).filter(lambda word: word != "superpose")


@given(st.lists(WORDS, min_size=1, max_size=4).map("-".join), st.sampled_from(sorted(ROLES)))
def test_a_name_works_wherever_it_is_used(name, role):
    project = Project(name=name, role=role)
    assert project.distribution == f"superpose-{name}"
    assert project.module.isidentifier()
    assert project.cls.isidentifier()
    assert project.cls.endswith(role.capitalize())


@pytest.mark.parametrize("role", ROLES)
def test_its_files_name_each_other(role):
    project = Project(name="two-fold", role=role, author="Ada Lovelace <ada@example.org>")
    texts = project.texts()
    table = tomllib.loads(texts["pyproject.toml"])["project"]
    assert table["name"] == "superpose-two-fold"
    assert table["authors"] == [{"name": "Ada Lovelace", "email": "ada@example.org"}]
    assert table["entry-points"]["superpose"] == {"two-fold": "superpose_two_fold"}
    assert f"class {project.cls}(" in texts["src/superpose_two_fold/__init__.py"]
    assert not [path for path, text in texts.items() if "$" in path or "$name" in text or "$cls" in text]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Hinge", "lower case letters"),
        ("two--fold", "single hyphens"),
        ("x" * (LONGEST + 1), f"at most {LONGEST} characters"),
        ("superpose", "write 'hinge'"),
        ("superpose-fold", "write 'fold'"),
    ],
)
def test_names_that_will_not_do(name, says):
    with pytest.raises(PluginError, match=says):
        Project(name=name)


def test_a_name_that_others_have():
    with pytest.raises(PluginError, match=r"has a view called 'rotate' already: choose another name"):
        Project(name="rotate").check(load_plugins())
    Project(name="rotate", role="clip").check(load_plugins())
    with pytest.raises(PluginError, match="has a plugin called 'views' already"):
        Project(name="views", role="clip").check(load_plugins())


@pytest.mark.parametrize("author", ["<ada@example.org>", "Ada <ada>", "Ada\nLovelace", " "])
def test_who_is_no_author(author):
    with pytest.raises(PluginError, match="the author must be a name, or a name and an address"):
        Project(name="fold", author=author)


def test_an_unknown_role_is_told_the_nearest():
    with pytest.raises(PluginError, match="there is no role 'veiw'; did you mean 'view'"):
        Project(name="fold", role="veiw")
