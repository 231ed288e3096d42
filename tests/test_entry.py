"""How commands end."""

import errno
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from ssid.entry import ADVICE, reporting
from ssid.files import atomic_write

WAITING = """
import os, sys, time
from ssid.entry import reporting
with reporting():
    print(os.getpid(), flush=True)
    time.sleep(60)
"""


ENDING = """
import atexit, os, signal, sys, time
from ssid.entry import reporting
from ssid.errors import UserError
def wait():
    print("ending", flush=True)
    time.sleep(60)
atexit.register(wait)
with reporting():
    if "fails" in sys.argv:
        raise UserError("another process is gone")
"""


@pytest.mark.parametrize("how", ["fails", "ends"])
def test_sigterm_during_the_end_leaves_no_traceback(how):
    command = [sys.executable, "-c", ENDING, how]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ending\n"
    process.terminate()
    said = process.communicate(timeout=60)[1]
    assert said == ("error: another process is gone\n" if how == "fails" else "")


SLOW_COMMAND = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background job has not
from ssid import cli
@cli.app.command()
def slow():
    os.kill(os.getpid(), signal.{signal})
    signal.pause()
cli.main()
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_commands_end_with_a_word_under_a_signal(name):
    command = [sys.executable, "-c", SLOW_COMMAND.format(signal=name), "slow"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 130
    assert done.stderr == "interrupted: nothing was lost; the same command continues.\n"


def test_the_handler_of_sigterm_is_given_back():
    before = signal.getsignal(signal.SIGTERM)
    with reporting():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("number", ADVICE, ids=errno.errorcode.get)
def test_errors_of_the_system_are_one_message_that_names_the_file(tmp_path, capsys, number):
    file = tmp_path / "model.safetensors"
    file.write_text("old")
    with pytest.raises(SystemExit) as caught, reporting(), atomic_write(file):
        raise OSError(number, os.strerror(number))  # as writing does: without a name
    assert caught.value.code == 1
    message = capsys.readouterr().err
    assert message.startswith(f"error: {file}: {os.strerror(number)}. ")
    assert message.count("\n") == 1
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_defects_of_the_program_keep_their_traceback():
    with pytest.raises(FileNotFoundError), reporting():
        raise FileNotFoundError(errno.ENOENT, "no such file")


@pytest.mark.parametrize(
    "ask",
    [
        lambda: torch.empty(2**55, dtype=torch.uint8),
        lambda: np.ones(2**55, np.uint8),
        lambda: bytearray(2**55),
    ],
    ids=["PyTorch", "NumPy", "Python"],
)
def test_memory_that_ran_out_is_one_message(capsys, ask):
    with pytest.raises(SystemExit) as caught, reporting():
        ask()
    assert caught.value.code == 1
    assert capsys.readouterr().err.startswith("error: memory ran out. ")


def test_sigterm_ends_a_command_with_a_word():
    command = [sys.executable, "-c", WAITING]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    process.terminate()
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said == "interrupted: nothing was lost; the same command continues.\n"


@pytest.mark.parametrize("by_dvc", [True, False])
def test_a_stage_ends_with_dvc_and_other_commands_go_on(by_dvc):
    """DVC ends at once under SIGTERM and leaves its stage, to be started a second time."""
    start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {WAITING!r}]).wait()"
    environment = {key: value for key, value in os.environ.items() if key != "DVC_STAGE"}
    environment |= {"DVC_STAGE": "distill"} if by_dvc else {}
    command = [sys.executable, "-c", start]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    stage = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    time.sleep(3)
    assert _runs(stage) is not by_dvc
    if not by_dvc:
        os.kill(stage, signal.SIGKILL)


def _runs(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:  # noqa: PTH123
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
