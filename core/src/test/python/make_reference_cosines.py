"""Writes src/test/resources/oracles/cosines.safetensors: float32 cosines and sines as PyTorch with Intel MKL rounds them.

The golden folders were computed with these, and MKL's are not always the nearest float32 (up to 0.6 units in the last
place). Tests give them to the rotary embedding to compare everything else to 1e-9. Needs `pip install torch safetensors`,
on x86-64, from PyPI (the build with MKL).
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file

oracles = pathlib.Path(sys.argv[1])
angles = set()
for path in sorted(oracles.glob("*/model/config.json")):
    config = json.loads(path.read_text())
    rope = config.get("rope_parameters")
    if rope is None:
        continue
    size = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    rotated = int(size * rope.get("partial_rotary_factor", 1.0))
    steps = torch.arange(0, rotated, 2, dtype=torch.int64).float() / rotated
    frequencies = 1.0 / (rope["rope_theta"] ** steps)
    angles.update((torch.arange(23).float()[:, None] * frequencies[None]).flatten().tolist())
angle = torch.tensor(sorted(angles), dtype=torch.float32)
save_file({"angle": angle, "cosine": angle.cos(), "sine": angle.sin()}, oracles / "cosines.safetensors")
print(len(angle), "angles")
