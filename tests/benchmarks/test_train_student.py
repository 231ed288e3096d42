"""The packaged students can be trained again by one command."""

import pytest

from benchmarks.train_student import SETS, make_project
from ssid.config.load import load_params
from ssid.data.params import DataParams
from ssid.packaged import SIZES
from ssid.training.params import TeacherParams, TrainingParams


@pytest.mark.parametrize("size", SIZES)
def test_a_project_trains_on_the_sets_of_its_size(tmp_path, size):
    make_project(tmp_path / "project", size, tmp_path / "data")
    params = tmp_path / "project/params"
    catalogue = load_params(params / "data.yaml", DataParams)
    schemas = {"teacher": TeacherParams, "student": TrainingParams}
    for name, schema in schemas.items():
        training = load_params(params / f"{name}.yaml", schema)
        assert training.synthetic == [*SETS[size][name]]
        assert set(training.synthetic) <= set(catalogue.synthetic)
        assert training.model.name == {"small": "hinet"}.get(size, "unet")
    roots = [
        block.root for role in ("synthetic", "real") for block in catalogue.sets(role).values()
    ]
    assert all(root.startswith(str(tmp_path / "data")) for root in roots)


def test_a_teacher_goes_on_from_weights_that_are_named(tmp_path):
    start = tmp_path / "start.safetensors"
    make_project(tmp_path / "project", "base", tmp_path / "data", start)
    assert load_params(tmp_path / "project/params/teacher.yaml", TeacherParams).init == str(start)
