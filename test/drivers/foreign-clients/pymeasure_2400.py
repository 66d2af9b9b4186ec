"""PyMeasure's own Keithley 2400 class against the instrument at argv[1]; findings as one JSON object on stdout."""
import json
import sys

from pymeasure.instruments.keithley import Keithley2400


def errors(smu):
    found = []
    while True:
        entry = smu.ask(":SYST:ERR?").strip()
        if entry.startswith("0,"):
            return found
        found.append(entry)


smu = Keithley2400(
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

smu.config_buffer(points=20, delay=0.001)
smu.start_buffer()
smu.wait_for_buffer(timeout=20)
found["bufferAmps"] = list(smu.buffer_data)
found["meanAmps"] = smu.means
smu.disable_buffer()
found["errorsOfBuffer"] = errors(smu)

smu.write(":SOUR:VOLT:MODE LIST;:SOUR:LIST:VOLT 0,0.1,0.2,0.3,0.4,0.3,0;:TRIG:COUN 7;:TRIG:DEL 0;:FORM:ELEM VOLT,CURR")
found["sweep"] = smu.values(":READ?")
smu.write(":SOUR:VOLT:MODE FIX;:SENS:FUNC 'VOLT';:TRIG:COUN 1")

smu.write(":SOUR:VOLT 999")
found["refused"] = list(smu.error)
smu.trigger_on_bus()
found["errorsOfTriggerOnBus"] = errors(smu)
smu.trigger_immediately()

smu.apply_current(current_range=1e-4, compliance_voltage=2)
smu.source_current = 1e-5
smu.measure_voltage(nplc=0.1, voltage=2, auto_range=False)
smu.enable_source()
found["volts"] = smu.voltage
found["errorsOfCurrent"] = errors(smu)

smu.shutdown()
found["enabledAfterShutdown"] = bool(smu.source_enabled)
found["sourceAmpsAfterShutdown"] = smu.source_current
print(json.dumps(found))
