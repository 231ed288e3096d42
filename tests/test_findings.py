"""findings/: every script says what was believed and found, and is listed. None is run here."""

import re

import pytest

from support.repository import ROOT

PINNED = r"[\w.-]+==([\d.]+(post\d+)?|\$version)|\"\$\{@:2\}\""
"""A package and its version; or what a loop over versions, or a function, hands over."""
SCRIPTS = sorted((ROOT / "findings").glob("*.sh"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_finding_says_what_was_believed_and_found_and_pins_what_it_runs(script):
    text = script.read_text("utf-8")
    for said in ("\n# Believed: ", "\n# Found: ", "\nset -euo pipefail\n", "mktemp -d"):
        assert said in text
    assert re.search(r"^# Run on \d{4}-\d\d-\d\d, Python [\d.]+, ", text, re.MULTILINE)
    commands = re.findall(r"--python \S+/bin/python\"? (.*)", text.replace("\\\n", " "))
    installed = " ".join(commands).split()
    assert installed
    assert all(re.fullmatch(PINNED, package) for package in installed)
    assert "ssid" not in " ".join(installed)


def test_the_list_of_findings_is_complete():
    linked = re.findall(r"\]\((\w+\.sh)\)", (ROOT / "findings/README.md").read_text("utf-8"))
    assert sorted(linked) == [script.name for script in SCRIPTS]
