"""The terms that an objective can be made of; importing this package registers all of them."""

from ssid.training.terms import afrnet, alignment, distillation, images  # noqa: F401
from ssid.training.terms.registry import TERMS, Setup, TermEntry, check_term

__all__ = ["TERMS", "Setup", "TermEntry", "check_term"]
