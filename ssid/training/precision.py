"""In which numbers a run computes."""

import logging

import torch

log = logging.getLogger(__name__)

FAST_ON_CPU = ("avx512_bf16", "amx_bf16", "amx_tile", "sve_bf16", "bf16")
"""Capabilities, as PyTorch names them, any of which makes bfloat16 worth while on a processor."""


def precision(name: str) -> str:
    """Return Accelerate's name for fp32, bf16 or auto, which is bf16 where the GPU has it.

    A processor without instructions for bfloat16 imitates them, ten times slower: it computes in
    fp32 instead, and says so.
    """
    if torch.cuda.is_available():
        supported = torch.cuda.is_bf16_supported()
        return "bf16" if name == "bf16" or (name == "auto" and supported) else "no"
    if name == "bf16" and not cpu_has_bf16():
        log.warning(
            "precision: bf16 is slow on this processor, which has no instructions for it;"
            " this run computes in fp32. Set precision: fp32 or auto."
        )
        return "no"
    return "bf16" if name == "bf16" else "no"


def cpu_has_bf16() -> bool:
    """Return whether the processor computes bfloat16 itself."""
    found = torch.cpu.get_capabilities()
    return any(found.get(name, False) for name in FAST_ON_CPU)
