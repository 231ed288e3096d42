import pytest
import torch

# Options that make each network small.
SMALL = {
    "afrnet": {"width": 4, "modules": 1},
    "afrnet_student": {"width": 8},
    "ddn": {"channels": 16, "units": 2},
    "hinet": {"width": 4},
    "mirnet": {"channels": 8, "groups": 2, "msrbs": 1},
    "mprnet": {"width": 8, "step": 4, "extra": 4, "cabs": 1},
    "prenet": {"channels": 16, "units": 2, "stages": 2},
    "rescan": {"channels": 12, "depth": 4, "stages": 2},
    "rrg": {"channels": 8, "msrbs": 1, "recurrences": 1},
    "sapnet": {"channels": 16, "units": 2, "stages": 2},
    "ssid_kd": {"widths": [4, 6, 8], "units": [2, 1, 1]},
    "unet": {"widths": [8, 12], "encoder_blocks": [0, 1], "decoder_blocks": [1], "context": True},
}


@pytest.fixture(autouse=True)
def _same_weights_every_run():
    torch.manual_seed(0)
