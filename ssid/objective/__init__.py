"""The terms that an objective can be made of; importing this package registers all of them."""

from ssid.objective import (  # noqa: F401
    affinity,
    afrnet,
    alignment,
    attention,
    contrastive,
    fidelity,
    hint,
    imitation,
    lpips,
    perceptual,
    priors,
    rain_prior,
    segmentation,
    self_training,
    sirr,
    statistics,
    syn2real,
)
from ssid.objective.registry import TERMS, Setup, TermEntry, check_term, term

__all__ = ["TERMS", "Setup", "TermEntry", "check_term", "term"]
