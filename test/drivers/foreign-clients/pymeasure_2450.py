"""PyMeasure's own Keithley 2450 class against the instrument at argv[1]; findings as one JSON object on stdout."""
import json
import logging
import sys

from pymeasure.instruments.keithley import Keithley2450


class Reported(logging.Handler):
    """Codes of the errors that PyMeasure reads itself and logs."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.codes = []

    def emit(self, record):
        if "reported error" in record.getMessage():
            self.codes.append(record.args[0])


reported = Reported()
logging.getLogger("pymeasure").addHandler(reported)
logging.getLogger("pymeasure").setLevel(logging.INFO)


def errors(smu):
    found = []
    while True:
        entry = smu.ask(":SYST:ERR?").strip()
        if entry.startswith("0,"):
            return found
        found.append(entry.split(";")[0])


smu = Keithley2450(
    sys.argv[1], visa_library="@py", read_termination="\n", write_termination="\n", timeout=20000
)
found = {"id": smu.id}

smu.reset()
found["errorsOfReset"] = errors(smu)

smu.apply_voltage(voltage_range=2, compliance_current=1e-4)
smu.measure_current(nplc=0.1, current=1e-4, auto_range=False)
smu.source_voltage = 0.5
smu.enable_source()
found["errorsOfSetUp"] = errors(smu)
found["sourceVolts"] = smu.source_voltage
found["complianceAmps"] = smu.compliance_current
found["enabled"] = bool(smu.source_enabled)
found["amps"] = smu.current

smu.write("SENS:COUN 20")
smu.write("TRAC:CLE")
found["lastAmps"] = smu.values(":READ?")[0]
found["meanAmps"] = smu.means
found["buffered"] = int(smu.ask("TRAC:ACT?"))
smu.write("SENS:COUN 1")
smu.config_buffer(points=20, delay=0.001)
found["codesOfConfigBuffer"] = reported.codes

smu.write("SOUR:LIST:VOLT 0,0.1,0.2,0.3,0.4,0.3,0")
smu.write('SOUR:SWE:VOLT:LIST 1,0.001,1,OFF,"defbuffer1"')
smu.write("INIT")
smu.write("*WAI")
found["sweep"] = smu.values('TRAC:DATA? 1,7,"defbuffer1",SOUR,READ')

smu.write("SENS:CURR:PROT 1e-3")
found["refused"] = list(smu.error)

smu.apply_current(current_range=1e-4, compliance_voltage=2)
smu.source_current = 1e-5
smu.measure_voltage(nplc=0.1, voltage=2, auto_range=False)
smu.enable_source()
found["volts"] = smu.voltage
found["errorsOfCurrent"] = errors(smu)

smu.shutdown()
found["enabledAfterShutdown"] = bool(smu.source_enabled)
found["errorsOfShutdown"] = errors(smu)
print(json.dumps(found))
