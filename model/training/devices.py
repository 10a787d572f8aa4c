"""The machine that training runs on: its device, its arithmetic, and how many processes share the work.

`torchrun --nproc-per-node=2 scripts/train.py ...` starts several processes; each learns from its share of every batch
and gradients are averaged between them (DistributedDataParallel). Started plainly, training is one process of one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from model.errors import MachineError

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class Processes:
    """This process among those that train together."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process validates, writes and reports."""
        return self.rank == 0

    def parallel(self, network: nn.Module) -> nn.Module:
        """The network whose gradients are averaged over all processes; the network itself where there is only one."""
        return DistributedDataParallel(network) if self.count > 1 else network

    def from_first(self, value: Any) -> Any:
        """Broadcast the value of the first process; all others wait for it."""
        if self.count == 1:
            return value
        values = [value]
        dist.broadcast_object_list(values, src=0)
        return values[0]


@contextmanager
def join_processes(device: torch.device) -> Iterator[Processes]:
    """Join the process group of `torchrun`, over NCCL on GPUs and Gloo on CPUs; leave it at the end."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes()
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(dist.get_rank(), count)
    finally:
        dist.destroy_process_group()


def choose_device(name: str) -> torch.device:
    """The device called `auto`, `cpu` or `cuda`; each of several processes takes a GPU of its own.

    Raises:
        MachineError: CUDA is asked for where torch sees none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise MachineError("--device cuda: torch sees no GPU here; --device cpu trains without one")
    if name == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    torch.cuda.set_device(device)
    return device


def choose_precision(name: str, device: torch.device) -> str:
    """`float32` or `bfloat16`; `auto` is the latter where the device computes it natively, for it is faster there."""
    if name != "auto":
        return name
    is_native = torch.cuda.is_bf16_supported(including_emulation=False) if device.type == "cuda" else _has_cpu_bf16()
    return "bfloat16" if is_native else "float32"


def _has_cpu_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware: AVX-512 BF16 or AMX."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
