"""The commands that put a trained network to use: derain, export, serve."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ssid.errors import UserError
from ssid.inference.options import Existing, Format, Runtime
from ssid.packaged import DEFAULT, SIZES, Size

STUDENT = Path("models/student.safetensors")
MOST_THREADS = 1024


def derain(
    input: Annotated[Path, typer.Argument(help="A photograph, a folder of them, or a video.")],
    output: Annotated[
        Path, typer.Argument(help="Folder for the results, or the file of a single one.")
    ] = Path("derained"),
    model: Annotated[
        Path | None,
        typer.Option(
            help=f".safetensors, .onnx, .pt2 or a folder of `export --hub`. Default: {STUDENT},"
            f" or else the student of size {DEFAULT} that comes with ssid."
        ),
    ] = None,
    size: Annotated[
        Size | None,
        typer.Option(help=f"Student that comes with ssid: {', '.join(SIZES)}, fast to good."),
    ] = None,
    format: Annotated[
        Format | None, typer.Option(help="Of photographs. Default: as OUTPUT ends, or png.")
    ] = None,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="Of JPEG (95), WebP (90), AVIF (85).")
    ] = None,
    crf: Annotated[
        int | None,
        typer.Option(min=0, max=51, help="Of videos (18): 0 loses nothing, 51 is smallest."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace existing results.")] = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Keep existing results and go on.")
    ] = False,
    runtime: Annotated[
        Runtime, typer.Option(help="auto: the fastest that is installed, if it pays.")
    ] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, max=MOST_THREADS, help="Of the CPU. Default: all cores.")
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(min=32, help="Cut into tiles of this side. Default: what memory allows."),
    ] = None,
    overlap: Annotated[
        int,
        typer.Option(min=0, help="Pixels that tiles share where no overlap makes them exact."),
    ] = 64,
    keep_veil: Annotated[
        bool,
        typer.Option("--keep-veil", help="Remove streaks alone; large-scale brightness stays."),
    ] = False,
) -> None:
    """Remove the rain from photographs and videos."""
    from ssid.inference import choose_model, derain_folder
    from ssid.inference.method import Method
    from ssid.inference.runtime import Runner, open_runner
    from ssid.inference.video.job import derain_video, is_video
    from ssid.inference.writing import output_of

    if replace and skip_existing:
        raise UserError("--replace and --skip-existing contradict each other: give one of them.")
    video = is_video(input)
    if video and (format or quality):
        raise UserError("--format and --quality are of photographs; of a video, say --crf.")
    if not video and crf is not None:
        raise UserError("--crf is of videos; of photographs, say --format and --quality.")
    existing: Existing = "replace" if replace else "keep" if skip_existing else "refuse"
    method = Method(tile, overlap, keep_veil)
    written_as = output_of(input, output, format, quality)
    chosen = choose_model(model, size, STUDENT)

    def open_chosen(pixels: int) -> Runner:
        print(f"model: {chosen}")
        runner = open_runner(chosen, runtime, threads, pixels)
        print(f"runtime: {runner.name}", file=sys.stderr)
        return runner

    with _stoppable():
        if video:
            done = derain_video(open_chosen, input, output, method, existing, crf)
            print(f"wrote {done}" if done else "the result existed already and was kept")
            return
        summary = derain_folder(open_chosen, input, output, method, existing, written_as)
    for name, reason in summary.notes.items():
        print(f"{name}: {reason}")
    if summary.refused:
        print(f"{len(summary.refused)} files were left out:")
        for file in summary.refused:
            print(f"  {file.file}: {file.reason}")
    if summary.skipped:
        print(f"{len(summary.skipped)} results existed already and were kept")
    if not summary.written and not summary.skipped:
        raise UserError(f"nothing in {input} could be derained.")
    several = len(summary.written) != 1
    print(
        f"wrote {len(summary.written)} images to {output}"
        if several
        else f"wrote {summary.written[0]}"
    )


def export(
    model: Annotated[Path, typer.Argument(help="Model file to hand on.")],
    output: Annotated[
        Path | None, typer.Option(help="A .pt2 or .onnx file. Default: MODEL with suffix .pt2.")
    ] = None,
    hub: Annotated[
        Path | None, typer.Option(help="Folder to fill instead, as the Hugging Face hub has it.")
    ] = None,
    licence: Annotated[
        str | None, typer.Option(help="Of the weights, an SPDX name such as apache-2.0.")
    ] = None,
    half: Annotated[bool, typer.Option("--half", help="Store weights as float16.")] = False,
    int8: Annotated[
        Path | None,
        typer.Option(help="Photographs without rain: also try int8, and keep it where faster."),
    ] = None,
) -> None:
    """Write a network as a program that runs without this package, or as a folder for a hub."""
    from ssid.export import Origin, export_model
    from ssid.export.hub import licence_of, write_hub
    from ssid.models import load_model
    from ssid.tracking import commit

    if hub is not None and (output is not None or int8 is not None):
        raise UserError("--hub fills a folder, --output and --int8 make a file: export twice.")
    if int8 is not None and output is not None and output.suffix != ".onnx":
        raise UserError(f"--int8 needs ONNX: let the name of {output} end in .onnx.")
    if licence is not None and not re.fullmatch(r"\w[\w.+() -]*", licence):
        raise UserError(f"--licence {licence!r} is no SPDX name such as apache-2.0 or cc-by-4.0.")
    network = load_model(model)
    origin = Origin(licence or licence_of(model), commit())
    if hub is not None:
        write_hub(hub, network, origin, half)
        print(f"wrote {hub}\nread it: ssid derain INPUT OUTPUT --model {hub}")
        print(f"publish it: hf upload OWNER/NAME {hub}")
        return
    output = output or model.with_suffix(".onnx" if int8 or half else ".pt2")
    pairs = []
    if int8 is not None:
        from ssid.inference.int8 import rain_on, try_int8

        pairs = rain_on(int8)  # before the export, which takes long
    export_model(network, output, origin, half)
    print(f"wrote {output}")
    if output.suffix == ".pt2":
        print(f'load it, with PyTorch alone: derain = torch.export.load("{output}").module()')
    else:
        print("load it with onnxruntime, OpenVINO or `ssid derain --model`")
    print("call it with images N×3×H×W of any size, RGB in [0, 1]")
    if int8 is not None:
        print(try_int8(output, pairs))


def serve(
    model: Annotated[Path | None, typer.Option(help="As of derain.")] = None,
    size: Annotated[Size | None, typer.Option(help="As of derain.")] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="On 127.0.0.1.")] = 8000,
    runtime: Annotated[Runtime, typer.Option(help="As of derain.")] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, max=MOST_THREADS, help="As of derain.")
    ] = None,
) -> None:
    """Show a page on this machine where a dropped photograph comes back without its rain."""
    from ssid.inference import choose_model
    from ssid.inference.runtime import open_runner
    from ssid.serve.app import listen, run

    listening = listen(port)
    model = choose_model(model, size, STUDENT)
    runner = open_runner(model, runtime, threads)
    print(f"model: {model}")
    print(f"runtime: {runner.name}", file=sys.stderr)
    print(f"open http://127.0.0.1:{port} (Ctrl-C ends it)", flush=True)
    run(runner, listening)


@contextmanager
def _stoppable() -> Iterator[None]:
    """End under Ctrl-C and SIGTERM with a word and status 130; what is written is whole."""
    try:
        yield
    except KeyboardInterrupt:
        print(
            "interrupted: what is written is whole; add --skip-existing to go on.", file=sys.stderr
        )
        raise SystemExit(130) from None
