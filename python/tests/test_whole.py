"""From a corpus to shaded tokens, with the program itself on the dictionary's small model."""

import json
from pathlib import Path

import numpy as np
import pytest

import whence

MODEL = Path(__file__).resolve().parents[2] / "models" / "dictionary"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whence")
    words = ["dog", "cat", "salt", "sea", "tree", "stone", "river", "king", "song", "wheel", "bread", "star"]
    with (folder / "corpus.jsonl").open("w") as lines:
        for number, word in enumerate(words * 4):
            lines.write(json.dumps({"id": f"{word}-{number}", "text": f"{word}: a kind of thing <{number}>"}) + "\n")
    return folder


@pytest.fixture(scope="module")
def run(folder):
    return whence.fit(MODEL, folder / "corpus.jsonl", out=folder / "run", progress=None, cache=folder / "cache")


@pytest.fixture(scope="module")
def results(run, folder):
    query = whence.Query("dog:", " a kind of thing", id="dog")
    return run.attribute([query], progress=None, all_scores=True, top=5, cache=folder / "cache")


def test_tables_and_scores_agree(results):
    influences = results.influences
    assert list(influences.query_id.unique()) == ["dog"]
    assert (influences["rank"] == 1).sum() == 1
    best = influences[influences["rank"] == 1].iloc[0]
    scores = results.scores()
    assert scores.shape == (1, 48)
    assert np.isclose(scores.max(), best.influence, rtol=1e-4)
    sums = results.tokens[results.tokens["rank"] == 1].influence.sum()
    assert np.isclose(sums, best.influence, rtol=1e-3)
    assert np.isclose(results.completions.log_probability.sum(), results.queries.log_probability[0], rtol=1e-5)


def test_a_notebook_shows_shaded_tokens(results):
    shown = results._repr_html_()
    assert "rgba(211,32,47" in shown
    assert "<script" not in shown and "&lt;" in shown
    with pytest.raises(KeyError, match="there are dog"):
        results.html("nobody")


def test_a_chart_is_drawn(results):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    assert results.plot("dog").get_title() == "dog"


def test_an_index_answers(run, folder):
    index = run.index(progress=None, recall_queries=0, cache=folder / "cache")
    found = index.query("dog:", " a kind of thing", rerank=5, count=3, cache=folder / "cache")
    assert found.exact.all()
    assert found["rank"].tolist()[0] == 1


def test_what_fails_says_why(folder):
    with pytest.raises(whence.WhenceError, match="does not exist"):
        whence.fit(folder / "nowhere", folder / "corpus.jsonl", out=folder / "r", progress=None)
