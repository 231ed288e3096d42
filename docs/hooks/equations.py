"""Turns ```math blocks of the pages, in LaTeX, into MathML, which browsers draw by themselves."""

import re
from typing import Any

from latex2mathml.converter import convert

FENCE = re.compile(r"^```math\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the equations of a page.

    Raises:
        ValueError: if an equation has a command that the converter does not know.
    """
    return FENCE.sub(_equation, markdown)


def _equation(fence: re.Match[str]) -> str:
    mathml = convert(" ".join(fence[1].split()), display="block")
    if "\\" in mathml:
        raise ValueError(f"no MathML for a command of this equation:\n{fence[1]}")
    return f'<div class="equation">{mathml}</div>'
