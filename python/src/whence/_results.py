"""Results: tables as pandas, scores as numpy, and how a notebook shows them."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_DTYPES = {"F64": np.float64, "F32": np.float32, "I64": np.int64, "I32": np.int32}
_RAISES = (211, 32, 47)
_LOWERS = (11, 127, 134)


@dataclass(frozen=True)
class Results:
    """What an attribution found.

    Parameters
    ----------
    path
        The folder that it wrote.
    """

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))

    def _table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.path / f"{name}.parquet")

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the results were made from, and how."""
        return json.loads((self.path / "manifest.json").read_text(encoding="utf-8"))

    @cached_property
    def queries(self) -> pd.DataFrame:
        """The queries, with the log-probability of each completion in nats."""
        return self._table("queries")

    @cached_property
    def completions(self) -> pd.DataFrame:
        """The completions' tokens: how likely each was, and what the model would rather have said."""
        return self._table("completions")

    @cached_property
    def influences(self) -> pd.DataFrame:
        """The strongest sequences: rank 1, 2, .. raise a completion, -1, -2, .. lower it; nats per unit of weight."""
        return self._table("influences")

    @cached_property
    def tokens(self) -> pd.DataFrame:
        """The strongest sequences' tokens, and the influence through each."""
        return self._table("tokens")

    @cached_property
    def layers(self) -> pd.DataFrame:
        """The influence through each layer."""
        return self._table("layers")

    def scores(self, name: str = "influence") -> np.ndarray:
        """A tensor of ``scores.safetensors``.

        Parameters
        ----------
        name
            ``influence`` ([queries, sequences], with ``all_scores=True``), ``self_influence`` and others of
            docs/FORMATS.md.

        Returns
        -------
        numpy.ndarray
            Mapped from the file, not read as a whole.

        Raises
        ------
        KeyError
            When the results have no such tensor.
        """
        file = self.path / "scores.safetensors"
        with file.open("rb") as content:
            length = int.from_bytes(content.read(8), "little")
            header = json.loads(content.read(length))
        entry = header[name]
        return np.memmap(
            file, _DTYPES[entry["dtype"]], "r", offset=8 + length + entry["data_offsets"][0], shape=tuple(entry["shape"])
        )

    def html(self, query: str | None = None, count: int = 5) -> str:
        """Tokens shaded by influence, red where they raise and teal where they lower.

        Parameters
        ----------
        query
            The id of a query; all when it is None.
        count
            Sequences that raise it; half as many that lower it.

        Returns
        -------
        str
            HTML without script.
        """
        chosen = self.queries if query is None else self.queries[self.queries.query_id == query]
        if chosen.empty and query is None:
            return "<p>These results have no queries.</p>"
        if chosen.empty:
            raise KeyError(f"no query '{query}'; there are {', '.join(self.queries.query_id)}")
        return "".join(self._query_html(row, count) for row in chosen.itertuples())

    def _repr_html_(self) -> str:
        return self.html(count=4)

    def _query_html(self, query: Any, count: int) -> str:
        parts = [f"<p><b>{html.escape(query.prompt)}</b><u>{html.escape(query.completion)}</u></p><table>"]
        of_query = _whole(self.influences[self.influences.query_id == query.query_id])
        tokens = _whole(self.tokens[self.tokens.query_id == query.query_id])
        for rank in [*range(1, count + 1), *range(-1, -(count // 2) - 1, -1)]:
            for row in of_query[of_query["rank"] == rank].itertuples():
                shaded = _shaded(tokens[tokens["rank"] == rank].sort_values("position"))
                parts.append(
                    f"<tr><td>{rank}</td><td style='text-align:right'>{row.influence:+,.4g}</td>"
                    f"<td style='text-align:left'>{shaded}</td></tr>"
                )
        return "".join(parts) + "</table>"

    def plot(self, query: str, axes: Any = None) -> Any:
        """Draw the fall-off: the strongest influences by rank.

        Parameters
        ----------
        query
            The id of a query.
        axes
            matplotlib's, to draw on; new ones when it is None.

        Returns
        -------
        matplotlib.axes.Axes
        """
        import matplotlib.pyplot as plt

        axes = plt.subplots(figsize=(6, 3.5))[1] if axes is None else axes
        of_query = _whole(self.influences[self.influences.query_id == query])
        for sign, colour, name in ((1, _RAISES, "raises"), (-1, _LOWERS, "lowers")):
            side = of_query[of_query["rank"] * sign > 0]
            axes.plot(side["rank"].abs(), side.influence.abs(), ".-", color=[c / 255 for c in colour], label=name)
        axes.set(xscale="log", yscale="log", xlabel="rank", ylabel="influence, nats per unit of weight", title=query)
        axes.legend()
        return axes


def _whole(rows: pd.DataFrame) -> pd.DataFrame:
    """Without the rows about single tokens of the completion."""
    return rows[rows.completion_token.isna()] if "completion_token" in rows else rows


def _shaded(tokens: pd.DataFrame) -> str:
    largest = tokens.influence.abs().max() if len(tokens) else 0
    pieces = []
    for token, influence in zip(tokens.token, tokens.influence):
        share = abs(influence) / largest if largest else 0
        red, green, blue = _RAISES if influence > 0 else _LOWERS
        style = f" style='background:rgba({red},{green},{blue},{0.75 * share:.2f})'" if share > 0.04 else ""
        pieces.append(f"<span{style} title='{influence:+.4g} nats'>{html.escape(token)}</span>")
    return "".join(pieces)
