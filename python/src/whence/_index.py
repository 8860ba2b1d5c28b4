"""Influence indexes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from . import _launcher


@dataclass(frozen=True)
class Index:
    """An influence index.

    Parameters
    ----------
    path
        The folder that ``whence index build`` wrote.
    """

    path: Path

    def query(
        self,
        prompt: str,
        completion: str,
        rerank: int = 0,
        count: int = 10,
        by_token: bool = False,
        **options: object,
    ) -> pd.DataFrame:
        """Find the sequences that influence a completion most.

        Parameters
        ----------
        prompt, completion
            What the model was given, and what it said.
        rerank
            How many of the best estimates of each sign are computed exactly; 0 returns estimates.
        count
            Sequences of each sign.
        by_token
            Also those of each token of the completion by itself.
        **options
            Other options of ``whence index query``.

        Returns
        -------
        pandas.DataFrame
            A row a sequence: rank (negative for those that lower), influence in nats per unit of weight, exact,
            document_id, text and more.
        """
        given = {"rerank": rerank, "count": count, "by_token": by_token, **options}
        words: list[object] = ["index", "query", self.path, "--prompt", prompt, "--completion", completion, "--json"]
        printed = _launcher.run([*words, *_launcher.options(given)], None)
        return pd.DataFrame([json.loads(line) for line in printed.splitlines()])
