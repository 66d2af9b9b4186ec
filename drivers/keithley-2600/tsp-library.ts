import { SWEEP_SCRIPT } from './tsp-sweep.ts';

/** Where the three source channels are: a node of the TSP-Link and an SMU of that node. */
export interface ChannelPlace {
  readonly node: number;
  readonly smu: 'smua' | 'smub';
}

export interface ChannelPlaces {
  readonly columnA: ChannelPlace;
  readonly columnB: ChannelPlace;
  readonly row: ChannelPlace;
}

export function smuName({ node, smu }: ChannelPlace): string {
  return `node[${node}].${smu}`;
}

/**
 * The script that runs inside the instrument (Lua 5.0 dialect of TSP): settings and trigger wiring here, lists and sweeps
 * in tsp-sweep.ts. Channels: 1 column A, 2 column B, 3 row. Access:
 * 0 pair, 1 alone A, 2 alone B. All text and numbers go out with string.format, because print() shortens numbers.
 * `copies`: how often the answer of a sweep and of a spot reading is sent.
 *
 * How the channels step together (reference manual, "Triggering"; each SMU waits for the events named as its stimulus):
 *
 *   both columns have sourced   → line 1 → the row sources
 *   the row has sourced         → line 2 → all three wait the settling time and measure
 *   all three have measured (the row over line 3) → the columns leave their point and source the next
 *
 * so no channel measures before all have sourced, and none steps before all have measured. Going through the row last
 * also means that the junction moves from one voltage to the next without passing outside them.
 */
export function tspLibrary(places: ChannelPlaces, copies: 1 | 2): string {
  const { columnA, columnB, row } = places;
  return `tb = {}
tb.copies = ${copies}
tb.s = {${smuName(columnA)}, ${smuName(columnB)}, ${smuName(row)}}
tb.p = node[${columnA.node}]
tb.q = node[${row.node}]
${SETTINGS}${SWEEP_SCRIPT}`;
}

const SETTINGS = `
tb.g = {}
tb.b = {}
tb.range = {0, 0, 0}
tb.lim = {0, 0, 0}

function tb.reset(rangev, limit, alone)
  tb.alone = alone
  tb.nplc = nil
  tb.settle = nil
  for k = 1, 3 do
    local s = tb.s[k]
    s.reset()
    s.source.func = s.OUTPUT_DCVOLTS
    s.source.offmode = s.OUTPUT_NORMAL
    s.source.autorangev = s.AUTORANGE_OFF
    s.source.rangev = rangev
    s.source.levelv = 0
    s.source.delay = 0
    s.source.limiti = limit
    s.sense = s.SENSE_LOCAL
    s.measure.autorangei = s.AUTORANGE_OFF
    s.measure.autorangev = s.AUTORANGE_OFF
    s.measure.rangei = limit
    s.measure.autozero = s.AUTOZERO_ONCE
    tb.range[k] = 0
    tb.lim[k] = 0
    s.nvbuffer1.clear()
    s.nvbuffer2.clear()
    s.nvbuffer1.appendmode = 1
    s.nvbuffer2.appendmode = 1
    s.nvbuffer1.collecttimestamps = 1
    s.trigger.source.listv({0})
    s.trigger.source.limiti = s.LIMIT_AUTO
    s.trigger.source.action = s.ENABLE
    s.trigger.measure.iv(s.nvbuffer1, s.nvbuffer2)
    s.trigger.measure.action = s.ENABLE
    s.trigger.endpulse.action = s.SOURCE_HOLD
    s.trigger.endsweep.action = s.SOURCE_IDLE
    s.trigger.arm.count = 1
    s.trigger.arm.stimulus = 0
    s.trigger.source.stimulus = 0
    s.trigger.endpulse.stimulus = 0
  end
  local a, b, r, p, q = tb.s[1], tb.s[2], tb.s[3], tb.p, tb.q
  for i = 1, 3 do
    p.tsplink.trigger[i].stimulus = 0
    q.tsplink.trigger[i].stimulus = 0
    p.tsplink.trigger[i].mode = p.tsplink.TRIG_FALLING
    q.tsplink.trigger[i].mode = q.tsplink.TRIG_FALLING
  end
  p.trigger.blender[1].orenable = false
  p.trigger.blender[1].stimulus[1] = a.trigger.SOURCE_COMPLETE_EVENT_ID
  p.trigger.blender[1].stimulus[2] = b.trigger.SOURCE_COMPLETE_EVENT_ID
  p.tsplink.trigger[1].stimulus = p.trigger.blender[1].EVENT_ID
  r.trigger.source.stimulus = q.tsplink.trigger[1].EVENT_ID
  q.tsplink.trigger[2].stimulus = r.trigger.SOURCE_COMPLETE_EVENT_ID
  r.trigger.measure.stimulus = r.trigger.SOURCE_COMPLETE_EVENT_ID
  a.trigger.measure.stimulus = p.tsplink.trigger[2].EVENT_ID
  b.trigger.measure.stimulus = p.tsplink.trigger[2].EVENT_ID
  q.tsplink.trigger[3].stimulus = r.trigger.MEASURE_COMPLETE_EVENT_ID
  p.trigger.blender[2].orenable = false
  p.trigger.blender[2].stimulus[1] = a.trigger.MEASURE_COMPLETE_EVENT_ID
  p.trigger.blender[2].stimulus[2] = b.trigger.MEASURE_COMPLETE_EVENT_ID
  p.trigger.blender[2].stimulus[3] = p.tsplink.trigger[3].EVENT_ID
  a.trigger.endpulse.stimulus = p.trigger.blender[2].EVENT_ID
  b.trigger.endpulse.stimulus = p.trigger.blender[2].EVENT_ID
end
`;
