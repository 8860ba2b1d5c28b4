"""Finds the program and runs its commands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

Progress = Callable[[Mapping[str, Any]], None]


class WhenceError(RuntimeError):
    """A command failed; the message is the program's own sentence."""


def find() -> list[str]:
    """Find the program.

    Looked for are, in this order: the command in ``$WHENCE``, the image in ``$WHENCE_IMAGE`` (run by Docker, which sees
    the working folder alone: models, corpora and results must lie in it), ``whence`` on the path, and the clone that this package lies in.

    Returns
    -------
    list of str
        The words that begin its command line.

    Raises
    ------
    WhenceError
        When it is in none of these places.
    """
    if command := os.environ.get("WHENCE"):
        return [command]
    if image := os.environ.get("WHENCE_IMAGE"):
        here = os.getcwd()
        user = [f"--user={os.getuid()}:{os.getgid()}"] if hasattr(os, "getuid") else []
        folders = [f"--volume={here}:{here}", "--volume=whence-cache:/cache", f"--workdir={here}"]
        return ["docker", "run", "--rm", *user, *folders, image]
    if on_path := shutil.which("whence"):
        return [on_path]
    for folder in Path(__file__).resolve().parents:
        if (folder / "whence").is_file() and (folder / "app").is_dir():
            return [str(folder / "whence")]
    raise WhenceError(
        "the program was not found; set WHENCE to its launcher, 'whence' in a clone or 'bin/whence' in an archive"
    )


def show(report: Mapping[str, Any]) -> None:
    """Show progress as one line on standard error that is written over."""
    left = report.get("seconds_left")
    total = f"/{report['total']:,}" if report["total"] else ""
    rest = "" if left is None or report["ended"] else f", {left:,.0f} s left"
    line = f"{report['stage']} {report['done']:,}{total} {report['unit']}{rest}"
    sys.stderr.write("\r" + line.ljust(78) + ("\n" if report["ended"] else ""))
    sys.stderr.flush()


def run(arguments: Iterable[object], progress: Progress | None = show) -> str:
    """Run a command.

    Parameters
    ----------
    arguments
        The words after the program's name.
    progress
        Called with each report of a long command: stage, done, total, unit, rate, seconds_left, ended. None shows
        nothing.

    Returns
    -------
    str
        What it printed.

    Raises
    ------
    WhenceError
        When it fails.
    """
    command = [*find(), *(str(argument) for argument in arguments), "--progress", "json"]
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    except OSError as error:
        raise WhenceError(f"{command[0]} cannot be run: {error}") from error
    with process:
        return _follow(process, progress)


def _follow(process: subprocess.Popen[str], progress: Progress | None) -> str:
    assert process.stdout is not None and process.stderr is not None
    said: list[str] = []
    printed: list[str] = []
    # What is printed may be longer than a pipe holds, so both are read at once.
    from threading import Thread

    reader = Thread(target=lambda: printed.append(process.stdout.read()))
    reader.start()
    try:
        for line in process.stderr:
            report = _report(line)
            if report is None:
                said.append(line)
            elif progress is not None:
                progress(report)
    except BaseException:  # an interrupt in a notebook ends the command too; it is taken up again
        process.terminate()
        raise
    finally:
        reader.join()
    if process.wait() != 0:
        raise WhenceError("".join(said).removeprefix("whence: ").strip() or f"ended with code {process.returncode}")
    return "".join(printed)


def _report(line: str) -> Mapping[str, Any] | None:
    try:
        report = json.loads(line)
    except ValueError:
        return None
    return report if isinstance(report, dict) and "stage" in report else None


def options(given: Mapping[str, object]) -> list[str]:
    """Turn keyword arguments into options: ``damping_ratio=0.1`` is ``--damping-ratio 0.1``, ``layerwise=True`` is
    ``--layerwise``; what is None or False is left out."""
    words: list[str] = []
    for name, value in given.items():
        option = "--" + name.replace("_", "-")
        if value is True:
            words.append(option)
        elif isinstance(value, (list, tuple)):
            words += [option, ",".join(str(item) for item in value)]
        elif value is not None and value is not False:
            words += [option, str(value)]
    return words


def paths(given: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    """One path or several, as a list."""
    return [os.fspath(given)] if isinstance(given, (str, os.PathLike)) else [os.fspath(path) for path in given]
