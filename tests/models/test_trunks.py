import copy
import pickle

import pytest
import skimage.data
import timm
import torch
import torch.nn.functional as F
from torch import nn

from ssid.errors import UserError
from ssid.models.pretrained import read_lite0
from ssid.models.trunks import COARSE, TRUNKS, load_trunk

ALL = slice(0, 5)
SHAPES = {
    "efficientnet_lite0": [(16, 32), (24, 16), (40, 8), (112, 4), (320, 2)],
    "vgg16": [(64, 64), (128, 32), (256, 16), (512, 8), (512, 4)],
    "resnet101": [(64, 32), (256, 16), (512, 8), (1024, 4), (2048, 2)],
}


@pytest.fixture(scope="module", params=list(TRUNKS))
def random_trunk(request):
    return request.param, load_trunk(request.param + "_random", taps=ALL)


def test_feature_maps_have_the_announced_shapes(random_trunk):
    name, trunk = random_trunk
    maps = trunk(torch.rand(1, 3, 64, 64))
    assert [(item.shape[1], item.shape[2]) for item in maps] == SHAPES[name]
    assert trunk.channels == [width for width, _ in SHAPES[name]]
    assert len(trunk.taps) == 5


def test_gradient_passes_through_and_stays_out_of_the_weights(random_trunk):
    _, trunk = random_trunk
    images = torch.rand(1, 3, 32, 32, requires_grad=True)
    sum(item.square().mean() for item in trunk(images)).backward()
    assert images.grad.abs().sum() > 0
    assert all(not p.requires_grad and p.grad is None for p in trunk.encoder.network.parameters())


def test_nothing_to_train_and_nothing_to_save(random_trunk):
    _, trunk = random_trunk
    owner = nn.ModuleDict({"trunk": trunk}).train()
    assert list(owner.parameters()) == []
    assert owner.state_dict() == {}
    owner.load_state_dict({})
    assert not any(module.training for module in trunk.encoder.network.modules())


def test_it_moves_with_its_owner():
    trunk = copy.deepcopy(load_trunk("efficientnet_lite0_random"))
    nn.ModuleList([trunk]).double()
    assert trunk(torch.rand(1, 3, 32, 32).double())[0].dtype == torch.float64


def test_random_weights_are_a_function_of_the_seed():
    before = torch.get_rng_state()
    first, same, other = (load_trunk("efficientnet_lite0_random", seed=s) for s in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    images = torch.rand(1, 3, 32, 32)
    assert torch.equal(first(images)[3], same(images)[3])
    assert not torch.allclose(first(images)[3], other(images)[3])


def test_autocast_does_not_touch_the_features(trunk, images):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = trunk(images)
    assert all(torch.equal(a, b) for a, b in zip(inside, trunk(images), strict=True))
    assert trunk(images.bfloat16())[0].dtype == torch.float32


def test_resnet101_has_the_published_count():
    trunk = load_trunk("resnet101_random", taps=COARSE)
    assert sum(p.numel() for p in trunk.encoder.network.parameters()) == 42_500_160


@pytest.fixture(scope="module")
def classifier():
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    model.load_state_dict(read_lite0())  # strict: every one of 296 names and shapes
    return model


@pytest.mark.parametrize(
    ("picture", "classes", "certainty"), [("coffee", [967], 0.9), ("chelsea", [282, 285], 0.7)]
)
def test_installed_weights_recognise_photographs(classifier, picture, classes, certainty):
    """Espresso and cats (tiger and Egyptian): names, normalisation and channel order are right."""
    image = torch.from_numpy(getattr(skimage.data, picture)()).permute(2, 0, 1)[None] / 255
    left = (image.shape[-1] - image.shape[-2]) // 2
    square = image[..., left : left + image.shape[-2]]
    small = F.interpolate(square, (224, 224), mode="bicubic", antialias=True).clamp(0, 1)
    with torch.no_grad():
        chances = classifier((small - 0.5) / 0.5).softmax(dim=1)[0]
    assert chances[classes].sum() > certainty


def test_trunk_computes_what_the_classifier_computes(classifier, trunk, clean):
    maps = trunk(clean)
    expected = classifier.forward_intermediates((clean - 0.5) / 0.5, intermediates_only=True)
    for mine, theirs in zip(maps, expected, strict=False):
        torch.testing.assert_close(mine, theirs)


def test_missing_weights_are_named_with_their_place(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"vgg16-397923af\.pth") as caught:
        load_trunk("vgg16")
    assert str(tmp_path / "hub" / "checkpoints") in str(caught.value)
    with pytest.raises(UserError, match=r"elsewhere\.pth"):
        load_trunk("vgg16", tmp_path / "elsewhere.pth")


def test_weights_are_found_where_torchvision_keeps_them(tmp_path, monkeypatch, images):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    published = load_trunk("vgg16_random", seed=5)
    path = tmp_path / "hub" / "checkpoints" / "vgg16-397923af.pth"
    path.parent.mkdir(parents=True)
    classifier = {"classifier.0.weight": torch.zeros(2, 2)}
    torch.save(published.encoder.network.state_dict() | classifier, path)
    assert torch.equal(load_trunk("vgg16")(images)[3], published(images)[3])


class Malice:
    def __reduce__(self):
        return pytest.fail, ("a file of weights was executed",)


@pytest.mark.parametrize("content", [b"", b"no weights at all", pickle.dumps(Malice(), protocol=2)])
def test_damaged_files_are_refused(tmp_path, content):
    path = tmp_path / "vgg16.pth"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"vgg16\.pth is damaged"):
        load_trunk("vgg16", path)


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, path)
    with pytest.raises(UserError, match=r"another network: 25 of its 26 .*features\.0\.bias"):
        load_trunk("vgg16", path)


def test_unknown_names_are_refused():
    with pytest.raises(UserError, match="Did you mean 'vgg16'"):
        load_trunk("vgg19")
