"""Every term with several pairs of networks: gradients go where they belong, nowhere else."""

from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F

from ssid.errors import UserError
from ssid.objective import TERMS, Setup, check_term
from ssid.objective.fidelity import ssim
from ssid.objective.objective import Objective
from ssid.objective.params import TermParams
from ssid.objective.scene import FROM_TEACHER
from support.training_networks import (
    AFRNET,
    AFRNET_STUDENT,
    NARROW,
    PRENET,
    RRG_8,
    RRG_16,
    Counted,
    build,
    random_batch,
    scene_for,
)

PAIRS = {
    "ssid_kd to rrg": (NARROW, RRG_8),
    "wide to narrow": (RRG_16, RRG_8),
    "prenet to rrg": (PRENET, RRG_8),
    "same network": (RRG_8, RRG_8),
}
EQUAL_WIDTHS = {"channel_affinity", "code_alignment"}
"""Terms that compare channel with channel."""

STUDENTS = {"multi_scale": AFRNET, "rain_mask": AFRNET}
"""Students of the terms that do not fit every network."""

# The weights of these trunks are in no package.
OPTIONS = {"lpips": {"network": "squeeze_random"}}


def objective_of(name, setup, weight=1.0, real=2, **options):
    params = {name: TermParams(weight=weight, **OPTIONS.get(name, {}), **options)}
    return Objective(params, setup, real)


def setup_of(pair, name):
    """Return student and teacher with different weights; the teacher could learn if it were let."""
    teacher, student = PAIRS[pair]
    return Setup(build(STUDENTS.get(name, student), seed=1), build(teacher, seed=2))


def student_of(name, seed=0):
    return build(STUDENTS.get(name, PRENET), seed)


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
    setup = setup_of(pair, name)
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
    setup = Setup(student_of(name, 1), build(PRENET, 2))
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
    for expected in (1, 1.5, 2.25):  # it begins where the student is at the term's first step
        with torch.no_grad():
            for parameter in setup.student.parameters():
                parameter.add_(1)
        objective(scene_for(objective, setup.student, None))
        for moved, old in zip(average.parameters(), start.parameters(), strict=True):
            torch.testing.assert_close(moved, old + expected)


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
    student, entry = student_of(name), TERMS[name].narrowed({})
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
        ("dark_channel", {"windw": 3}, "unknown option 'windw'. Did you mean 'window'"),
        ("dark_channel", {"window": "35"}, "option 'window': found '35'.*integer"),
        ("dark_channel", {"window": 3.5}, "option 'window': found 3.5"),
        ("dark_channel", {"on": "everything"}, "option 'on'.*'real', 'synthetic' or 'both'"),
        ("dark_channel", {"as_published": 1}, "option 'as_published': found 1.*boolean"),
        ("code_alignment", {"distance": "kl"}, "option 'distance'.*code_kl"),
        ("mean_teacher", {"decay": "slow"}, "option 'decay': found 'slow'"),
        ("sirr", {"components": 2.5}, "option 'components'"),
        ("perceptual", {"weights": 3}, "option 'weights': found 3"),
        ("l1", {"window": 3}, "'l1': unknown option 'window'.*weight, start"),
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
    options = entry.value_options({}) | entry.part_options()
    check_term(name, {option: p.default for option, p in options.items()})
    assert not {"weight", "start"} & set(options)


@pytest.mark.parametrize("side", [32, 36])  # 36 is extended to 40
def test_smaller_estimates_are_compared_with_smaller_targets(side):
    student, batch = build(AFRNET), random_batch(side=side)
    batch = batch._replace(clean=torch.rand_like(batch.clean))  # of a texture, up to its edge
    objective = objective_of("multi_scale", Setup(student, None), real=0)
    value = objective(scene_for(objective, student, None, batch))["multi_scale"]
    whole = student.pad(batch.clean)
    _, *estimates = student.encode(batch.rainy).side
    expected = 0.0
    for scale, weight, estimate in zip((2, 4, 8), (0.8, 0.6, 0.4), estimates, strict=True):
        # Half way between the two middle pixels of each block, along both sides.
        middle = scale // 2
        blocks = whole.unfold(2, scale, scale).unfold(3, scale, scale)
        target = blocks[..., middle - 1 : middle + 1, middle - 1 : middle + 1].mean((-1, -2))
        expected += weight * 0.5 * (estimate - target).square().mean().item()
    assert value.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("side", [32, 36])
@pytest.mark.parametrize("network", [AFRNET, AFRNET_STUDENT], ids=lambda network: network[0])
def test_the_mask_learns_where_rain_is(network, side):
    student, batch = build(network), random_batch(side=side)
    objective = objective_of("rain_mask", Setup(student, None), real=0)
    value = objective(scene_for(objective, student, None, batch))["rain_mask"]
    mask = student.encode(batch.rainy).side[0][..., :side, :side]
    rain = (batch.rainy - batch.clean).mean(1, keepdim=True) > 0.1  # equal in all channels
    assert 0.2 < rain.float().mean() < 0.4
    assert value.item() == pytest.approx(0.5 * F.mse_loss(mask, rain.float()).item(), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "student", "named"),
    [
        ("multi_scale", PRENET, "only the student afrnet, with its option auxiliary: true"),
        ("multi_scale", AFRNET_STUDENT, "only the student afrnet, with its option auxiliary: true"),
        ("rain_mask", PRENET, "only the students afrnet and afrnet_student"),
    ],
)
def test_a_student_that_does_not_fit_is_refused_before_anything_runs(name, student, named):
    with pytest.raises(UserError, match=f"term '{name}' does not fit these networks: {named}"):
        objective_of(name, Setup(build(student), None), real=0)


def test_attention_of_all_levels_distils_afrnet():
    setup = Setup(build(AFRNET_STUDENT, 1), build(AFRNET, 2))
    objective = objective_of("attention", setup, levels=True)
    scene = scene_for(objective, setup.student, setup.teacher)
    value = objective(scene)["attention"]
    expected = 0.0
    for pair in zip(*(n.encode(scene.batch.rainy).levels for n in setup), strict=True):
        energy = [u.square().sum(1).flatten(1) for u in pair]
        a, b = (q / q.norm(dim=1, keepdim=True) for q in energy)
        expected += (a - b).square().sum(1).mean().item()
    assert value.item() == pytest.approx(expected, rel=1e-4)

    value.backward()
    levels = setup.student.refinements[0].right
    assert all(p.grad.abs().sum() > 0 for p in levels.parameters() if p.ndim > 1)
    assert all(p.grad is None for p in setup.teacher.parameters())


@pytest.mark.parametrize(("teacher", "found"), [(PRENET, "0 and 0"), (AFRNET, "0 and 4")])
def test_attention_of_levels_needs_as_many_on_both_sides(teacher, found):
    setup = Setup(build(PRENET), build(teacher))
    objective = objective_of("attention", setup, levels=True)
    with pytest.raises(UserError, match=f"'attention' does not fit.*{found} levels"):
        objective(scene_for(objective, setup.student, setup.teacher))


def test_equal_recurrences_of_the_teacher_count_each():
    """Three copies whose decoders change nothing see the same image, so Eq. 5 is three Eq. 2."""
    name, options = RRG_8
    teacher, single = build((name, {**options, "recurrences": 3}), 2), build(RRG_8, 3)
    for extractor, decoder in zip(teacher.extractors, teacher.decoders, strict=True):
        extractor.load_state_dict(single.extractors[0].state_dict())
        torch.nn.init.zeros_(decoder.weight)
    values = {}
    for term, network in (("recurrent_rain_prior", teacher), ("rain_prior", single)):
        setup = Setup(build(PRENET, 1), network)
        objective = objective_of(term, setup)
        values[term] = objective(scene_for(objective, setup.student, network))[term].item()
    assert values["recurrent_rain_prior"] == pytest.approx(3 * values["rain_prior"], rel=1e-5)


def test_a_step_on_the_ssim_term_raises_ssim():
    """Eq. 3 as printed would lower it; the images are blurred, not rainy."""
    student, clean = build(PRENET), random_batch().rainy
    batch = random_batch()._replace(rainy=F.avg_pool2d(clean, 5, 1, 2), clean=clean)
    objective = objective_of("ssim", Setup(student, None), real=0)
    before = ssim(student(batch.rainy), clean).item()
    objective(scene_for(objective, student, None, batch))["ssim"].backward()
    with torch.no_grad():
        for parameter in student.parameters():
            parameter -= 1e-3 * parameter.grad
    assert ssim(student(batch.rainy), clean).item() > before


def test_an_unknown_trunk_is_named():
    with pytest.raises(UserError, match=r"unknown trunk 'vgg17'.*'vgg16'"):
        objective_of("perceptual", Setup(build(PRENET), None), trunk="vgg17")
