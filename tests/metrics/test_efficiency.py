import pytest
import torch
from torch import nn

from ssid.metrics.efficiency import (
    count_activations,
    count_macs,
    count_parameters,
    measure_latency,
)
from ssid.models import create_model


def small_network():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1, groups=2),
        nn.ConvTranspose2d(8, 4, 2, stride=2),
        nn.Conv2d(4, 3, 1),
    )


def test_shared_parameters_count_once_but_work_every_time():
    layer = nn.Conv2d(3, 3, 3, padding=1)
    once, twice = nn.Sequential(layer), nn.Sequential(layer, layer)
    assert count_parameters(once) == count_parameters(twice) == 84
    assert count_macs(twice, 8, 8) == 2 * count_macs(once, 8, 8)


def test_macs_by_hand():
    pixels = 16 * 20
    expected = pixels * (27 * 8 + 4 * 9 * 8 + 8 * 4 * 4) + 4 * pixels * 12
    assert count_macs(small_network(), 16, 20) == expected


def test_macs_of_linear_layers_and_products():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.project = nn.Linear(3, 5)

        def forward(self, image):
            tokens = self.project(image.flatten(2).mT)
            return tokens @ tokens.mT

    assert count_macs(Attention(), 4, 6) == 24 * 3 * 5 + 24 * 24 * 5


def test_macs_of_attention_modules():
    # Torch's counter finds no work in their fast path, which inference takes on real devices.
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.expand = nn.Conv2d(3, 4, 1)
            self.layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)

        def forward(self, image):
            return self.layer(self.expand(image).flatten(2).mT)

    pixels = 4 * 6
    by_hand = pixels * (3 * 4 + 4 * 4 * 4 + 2 * 4 * 8) + 2 * pixels * pixels * 4
    assert count_macs(Attention(), 4, 6) == by_hand


def test_activations_by_hand():
    # The last layer holds its input 4×32×40 and its output 3×32×40 at once; nothing holds more.
    assert count_activations(small_network(), 16, 20) == 4 * (4 + 3) * 32 * 40


def test_counting_leaves_the_model_alone():
    model = small_network()
    count_macs(model, 16, 16)
    count_activations(model, 16, 16)
    assert model.training
    assert all(parameter.device.type == "cpu" for parameter in model.parameters())


def test_published_backbone():
    with torch.device("meta"):
        model = create_model("ssid_kd", drop_dead=False)
    assert count_parameters(model) == 4_433_779
    # The published 257.3 GMACs include the fusions nobody reads, which this network does not run.
    dead = 11 * 24**2 * 256**2 + 2 * 5 * 32**2 * 128**2 + 2 * 3 * 48**2 * 64**2
    assert count_macs(model, 256, 256) + dead == pytest.approx(257.3e9, abs=0.05e9)


def test_latency():
    model = small_network()
    threads = torch.get_num_threads()
    latency = measure_latency(model, 24, 16, repeats=7, warmup=1, threads=1)
    assert 0 < latency.p10_ms <= latency.median_ms <= latency.p90_ms
    assert (latency.repeats, latency.threads, latency.device) == (7, 1, "cpu")
    assert (latency.height, latency.width, latency.peak_memory_mib) == (24, 16, None)
    assert model.training
    assert torch.get_num_threads() == threads


def test_latency_undoes_its_arrangements_after_a_failure():
    model = nn.Conv2d(4, 4, 1)  # does not take three channels
    threads = torch.get_num_threads()
    with pytest.raises(RuntimeError):
        measure_latency(model, 8, 8, threads=threads + 1)
    assert model.training
    assert torch.get_num_threads() == threads


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_latency_on_cuda():
    latency = measure_latency(small_network(), 64, 64, repeats=5, device="cuda")
    assert latency.peak_memory_mib > 0
    assert latency.median_ms > 0
