"""Checks kronfluence_peer.py against EK-FAC computed directly in float64, one sequence at a time, with dense matrices.

    python benchmarks/peers/test_kronfluence_peer.py
"""

import json
import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import kronfluence_peer

HERE = Path(__file__).parent
GOLDEN = HERE.parents[1] / "core/src/test/resources/oracles/gpt2"
LAYERS, WIDTH, HEADS, VOCABULARY, LONGEST = 2, 32, 4, 64, 16


# ---- Inputs. ----


def write_model(folder, tied):
    """A random GPT-2, with the bends that an untrained one lacks: biases, and weights large enough to matter."""
    generator = torch.Generator().manual_seed(1)

    def normal(*shape, scale=0.3, mean=0.0):
        return mean + scale * torch.randn(*shape, generator=generator)

    weights = {
        "transformer.wte.weight": normal(VOCABULARY, WIDTH),
        "transformer.wpe.weight": normal(LONGEST, WIDTH),
        "transformer.ln_f.weight": normal(WIDTH, mean=1.0),
        "transformer.ln_f.bias": normal(WIDTH),
    }
    for layer in range(LAYERS):
        name = f"transformer.h.{layer}."
        for norm in ("ln_1", "ln_2"):
            weights[name + norm + ".weight"] = normal(WIDTH, mean=1.0)
            weights[name + norm + ".bias"] = normal(WIDTH)
        for linear, inputs, outputs in (
            ("attn.c_attn", WIDTH, 3 * WIDTH),
            ("attn.c_proj", WIDTH, WIDTH),
            ("mlp.c_fc", WIDTH, 4 * WIDTH),
            ("mlp.c_proj", 4 * WIDTH, WIDTH),
        ):
            weights[name + linear + ".weight"] = normal(inputs, outputs)
            weights[name + linear + ".bias"] = normal(outputs)
    if not tied:
        weights["lm_head.weight"] = normal(VOCABULARY, WIDTH)
    config = {
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "n_layer": LAYERS,
        "n_embd": WIDTH,
        "n_head": HEADS,
        "n_positions": LONGEST,
        "vocab_size": VOCABULARY,
        "layer_norm_epsilon": 1e-5,
        "tie_word_embeddings": tied,
    }
    folder.mkdir()
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    return weights


def write_lines(file, lines):
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(file)


# ---- EK-FAC by its definition. ----


def tracked_values(weights, tokens, counted):
    """The tracked layers' inputs [a; 1] and the gradients of the counted targets' log-likelihood by their outputs."""
    recorded = []

    def linear(x, name, track=False):
        y = x @ weights[name + ".weight"] + weights[name + ".bias"]
        if track:
            y.requires_grad_() if y.is_leaf else y.retain_grad()
            recorded.append((torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1).detach(), y))
        return y

    def norm(x, name):
        centred = x - x.mean(1, keepdim=True)
        scaled = centred / (centred.square().mean(1, keepdim=True) + 1e-5).sqrt()
        return scaled * weights[name + ".weight"] + weights[name + ".bias"]

    inputs, targets = torch.tensor(tokens[:-1]), torch.tensor(tokens[1:])
    length = len(inputs)
    later = torch.ones(length, length).triu(1).bool()
    x = weights["transformer.wte.weight"][inputs] + weights["transformer.wpe.weight"][:length]
    for layer in range(LAYERS):
        name = f"transformer.h.{layer}."
        qkv = linear(norm(x, name + "ln_1"), name + "attn.c_attn")
        q, k, v = qkv.reshape(length, 3, HEADS, -1).permute(1, 2, 0, 3)  # [heads, positions, width of a head]
        weight = (q @ k.transpose(1, 2) / math.sqrt(WIDTH / HEADS)).masked_fill(later, -math.inf).softmax(2)
        x = x + linear((weight @ v).transpose(0, 1).reshape(length, WIDTH), name + "attn.c_proj")
        h = linear(norm(x, name + "ln_2"), name + "mlp.c_fc", track=True)
        gelu = 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))
        x = x + linear(gelu, name + "mlp.c_proj", track=True)
    head = weights.get("lm_head.weight", weights["transformer.wte.weight"])
    log_p = (norm(x, "transformer.ln_f") @ head.t()).log_softmax(1)
    log_p[torch.arange(length), targets][counted].sum().backward()
    return [(a, y.grad) for a, y in recorded]


def influence(weights, queries, sequences):
    """I = <P, D> summed over layers, with P = Q_S [Q_S' V Q_A / (Lambda + 0.1 mean Lambda)] Q_A'.

    As [queries, sequences]."""
    weights = {name: weight.double() for name, weight in weights.items()}
    training = [tracked_values(weights, tokens, slice(None)) for tokens in sequences]
    asked = [
        tracked_values(weights, prompt + completion, slice(len(prompt) - 1, None)) for prompt, completion in queries
    ]
    total = torch.zeros(len(queries), len(sequences), dtype=torch.float64)
    for layer in range(2 * LAYERS):
        a = torch.cat([values[layer][0] for values in training])
        d = torch.cat([values[layer][1] for values in training])
        q_a, q_s = (torch.linalg.eigh(x.t() @ x / len(x)).eigenvectors for x in (a, d))
        gradients, wanted = (
            torch.stack([values[layer][1].t() @ values[layer][0] for values in some]) for some in (training, asked)
        )  # [sequences, out, in + 1]
        squares = (q_s.t() @ gradients @ q_a).square().mean(0)
        preconditioned = q_s @ (q_s.t() @ wanted @ q_a / (squares + 0.1 * squares.mean())) @ q_a.t()
        total += preconditioned.flatten(1) @ gradients.flatten(1).t()
    return total


# ---- The driver, as the benchmark uses it. ----


class Driver:
    def __init__(self, model):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "kronfluence_peer.py", model],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def answer(self):
        return json.loads(self.process.stdout.readline())

    def send(self, line):
        print(line, file=self.process.stdin, flush=True)
        return self.answer()

    def done(self, do, **fields):
        answer = self.send(json.dumps({"do": do, **fields}))
        assert "error" not in answer, answer
        assert 0 < answer["compute_seconds"] <= answer["seconds"], answer
        return answer

    def fit(self, corpus, count, empirical):
        self.done("covariance", corpus=corpus, first=0, count=count, empirical=empirical)
        self.done("eigendecomposition")
        self.done("lambda", corpus=corpus, first=0, count=count, empirical=empirical)

    def quit(self):
        self.process.communicate(json.dumps({"do": "quit"}) + "\n", timeout=60)
        return self.process.returncode


def correlation(x, y):
    return torch.corrcoef(torch.stack([x.flatten().double(), y.flatten().double()]))[0, 1].item()


def check_scores(folder, tied, lengths):
    weights = write_model(folder / "model", tied)
    generator = random.Random(2)

    def tokens(length):
        return [generator.randrange(VOCABULARY) for _ in range(length)]

    sequences = [tokens(length) for length in lengths]
    queries = [(sequences[0][:6], sequences[0][6:]), (tokens(3), tokens(4)), (tokens(5), tokens(8))]
    corpus = write_lines(folder / "corpus.jsonl", [{"tokens": tokens} for tokens in sequences])
    asked = write_lines(
        folder / "queries.jsonl",
        [{"prompt_tokens": prompt, "completion_tokens": completion} for prompt, completion in queries],
    )
    count, out = len(sequences), str(folder / "scores.safetensors")
    expected = influence(weights, queries, sequences)

    driver = Driver(folder / "model")
    ready = driver.answer()
    assert ready["ready"] and ready["threads"] >= 1 and ready["versions"]["kronfluence"], ready

    driver.fit(corpus, count, empirical=True)
    scan = {"corpus": corpus, "first": 0, "count": count, "queries": asked, "query_count": 3, "out": out}
    for accumulate, query_batch, passes in ((1, 32, 1), (1, 1, 3), (2, 1, 2), (0, 1, 1)):
        times = driver.done("scan", **scan, accumulate=accumulate, query_batch=query_batch)
        assert times["passes"] == passes, times
        assert times["precondition_seconds"] > 0 and times["scan_seconds"] > 0, times
        scores = load_file(out)["influence"]
        assert scores.dtype == torch.float32 and scores.shape == expected.shape
        error = ((scores - expected).abs().max() / expected.abs().max()).item()
        assert error < 1e-3 and correlation(scores, expected) > 0.9999, (error, correlation(scores, expected))
    print(f"tied {tied}: correlation {correlation(scores, expected):.8f}, largest relative error {error:.1e}")
    assert scores[0, 0] > 0, "to train on the very sequence asked about must make it likelier"

    driver.done("scan", **{**scan, "first": 2, "count": count - 2})
    assert torch.allclose(load_file(out)["influence"], scores[:, 2:], rtol=1e-3, atol=1e-3)
    driver.done("scan", **scan, rank=8)
    low_rank = correlation(load_file(out)["influence"], expected)
    assert 0.9 < low_rank < 0.999999, low_rank
    assert driver.done("precondition", queries=asked, count=3, rank=8, query_batch=2)["passes"] == 2

    driver.fit(corpus, count, empirical=False)
    driver.done("scan", **scan)
    sampled = correlation(load_file(out)["influence"], expected)
    assert 0.5 < sampled < 0.9999, sampled

    for line in (
        "not JSON",
        "[]",
        '{"do": "dance"}',
        '{"do": "covariance"}',
        json.dumps({"do": "covariance", "corpus": corpus, "first": 0, "count": count + 1}),
        json.dumps({"do": "covariance", "corpus": corpus, "first": -1, "count": 1}),
        json.dumps({"do": "covariance", "corpus": "missing.jsonl", "first": 0, "count": 1}),
        json.dumps({"do": "covariance", "corpus": asked, "first": 0, "count": 1}),
    ):
        answer = driver.send(line)
        assert list(answer) == ["error"], (line, answer)
    driver.done("scan", **scan)  # still serves
    assert driver.quit() == 0


# ---- Tests. ----


def test_scores_are_the_dense_ones_for_sequences_of_one_length():
    with tempfile.TemporaryDirectory() as folder:
        check_scores(Path(folder), tied=True, lengths=[LONGEST] * 10)


def test_padding_does_not_count():
    with tempfile.TemporaryDirectory() as folder:
        check_scores(Path(folder), tied=False, lengths=[16, 5, 9, 16, 16, 16, 16, 2, 12, 7])


def test_scores_are_the_golden_ones_of_whence():
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "scores.safetensors"
        corpus, asked = str(GOLDEN / "corpus.jsonl"), str(GOLDEN / "queries.jsonl")
        driver = Driver(GOLDEN / "model")
        driver.answer()
        driver.fit(corpus, 60, empirical=True)
        driver.done("scan", corpus=corpus, first=0, count=60, queries=asked, query_count=3, out=str(out))
        assert driver.quit() == 0
        scores, expected = load_file(out)["influence"], load_file(GOLDEN / "expected.safetensors")["scores.ekfac"]
        error = ((scores - expected).abs().max() / expected.abs().max()).item()
        print(f"golden: correlation {correlation(scores, expected):.8f}, largest relative error {error:.1e}")
        assert error < 1e-3 and correlation(scores, expected) > 0.99999


def test_a_model_that_cannot_be_read_is_one_line():
    driver = Driver("no-such-folder")
    assert list(driver.answer()) == ["error"]
    assert driver.process.wait(60) == 2


def test_samples_follow_the_distribution():
    torch.manual_seed(3)
    wanted = torch.tensor([0.5, 0.0, 0.3, 0.15, 0.05, 0.0])
    drawn = kronfluence_peer.sample(wanted.repeat(20000, 1)).bincount(minlength=6) / 20000
    assert (drawn - wanted).abs().max() < 0.015 and drawn[1] == 0 and drawn[5] == 0, drawn


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print(f"passed {name}")
