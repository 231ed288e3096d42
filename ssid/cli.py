"""The command `ssid`. Nothing heavy is imported before a command needs it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ssid import deployment
from ssid.data.roles import Role
from ssid.entry import Interrupted, reporting
from ssid.errors import UserError
from ssid.plugins import load_plugins

PARAMS = Path("params")
PREPARED = Path("data/prepared")


class Commands(TyperGroup):
    """Commands that hand Ctrl-C and SIGTERM on, under which typer would end without a word."""

    def invoke(self, ctx: Any) -> Any:
        """Call the command that the context names."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            raise Interrupted(*interrupt.args) from interrupt


app = typer.Typer(
    cls=Commands,
    help="Teach a small network to remove real rain from photographs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
data = typer.Typer(help="Look into data sets and add your own.", no_args_is_help=True)
app.add_typer(data, name="data")
tracking = typer.Typer(help="What MLflow knows of runs.", no_args_is_help=True)
app.add_typer(tracking, name="track")


@app.callback()
def load() -> None:
    """Teach a small network to remove real rain from photographs."""
    load_plugins()


def main() -> None:
    """Run the command line; errors that users can mend become a message and exit status 1."""
    with reporting():
        app()


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the new project.")] = Path(),
) -> None:
    """Make a project of your own: parameters, stages, git and DVC, ready for `dvc repro`."""
    from ssid.init import init_project

    init_project(folder)
    print(f"made a project in {folder.resolve()}")
    print("next, in that folder: dvc repro, which trains on photographs that come with packages;")
    print("or ssid data add NAME FOLDER, to add photographs of your own rain first;")
    print("for experiments (dvc exp run), DVC needs a commit: git add . && git commit -m Start")


@app.command()
def preset(
    name: Annotated[str | None, typer.Argument(help="Preset to write into params/.")] = None,
    describe: Annotated[bool, typer.Option("--list", help="Describe the presets.")] = False,
) -> None:
    """Write a named set of values into params/*.yaml, keep the comments, print the difference."""
    from ssid.presets import apply, list_presets, plan_preset

    _require_project()
    if describe or name is None:
        presets = list_presets(PARAMS)
        _print_table([(name, preset.description) for name, preset in presets.items()])
        return
    changes = plan_preset(PARAMS, name)
    apply(changes)
    print("".join(change.diff() for change in changes).rstrip() or "nothing changes")


@app.command()
def models() -> None:
    """Show the networks that params/ may name, at their default options."""
    import torch

    from ssid.metrics.efficiency import count_macs, count_parameters
    from ssid.models import MODELS, create_model

    rows = [("name", "parameters", "GMACs at 256²", "feature channels", "source")]
    for name in MODELS:
        with torch.device("meta"), torch.no_grad():
            model = create_model(name)
            channels = model.encode(torch.empty(1, 3, 64, 64)).map.shape[1]
        macs = f"{count_macs(model, 256, 256) / 1e9:.2f}"
        parameters = f"{count_parameters(model):,}"
        rows.append((name, parameters, macs, str(channels), MODELS[name].source))
    _print_table(rows)


@app.command()
def import_weights(
    family: Annotated[str, typer.Argument(help="Whose weights they are, such as prenet.")],
    file: Annotated[Path, typer.Argument(help="The published file.")],
    output: Annotated[Path | None, typer.Option(help="Default: models/FAMILY.safetensors.")] = None,
) -> None:
    """Turn published weights into a model file of ssid."""
    from ssid.models import save_model
    from ssid.models.interop import import_weights as read_weights

    output = output or Path("models") / f"{family}.safetensors"
    _require_model_name(output)
    model = read_weights(family, file)
    save_model(output, model)
    print(f"wrote {output}\nnext: ssid derain INPUT OUTPUT --model {output}")


app.command()(deployment.derain)


@app.command()
def prune(
    model: Annotated[Path, typer.Argument(help="Model file to make smaller.")],
    macs: Annotated[
        float | None,
        typer.Option(min=0.05, max=1, help="Share of MACs to keep; default: params/prune.yaml."),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Default: MODEL_pruned.safetensors.")] = None,
) -> None:
    """Make a trained network smaller and faster, without its training data."""
    from ssid.config.load import load_params
    from ssid.prune.job import prune_model
    from ssid.prune.params import PruneParams

    _require_project()
    params = load_params(PARAMS / "prune.yaml", PruneParams)
    if macs is not None:
        params = params.model_copy(update={"macs": macs})
    output = output or model.with_name(f"{model.stem}_pruned.safetensors")
    _require_model_name(output)
    result = prune_model(model, output, params)
    for name in ("parameters", "gmacs", "latency_ms"):
        print(f"{name}: {result['before'][name]} → {result['after'][name]}")
    print(f"wrote {output}")


app.command()(deployment.export)
app.command()(deployment.serve)


@app.command()
def compare(
    runs: Annotated[
        list[str],
        typer.Argument(help="images.csv, their folders, MLflow runs, DVC experiments."),
    ],
    method: Annotated[str, typer.Option(help="Network to compare.")] = "student",
    pictures: Annotated[
        Path | None, typer.Option(help="Folder for pictures of the largest gains and losses.")
    ] = None,
) -> None:
    """Say which evaluation is better, by how much, and whether that could be noise."""
    from ssid.evaluation.compare.pictures import write_extremes
    from ssid.evaluation.compare.runs import CAVEAT, compare_runs, table_of
    from ssid.tracking import tracking_uri

    comparisons = compare_runs(runs, method, tracking_uri())
    _print_table(table_of(comparisons))
    print(CAVEAT)
    if pictures is not None:
        for path in write_extremes(comparisons, method, pictures):
            print(f"wrote {path}")


@data.command("add")
def data_add(
    name: Annotated[str, typer.Argument(help="How the data set will be called.")],
    path: Annotated[Path, typer.Argument(help="Folder, archive, or list of images.")],
    role: Annotated[Role, typer.Option(help="What it is for.")] = "real",
    layout: Annotated[
        str | None, typer.Option(help="See `ssid data layouts`; default: detected.")
    ] = None,
    rainy: Annotated[
        list[str] | None,
        typer.Option(help="Folder, or word in the names, of the rainy side of pairs."),
    ] = None,
    clean: Annotated[list[str] | None, typer.Option(help="The same of the clean side.")] = None,
    manifest: Annotated[
        str | None, typer.Option(help="File in PATH that lists the images; default: detected.")
    ] = None,
    rain: Annotated[str | None, typer.Option(help="Rain to render on clean images.")] = None,
) -> None:
    """Look at a folder, say what it holds, and write its block into params/data.yaml.

    Images elsewhere are imported first (mkdir -p data/raw), and then added. From a server:
    uv run dvc import-url https://HOST/NAME.zip data/raw/NAME.zip
    (also s3:// and gs://, with the packages dvc-s3 and dvc-gs). From a git repository:
    uv run dvc import https://HOST/REPOSITORY FOLDER --out data/raw/NAME
    With uv run dvc update data/raw/NAME.zip.dvc and uv run dvc repro, what is new there is used.
    """
    from ssid.data.catalogue import add_set, new_set
    from ssid.data.inspection import inspect, unreadable_by_dvc
    from ssid.data.sources.sides import Sides

    _require_project()
    sides = Sides(tuple(rainy or ()), tuple(clean or ())) if rainy or clean else None
    block, reason = new_set(role, name, path, layout, manifest, rain, sides)
    print(f"{role} data set {name}: {block.root}, layout {block.layout}")
    print(f"why this layout: {reason}; --layout says otherwise")
    print(inspect(role, block, at_most=50))
    add_set(role, name, block)
    print(f"added to {PARAMS / 'data.yaml'}")
    if stopping := unreadable_by_dvc(path):
        print(f"DVC stops at {len(stopping)} files, move them away: {', '.join(stopping[:5])}")
    print("next: uv run dvc repro")


@data.command("get")
def data_get(
    name: Annotated[str, typer.Argument(help="See `ssid data list --public`; with --hub: any.")],
    hub: Annotated[str | None, typer.Option(help="OWNER/NAME on the Hugging Face hub.")] = None,
) -> None:
    """Fetch a public data set into data/raw: from the git repository that carries it, or a hub."""
    from ssid.data.public.fetch import add_command, fetch, public_set
    from ssid.data.public.hub import fetch_from_hub

    _require_project()
    if hub is not None:
        folder = fetch_from_hub(name, hub)
        print(f"fetched {folder}\nnext: uv run ssid data add {name} {folder.as_posix()}")
        return
    public = public_set(name)
    print(public)
    folder, commit = fetch(name)
    print(f"fetched {folder}, commit {commit}\nnext: uv run {add_command(name, public, folder)}")


@data.command("list")
def data_list(
    public: Annotated[bool, typer.Option("--public", help="Show published sets instead.")] = False,
) -> None:
    """Show the catalogue, params/data.yaml."""
    from ssid.config.load import load_params
    from ssid.data.catalogue import DATA_FILE, ROLES
    from ssid.data.params import DataParams
    from ssid.data.public.catalogue import PUBLIC_SETS

    if public:
        rows = [("name", "ssid data get", "what", "from")]
        for name, known in PUBLIC_SETS.items():
            rows.append((name, "yes" if known.folder else "by hand", known.what, known.page))
        _print_table(rows)
        return
    _require_project()
    params = load_params(DATA_FILE, DataParams)
    table = [("role", "name", "layout", "rain", "root")]
    for role in ROLES:
        for name, block in params.sets(role).items():
            table.append((role, name, block.layout, block.rain or "-", block.root))
    _print_table(table)


@data.command("layouts")
def data_layouts() -> None:
    """Show the ways in which images may lie in a folder."""
    from ssid.data.sources.layouts import LAYOUTS

    _print_table([(name, LAYOUTS[name].description) for name in LAYOUTS])


@data.command("check")
def data_check(name: Annotated[str, typer.Argument(help="Name in params/data.yaml.")]) -> None:
    """Decode every image of a data set and say which cannot be used, and why."""
    from ssid.config.load import load_params
    from ssid.data.catalogue import DATA_FILE, find_sets
    from ssid.data.inspection import inspect
    from ssid.data.leakage import compare
    from ssid.data.params import DataParams

    _require_project()
    for role, block in find_sets(name):
        print(f"{role} data set {name}: {block.root}, layout {block.layout}")
        findings = inspect(role, block)
        print(findings)
        if role == "synthetic":
            params = load_params(DATA_FILE, DataParams)
            print(compare(findings.fingerprints, params, PREPARED))


@data.command("show")
def data_show(
    name: Annotated[str, typer.Argument(help="Name in params/data.yaml.")],
    output: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("data/shown"),
) -> None:
    """Make a contact sheet of a prepared data set: rainy, clean, rain layer."""
    from ssid.data.catalogue import find_sets
    from ssid.data.contact_sheet import write_contact_sheet
    from ssid.data.store.reader import ImageStore

    _require_project()
    for role, _ in find_sets(name):
        sheet = output / f"{role}-{name}.png"
        write_contact_sheet(ImageStore(PREPARED / role / name), sheet)
        print(f"wrote {sheet}")


@tracking.command("sync")
def track_sync(
    to: Annotated[
        str | None, typer.Option(help="MLflow's store; default: the one that each run was for.")
    ] = None,
) -> None:
    """Send the records that runs left unsent, because MLflow was away or they were killed."""
    from ssid.project import Project
    from ssid.tracking.sync import sync

    _require_project()
    lines = list(sync(Project().runs, to))
    print("\n".join(lines) or "nothing waits: MLflow has every record")


@tracking.command("show")
def track_show(
    place: Annotated[str, typer.Argument(metavar="SET", help="Set that students are sorted by.")],
) -> None:
    """Print links to MLflow's page: all students by their quality on a set, and the best two."""
    from ssid.tracking import tracking_uri
    from ssid.tracking.view import share_view

    uri = tracking_uri()
    links = share_view(uri, place)
    if not uri.startswith("http"):
        print(f"first: uv run mlflow ui --backend-store-uri {uri}")
    print(f"students, the best on {place} first: {links.table}")
    if links.compare:
        print(f"the two best side by side: {links.compare}")
    print(f"files and pictures of the best: {links.best}")


def _require_project() -> None:
    if not PARAMS.is_dir():
        raise UserError(
            f"there is no folder params in {Path.cwd()}. Run this in the folder of the project."
        )


def _require_model_name(output: Path) -> None:
    if output.suffix != ".safetensors":
        raise UserError(
            f"{output} would hold a model of ssid: let its name end in .safetensors. Other kinds of"
            " files are made of it by `ssid export`."
        )


def _print_table(rows: Iterable[Sequence[str]]) -> None:
    """Print rows of equal length in aligned columns."""
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


if __name__ == "__main__":
    main()
