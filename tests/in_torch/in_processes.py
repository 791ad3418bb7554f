"""Trains a model on hand-written gradients, in as many processes as torchrun starts.

Every process takes its part of each batch. Writes the losses of the whole batches to a file.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

import byhand
import byhand.torch

STEPS, BATCH = 5, 64


class Model(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        problem = byhand.load("mlp_plain")
        self.loss = byhand.torch.function(problem)
        for name, value in problem.inputs().items():
            if value.dtype.kind == "f":
                self.register_parameter(name, torch.nn.Parameter(torch.from_numpy(value)))

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.loss(X=x, Y=y, **dict(self.named_parameters()))


def main(out: str) -> None:
    count, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    model: torch.nn.Module = Model()
    if count > 1:
        dist.init_process_group("gloo")
        model = DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    generator = torch.Generator().manual_seed(0)
    losses: list[float] = []
    x = torch.randint(27, (BATCH, 3), generator=generator)
    y = torch.randint(27, (BATCH,), generator=generator)
    for _ in range(STEPS):
        part = slice(rank * BATCH // count, (rank + 1) * BATCH // count)
        optimizer.zero_grad()
        loss = model(x[part], y[part])
        loss.backward()
        optimizer.step()
        whole = loss.detach().clone()
        if count > 1:
            dist.all_reduce(whole)
        losses.append(float(whole) / count)
    if count > 1:
        dist.destroy_process_group()
    if rank == 0:
        Path(out).write_text(json.dumps(losses), encoding="utf-8")
    # Nothing is torn down: the destructor of DistributedDataParallel waits, with the GIL, for a
    # thread of Gloo that may wait for the GIL; and tensors that such threads hold still abort an
    # interpreter that ends (pytorch#179291).
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
