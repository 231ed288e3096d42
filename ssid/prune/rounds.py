"""Pruning in several rounds: what one cut destroys is learnt again before the next."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from ssid.prune.masks import prune_unstructured
from ssid.prune.pruned import Network, Pruned, check_share
from ssid.prune.structured import prune_structured

Unit = Literal["filters", "weights"]


def prune_in_rounds(
    model: Network,
    macs: float,
    rounds: int = 1,
    unit: Unit = "filters",
    criterion: str = "lamp",
    seed: int = 0,
    multiple: int = 1,
    whole: Sequence[str] = (),
) -> Iterator[Pruned[Network]]:
    """Yield a smaller network after each of ``rounds`` cuts, the last with the share ``macs``.

    Every cut leaves the same share of what the one before has left. Whoever consumes the networks
    recovers each in place, see :func:`~ssid.prune.recovery.recover`: the next cut judges the
    weights that were learnt since (Han et al., "Learning both Weights and Connections", NIPS 2015).

    Args:
        model: the network; it is not changed.
        macs: share of its multiply-accumulates to keep in the end, in (0, 1].
        rounds: number of cuts.
        unit: ``filters``, see :func:`~ssid.prune.structured.prune_structured`, or ``weights``, see
            :func:`~ssid.prune.masks.prune_unstructured`.
        criterion: a name in ``CRITERIA``.
        seed: seed of the criterion ``random``.
        multiple: number of whose multiples channels remain.
        whole: layers that are not cut, see :func:`~ssid.prune.channels.tensors_of`.

    Raises:
        UserError: if the criterion is unknown, or a name in ``whole`` fits no layer.
        ValueError: if ``macs`` is out of range or cannot be reached.
    """
    check_share(macs)
    now = Pruned(model, 1.0)
    for number in range(1, rounds + 1):
        share = macs ** (number / rounds)
        if unit == "weights":
            now = prune_unstructured(now.model, share, criterion, seed, whole)
        else:
            now = _cut_filters(now, share, criterion, seed, multiple, whole)
        yield now


def _cut_filters(
    now: Pruned[Network],
    share: float,
    criterion: str,
    seed: int,
    multiple: int,
    whole: Sequence[str],
) -> Pruned[Network]:
    """Return ``now`` cut further, until ``share`` of the original's MACs remains."""
    left = min(share / now.macs, 1.0)
    cut = prune_structured(now.model, left, criterion, seed, multiple, whole)
    return replace(cut, macs=cut.macs * now.macs, shapes={**now.shapes, **cut.shapes})
