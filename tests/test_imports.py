"""The law of imports: rooms lie above each other, and nobody looks up."""

import ast
from pathlib import Path

import pytest

from support.repository import ROOT

ROOMS = [
    {"errors", "files", "progress", "relocation", "data.roles"},
    {"ownership", "packaged", "processes", "registry", "extras", "pictures"},
    {"config", "video"},
    {"plugins", "models"},
    {"data", "metrics"},
    {"project", "export"},
    {"inference"},
    {"tracking", "api", "init", "serve"},
    {"objective", "fitting"},
    {"training"},
    {"evaluation"},
    {"prune", "presets", "entry"},
    {"deployment", "launch"},
    {"cli"},
]
"""From the ground floor up. A module may import from its own room and from those of lower floors;
rooms of one floor do not know each other."""

FLOORS = {room: number for number, rooms in enumerate(ROOMS) for room in rooms}
MODULES = sorted((ROOT / "ssid").rglob("*.py"))


def room_of(module: str) -> str | None:
    """Return the room of ``ssid.room.module``; None for the package itself."""
    parts = module.split(".")
    two = ".".join(parts[1:3])
    return two if two in FLOORS else parts[1] if len(parts) > 1 else None


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imported(path: Path) -> set[str]:
    """Return the modules of ssid that a file imports anywhere, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {module for module in found if module.startswith("ssid.")}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nobody_imports_from_above(path):
    room = room_of(name_of(path))
    if room is None:  # the package itself, whose public names are loaded when they are used
        assert imported(path) <= {f"ssid.api.{name}" for name in __import__("ssid").__all__}
        return
    for module in imported(path):
        other = room_of(module)
        assert other == room or FLOORS[other] < FLOORS[room], f"{room} imports {module}"


def test_every_room_has_its_floor():
    rooms = {room_of(name_of(path)) for path in MODULES} - {None}
    assert rooms == set(FLOORS)


@pytest.mark.parametrize("path", sorted((ROOT / "pipelines").glob("*.py")), ids=lambda p: p.stem)
def test_entry_points_are_thin(path):
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    assert len(lines) <= 30
    assert not {module for module in imported(path) if room_of(module) == "cli"}
