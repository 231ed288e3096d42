"""Published weights come in exactly, do what their authors say, and nothing else comes in."""

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch.nn.functional import conv2d

from ssid.errors import UserError
from ssid.metrics.fidelity import psnr
from ssid.models import create_model
from ssid.models.interop import IMPORTERS, import_weights

FAMILIES = pytest.mark.parametrize("family", list(IMPORTERS))


def publish(family):
    """Return a random network of ours and its weights as the family's authors would name them."""
    importer = IMPORTERS[family]
    model = create_model(importer.recipe.name, **importer.recipe.options)
    ours = model.state_dict()
    published = {
        part: tensor.clone()
        for key, parts in importer.keys.items()
        for part, tensor in zip(parts, ours[key].chunk(len(parts)), strict=True)
    }
    return model, published


@FAMILIES
def test_a_network_survives_the_round_trip(family, tmp_path):
    model, published = publish(family)
    torch.save(published, tmp_path / "published.pth")
    again = import_weights(family, tmp_path / "published.pth")
    assert again.recipe == IMPORTERS[family].recipe
    rainy = torch.rand(1, 3, 9, 11)
    assert torch.equal(again(rainy), model(rainy))


@FAMILIES
def test_no_published_key_is_used_twice(family):
    parts = [part for parts in IMPORTERS[family].keys.values() for part in parts]
    assert len(parts) == len(set(parts))


def drop(state):
    state.pop("conv_g.0.bias")
    return state


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (drop, r"missing: conv_g\.0\.bias\.$"),
        (lambda state: state | {"conv9.weight": torch.zeros(1)}, r"unexpected: conv9\.weight\.$"),
        (lambda state: state | {"conv.0.bias": torch.zeros(4)}, r"tail\.bias"),
        (lambda state: {"epoch": 3, "model": state}, "epoch, model is not a tensor"),
        (lambda state: list(state.values()), "holds a list"),
    ],
)
def test_what_does_not_fit_is_named(spoil, message, tmp_path):
    file = tmp_path / "published.pth"
    torch.save(spoil(publish("prenet")[1]), file)
    with pytest.raises(UserError, match=message) as refusal:
        import_weights("prenet", file)
    assert str(file) in str(refusal.value)


def test_unknown_families_and_missing_files_are_named(tmp_path):
    with pytest.raises(UserError, match="Did you mean 'prenet'"):
        import_weights("prent", tmp_path / "x.pth")
    with pytest.raises(UserError, match=r"no file .*x\.pth"):
        import_weights("prenet", tmp_path / "x.pth")


class Payload:
    """Creates a file when it is unpickled by a careless reader."""

    def __init__(self, witness):
        self.witness = witness

    def __reduce__(self):
        return (open, (str(self.witness), "w"))


def dump(what, file):
    file.write_bytes(pickle.dumps(what))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("save", [torch.save, dump])
def test_code_in_a_file_never_runs(save, tmp_path):
    file, witness = tmp_path / "published.pth", tmp_path / "witness"
    save({"conv.0.bias": Payload(witness)}, file)
    with pytest.raises(UserError, match="never loaded"):
        import_weights("prenet", file)
    assert not witness.exists()


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    return tmp_path_factory.mktemp("interop") / "damaged.pth"


@settings(max_examples=100)
@given(start=st.sampled_from([b"", b"PK\x03\x04", b"\x80\x02", b"\x80\x04"]), rest=st.binary())
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_noise_is_refused_politely(damaged, start, rest):
    damaged.write_bytes(start + rest)
    with pytest.raises(UserError, match=r"damaged\.pth"):
        import_weights("prenet", damaged)


def prenet_by_hand(weights, rainy, stages=6):
    """PReNet once more, straight from its description, on the published names."""

    def layer(name, *maps):
        x = torch.cat(maps, dim=1)
        return conv2d(x, weights[f"{name}.0.weight"], weights[f"{name}.0.bias"], padding=1)

    image, h, c = rainy, None, None
    for _ in range(stages):
        x = layer("conv0", rainy, image).relu()
        h, c = (torch.zeros_like(x), torch.zeros_like(x)) if h is None else (h, c)
        i, f, o = (layer(f"conv_{gate}", x, h).sigmoid() for gate in "ifo")
        c = f * c + i * layer("conv_g", x, h).tanh()
        h = o * c.tanh()
        x = h
        for unit in range(1, 6):
            inner = x
            for part in (0, 2):
                name = f"res_conv{unit}.{part}"
                kernel, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
                inner = conv2d(inner, kernel, bias, padding=1).relu()
            x = (inner + x).relu()
        image = layer("conv", x) + rainy
    return image


@pytest.mark.parametrize("name", ["Rain100H", "Rain100L", "Rain1400"])
@torch.inference_mode()
def test_published_prenet_computes_what_its_description_says(shared_data, name):
    file = shared_data / f"weights/prenet/{name}.pth"
    model = import_weights("prenet", file)
    generator = torch.Generator().manual_seed(0)
    rainy = torch.rand(1, 3, 37, 53, generator=generator, dtype=torch.float64)
    published = torch.load(file, map_location="cpu", weights_only=True)
    by_hand = prenet_by_hand({key: value.double() for key, value in published.items()}, rainy)
    torch.testing.assert_close(model.double()(rainy), by_hand, atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    ("name", "image", "before", "after"),
    [("Rain100L", "007.webp", 22.004, 34.228), ("Rain100H", "005.webp", 12.099, 30.716)],
)
@torch.inference_mode()
def test_published_prenet_removes_rain(shared_data, name, image, before, after):
    """PSNR of Y in dB on 160×160 pixels; whole sets: benchmarks/prenet_interop.py."""

    def middle(half):
        pixels = Image.open(shared_data / "paired" / name.lower() / half / image).convert("RGB")
        tensor = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None] / 255
        return tensor[..., 80:240, 80:240]

    model = import_weights("prenet", shared_data / f"weights/prenet/{name}.pth")
    rainy, clean = middle("rainy"), middle("clean")
    assert psnr(rainy, clean, "y").item() == pytest.approx(before, abs=0.01)
    assert psnr(model(rainy), clean, "y").item() == pytest.approx(after, abs=0.02)


def test_keys_that_dataparallel_wrapped_are_unwrapped(tmp_path):
    model, published = publish("sapnet")
    wrapped = {f"module.{key}": tensor for key, tensor in published.items()}
    torch.save(wrapped, tmp_path / "wrapped.pth")
    again = import_weights("sapnet", tmp_path / "wrapped.pth")
    rainy = torch.rand(1, 3, 9, 11)
    assert torch.equal(again(rainy), model.eval()(rainy))


def test_published_sapnet_removes_rain(shared_data):
    """The published figure is 34.77 dB on all of Rain100L, for weights trained on its own rain."""
    model = import_weights("sapnet", shared_data / "weights/sapnet/net_latest.pth").eval()
    file = sorted((shared_data / "paired/rain100h/rainy").iterdir())[0]
    clean = shared_data / "paired/rain100h/clean" / file.name
    rainy, truth = (
        torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1)[None] / 255
        for path in (file, clean)
    )
    with torch.inference_mode():
        assert psnr(model(rainy), truth, "y") > psnr(rainy, truth, "y") + 5
