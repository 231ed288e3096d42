import pytest
import torch
from torchvision.models import alexnet

from ssid.errors import UserError
from ssid.metrics.perceptual import Lpips


@pytest.fixture(scope="module")
def metric(tmp_path_factory):
    """LPIPS on a trunk of random weights, saved in torchvision's format."""
    torch.manual_seed(0)
    features = alexnet(weights=None).features.state_dict()
    path = tmp_path_factory.mktemp("trunk") / "alexnet.pth"
    torch.save({f"features.{name}": tensor for name, tensor in features.items()}, path)
    return Lpips("alex", path), features


@pytest.fixture(scope="module")
def images():
    generator = torch.Generator().manual_seed(1)
    return torch.rand(2, 3, 64, 72, generator=generator)


def test_the_file_is_what_gets_loaded(metric):
    lpips, features = metric
    loaded = lpips.network.net.state_dict()
    assert len(loaded) == len(features) == 10
    for name, tensor in loaded.items():
        assert torch.equal(tensor, features[name.split(".", 1)[1]])


def test_values(metric, images):
    lpips, _ = metric
    little = (images + 0.02).clamp(0, 1)
    much = 1 - images
    assert lpips(images, images).tolist() == [0, 0]
    assert (lpips(little, images) > 0).all()
    assert (lpips(much, images) > lpips(little, images)).all()
    assert lpips(much, images)[1].item() == pytest.approx(lpips(much[1:], images[1:]).item())


def test_images_enter_between_minus_one_and_one(metric, images):
    lpips, _ = metric
    estimate, target = ((image * 255).round() / 255 for image in (1 - images, images))
    direct = lpips.network(2 * estimate - 1, 2 * target - 1).flatten()
    assert lpips(estimate, target).tolist() == pytest.approx(direct.tolist(), rel=1e-5)


def test_nothing_is_trained(metric):
    lpips, _ = metric
    assert not any(parameter.requires_grad for parameter in lpips.parameters())
    assert not lpips.training


def test_missing_weights_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"alexnet-owt-7be5be79\.pth"):
        Lpips("alex")


def test_other_networks_are_refused(tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"features.0.weight": torch.zeros(3)}, path)
    with pytest.raises(UserError, match="belong to another network"):
        Lpips("alex", path)


@pytest.mark.parametrize("content", [b"", b"no tensors at all", b"PK\x03\x04 cut short"])
def test_damaged_weights_are_told(tmp_path, content):
    path = tmp_path / "damaged.pth"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"damaged\.pth"):
        Lpips("alex", path)
