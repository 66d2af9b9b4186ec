"""Sweeps over the reference instrument by PyMeasure over PyVISA-py, stored by PyMeasure's own Results in CSV.

    python3 pymeasure_sweeps.py <resource> <sweeps> <points> <file.csv>

The programme must have been loaded before. A pair is triggered and read out buffered, one block a channel; its points are
emitted as rows, which is the only way that Debian's PyMeasure 0.9 has: pair, V and I of all three channels. Prints JSON: seconds, CPU seconds, cells, bytes of the file.
"""
import json
import logging
import os
import sys
import time

import numpy as np
from pymeasure.adapters import VISAAdapter
from pymeasure.experiment import IntegerParameter, Parameter, Procedure, Results, Worker

logging.disable(logging.CRITICAL)


class Sweeps(Procedure):
    resource = Parameter("Resource")
    pairs = IntegerParameter("Pairs")
    points = IntegerParameter("Points")
    DATA_COLUMNS = ["pair", "v_a", "i_a", "v_b", "i_b", "v_row", "i_row"]

    def startup(self):
        self.adapter = VISAAdapter(
            self.resource, visa_library="@py", read_termination="\n", write_termination="\n", timeout=10_000
        )

    def block(self):
        size = 12 * self.points
        raw = self.adapter.connection.read_bytes(size + 3, break_on_termchar=False)
        return np.frombuffer(raw[2 : 2 + size], dtype="<f4").reshape(self.points, 3)

    def execute(self):
        started, cpu = time.perf_counter(), time.process_time()
        for pair in range(self.pairs):
            self.adapter.write('tb.run("%d", "auto", 0, 0, 0, 0, 0)' % (pair + 1))
            self.adapter.connection.read()
            a, b, row = self.block(), self.block(), self.block()
            self.adapter.connection.read()
            for k in range(self.points):
                self.emit(
                    "results",
                    {
                        "pair": pair,
                        "v_a": a[k, 0],
                        "i_a": a[k, 1],
                        "v_b": b[k, 0],
                        "i_b": b[k, 1],
                        "v_row": row[k, 0],
                        "i_row": row[k, 1],
                    },
                )
        Sweeps.begun = (started, cpu)


def main(resource, pairs, points, file):
    procedure = Sweeps(resource=resource, pairs=int(pairs), points=int(points))
    worker = Worker(Results(procedure, file))
    worker.start()
    worker.join(timeout=600)
    started, cpu = Sweeps.begun
    spent = {"seconds": time.perf_counter() - started, "cpuSeconds": time.process_time() - cpu}
    print(json.dumps({**spent, "cells": 2 * int(pairs), "fileBytes": os.path.getsize(file)}))


main(*sys.argv[1:])
