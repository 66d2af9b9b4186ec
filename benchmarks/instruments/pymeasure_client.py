"""PyMeasure over PyVISA-py on the instruments of instrument-server.ts.

    python3 pymeasure_client.py '{"keithley-2400": "TCPIP0::…::SOCKET", …}'

Reads one task a line from stdin, {"family", "task": "setUp" | "trips" | "sweeps", "count", "volts"}, and answers with
{"seconds", "amps"}: the time of the task and the last current read. Lists are programmed once, in setUp; a sweep is
triggered, awaited and read back as one binary block, which is how one writes it when speed matters.
"""
import json
import logging
import sys
import time

import numpy as np
from pymeasure.adapters import VISAAdapter
from pymeasure.instruments.keithley import Keithley2400, Keithley2450

logging.disable(logging.CRITICAL)
OPTIONS = {"visa_library": "@py", "read_termination": "\n", "write_termination": "\n", "timeout": 20000}


def block(connection, count):
    """An indefinite block: 0x0A can be data, so its bytes are counted."""
    raw = connection.read_bytes(4 * count + 3, break_on_termchar=False)
    return np.frombuffer(raw[2:-1], dtype="<f4")


class Scpi:
    """What the SCPI families have in common."""

    def __init__(self, smu):
        self.smu = smu
        self.connection = smu.adapter.connection

    def trips(self, count):
        for _ in range(count):
            amps = float(self.smu.ask(":SOUR:VOLT?"))
        return amps

    def program(self, volts):
        self.points = len(volts)
        for start in range(0, len(volts), 100):
            header = ":SOUR:LIST:VOLT" + (":APP" if start else "")
            self.smu.write(header + " " + ",".join("%g" % v for v in volts[start : start + 100]))


class Smu2400(Scpi):
    def __init__(self, resource):
        super().__init__(Keithley2400(resource, **OPTIONS))

    def set_up(self, volts):
        self.smu.write("*RST")
        self.smu.apply_voltage(voltage_range=2, compliance_current=1e-4)
        self.smu.measure_current(nplc=0.01, current=1e-4, auto_range=False)
        self.smu.write(':SENS:FUNC:CONC ON;:SENS:FUNC "VOLT","CURR"')
        self.smu.write(":FORM:ELEM VOLT,CURR;:FORM:DATA REAL,32;:FORM:BORD SWAP")
        self.program(volts)
        self.smu.write(":SOUR:VOLT:MODE LIST;:TRIG:COUN %d;:SOUR:DEL 1e-4" % self.points)
        self.smu.enable_source()

    def sweeps(self, count):
        for _ in range(count):
            # In one message: two writes in a row wait for a delayed acknowledge, 40 ms each time.
            self.smu.ask(":INIT;*OPC?")
            self.smu.write(":FETC?")
            values = block(self.connection, 2 * self.points)
        return float(values[2 * (self.points // 2) + 1])


class Smu2450(Scpi):
    def __init__(self, resource):
        super().__init__(Keithley2450(resource, **OPTIONS))

    def set_up(self, volts):
        self.smu.write("*RST")
        self.smu.apply_voltage(voltage_range=2, compliance_current=1e-4)
        self.smu.measure_current(nplc=0.01, current=1e-4, auto_range=False)
        self.smu.write(":SOUR:VOLT:READ:BACK ON;:FORM:DATA SRE;:FORM:BORD SWAP;:SOUR:VOLT:DEL 1e-4")
        self.program(volts)
        self.smu.enable_source()

    def sweeps(self, count):
        for _ in range(count):
            # In one message: two writes in a row wait for a delayed acknowledge, 40 ms each time.
            self.smu.write(
                ':TRAC:CLE "defbuffer1";:SOUR:SWE:VOLT:LIST 1,0,1,OFF,"defbuffer1";:INIT;*WAI;'
                ':TRAC:DATA? 1,%d,"defbuffer1",SOUR,READ' % self.points
            )
            values = block(self.connection, 2 * self.points)
        return float(values[2 * (self.points // 2) + 1])


class Smu2600:
    """Its own commands over PyMeasure's adapter. Sweeps run in the instrument by the script that our driver has loaded."""

    def __init__(self, resource):
        self.adapter = VISAAdapter(resource, **OPTIONS)

    def trips(self, count):
        for _ in range(count):
            volts = float(self.adapter.ask("print(smua.source.levelv)"))
        return volts

    def set_up(self, volts):
        pass

    def sweeps(self, count):
        for sweep in range(count):
            self.adapter.write('tb.run("%d", "auto", 0, 0, 0, 0, 0)' % (sweep + 1))
            points = int(self.adapter.connection.read().split()[5])
            column, _, _ = [block(self.adapter.connection, 3 * points) for _ in range(3)]
        # The list ends at 0 V; its middle is 51 points before that.
        return float(column[3 * (points - 1 - 50) + 1])


CLASSES = {"keithley-2400": Smu2400, "keithley-2450": Smu2450, "keithley-2600": Smu2600}
instruments = {name: CLASSES[name](resource) for name, resource in json.loads(sys.argv[1]).items()}
for line in sys.stdin:
    order = json.loads(line)
    smu = instruments[order["family"]]
    started = time.perf_counter()
    if order["task"] == "setUp":
        amps = smu.set_up(order["volts"])
    else:
        amps = {"trips": smu.trips, "sweeps": smu.sweeps}[order["task"]](order["count"])
    print(json.dumps({"seconds": time.perf_counter() - started, "amps": amps}), flush=True)
