"""The reference holds every module, and its docstrings' roles lead somewhere."""

import logging
import pkgutil
import re
import sys
from importlib import import_module
from types import ModuleType

import pytest

import ssid
from support.repository import ROOT

MODULES = [module.name for module in pkgutil.walk_packages(ssid.__path__, "ssid.")]


@pytest.fixture
def hook(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return a module of docs/hooks."""
    monkeypatch.syspath_prepend(str(ROOT / "docs/hooks"))
    yield import_module(request.param)
    del sys.modules[request.param]


@pytest.mark.parametrize("hook", ["roles"], indirect=True)
@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (":func:`here`", "[`here`][page.here]"),
        (":class:`~other.there.Thing`", "[`Thing`][page.other.there.Thing]"),
        (":class:`Thing`", "[`Thing`][page.other.Thing]"),
        (
            ":meth:`Class.method` and :data:`here`",
            "[`Class.method`][page.Class.method] and [`here`][page.here]",
        ),
        (":mod:`ssid.files`", "[`ssid.files`][ssid.files]"),
        ("`code`, ``code``", "`code`, ``code``"),
    ],
)
def test_roles_become_links(hook: ModuleType, written: str, shown: str) -> None:
    assert read(hook, written) == shown


@pytest.mark.parametrize("hook", ["roles"], indirect=True)
def test_a_role_that_leads_nowhere_is_warned_of(hook: ModuleType, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        read(hook, ":func:`nothing`")
    assert "page: the docstring names `nothing`" in caplog.text


MODULE = """
from page.other import Thing
import page.other as other
here = 0
class Class:
    def method(self): ...
"""


def read(roles: ModuleType, docstring: str) -> str:
    """Return what becomes of the docstring of a module."""
    import griffe

    with griffe.temporary_visited_module(f'"""{docstring}"""{MODULE}', module_name="page") as page:
        roles.Roles().on_object(obj=page)
        return page.docstring.value


@pytest.mark.parametrize("hook", ["equations"], indirect=True)
def test_equations_are_drawn_or_refused(hook: ModuleType) -> None:
    drawn = hook.on_page_markdown("before\n\n```math\n\\frac{a}{b}\n```\n\n```bash\nx\n```\n")
    assert "<mfrac>" in drawn
    assert drawn.endswith("```bash\nx\n```\n")
    with pytest.raises(ValueError, match="unknowncommand"):
        hook.on_page_markdown("```math\n\\unknowncommand{a}\n```\n")


@pytest.mark.parametrize("hook", ["reference"], indirect=True)
def test_every_module_is_shown_once(hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = re.findall(r"^::: ssid\.(\w+)$", "".join(hook.pages().values()), re.MULTILINE)
    assert sorted(shown) == sorted({name.split(".")[1] for name in MODULES})


def test_a_dead_link_fails_the_build() -> None:
    """MkDocs counts no warning where it is quiet or verbose, however strict it should be."""
    (command,) = re.findall(r"mkdocs build ([^#\n]*)", (ROOT / ".ci/run").read_text("utf-8"))
    assert command.split() == ["--strict"]
