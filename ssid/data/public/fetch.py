"""Fetch a public set from the git repository that carries it."""

import os
import shutil
import subprocess
from pathlib import Path

from ssid.data.public.catalogue import PUBLIC_SETS, PublicSet
from ssid.data.sources.listing import printable
from ssid.errors import UserError, nearest

RAW = Path("data/raw")
# Links become small text files, nothing in a repository runs, and nobody is asked for a password.
_GIT = ("git", "-c", "core.symlinks=false", "-c", "core.hooksPath=/dev/null")
_STALLED = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60")


def public_set(name: str) -> PublicSet:
    """Return the public set of this name.

    Raises:
        UserError: if none is known.
    """
    if name not in PUBLIC_SETS:
        raise UserError(
            f"no public data set {name!r} is known.{nearest(name, PUBLIC_SETS)}"
            f" Known are: {', '.join(PUBLIC_SETS)}."
        )
    return PUBLIC_SETS[name]


def fetch(name: str, raw: Path = RAW) -> tuple[Path, str]:
    """Clone the public set ``name`` into ``raw/NAME``, without its history.

    Returns:
        The folder of its images, and the commit.

    Raises:
        UserError: if the set is unknown, there already, carried by no repository, or cannot be
            fetched; the text says how to go on by hand.
    """
    public = public_set(name)
    target = raw / name
    if not public.folder:
        raise UserError(
            f"{name} is in no git repository that can be fetched. Get it from {public.page} and"
            f" unpack it into {target}. {_then_add(name, public, target)}"
        )
    if target.exists():
        raise UserError(
            f"{target} is there already; remove it to fetch {name} again."
            f" {_then_add(name, public, target)}"
        )
    partial = target.with_name(f"{name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        raw.mkdir(parents=True, exist_ok=True)
        commit = _clone(name, public, partial, target)
        if not (partial / public.folder).is_dir():
            raise UserError(
                f"{public.page} has no folder {public.folder} any more; look there for the images."
            )
        shutil.rmtree(partial / ".git")
        partial.rename(target)
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror}.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target / public.folder, commit


def _clone(name: str, public: PublicSet, partial: Path, target: Path) -> str:
    """Clone into ``partial`` and return the commit."""
    clone = [*_GIT, *_STALLED, "clone", "--quiet", "--depth", "1", "--", public.page, str(partial)]
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        subprocess.run(clone, check=True, stderr=subprocess.PIPE, text=True, env=environment)
        show = [*_GIT, "-C", str(partial), "rev-parse", "HEAD"]
        return subprocess.run(show, check=True, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        problem = "git is not installed"
    except subprocess.CalledProcessError as error:
        problem = printable(" ".join(str(error.stderr).split()))
    raise UserError(
        f"{name} could not be fetched: {problem}\n"
        f"Without internet here, do this on a computer that has it:\n"
        f"  git clone --depth 1 {public.page} {name}\n"
        f"and copy that folder to {target}. {_then_add(name, public, target)}"
    )


def _then_add(name: str, public: PublicSet, target: Path) -> str:
    return f"Then: {add_command(name, public, target / public.folder)}"


def add_command(name: str, public: PublicSet, folder: Path) -> str:
    """Return the command that adds the images in ``folder`` to the catalogue."""
    return f"ssid data add {name} {folder.as_posix()} {public.options}"
