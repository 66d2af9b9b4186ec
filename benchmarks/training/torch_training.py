"""The same training in PyTorch on one thread, for benchmarks/training.ts.

The data folder is written by the benchmark; each request line "<mode> <steps>" is answered by "<processor
seconds> <mean loss>".
Modes: autograd (defect-free), sparse (statistics-aware, defects as index corrections), dense (statistics-aware, a full
weight matrix per image).
"""

import math
import os
import sys
import time

import torch

INPUTS, HIDDEN, OUTPUTS, BATCH = 100, 90, 10, 100
GAIN1, GAIN2 = 4 / math.sqrt(INPUTS), 4 / math.sqrt(HIDDEN)
RATE, W_SAT = 0.005, 5.0

torch.set_num_threads(1)
torch.manual_seed(1)


class Sign(torch.autograd.Function):
    """Sign with +1 for 0; the gradient is copied."""

    @staticmethod
    def forward(_, latent):
        return torch.where(latent >= 0, 1.0, -1.0)

    @staticmethod
    def backward(_, gradient):
        return gradient


def read(folder, name, dtype):
    # A bytearray, because torch wants memory it may write.
    with open(os.path.join(folder, name), "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=dtype)


def plain(x, w1, w2):
    return GAIN2 * torch.tanh(GAIN1 * (x @ w1)) @ w2


def corrected(inputs, weights):
    """x @ w plus what the defects of each image change; the corrections' gradient takes the defective weights' out."""
    rows, columns = weights.shape
    total = inputs.shape[0] * rows * columns
    count = int(torch.distributions.Binomial(total, torch.tensor(RATE)).sample())
    image = torch.randint(inputs.shape[0], (count,))
    row = torch.randint(rows, (count,))
    column = torch.randint(columns, (count,))
    worth = W_SAT * (2.0 * torch.randint(2, (count,)) - 1)
    # gather, because its backward pass is several times faster than that of indexing
    value = inputs.reshape(-1).gather(0, image * rows + row)
    change = value * (worth - weights.reshape(-1).gather(0, row * columns + column))
    return (inputs @ weights).view(-1).scatter_add(0, image * columns + column, change).view(-1, columns)


def sparse(x, w1, w2):
    return GAIN2 * corrected(torch.tanh(GAIN1 * corrected(x, w1)), w2)


def mapped(weights, images):
    """One weight matrix per image, each weight defective with probability RATE."""
    shape = (images, *weights.shape)
    worth = W_SAT * (2.0 * torch.randint(2, shape) - 1)
    return torch.where(torch.rand(shape) < RATE, worth, weights)


def dense(x, w1, w2):
    hidden = torch.tanh(GAIN1 * torch.bmm(x[:, None], mapped(w1, len(x))))
    return GAIN2 * torch.bmm(hidden, mapped(w2, len(x)))[:, 0]


def run(network, data, steps):
    images, labels, order, latents = data
    w1 = latents[: INPUTS * HIDDEN].view(INPUTS, HIDDEN).clone().requires_grad_()
    w2 = latents[INPUTS * HIDDEN :].view(HIDDEN, OUTPUTS).clone().requires_grad_()
    optimiser = torch.optim.Adam([w1, w2], lr=0.01)
    total = 0.0
    for step in range(steps):
        batch = order[step * BATCH : (step + 1) * BATCH]
        logits = network(images[batch], Sign.apply(w1), Sign.apply(w2))
        loss = torch.nn.functional.cross_entropy(logits, labels[batch])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            w1.clamp_(-1, 1)
            w2.clamp_(-1, 1)
        total += loss.item()
    return total / steps


def main():
    folder = sys.argv[1]
    data = (
        read(folder, "images.f32", torch.float32).view(-1, INPUTS),
        read(folder, "labels.u8", torch.uint8).long(),
        read(folder, "order.u32", torch.int32).long(),
        read(folder, "latents.f32", torch.float32),
    )
    networks = {"autograd": plain, "sparse": sparse, "dense": dense}
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        mode, steps = line.split()
        started = time.process_time()
        loss = run(networks[mode], data, int(steps))
        print(f"{time.process_time() - started:.6f} {loss:.6f}", flush=True)


if __name__ == "__main__":
    main()
