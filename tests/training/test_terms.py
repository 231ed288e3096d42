"""Every term with several pairs of networks: gradients go where they belong, nowhere else."""

from copy import deepcopy

import pytest
import torch
from training_networks import NARROW, PRENET, RRG_8, RRG_16, Counted, build, random_batch, scene_for

from ssid.config import TermParams
from ssid.errors import UserError
from ssid.losses.ssim import ssim
from ssid.training.objective import Objective
from ssid.training.scene import FROM_TEACHER
from ssid.training.terms import TERMS, Setup, check_term

PAIRS = {
    "ssid_kd to rrg": (NARROW, RRG_8),
    "wide to narrow": (RRG_16, RRG_8),
    "prenet to rrg": (PRENET, RRG_8),
    "same network": (RRG_8, RRG_8),
}
EQUAL_WIDTHS = {"channel_affinity", "code_alignment"}
"""Terms that compare channel with channel."""

# The weights of these trunks are in no package.
OPTIONS = {"lpips": {"network": "squeeze_random"}}


def objective_of(name, setup, weight=1.0, real=2, **options):
    params = {name: TermParams(weight=weight, **OPTIONS.get(name, {}), **options)}
    return Objective(params, setup, real)


def setup_of(pair):
    """Return student and teacher with different weights; the teacher could learn if it were let."""
    teacher, student = PAIRS[pair]
    return Setup(build(student, seed=1), build(teacher, seed=2))


def terms_and_pairs():
    """Yield every term with every pair of networks, or with one if it has no teacher."""
    for name in TERMS:
        taught = TERMS[name].teacher or TERMS[name].views & FROM_TEACHER
        for pair in PAIRS if taught else ["same network"]:
            yield pytest.param(name, pair, id=f"{name}, {pair}")


def widths(setup, name):
    features = [network.encode(torch.zeros(1, 3, 32, 32)) for network in setup]
    return [(f.code if name == "code_alignment" else f.map).shape[1] for f in features]


@pytest.mark.parametrize(("name", "pair"), terms_and_pairs())
def test_the_gradient_reaches_the_student_and_never_the_teacher(name, pair):
    setup = setup_of(pair)
    before = deepcopy(setup.teacher.state_dict())
    objective = objective_of(name, setup)
    scene = scene_for(objective, setup.student, setup.teacher)
    if name in EQUAL_WIDTHS and len(set(widths(setup, name))) == 2:
        student, teacher = map(str, widths(setup, name))
        with pytest.raises(UserError, match=f"term '{name}' does not fit") as error:
            objective(scene)
        assert student in str(error.value)
        assert teacher in str(error.value)
        return

    [(_, value)] = objective(scene).items()
    value.backward()

    assert value.shape == ()
    assert value.dtype == torch.float32
    assert value.isfinite()
    norms = [p.grad.norm() for p in setup.student.parameters() if p.grad is not None]
    assert any(norm > 0 for norm in norms)
    assert all(norm.isfinite() for norm in norms)
    assert all(p.grad is None for p in setup.teacher.parameters())
    assert all(torch.equal(t, before[n]) for n, t in setup.teacher.state_dict().items())
    for parameter in objective.parameters():
        assert (parameter.grad is not None) == parameter.requires_grad


@pytest.mark.parametrize("name", TERMS)
def test_a_term_declares_exactly_what_it_looks_at(name):
    setup = Setup(build(PRENET, 1), build(PRENET, 2))
    objective = objective_of(name, setup)
    scene = scene_for(objective, setup.student, setup.teacher)
    seen = {"student": set(), "teacher": set()}
    for network, views in seen.items():
        stages = getattr(scene, f"_{network}")
        setattr(scene, f"_{network}", Watched(stages, views))
    objective(scene)
    assert seen["student"] == objective.views.student
    assert seen["teacher"] == objective.views.teacher


class Watched(dict):
    """A mapping that remembers what was asked for."""

    def __init__(self, content, asked):
        super().__init__(content)
        self.asked = asked

    def __getitem__(self, key):
        self.asked.add(key)
        return super().__getitem__(key)


def test_a_weight_of_0_costs_nothing():
    setup = Setup(build(PRENET, 1), Counted(build(PRENET, 2)))
    params = {"l1": TermParams(weight=1), "rain_prior": TermParams(weight=0)}
    params["hint"] = params["perceptual"] = TermParams(weight=0)
    objective = Objective(params, setup, real_count=0)
    student = Counted(setup.student)
    values = objective(scene_for(objective, student, setup.teacher, random_batch(real=0)))
    assert list(values) == ["l1"]
    assert setup.teacher.sizes == []
    assert student.sizes == [2]
    assert list(objective.parameters()) == []


@pytest.mark.parametrize("name", ["dark_channel", "total_variation", "segmentation"])
def test_on_decides_which_images_the_student_sees(name):
    setup = Setup(build(PRENET), None)
    views = {"real": {"real"}, "synthetic": {"rainy"}, "both": {"rainy", "real"}}
    values = {}
    for on, expected in views.items():
        objective = objective_of(name, setup, on=on)
        assert objective.views.student == expected
        values[on] = objective(scene_for(objective, setup.student, None))[name].item()
    assert values["both"] == pytest.approx(values["real"] + values["synthetic"])
    assert objective_of(name, setup, real=0, on="synthetic").views.student == {"rainy"}
    with pytest.raises(UserError, match=r"batch\.real is 0"):
        objective_of(name, setup, real=0, on="real")


def test_values_of_the_plain_losses():
    setup, batch = Setup(build(PRENET), None), random_batch()
    error = setup.student(batch.rainy) - batch.clean
    for name, expected in {"l1": error.abs().mean(), "mse": error.square().mean()}.items():
        objective = objective_of(name, setup, weight=3.0)
        value = objective(scene_for(objective, setup.student, None, batch))[name]
        assert value.item() == pytest.approx(3 * expected.item(), rel=1e-5)


def test_deep_supervision_looks_at_every_stage():
    student = build(PRENET)
    objective = objective_of("deep_supervision", Setup(student, None))
    scene = scene_for(objective, student, None)
    stages = [1 - ssim(stage.image, scene.batch.clean) for stage in scene.student("rainy")]
    assert len(stages) == 2
    expected = torch.stack(stages).mean().item()
    assert objective(scene)["deep_supervision"].item() == pytest.approx(expected)


@pytest.mark.parametrize("name", ["imitation", "rain_prior", "statistics", "attention"])
def test_a_perfect_student_has_nothing_to_learn(name):
    teacher = build(RRG_8)
    setup = Setup(deepcopy(teacher), teacher)
    objective = objective_of(name, setup)
    value = objective(scene_for(objective, setup.student, teacher))[name]
    assert value.item() == pytest.approx(0, abs=1e-10)


def test_the_moving_average_follows_the_student():
    setup = Setup(build(PRENET), None)
    objective = objective_of("mean_teacher", setup, decay=0.5)
    average, start = objective.parts["mean_teacher"].average, deepcopy(setup.student)
    with torch.no_grad():
        for parameter in setup.student.parameters():
            parameter.add_(1)
    objective(scene_for(objective, setup.student, None))
    for moved, old in zip(average.parameters(), start.parameters(), strict=True):
        torch.testing.assert_close(moved, old + 0.5)


def test_the_mixture_of_rain_is_kept_from_step_to_step():
    setup = Setup(build(PRENET), None)
    objective = objective_of("sirr", setup, components=2)
    part = objective.parts["sirr"]
    fits = []
    for _ in range(3):
        objective(scene_for(objective, setup.student, None))
        fits.append(part.variances.clone())
    assert part.shares.sum().item() == pytest.approx(1)
    assert not torch.equal(fits[0], fits[1])
    assert (fits[2] - fits[1]).abs().max() <= (fits[1] - fits[0]).abs().max()


@pytest.mark.parametrize("name", [n for n in TERMS if TERMS[n].saved])
def test_parts_that_change_are_saved_and_restored(name):
    def make():
        return objective_of(name, Setup(build(PRENET, 1), build(RRG_8, 2)))

    changed, fresh = make(), make()
    state = changed.saved_state()
    assert state
    for tensor in state.values():
        tensor.add_(1)
    fresh.load_saved_state(changed.saved_state())
    assert all(torch.equal(t, state[n]) for n, t in fresh.saved_state().items())


@pytest.mark.parametrize("name", [n for n in TERMS if TERMS[n].part and not TERMS[n].saved])
def test_frozen_parts_stay_out_of_checkpoints_and_optimizers(name):
    objective = objective_of(name, Setup(build(PRENET), build(PRENET)))
    assert objective.saved_state() == {}
    assert not any(p.requires_grad for p in objective.parameters())


@pytest.mark.parametrize("name", TERMS)
def test_what_a_run_does_not_have_is_said(name):
    student, entry = build(PRENET), TERMS[name].narrowed({})
    if entry.views & {"real", *FROM_TEACHER}:
        with pytest.raises(UserError, match=rf"'{name}' looks at real rain.*batch\.real"):
            objective_of(name, Setup(student, student), real=0)
    if entry.teacher or entry.views & FROM_TEACHER:
        with pytest.raises(UserError, match=f"'{name}' needs a teacher"):
            objective_of(name, Setup(student, None))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("dark_chanel", {}, "unknown term 'dark_chanel'. Did you mean 'dark_channel'"),
        ("dark_channel", {"windw": 3}, "no option 'windw'. Did you mean 'window'"),
        ("dark_channel", {"window": "35"}, "option 'window': found '35'.*integer"),
        ("dark_channel", {"window": 3.5}, "option 'window': found 3.5"),
        ("dark_channel", {"on": "everything"}, "option 'on'.*'real', 'synthetic' or 'both'"),
        ("dark_channel", {"as_published": 1}, "option 'as_published': found 1.*boolean"),
        ("code_alignment", {"distance": "kl"}, "option 'distance'.*code_kl"),
        ("mean_teacher", {"decay": "slow"}, "option 'decay': found 'slow'"),
        ("sirr", {"components": 2.5}, "option 'components'"),
        ("perceptual", {"weights": 3}, "option 'weights': found 3"),
        ("l1", {"window": 3}, "'l1' has no option 'window'.*weight"),
    ],
)
def test_wrong_options_are_named(name, options, message):
    with pytest.raises(UserError, match=message):
        check_term(name, options)
    with pytest.raises(UserError, match=message):
        Objective({name: TermParams(weight=0, **options)}, Setup(build(PRENET), None), 0)


@pytest.mark.parametrize("name", TERMS)
def test_defaults_are_allowed_values(name):
    entry = TERMS[name]
    options = entry.value_options() | entry.part_options()
    check_term(name, {option: p.default for option, p in options.items()})
    assert "weight" not in options


def test_an_unknown_trunk_is_named():
    with pytest.raises(UserError, match=r"unknown trunk 'vgg17'.*'vgg16'"):
        objective_of("perceptual", Setup(build(PRENET), None), trunk="vgg17")
