"""What a network costs on the machine that evaluates it."""

import torch

from ssid.metrics.efficiency import (
    count_activations,
    count_macs,
    count_parameters,
    measure_latency,
)
from ssid.metrics.params import LatencyParams
from ssid.models import Derainer

MIB = 2**20


def measure_cost(
    network: Derainer, latency: LatencyParams, device: torch.device
) -> dict[str, float]:
    """Return size, work, speed and memory of a network, for one image of the size of ``latency``.

    ``activations_mib`` follows from shapes and is the same everywhere; ``peak_memory_mib``, which
    includes weights and kernels' scratch memory, exists on CUDA alone.
    """
    height, width = latency.height, latency.width
    timed = measure_latency(network, **latency.model_dump(), device=device)
    cost = {
        "parameters": count_parameters(network),
        "gmacs": round(count_macs(network, height, width) / 1e9, 4),
        "latency_ms": round(timed.median_ms, 2),
        "activations_mib": round(count_activations(network, height, width) / MIB, 2),
    }
    if timed.peak_memory_mib is not None:
        cost["peak_memory_mib"] = round(timed.peak_memory_mib, 2)
    return cost
