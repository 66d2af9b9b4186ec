"""Reference for the crossbar benchmark: SciPy's sparse LU (SuperLU) on the same nodal matrix.

Standard input: one JSON line with rows, columns, rowPitchOhms, columnPitchOhms, terminalOhms, then rows × columns cell
conductances (float64, little endian). For every line of standard input after that, one timed round; each answers with one JSON
line: seconds for one vector cold (assembly, factorisation, solve), seconds for 100 vectors with the same factor, and the sum of the
solution, by which both sides show that they solved the same system.
"""
import json
import sys
import time

import numpy as np
import scipy
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import splu

header = json.loads(sys.stdin.buffer.readline())
rows, columns = header["rows"], header["columns"]
cells = rows * columns
cell_siemens = np.frombuffer(sys.stdin.buffer.read(8 * cells), dtype="<f8")


def assemble():
    number = np.arange(cells).reshape(rows, columns)
    a = np.concatenate([number.ravel(), number[:, :-1].ravel(), cells + number[:-1, :].ravel()])
    b = np.concatenate([cells + number.ravel(), number[:, 1:].ravel(), cells + number[1:, :].ravel()])
    g = np.concatenate([
        cell_siemens,
        np.full(rows * (columns - 1), 1 / header["rowPitchOhms"]),
        np.full((rows - 1) * columns, 1 / header["columnPitchOhms"]),
    ])
    ends = np.concatenate([number[:, 0], cells + number[-1, :]])
    fixed = np.full(ends.size, 1 / header["terminalOhms"])
    i = np.concatenate([a, b, a, b, ends])
    j = np.concatenate([b, a, a, b, ends])
    v = np.concatenate([-g, -g, g, g, fixed])
    return coo_matrix((v, (i, j)), shape=(2 * cells, 2 * cells)).tocsc(), number[:, 0]


for _ in sys.stdin.buffer:
    started = time.perf_counter()
    matrix, inputs = assemble()
    factor = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    injected = np.zeros(2 * cells)
    injected[inputs] = 1 / header["terminalOhms"]
    solution = factor.solve(injected)
    one = time.perf_counter() - started

    many = np.zeros((2 * cells, 100))
    many[inputs[np.arange(100) % rows], np.arange(100)] = 1 / header["terminalOhms"]
    started = time.perf_counter()
    factor.solve(many)
    hundred = time.perf_counter() - started
    print(json.dumps({"one": one, "hundred": hundred, "sum": float(solution.sum()), "version": scipy.__version__}), flush=True)
