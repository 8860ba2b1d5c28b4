"""Writes a results folder of any size, of random numbers, to time the explorer's pages on.

python benchmarks/explorer/large_results.py OUT [--queries 100] [--sequences 100000] [--top 100] [--tokens 200]

Needs numpy, pyarrow and safetensors. The numbers mean nothing; the folder is read like any other.
"""

import argparse
import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import save_file

LAYERS = [f"model.layers.{block}.mlp.{part}" for block in range(12) for part in ("up_proj", "down_proj")]


def provenance(path: Path) -> str:
    """As in dev.whence.run.Provenance: over the name and the hash of the content, each with its length."""
    digest = hashlib.sha256()
    for text in (path.name, hashlib.sha256(path.read_bytes()).hexdigest()):
        digest.update(struct.pack(">i", len(text.encode())) + text.encode())
    return digest.hexdigest()


def write(path: Path, rows: list, columns: list) -> None:
    """Writes rows as a table, in row groups as large as Whence's."""
    arrays = [pa.array(values, kind) for values, (_, kind) in zip(zip(*rows), columns)]
    table = pa.table(arrays, names=[name for name, _ in columns])
    pq.write_table(table, path, row_group_size=122_880, compression="zstd")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--sequences", type=int, default=100_000)
    parser.add_argument("--top", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=200)
    args = parser.parse_args()
    random = np.random.default_rng(0)
    out = args.out
    out.mkdir(parents=True)
    words = np.array([f" word{i}" for i in range(5000)])
    ids = [f"q{i}" for i in range(args.queries)]

    pq.write_table(
        pa.table(
            {
                "query_id": ids,
                "prompt": [f"A prompt of query {i}:" for i in ids],
                "completion": ["".join(words[random.integers(0, 5000, 30)]) for _ in ids],
                "completion_tokens": pa.array([30] * len(ids), pa.int32()),
                "log_probability": [-50.0] * len(ids),
                "prompt_token_ids": pa.array([[1, 2, 3]] * len(ids), pa.list_(pa.int32())),
                "completion_token_ids": pa.array([[4, 5]] * len(ids), pa.list_(pa.int32())),
            }
        ),
        out / "queries.parquet",
    )
    scores = (random.standard_normal((args.queries, args.sequences)) ** 5).astype(np.float32)
    save_file({"influence": scores}, out / "scores.safetensors")

    influences, token_rows, layers = [], [], []
    for q, name in enumerate(ids):
        order = np.argsort(scores[q])
        rows = [(r + 1, order[-1 - r]) for r in range(args.top)] + [(-r - 1, order[r]) for r in range(args.top)]
        for rank, place in rows:
            value = float(scores[q, place])
            drawn = random.integers(0, 5000, args.tokens)
            parts = random.standard_normal(args.tokens)
            influences.append(
                (name, rank, f"document-{place}", 0, 0, value, False, "".join(words[drawn]), int(place), False)
            )
            token_rows += [
                (name, rank, t, int(drawn[t]), words[drawn[t]], float(parts[t] * value / parts.sum()))
                for t in range(args.tokens)
            ]
            shares = random.standard_normal(len(LAYERS))
            layers += [(name, rank, layer, value * s / shares.sum()) for layer, s in zip(LAYERS, shares)]
    write(
        out / "tokens.parquet",
        token_rows,
        [
            ("query_id", pa.string()),
            ("rank", pa.int32()),
            ("position", pa.int32()),
            ("token_id", pa.int32()),
            ("token", pa.string()),
            ("influence", pa.float64()),
        ],
    )
    write(
        out / "influences.parquet",
        influences,
        [
            ("query_id", pa.string()),
            ("rank", pa.int32()),
            ("document_id", pa.string()),
            ("sequence_index", pa.int32()),
            ("token_offset", pa.int32()),
            ("influence", pa.float64()),
            ("spiky", pa.bool_()),
            ("text", pa.string()),
            ("sequence", pa.int64()),
            ("refined", pa.bool_()),
        ],
    )
    write(
        out / "layers.parquet",
        layers,
        [("query_id", pa.string()), ("rank", pa.int32()), ("layer", pa.string()), ("influence", pa.float64())],
    )
    names = ["queries.parquet", "influences.parquet", "tokens.parquet", "layers.parquet", "scores.safetensors"]
    manifest = {
        "kind": "results",
        "format": 1,
        "whence_version": "none",
        "created": "2026-01-01T00:00:00Z",
        "model": {"folder": "/nowhere", "architecture": "none", "sha256": ""},
        "run": "/nowhere",
        "run_sha256": "",
        "corpus": {
            "hash": "",
            "sequence_length": args.tokens,
            "documents": args.sequences,
            "sequences": args.sequences,
            "positions": args.sequences * args.tokens,
        },
        "queries_sha256": "",
        "queries": args.queries,
        "settings": {"curvature": "ekfac", "damping-ratio": "0.1", "rank": "0"},
        "candidates": None,
        "rank_check": None,
        "layers": LAYERS,
        "files": {name: provenance(out / name) for name in names},
        "unit": "none",
        "sign": "none",
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2))


if __name__ == "__main__":
    main()
