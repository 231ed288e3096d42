"""Networks of other packages come in with weights from local files, and only with these."""

import pytest
import torch
from safetensors.torch import save_file

from ssid.errors import UserError
from ssid.metrics.downstream_models import load_detector, load_segmenter

CPU = torch.device("cpu")
ENCODER = "timm-mobilenetv3_small_minimal_100"
DETECTOR = "ssdlite320_mobilenet_v3_large"
GREY = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}


@pytest.fixture(scope="module")
def segmentation():
    import segmentation_models_pytorch as smp

    torch.manual_seed(0)
    network = smp.create_model("Linknet", ENCODER, encoder_weights=None, classes=4)
    return network.eval()


@pytest.fixture(scope="module")
def image():
    return torch.rand(3, 40, 70, generator=torch.Generator().manual_seed(1)).double()


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_labels_are_those_of_the_stored_network(segmentation, image, suffix, tmp_path):
    path = tmp_path / f"weights.{suffix}"
    (save_file if suffix == "safetensors" else torch.save)(segmentation.state_dict(), path)
    segment = load_segmenter("Linknet", ENCODER, 4, path, **GREY, device=CPU)
    labels = segment(image)
    assert labels.shape == (40, 70)
    assert len(labels.unique()) > 1
    assert torch.equal(labels, segment(image))
    whole = torch.rand(3, 64, 96, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        expected = segmentation((whole[None] - 0.5) / 0.25).argmax(1)[0]
    assert torch.equal(segment(whole), expected)


def test_other_weights_are_refused(segmentation, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save(segmentation.state_dict(), path)
    with pytest.raises(UserError, match=r"5 classes from .*weights\.pth.*another network"):
        load_segmenter("Linknet", ENCODER, 5, path, **GREY, device=CPU)
    (tmp_path / "broken.safetensors").write_bytes(b"no weights")
    with pytest.raises(UserError, match=r"broken\.safetensors is not a readable"):
        load_segmenter("Linknet", ENCODER, 4, tmp_path / "broken.safetensors", **GREY, device=CPU)


@pytest.mark.parametrize(
    ("architecture", "encoder", "named"),
    [("Lynknet", ENCODER, "linknet"), ("Linknet", "resnet35", "resnet34"), ("Unet", "tu-no", "no")],
)
def test_unknown_names_are_told(architecture, encoder, named, tmp_path):
    with pytest.raises(UserError, match=named):
        load_segmenter(architecture, encoder, 4, tmp_path / "none.pth", **GREY, device=CPU)


def test_a_detector_finds_what_its_weights_find(image, tmp_path):
    from torchvision.models import get_model

    torch.manual_seed(0)
    network = get_model(DETECTOR, weights=None, weights_backbone=None, num_classes=3).eval()
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    found = load_detector(DETECTOR, 3, tmp_path / "weights.pth", CPU)(image)
    with torch.no_grad():
        (expected,) = network([image.float()])
    assert len(found.labels) > 0
    assert torch.equal(found.corners, expected["boxes"])
    assert torch.equal(found.labels, expected["labels"])
    assert torch.equal(found.scores, expected["scores"])
    with pytest.raises(UserError, match=f"Did you mean '{DETECTOR}'"):
        load_detector("ssdlite320_mobilenet", 3, tmp_path / "weights.pth", CPU)
