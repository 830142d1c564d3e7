# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads handwritten digits with PyTorch, on Amazon SageMaker or on this computer.

Training: entry point of a PyTorch training job, on one or more hosts. The channels `train` and
`validation` hold MNIST's IDX files, gzip or not. Each host sees its share of the digits, and
DistributedDataParallel keeps the networks alike.

Serving: model_fn, input_fn, predict_fn and output_fn take {"instances": [784 numbers, …]}, ink from
0 to 255, and answer {"predictions": [{"classes": digit, "probabilities": [ten numbers]}, …]}.

Tested with PyTorch 1.13 on CPUs, on one and on two hosts.
"""
import argparse
import gzip
import json
import os
import shutil
import struct
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler

SIDE = 28


class Net(nn.Module):
    """Two layers of convolutions find strokes and their corners, two dense ones put them together."""

    def __init__(self, dropout=0.2):
        super().__init__()
        self.first = nn.Conv2d(1, 16, 5, stride=2, padding=2)
        self.second = nn.Conv2d(16, 32, 5, stride=2, padding=2)
        self.hidden = nn.Linear(32 * 7 * 7, 128)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(128, 10)

    def forward(self, images):
        x = functional.relu(self.first(images))
        x = functional.relu(self.second(x))
        x = functional.relu(self.hidden(x.flatten(1)))
        return self.out(self.dropout(x))


def read_idx(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        data = file.read()
    dims = data[3]
    shape = struct.unpack(f">{dims}I", data[4:4 + 4 * dims])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dims).reshape(shape)


def load(folder):
    """Digits of a channel: the file of three dimensions has the images, the other the labels."""
    arrays = [read_idx(path) for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    images = next(array for array in arrays if array.ndim == 3)
    labels = next(array for array in arrays if array.ndim == 1)
    return TensorDataset(to_input(images), torch.from_numpy(labels.astype(np.int64)))


def to_input(pixels):
    array = np.asarray(pixels, np.float32).reshape(-1, 1, SIDE, SIDE) / 255
    return torch.from_numpy(array)


def start_workers(args):
    """One worker a host, unless torchrun has started more and says so itself."""
    os.environ.setdefault("WORLD_SIZE", str(len(args.hosts)))
    os.environ.setdefault("RANK", str(args.hosts.index(args.current_host)))
    if int(os.environ["WORLD_SIZE"]) > 1:
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])


def shift(images):
    """Moved by up to two pixels, so that a place cannot be learnt by heart; the edges are empty."""
    rows, columns = torch.randint(-2, 3, (2,)).tolist()
    return torch.roll(images, (rows, columns), (2, 3))


def run_epoch(network, loader, device, optimizer=None, schedule=None):
    """Loss and accuracy over the digits that this worker sees, as sums to be added up."""
    network.train(optimizer is not None)
    sums = torch.zeros(3)
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        if optimizer is not None:
            images = shift(images)
        with torch.set_grad_enabled(optimizer is not None):
            scores = network(images)
            loss = functional.cross_entropy(scores, labels)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        sums += torch.tensor([
            loss.item() * len(labels), (scores.argmax(1) == labels).sum().item(), len(labels)
        ])
    return sums


def over_all(sums, size):
    if size > 1:
        dist.all_reduce(sums)
    return sums[0] / sums[2], sums[1] / sums[2]


def train(args):
    rank, size = start_workers(args)
    torch.manual_seed(args.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data = load(args.train)
    sampler = DistributedSampler(data, size, rank, seed=args.seed)
    loader = DataLoader(data, args.batch_size, sampler=sampler)
    network = Net(args.dropout).to(device)
    model = DistributedDataParallel(network) if size > 1 else network
    optimizer = torch.optim.Adam(model.parameters(), lr=args.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, args.learning_rate, total_steps=args.epochs * len(loader), pct_start=0.15
    )
    validation = None
    if args.validation:
        held_out = load(args.validation)
        share = DistributedSampler(held_out, size, rank, shuffle=False)
        validation = DataLoader(held_out, 500, sampler=share)
    for epoch in range(args.epochs):
        sampler.set_epoch(epoch)
        loss, accuracy = over_all(run_epoch(model, loader, device, optimizer, schedule), size)
        line = f"epoch={epoch + 1} train_loss={loss:.6f} train_accuracy={accuracy:.6f}"
        if validation is not None:
            loss, accuracy = over_all(run_epoch(network, validation, device), size)
            line += f" validation_loss={loss:.6f} validation_accuracy={accuracy:.6f}"
        if rank == 0:
            print(line, flush=True)
    if rank == 0:
        save(network, Path(args.model_dir))
    if size > 1:
        dist.barrier()
        dist.destroy_process_group()


def save(network, folder):
    """The model takes along the script that serves it, where an endpoint looks for one."""
    torch.save(network.cpu().state_dict(), folder / "model.pth")
    (folder / "code").mkdir(exist_ok=True)
    shutil.copy(__file__, folder / "code" / "inference.py")


def model_fn(model_dir):
    network = Net()
    network.load_state_dict(torch.load(os.path.join(model_dir, "model.pth"), map_location="cpu"))
    return network.eval()


def input_fn(body, content_type):
    if content_type != "application/json":
        raise ValueError(f"Send application/json, not {content_type}")
    return to_input(json.loads(body)["instances"])


def predict_fn(images, model):
    with torch.no_grad():
        return functional.softmax(model(images), 1)


def output_fn(probabilities, _accept):
    rows = [{"classes": int(row.argmax()), "probabilities": row.tolist()} for row in probabilities]
    return json.dumps({"predictions": rows}), "application/json"


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch_size", type=int, default=64, help="of each worker")
    parser.add_argument("--learning_rate", type=float, default=0.008)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR"))
    parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--validation", default=os.environ.get("SM_CHANNEL_VALIDATION"))
    parser.add_argument("--hosts", type=json.loads, default=os.environ.get("SM_HOSTS", '["algo-1"]'))
    parser.add_argument("--current-host", default=os.environ.get("SM_CURRENT_HOST", "algo-1"))
    return parser.parse_args()


if __name__ == "__main__":
    train(parse_args())
