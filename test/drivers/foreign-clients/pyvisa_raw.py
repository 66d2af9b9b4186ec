"""PyVISA with PyVISA-py and raw commands; argv: B2900, 2600, Velox and SENTIO resources. One JSON object on stdout."""
import json
import struct
import sys

import pyvisa


def opened(resource):
    return manager.open_resource(resource, read_termination="\n", write_termination="\n", timeout=20000)


def block(instrument, question, count, big_endian):
    instrument.write(question)
    # On a raw socket 0x0A can be data: no terminator while a block is read.
    instrument.read_termination = None
    head = instrument.read_bytes(2)
    length = int(instrument.read_bytes(int(head[1:2]))) if head[1:2] != b"0" else 4 * count
    data = instrument.read_bytes(length)
    end = instrument.read_bytes(1)
    instrument.read_termination = "\n"
    assert end == b"\n", end
    return list(struct.unpack((">" if big_endian else "<") + "%df" % (length // 4), data))


manager = pyvisa.ResourceManager("@py")
b2900, k2600, velox, sentio = [opened(resource) for resource in sys.argv[1:5]]
found = {}

found["b2900.id"] = b2900.query("*IDN?")
b2900.write("*RST;*CLS")
b2900.write(":OUTP:ON:AUTO 0;:SOUR:VOLT:RANG 2;:SENS:CURR:PROT 1E-4;RANG 1E-4;NPLC 0.1")
b2900.write(":SOUR:VOLT:MODE LIST;:SOUR:LIST:VOLT 0,0.1,0.2,0.3;:SOUR:LIST:VOLT:APP 0")
b2900.write(":TRIG1:ALL:COUN 5;:FORM:ELEM:SENS VOLT,CURR;:FORM REAL,32;:OUTP1 ON;:INIT (@1)")
found["b2900.done"] = b2900.query("*OPC?")
found["b2900.normal"] = block(b2900, ":FETC:ARR? (@1)", 10, True)
b2900.write(":FORM:BORD SWAP")
found["b2900.swapped"] = block(b2900, ":FETC:ARR? (@1)", 10, False)
b2900.write(":FORM ASC")
found["b2900.ascii"] = b2900.query_ascii_values(":FETC:ARR? (@1)")
b2900.write(":SOUR:VOLT:ILIM 1")
b2900.write(":SENS:CURR:PROT 9")
found["b2900.errors"] = b2900.query(":SYST:ERR:ALL?")
b2900.write(":SOUR:VOLT:MODE FIX;:SOUR:VOLT 0;:OUTP OFF")
found["b2900.output"] = b2900.query(":OUTP?")

found["2600.id"] = k2600.query("*IDN?")
k2600.write("reset() errorqueue.clear()")
k2600.write("smua.source.func=smua.OUTPUT_DCVOLTS smua.source.rangev=1 smua.source.limiti=1e-4")
k2600.write("smua.measure.rangei=1e-4 smua.measure.nplc=0.1 smua.nvbuffer1.clear() smua.nvbuffer2.clear()")
k2600.write("smua.trigger.source.listv({0,0.1,0.2,0.3,0}) smua.trigger.source.action=smua.ENABLE")
k2600.write("smua.trigger.measure.iv(smua.nvbuffer1,smua.nvbuffer2) smua.trigger.measure.action=smua.ENABLE")
k2600.write("smua.trigger.count=5 smua.source.output=smua.OUTPUT_ON smua.trigger.initiate() waitcomplete()")
k2600.write("format.data=format.REAL32 format.byteorder=format.LITTLEENDIAN")
found["2600.sweep"] = block(k2600, "printbuffer(1,5,smua.nvbuffer2.readings,smua.nvbuffer1.readings)", 10, False)
k2600.write("smua.source.output=smua.OUTPUT_OFF format.data=format.ASCII")
k2600.write("smua.source.limiti=-1")
found["2600.error"] = k2600.query("print(errorqueue.next())")

found["velox.id"] = velox.query("*IDN?")
found["velox.first"] = velox.query("StepFirstDie")
found["velox.contact"] = velox.query("MoveChuckContact")
found["velox.separation"] = velox.query("MoveChuckSeparation")
found["velox.nonsense"] = velox.query("DoTheImpossible")

found["sentio.id"] = sentio.query("*IDN?")
sentio.write("*RCS 1")
found["sentio.first"] = sentio.query("map:step_first_die")
found["sentio.contact"] = sentio.query("move_chuck_contact")
found["sentio.separation"] = sentio.query("move_chuck_separation")
found["sentio.nonsense"] = sentio.query("map:do_the_impossible")
print(json.dumps(found))
