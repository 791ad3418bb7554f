"""The transformer as the figure of about 1.92 was made: with what the script has given up since.

    python -m benchmarks.transformer_with_dropout --data names.txt [--steps 100000]

That figure was published on 9 June 2022 in the README of Andrej Karpathy's makemore, when its
script trained the same 204,544 parameters in another way than it did from August on, and than the
zoo's model does: dropout of 0.1, weights that start at a standard deviation of 0.02, a weight decay
of 0.1 on matrices only, gradients clipped to a norm of 1; 1,000 words held back, all others to
train on. This does so in PyTorch's autograd, on one thread, and prints the losses as it goes.
"""

from __future__ import annotations

import argparse
import time

import torch
import torch.nn.functional as F
from torch import Tensor

from byhand.train.data import read_words, whole_words

LAYERS, HEADS, WIDTH, BLOCK, BATCH = 4, 4, 64, 16, 32
DROPOUT, RATE, DECAY, HELD_BACK = 0.1, 5e-4, 0.1, 1000

Parameters = dict[str, Tensor]


def parameters(vocabulary: int) -> Parameters:
    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape) * 0.02

    made = {"C": normal(vocabulary, WIDTH), "P": normal(BLOCK, WIDTH)}
    made |= {"W": normal(WIDTH, vocabulary), "gain": torch.ones(WIDTH), "bias": torch.zeros(WIDTH)}
    sizes = {"qkv": (WIDTH, 3 * WIDTH), "o": (WIDTH, WIDTH)}
    sizes |= {"1": (WIDTH, 4 * WIDTH), "2": (4 * WIDTH, WIDTH)}
    for i in range(LAYERS):
        for name, (rows, columns) in sizes.items():
            made |= {f"W{name}{i}": normal(rows, columns), f"b{name}{i}": torch.zeros(columns)}
        for name in ("attention", "net"):
            made |= {f"gain {name}{i}": torch.ones(WIDTH), f"bias {name}{i}": torch.zeros(WIDTH)}
    return {name: value.requires_grad_() for name, value in made.items()}


def loss(p: Parameters, X: Tensor, Y: Tensor, dropout: float = 0.0) -> Tensor:
    n, time = X.shape
    x = F.dropout(p["C"][X] + p["P"][:time], dropout)
    for i in range(LAYERS):
        a = F.layer_norm(x, (WIDTH,), p[f"gain attention{i}"], p[f"bias attention{i}"])
        qkv = (a @ p[f"Wqkv{i}"] + p[f"bqkv{i}"]).view(n, time, 3, HEADS, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=dropout)
        mixed = mixed.transpose(1, 2).reshape(n, time, WIDTH)
        x = x + F.dropout(mixed @ p[f"Wo{i}"] + p[f"bo{i}"], dropout)
        a = F.layer_norm(x, (WIDTH,), p[f"gain net{i}"], p[f"bias net{i}"])
        u = F.gelu(a @ p[f"W1{i}"] + p[f"b1{i}"], approximate="tanh")
        x = x + F.dropout(u @ p[f"W2{i}"] + p[f"b2{i}"], dropout)
    logits = F.layer_norm(x, (WIDTH,), p["gain"], p["bias"]) @ p["W"]
    return F.cross_entropy(logits.view(n * time, -1), Y.reshape(-1), ignore_index=-1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="the lectures' list of 32,033 names")
    parser.add_argument("--steps", type=int, default=100_000)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    words = read_words(asked.data)
    index = {character: i for i, character in enumerate(words.characters, start=1)}
    order = torch.randperm(len(words.words)).tolist()
    parts = order[:-HELD_BACK], order[-HELD_BACK:]
    cut = [whole_words([words.words[i] for i in part], index, BLOCK) for part in parts]
    (X, Y), held_back = ((torch.from_numpy(each.X), torch.from_numpy(each.Y)) for each in cut)

    p = parameters(words.vocabulary)
    matrices = [value for name, value in p.items() if name.startswith("W")]
    others = [value for name, value in p.items() if not name.startswith("W")]
    groups = [{"params": matrices}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.99), weight_decay=DECAY)
    print(f"{sum(value.numel() for value in p.values()):,} parameters")
    began = time.perf_counter()
    for step in range(1, asked.steps + 1):
        at = torch.randint(len(X), (BATCH,))
        optimiser.zero_grad()
        loss(p, X[at], Y[at], DROPOUT).backward()
        torch.nn.utils.clip_grad_norm_(list(p.values()), 1.0)
        optimiser.step()
        if step % 2500 == 0 or step == asked.steps:
            with torch.no_grad():
                some = torch.randperm(len(X))[:2000]
                train, other = loss(p, X[some], Y[some]).item(), loss(p, *held_back).item()
            seconds = time.perf_counter() - began
            print(
                f"{step:7,}  train {train:.4f}  held back {other:.4f}  {seconds:5.0f} s", flush=True
            )


if __name__ == "__main__":
    main()
