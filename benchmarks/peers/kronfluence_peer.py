"""Drives Kronfluence, an independent implementation of EK-FAC influence, for comparison with Whence.

    python kronfluence_peer.py MODEL_FOLDER [--device cuda:0] [--precision float32|tf32|bfloat16]

MODEL_FOLDER is a GPT-2 or Qwen2 checkpoint as Hugging Face writes it. Commands come on standard input and answers
leave on standard output, one JSON object a line; README.md lists them. Everything else that anything prints goes to
standard error. Runs on the CPU in float32 unless it is told otherwise; OMP_NUM_THREADS sets the threads.
"""

import argparse

import functools
import importlib.metadata
import itertools
import json
import logging
import math
import os
import platform
import signal
import sys
import tempfile
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from kronfluence.analyzer import Analyzer, prepare_model
from kronfluence.arguments import FactorArguments, ScoreArguments
from kronfluence.computer import factor_computer, score_computer
from kronfluence.factor import eigen
from kronfluence.score import dot_product, pairwise
from kronfluence.task import Task
from kronfluence.utils.common.factor_arguments import all_low_precision_factor_arguments
from kronfluence.utils.common.score_arguments import all_low_precision_score_arguments
from kronfluence.utils.dataset import DataLoaderKwargs
from kronfluence.utils.state import release_memory
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.utils.rnn import pad_sequence

IGNORED = -100  # target of a position that does not count
ACTIVATIONS = {
    "gelu_new": functools.partial(F.gelu, approximate="tanh"),
    "gelu_pytorch_tanh": functools.partial(F.gelu, approximate="tanh"),
    "gelu": F.gelu,
    "relu": F.relu,
}


# ---- The model. Submodules carry the names of the checkpoint. ----


class Attention(nn.Module):
    def __init__(self, config, layer):
        super().__init__()
        width, self.heads = config["n_embd"], config["n_head"]
        if width % self.heads != 0:
            raise ValueError(f"n_head is {self.heads}, which does not divide n_embd, {width}")
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)
        self.scale = math.sqrt(self.heads / width) if config.get("scale_attn_weights", True) else 1.0
        if config.get("scale_attn_by_inverse_layer_idx", False):
            self.scale /= layer + 1

    def forward(self, x):  # [batch, positions, width]
        q, k, v = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in self.c_attn(x).chunk(3, dim=2))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=self.scale)
        return self.c_proj(mixed.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config["n_embd"]
        inner = config.get("n_inner") or 4 * width
        self.c_fc = nn.Linear(width, inner)
        self.c_proj = nn.Linear(inner, width)
        name = config.get("activation_function", "gelu_new")
        if name not in ACTIVATIONS:
            raise ValueError(f"activation_function is {name!r}, expected one of {', '.join(ACTIVATIONS)}")
        self.activation = ACTIVATIONS[name]

    def forward(self, x):
        return self.c_proj(self.activation(self.c_fc(x)))


class Block(nn.Module):
    def __init__(self, config, layer):
        super().__init__()
        epsilon = config.get("layer_norm_epsilon", 1e-5)
        self.ln_1 = nn.LayerNorm(config["n_embd"], eps=epsilon)
        self.attn = Attention(config, layer)
        self.ln_2 = nn.LayerNorm(config["n_embd"], eps=epsilon)
        self.mlp = Mlp(config)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Gpt2(nn.Module):
    """Gives the final hidden states; `lm_head` makes logits of those that are wanted."""

    TRACKED = (".mlp.c_fc", ".mlp.c_proj")

    def __init__(self, config):
        super().__init__()
        width = config["n_embd"]
        self.transformer = nn.ModuleDict(
            {
                "wte": nn.Embedding(config["vocab_size"], width),
                "wpe": nn.Embedding(config.get("n_positions", 1024), width),
                "h": nn.ModuleList(Block(config, layer) for layer in range(config["n_layer"])),
                "ln_f": nn.LayerNorm(width, eps=config.get("layer_norm_epsilon", 1e-5)),
            }
        )
        self.lm_head = nn.Linear(width, config["vocab_size"], bias=False)
        self.longest, self.vocabulary = config.get("n_positions", 1024), config["vocab_size"]

    def forward(self, tokens):  # [batch, positions]
        x = self.transformer.wte(tokens) + self.transformer.wpe.weight[: tokens.size(1)]
        for block in self.transformer.h:
            x = block(x)
        return self.transformer.ln_f(x)

    @staticmethod
    def load(folder, config):
        weights = {}
        for name, weight in load_file(folder / "model.safetensors").items():
            if name.endswith((".attn.bias", ".attn.masked_bias")):  # the causal mask, in old checkpoints
                continue
            if not name.startswith(("transformer.", "lm_head.")):  # published checkpoints leave the prefix out
                name = "transformer." + name
            if name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")):  # Conv1D: [in, out]
                weight = weight.t()
            weights[name] = weight.float().contiguous()
        if config.get("tie_word_embeddings", True):
            weights["lm_head.weight"] = weights["transformer.wte.weight"]
        model = Gpt2(config)
        model.load_state_dict(weights)
        return model


class RmsNorm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(torch.ones(width)), epsilon

    def forward(self, x):
        return F.rms_norm(x, self.weight.shape, self.weight, self.epsilon)


class GroupedAttention(nn.Module):
    """Rotary attention whose keys and values are shared by groups of heads."""

    def __init__(self, config):
        super().__init__()
        width, self.heads = config["hidden_size"], config["num_attention_heads"]
        self.key_heads = config["num_key_value_heads"]
        self.size = width // self.heads
        self.q_proj = nn.Linear(width, self.heads * self.size)
        self.k_proj = nn.Linear(width, self.key_heads * self.size)
        self.v_proj = nn.Linear(width, self.key_heads * self.size)
        self.o_proj = nn.Linear(self.heads * self.size, width, bias=False)

    def forward(self, x, rotation):
        q, k, v = (
            part(x).unflatten(2, (-1, self.size)).transpose(1, 2) for part in (self.q_proj, self.k_proj, self.v_proj)
        )
        k, v = (part.repeat_interleave(self.heads // self.key_heads, dim=1) for part in (rotate(k, rotation), v))
        mixed = F.scaled_dot_product_attention(rotate(q, rotation), k, v, is_causal=True)
        return self.o_proj(mixed.transpose(1, 2).flatten(2))


def rotate(x, rotation):
    """Turns pairs (i, i + size / 2) of each head by an angle that grows with the position."""
    cosine, sine = rotation
    first, second = x.chunk(2, dim=-1)
    return x * cosine + torch.cat((-second, first), dim=-1) * sine


class GatedMlp(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, inner = config["hidden_size"], config["intermediate_size"]
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class GatedBlock(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.input_layernorm = RmsNorm(config["hidden_size"], config["rms_norm_eps"])
        self.self_attn = GroupedAttention(config)
        self.post_attention_layernorm = RmsNorm(config["hidden_size"], config["rms_norm_eps"])
        self.mlp = GatedMlp(config)

    def forward(self, x, rotation):
        x = x + self.self_attn(self.input_layernorm(x), rotation)
        return x + self.mlp(self.post_attention_layernorm(x))


class Qwen2(nn.Module):
    """Gives the final hidden states; `lm_head` makes logits of those that are wanted."""

    TRACKED = (".mlp.gate_proj", ".mlp.up_proj", ".mlp.down_proj")

    def __init__(self, config):
        super().__init__()
        width = config["hidden_size"]
        self.model = nn.ModuleDict(
            {
                "embed_tokens": nn.Embedding(config["vocab_size"], width),
                "layers": nn.ModuleList(GatedBlock(config) for _ in range(config["num_hidden_layers"])),
                "norm": RmsNorm(width, config["rms_norm_eps"]),
            }
        )
        self.lm_head = nn.Linear(width, config["vocab_size"], bias=False)
        self.base, self.size = config["rope_theta"], width // config["num_attention_heads"]
        self.longest, self.vocabulary = config["max_position_embeddings"], config["vocab_size"]

    def forward(self, tokens):  # [batch, positions]
        x = self.model.embed_tokens(tokens)
        rotation = self.rotation(tokens.size(1), x)
        for block in self.model.layers:
            x = block(x, rotation)
        return self.model.norm(x)

    def rotation(self, positions, like):
        frequencies = self.base ** (-torch.arange(0, self.size, 2, device=like.device).float() / self.size)
        angles = torch.arange(positions, device=like.device).float()[:, None] * frequencies.repeat(2)
        return angles.cos().to(like.dtype), angles.sin().to(like.dtype)

    @staticmethod
    def load(folder, config):
        weights = {name: weight.float() for name, weight in load_file(folder / "model.safetensors").items()}
        if config.get("tie_word_embeddings", False):
            weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
        model = Qwen2(config)
        model.load_state_dict(weights)
        return model


def load_model(folder):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    families = {"gpt2": Gpt2, "qwen2": Qwen2}
    family = config.get("model_type", "gpt2")
    if family not in families:
        raise ValueError(f"model_type is {family!r}, expected one of {', '.join(families)}")
    return families[family].load(folder, config)


# ---- What Kronfluence asks of its user: data, a loss and a measurement. ----


def read_sequences(file, first, count, model):
    """Training sequences `first` to `first + count` as pairs of inputs and targets, all of whose positions count."""
    return [
        tokens_and_targets(line["tokens"], 1, where, model) for where, line in json_lines(file, first, count)
    ]


def read_queries(file, count, model):
    """The first `count` queries as pairs of inputs and targets; only the completion's positions count."""
    return [
        tokens_and_targets(
            line["prompt_tokens"] + line["completion_tokens"], max(1, len(line["prompt_tokens"])), where, model
        )
        for where, line in json_lines(file, 0, count)
    ]


def json_lines(file, first, count):
    with open(file, encoding="utf-8") as lines:
        wanted = list(itertools.islice((line for line in lines if line.strip()), first, first + count))
    if len(wanted) < count:
        raise ValueError(f"{file} ends after {first + len(wanted)} lines, but {first + count} are needed")
    return [(f"{file}, entry {first + i}", json.loads(line)) for i, line in enumerate(wanted)]


def tokens_and_targets(tokens, first_target, where, model):
    longest, vocabulary = model.longest, model.vocabulary
    if not first_target < len(tokens) <= longest + 1:
        raise ValueError(f"{where}: {len(tokens)} tokens, expected {first_target + 1} to {longest + 1}")
    if not all(0 <= token < vocabulary for token in tokens):
        raise ValueError(f"{where}: a token is outside the vocabulary of {vocabulary}")
    targets = torch.tensor(tokens[1:])
    targets[: first_target - 1] = IGNORED
    return torch.tensor(tokens[:-1]), targets


def collate(rows, masked):
    """Pads rows at the right, where causal attention makes padding harmless."""
    inputs, targets = zip(*rows)
    batch = {
        "inputs": pad_sequence(inputs, batch_first=True),
        "targets": pad_sequence(targets, batch_first=True, padding_value=IGNORED),
    }
    if masked:
        batch["mask"] = batch["targets"] != IGNORED
    return batch


def loader_arguments(rows):
    # Kronfluence keeps the last mask when a batch brings none, so that a data set has masks throughout or not at all.
    return DataLoaderKwargs(collate_fn=functools.partial(collate, masked=len({len(row[0]) for row in rows}) > 1))


def sample(probabilities):
    """One draw a row by inverting the cumulative distribution: one random number a row, not one a token of the
    vocabulary as in torch.multinomial."""
    cumulative = probabilities.cumsum(dim=1)  # [positions, vocabulary]
    threshold = torch.rand(len(cumulative), 1, device=cumulative.device) * cumulative[:, -1:]
    return torch.searchsorted(cumulative, threshold, right=True).squeeze(1).clamp_(max=cumulative.size(1) - 1)


def negative_log_likelihood(batch, model, sampled):
    """Summed over the positions that count, in nats. The head sees only those."""
    hidden, targets = model(batch["inputs"]).flatten(0, 1), batch["targets"].flatten()
    counted = targets != IGNORED
    if not counted.all():
        hidden, targets = hidden[counted], targets[counted]
    log_probabilities = F.log_softmax(model.lm_head(hidden), dim=1)  # [positions, vocabulary]
    if sampled:
        targets = sample(log_probabilities.detach().exp())
    return F.nll_loss(log_probabilities, targets, reduction="sum")


class LanguageModelling(Task):
    """Kronfluence's score is <grad m, H^-1 grad L>, and Whence's is -<grad f, H^-1 grad L> with f the completion's
    log-likelihood. So the measurement is m = -f, and positive means that training makes the completion likelier."""

    def __init__(self, model):
        self.tracked = [name for name, _ in model.named_modules() if name.endswith(model.TRACKED)]

    def compute_train_loss(self, batch, model, sample=False):
        return negative_log_likelihood(batch, model, sample)

    def compute_measurement(self, batch, model):
        return negative_log_likelihood(batch, model, sampled=False)

    def get_influence_tracked_modules(self):
        return self.tracked

    def get_attention_mask(self, batch):
        return batch.get("mask")


# ---- Timing, and the commands. ----


class Stopwatch:
    """Seconds and calls, since the last reset, of functions that Kronfluence's modules look up by name."""

    def __init__(self):
        self.seconds, self.calls = {}, {}

    def reset(self):
        self.seconds.clear()
        self.calls.clear()

    @staticmethod
    def wait():
        """For what a GPU has not done yet."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    def watch(self, label, module, name):
        original = getattr(module, name)

        @functools.wraps(original)
        def timed(*arguments, **named):
            start = time.perf_counter()
            try:
                return original(*arguments, **named)
            finally:
                self.wait()
                self.seconds[label] = self.seconds.get(label, 0.0) + time.perf_counter() - start
                self.calls[label] = self.calls.get(label, 0) + 1

        setattr(module, name, timed)


class Peer:
    """Runs commands through Kronfluence's public `Analyzer`, which keeps its factors as files in a folder.

    `seconds` is the whole call, files included. `compute_seconds` is what grows with the data: the time within the
    function that does the work, which leaves out files, less `setup_seconds`. Those are its fixed costs, which would
    weigh too much in a short measurement: copying factors into the layers and, with each pass of a scan, collecting
    garbage.
    """

    NAME = "peer"

    def __init__(self, model, folder, device="cpu", precision="float32"):
        self.device = torch.device(device)
        self.low = torch.bfloat16 if precision == "bfloat16" else None
        torch.backends.cuda.matmul.allow_tf32 = precision != "float32"
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)
        self.task = LanguageModelling(model)
        self.model = prepare_model(model.to(self.low) if self.low else model, self.task)
        self.analyzer = Analyzer(
            self.NAME,
            self.model,
            self.task,
            cpu=self.device.type == "cpu",
            disable_tqdm=True,
            output_dir=str(folder),
        )
        self.watch = Stopwatch()
        self.watch.watch("covariance", factor_computer, "fit_covariance_matrices_with_loader")
        self.watch.watch("eigendecomposition", factor_computer, "perform_eigendecomposition")
        self.watch.watch("lambda", factor_computer, "fit_lambda_matrices_with_loader")
        self.watch.watch("setup", eigen, "set_factors")
        self.watch.watch("scores", score_computer, "compute_pairwise_scores_with_loaders")
        self.watch.watch("setup", pairwise, "set_factors")
        self.watch.watch("setup", pairwise, "prepare_modules")
        self.watch.watch("scan", pairwise, "compute_dot_products_with_loader")
        self.watch.watch("collection", dot_product, "release_memory")  # within the scan
        release_memory()  # imports torch's compiler when first called, for a second or more

    def covariance(self, corpus, first, count, batch=4, empirical=False):
        fit = self.analyzer.fit_covariance_matrices
        return self._fit("covariance", fit, corpus, first, count, batch, empirical)

    def lambdas(self, corpus, first, count, batch=4, empirical=False):
        return self._fit("lambda", self.analyzer.fit_lambda_matrices, corpus, first, count, batch, empirical)

    def _fit(self, phase, fit, corpus, first, count, batch, empirical):
        check_numbers(0, first=first)
        check_numbers(1, count=count, batch=batch)
        rows = read_sequences(corpus, first, count, self.model)
        seconds = self._timed(
            fit,
            dataset=rows,
            per_device_batch_size=batch,
            dataloader_kwargs=loader_arguments(rows),
            factor_args=self._factor_arguments(
                use_empirical_fisher=empirical, covariance_max_examples=None, lambda_max_examples=None
            ),
        )
        return self._phase(phase, seconds)

    def _factor_arguments(self, **arguments):
        arguments["strategy"] = "ekfac"
        if self.low is None:
            return FactorArguments(**arguments)
        low = all_low_precision_factor_arguments(strategy="ekfac", dtype=self.low)
        for name, value in arguments.items():
            setattr(low, name, value)
        return low

    def eigendecomposition(self):
        """In float64, which is Kronfluence's default."""
        seconds = self._timed(self.analyzer.perform_eigendecomposition, factor_args=self._factor_arguments())
        return self._phase("eigendecomposition", seconds)

    def precondition(self, queries, count, rank=0, query_batch=32):
        """Kronfluence preconditions only as part of a scan, so each block of queries scans one sequence, untimed."""
        check_numbers(1, count=count, query_batch=query_batch)
        query_rows = read_queries(queries, count, self.model)
        inputs, targets = query_rows[0]
        return self._scores(query_rows, [(inputs, targets)], 1, rank, 1, query_batch)[0]

    def scan(
        self, corpus, first, count, queries, query_count, batch=4, rank=0, accumulate=1, query_batch=32, out=None
    ):
        """Scores by blocks of `accumulate * query_batch` queries, each of which is a pass over the sequences;
        `accumulate` 0 means all queries in one pass."""
        check_numbers(0, first=first, accumulate=accumulate)
        check_numbers(1, count=count, batch=batch, query_count=query_count, query_batch=query_batch)
        query_rows = read_queries(queries, query_count, self.model)
        train_rows = read_sequences(corpus, first, count, self.model)
        times, scores = self._scores(
            query_rows, train_rows, batch, rank, accumulate or math.ceil(query_count / query_batch), query_batch
        )
        if out is not None:
            save_file({"influence": scores.float().contiguous()}, out)
        return times

    def _scores(self, query_rows, train_rows, batch, rank, accumulate, query_batch):
        check_numbers(0, rank=rank)
        score_arguments = (
            ScoreArguments()
            if self.low is None
            else all_low_precision_score_arguments(damping_factor=None, dtype=self.low)
        )
        score_arguments.damping_factor = None  # 0.1 times the mean of a layer's Lambda, for each layer apart
        score_arguments.query_gradient_low_rank = rank or None
        score_arguments.query_gradient_accumulation_steps = accumulate
        seconds = self._timed(
            self.analyzer.compute_pairwise_scores,
            scores_name=self.NAME,
            query_dataset=query_rows,
            train_dataset=train_rows,
            per_device_query_batch_size=query_batch,
            per_device_train_batch_size=batch,
            dataloader_kwargs=DataLoaderKwargs(collate_fn=functools.partial(collate, masked=False)),
            score_args=score_arguments,
        )
        # One function alternates between preconditioning blocks of queries and calling another for the scans.
        times = self._phase("scores", seconds)
        times["scan_seconds"] = self.watch.seconds["scan"] - self.watch.seconds["collection"]
        times["precondition_seconds"] = times["compute_seconds"] - times["scan_seconds"]
        times["passes"] = self.watch.calls["scan"]
        return times, self.analyzer.load_pairwise_scores(self.NAME)["all_modules"]

    def _timed(self, call, **arguments):
        """Results replace those of the same command before, which Kronfluence would otherwise return again."""
        self.watch.reset()
        start = time.perf_counter()
        call(factors_name=self.NAME, overwrite_output_dir=True, **arguments)
        self.watch.wait()
        return time.perf_counter() - start

    def _phase(self, label, seconds):
        setup = self.watch.seconds.get("setup", 0.0) + self.watch.seconds.get("collection", 0.0)
        return {
            "seconds": seconds,
            "compute_seconds": self.watch.seconds[label] - setup,
            "setup_seconds": setup,
        }


def check_numbers(least, **numbers):
    for name, number in numbers.items():
        if type(number) is not int or number < least:
            raise ValueError(f"{name} is {number!r}, expected a whole number of at least {least}")


def serve(peer, requests, answer):
    """Answers requests until one says quit or they end."""
    commands = {
        "covariance": peer.covariance,
        "eigendecomposition": peer.eigendecomposition,
        "lambda": peer.lambdas,
        "precondition": peer.precondition,
        "scan": peer.scan,
    }
    for line in requests:
        try:
            request = json.loads(line)
            name = request.pop("do", None)
            if name == "quit":
                return
            if name not in commands:
                raise ValueError(f"do is {name!r}, expected one of {', '.join(commands)}, quit")
            answer(commands[name](**request))
        except Exception as problem:  # whatever went wrong, the next request may be sound
            logging.exception("Failed: %s", line.strip())
            answer(describe(problem))


def describe(problem):
    return {"error": " ".join(f"{type(problem).__name__}: {problem}".split())}


class Parser(argparse.ArgumentParser):
    """Reports mistakes as the first answer, not on its own."""

    def error(self, message):
        raise ValueError(f"{self.format_usage().strip()}: {message}")


def parser():
    options = Parser(prog="kronfluence_peer.py", add_help=False)
    options.add_argument("model", type=Path)
    options.add_argument("--device", default="cpu")
    options.add_argument("--precision", choices=("float32", "tf32", "bfloat16"), default="float32")
    return options


def main(arguments):
    # Answers keep standard output to themselves; what libraries print goes to standard error.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(content):
        print(json.dumps(content), file=answers, flush=True)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves by way of the folder's removal
    with tempfile.TemporaryDirectory(prefix="kronfluence-peer-") as folder:
        try:
            options = parser().parse_args(arguments)
            torch.manual_seed(0)
            peer = Peer(load_model(options.model), folder, options.device, options.precision)
        except Exception as problem:
            logging.exception("Cannot start")
            answer(describe(problem))
            return 2
        versions = {name: importlib.metadata.version(name) for name in ("kronfluence", "torch")}
        versions["python"] = platform.python_version()
        answer({"ready": True, "versions": versions, "threads": torch.get_num_threads()})
        serve(peer, sys.stdin, answer)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
