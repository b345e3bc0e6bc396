"""superpose plugins check: a line a law, with the figure, and an exit code that a workflow can use."""

import re

import pytest

from fake_plugins import HEADER, installing, views
from superpose.cli import main
from superpose.plugins import BLOCK, discovery

LEAKY = (
    HEADER
    + '''
@attrs.frozen(kw_only=True)
class Leaky(View):
    """Loses one part in a thousand."""

    kind = "leaky"

    def apply(self, x):
        return x * 0.999

    def invert(self, x):
        return x / 0.999


@hookimpl
def register_views(register):
    register(Leaky)
'''
)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a plugin for one test."""
    yield from installing(tmp_path, monkeypatch)


def checked(capsys, *arguments):
    """The exit code, the lines cut into columns but for the summary, and what went to standard error."""
    code = main(["plugins", "check", *arguments])
    told = capsys.readouterr()
    return (
        code,
        [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in told.out.splitlines()[:-1]],
        told.err,
    )


def test_one_line_a_law_with_the_figure(install, capsys):
    module = install("hinge", views("fold", "hinge"))
    code, rows, error = checked(capsys, "hinge", "--size", "3x32x32")
    assert (code, error) == (0, "")
    assert rows[0][:4] == ["plugin hinge", "imports-fast", module, "ok"]
    assert float(rows[0][4]) > 0
    assert ["view fold", "keeps-lengths", "3x32x32", "ok", "1.0000000"] in rows
    assert ["view hinge", "undoes", "3x32x32", "ok", "0"] in rows
    laws = [row[1] for row in rows if row[0] == "view fold"]
    assert len(laws) == len(set(laws)) > 10, laws
    assert [row[1] for row in rows if row[0] == "view hinge"] == laws


def test_a_broken_law_is_exit_code_1(install, capsys):
    install("leaky", LEAKY)
    code, rows, _ = checked(capsys, "superpose-leaky", "--size", "1x9x7", "--size", "3x8x8")
    assert code == 1
    [row] = [row for row in rows if row[1] == "keeps-lengths"]
    assert row[:4] == ["view leaky", "keeps-lengths", "1x9x7", "BROKEN"]
    assert row[4].startswith("it changes the length of an image by up to 0.999 times; a view is orthogonal")
    assert ["view leaky", "apply-keeps-form", "1x9x7", "ok", "0"] in rows


def test_what_is_broken_alone_and_a_summary(install, capsys):
    install("leaky", LEAKY)
    assert main(["plugins", "check", "leaky", "leaky", "--broken", "--size", "3x8x8"]) == 1
    *lines, summary = capsys.readouterr().out.splitlines()
    assert lines
    assert all("  BROKEN  " in line for line in lines)
    told = re.fullmatch(r"(\d+) laws: (\d+) ok, (\d+) broken, 0 skipped", summary)
    total, kept, broken = map(int, told.groups())
    assert total == kept + broken > 10
    assert broken == len(lines)


def test_a_plugin_that_is_broken_is_exit_code_1(install, capsys):
    install("crash", "raise OSError('disk')")
    assert checked(capsys, "crash") == (1, [["plugin crash", "loads", "BROKEN", "broken: OSError: disk"]], "")


def test_no_such_plugin_is_exit_code_2(install, capsys, monkeypatch):
    install("hinge", views("hinge"))
    assert checked(capsys, "hing") == (
        2,
        [],
        "superpose: no plugin 'hing' is installed; did you mean 'hinge'?\n",
    )
    monkeypatch.setenv(BLOCK, "hinge")
    discovery._loaded.cache_clear()
    code, rows, error = checked(capsys, "hinge")
    assert (code, rows) == (2, [])
    assert error == "superpose: plugin 'hinge' (superpose-hinge 0.3) is blocked: by SUPERPOSE_BLOCK_PLUGINS\n"


@pytest.mark.parametrize(
    ("size", "says"),
    [("3x32", "'3x32' is not CxHxW, such as 3x48x48"), ("3x0x8", "'3x0x8' has a side below 1"), ("axbxc", "not CxHxW")],
)
def test_a_size_is_three_numbers(capsys, size, says):
    with pytest.raises(SystemExit) as done:
        main(["plugins", "check", "views", "--size", size])
    assert done.value.code == 2
    assert says in capsys.readouterr().err


def test_a_name_is_needed(capsys):
    with pytest.raises(SystemExit) as done:
        main(["plugins", "check"])
    assert done.value.code == 2
    assert "NAME" in capsys.readouterr().err
