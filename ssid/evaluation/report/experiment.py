"""What was run: networks and data sets, put together from the parameters and the results."""

from pathlib import Path
from typing import NamedTuple

from ssid.config.load import load_params, read_text
from ssid.data.params import DataParams
from ssid.data.roles import Role
from ssid.evaluation.report.results import STUDENT, TEACHER, Results, SetResults
from ssid.evaluation.results import Measures
from ssid.models import MODELS
from ssid.objective.params import describe_objective
from ssid.training.params import TeacherParams, TrainingParams


class Experiment(NamedTuple):
    """The parameters of a project.

    Attributes:
        teacher: network and its training.
        student: network and its training.
        catalogue: the data sets.
        files: text of every parameter file by name.
    """

    teacher: TrainingParams
    student: TrainingParams
    catalogue: DataParams
    files: dict[str, str]


class Network(NamedTuple):
    """A measured network.

    Attributes:
        method: its name in the tables.
        model: its name and options in params/, or nothing if it has no file there.
        source: publication of the model.
        objective: terms that it learnt by, or nothing if it has no file there.
        measures: parameters, gmacs, latency_ms, activations_mib, and on CUDA peak_memory_mib.
    """

    method: str
    model: str
    source: str
    objective: str
    measures: Measures


class DataRow(NamedTuple):
    """A data set: what it is, what for, and which bytes exactly."""

    role: str
    name: str
    kind: str
    standin: bool
    images: str
    digest: str


def read_experiment(params: Path) -> Experiment:
    """Read the folder of parameter files.

    Raises:
        UserError: if a file is missing or wrong.
    """
    return Experiment(
        teacher=load_params(params / "teacher.yaml", TeacherParams),
        student=load_params(params / "student.yaml", TrainingParams),
        catalogue=load_params(params / "data.yaml", DataParams),
        files={file.name: read_text(file) for file in sorted(params.glob("*.yaml"))},
    )


def describe_networks(experiment: Experiment, results: Results) -> list[Network]:
    """Return the measured networks with what params/ says of them."""
    trainings = {TEACHER: experiment.teacher, STUDENT: experiment.student}
    networks = []
    for method, measures in results.networks.items():
        model, source, objective = "", "", ""
        if method in trainings:
            chosen = trainings[method].model
            options = ", ".join(f"{name} {value}" for name, value in chosen.options.items())
            model = f"{chosen.name} ({options})" if options else chosen.name
            source = MODELS[chosen.name].source
            objective = describe_objective(trainings[method].objective)
        networks.append(Network(method, model, source, objective, measures))
    return networks


def describe_kind(experiment: Experiment, results: SetResults) -> str:
    """Return what the rain of a measured set is, in words."""
    if results.standin:
        return results.kind
    if results.role == "real":
        return "real rain, no clean images"
    if results.masked:
        return "real rain, masks of its streaks"
    return _kind_of_pairs(experiment.catalogue, "benchmark", results.name)


def describe_data(experiment: Experiment, results: Results) -> list[DataRow]:
    """Return the sets that were trained on or measured."""
    trained = [
        DataRow(
            role="training",
            name=name,
            kind=_kind_of_pairs(experiment.catalogue, "synthetic", name),
            standin=False,
            images="trained on",
            digest="",
        )
        for name in experiment.catalogue.synthetic
        if any(_learns_from(t.synthetic, name) for t in (experiment.teacher, experiment.student))
    ]
    measured = [
        DataRow(
            role=results_of_set.role,
            name=results_of_set.name,
            kind=describe_kind(experiment, results_of_set),
            standin=results_of_set.standin,
            images=f"{len(results_of_set.images)} of {results_of_set.total} measured",
            digest=results_of_set.digest,
        )
        for results_of_set in results.sets
    ]
    return trained + measured


def has_adapted_to(experiment: Experiment, results: SetResults) -> bool:
    """Return whether the student saw these very images in training, without clean ones."""
    student = experiment.student
    return (
        results.role == "real"
        and student.batch.real > 0
        and _learns_from(student.real, results.name)
    )


def _kind_of_pairs(catalogue: DataParams, role: Role, name: str) -> str:
    block = catalogue.sets(role).get(name)
    if block is not None and block.rain is not None:
        return f"pairs, rain rendered by ssid ({block.rain})"
    return "pairs with clean images"


def _learns_from(names: list[str] | None, name: str) -> bool:
    return names is None or name in names
