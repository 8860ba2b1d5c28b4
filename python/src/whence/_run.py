"""Fits, and what is asked of them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import _launcher
from ._index import Index
from ._results import Results

PathLike = str | os.PathLike[str]
Paths = PathLike | Iterable[PathLike]


@dataclass(frozen=True)
class Query:
    """A completion whose training sequences are wanted.

    Parameters
    ----------
    prompt
        What the model was given.
    completion
        What it said; one that follows a space begins with it.
    id
        How tables call it; by default its number.
    """

    prompt: str
    completion: str
    id: str | None = None


def write_queries(queries: Iterable[Query], file: Path) -> None:
    """Write queries as the program reads them."""
    with file.open("w", encoding="utf-8") as lines:
        for number, query in enumerate(queries):
            name = query.id if query.id is not None else f"query-{number}"
            line = {"id": name, "prompt": query.prompt, "completion": query.completion}
            lines.write(json.dumps(line) + "\n")


@dataclass(frozen=True)
class Run:
    """The fitted curvature of a model.

    Parameters
    ----------
    path
        The folder that a fit wrote.
    corpus
        The files that it was fitted on, which are scored unless others are given.
    """

    path: Path
    corpus: tuple[str, ...] = ()

    def _corpus(self, given: Paths | None) -> list[str]:
        chosen = list(self.corpus) if given is None else _launcher.paths(given)
        if not chosen:
            raise ValueError("give corpus=, the files to score")
        return chosen

    def attribute(
        self,
        queries: Iterable[Query] | PathLike,
        corpus: Paths | None = None,
        out: PathLike | None = None,
        progress: _launcher.Progress | None = _launcher.show,
        **options: object,
    ) -> Results:
        """Score every training sequence for every query.

        Parameters
        ----------
        queries
            Queries, or a file of them (JSONL).
        corpus
            Files to score; by default those of the fit.
        out
            The results folder; by default ``results`` beside the run.
        progress
            Called with each report; None shows nothing.
        **options
            Options of ``whence attribute``, such as ``top=50``, ``all_scores=True``, ``by_token=True``,
            ``index="index", rerank=200``.

        Returns
        -------
        Results
        """
        folder = Path(out) if out is not None else self.path.parent / "results"
        with tempfile.TemporaryDirectory(prefix=".whence-", dir=os.getcwd()) as temporary:
            file = Path(temporary) / "queries.jsonl"
            if isinstance(queries, (str, os.PathLike)):
                file = Path(queries)
            else:
                write_queries(queries, file)
            words: list[object] = ["attribute", self.path, "--queries", file, "--out", folder]
            words += [*_launcher.options(options), "--corpus", *self._corpus(corpus)]
            _launcher.run(words, progress)
        return Results(folder)

    def index(
        self,
        corpus: Paths | None = None,
        out: PathLike | None = None,
        progress: _launcher.Progress | None = _launcher.show,
        **options: object,
    ) -> Index:
        """Keep all gradients, small, so that any question is answered in seconds.

        Parameters
        ----------
        corpus, out, progress
            As for :meth:`attribute`; the default folder is ``index`` beside the run.
        **options
            Options of ``whence index build``.

        Returns
        -------
        Index
        """
        folder = Path(out) if out is not None else self.path.parent / "index"
        words: list[object] = ["index", "build", self.path, "--out", folder]
        words += [*_launcher.options(options), "--corpus", *self._corpus(corpus)]
        _launcher.run(words, progress)
        return Index(folder)


def fit(
    model: PathLike,
    corpus: Paths,
    out: PathLike = "run",
    progress: _launcher.Progress | None = _launcher.show,
    **options: object,
) -> Run:
    """Fit the curvature of a model to its training corpus.

    A fit that was interrupted is taken up where it was; one that is there already is left as it is.

    Parameters
    ----------
    model
        The folder of a Hugging Face checkpoint.
    corpus
        Files of documents: JSONL, text or Parquet, also compressed.
    out
        The run folder.
    progress
        Called with each report; None shows nothing.
    **options
        Options of ``whence fit``, such as ``sequence_length=256`` or ``layers="mlp"``.

    Returns
    -------
    Run

    Raises
    ------
    WhenceError
        With the program's own sentence, when the fit fails.
    """
    files = _launcher.paths(corpus)
    words: list[object] = ["fit", os.fspath(model), "--out", os.fspath(out)]
    _launcher.run([*words, *_launcher.options(options), "--corpus", *files], progress)
    return Run(Path(out), tuple(files))
