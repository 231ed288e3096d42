"""Networks of which one knows what they do."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ssid.models import Derainer, Features


class Local(Derainer):
    """Looks 2 · ``layers`` pixels far and no further; pools by 8 like an hourglass if asked."""

    def __init__(self, layers=2, pools=False):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList(nn.Conv2d(3, 3, 5) for _ in range(layers))
        self.pools = pools
        self.multiple = 8 if pools else 1

    def encode_padded(self, rainy):
        image = rainy
        for layer in self.layers:
            image = torch.tanh(layer(F.pad(image, (2, 2, 2, 2), mode="replicate")))
        if self.pools:
            image = F.interpolate(F.max_pool2d(image, 8), scale_factor=8)
        return Features(image, image)

    def decode_padded(self, features, rainy):
        return rainy - features.map


class Identity(Derainer):
    """Returns the image times ``gain``; ``mean`` lets all of it take part, and changes nothing."""

    min_side = 32

    def __init__(self, gain=1.0, mean=False):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(gain))
        self.mean, self.seen = mean, []

    def encode_padded(self, rainy):
        self.seen.append(tuple(rainy.shape))
        return Features(rainy + 0 * rainy.mean() if self.mean else rainy, rainy)

    def decode_padded(self, features, rainy):
        return self.gain * features.map


def picture(height, width, seed=0):
    """Return noise, uint8 H×W×3."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
