import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ssid.export import export_model, sides
from ssid.models import Derainer, Features, create_model


class Hourglass(Derainer):
    multiple = 8

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 3, stride=2, padding=1)

    def encode_padded(self, rainy):
        feature = F.interpolate(self.layer(rainy), scale_factor=2)
        return Features(feature, feature)

    def decode_padded(self, features, rainy):
        return rainy - features.map


@pytest.mark.parametrize("name", ["hourglass", "prenet"])
def test_exported_networks_agree_at_other_sizes(name, tmp_path, recwarn):
    torch.manual_seed(0)
    model = Hourglass() if name == "hourglass" else create_model("prenet", stages=2, channels=8)
    path = tmp_path / "programs" / "network.pt2"
    export_model(model, path)
    assert not [warning for warning in recwarn if "complete tensor" in str(warning.message)]
    assert [file.name for file in path.parent.iterdir()] == ["network.pt2"]
    program = torch.export.load(path).module()
    for height, width in ((64, 128), (80, 72), (136, 96)):
        image = torch.rand(1, 3, height, width)
        with torch.no_grad():
            assert torch.allclose(program(image), model(image), atol=1e-6)


def test_sides_are_those_that_need_no_padding():
    class Deep(Hourglass):
        min_side = 9

    assert sides(Hourglass()) == "H and W multiples of 8, from 8 up"
    assert sides(Deep()) == "H and W multiples of 8, from 16 up"
    assert sides(create_model("prenet", stages=1, channels=4)) == "H and W from 1 up"
