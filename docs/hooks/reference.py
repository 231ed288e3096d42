"""Makes the pages of the reference: one for each package below ssid/, one for its single files."""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import ssid

PACKAGE = Path("ssid")


def pages() -> dict[str, str]:
    """Return the text of each page by its path below docs/."""
    packages = sorted(file.parent.name for file in PACKAGE.glob("*/__init__.py"))
    modules = sorted(file.stem for file in PACKAGE.glob("*.py") if file.stem != "__init__")
    names = f"{{show_submodules: false, members: [{', '.join(ssid.__all__)}]}}"
    top = f"::: ssid\n    options: {names}\n"
    single = "\n".join(f"::: ssid.{name}\n" for name in modules)
    return {
        "reference/index.md": f"# Reference\n\n{top}",
        **{f"reference/{name}.md": _package(name) for name in packages},
        "reference/files.md": f"# Single files\n\n{single}",
    }


def _package(name: str) -> str:
    return f"# ssid.{name}\n\n::: ssid.{name}\n    options: {{show_root_heading: false}}\n"


def on_config(config: MkDocsConfig, **_: Any) -> None:
    """Append the reference to the navigation."""
    if config.nav is not None:
        config.nav.append({"Reference": list(pages())})


def on_files(files: Files, config: MkDocsConfig, **_: Any) -> None:
    """Add the pages, which lie nowhere on disk."""
    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
