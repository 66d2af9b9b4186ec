import { booleanArgument, boundedArgument, choiceArgument, listArgument, numberArgument } from './argument.ts';
import { CommandObject } from './command-tree.ts';
import { TspCommandError } from './error-queue.ts';
import type { EventBus, EventDetector } from './event-bus.ts';
import type { LuaValue } from './lua-machine.ts';
import type { ReadingBuffer } from './reading-buffer.ts';
import {
  AMP_RANGES,
  quantityOf,
  type Reading,
  type SmuChannel,
  SmuConstant,
  smallestRange,
  VOLT_RANGES,
} from './smu-channel.ts';
import type { Quantity, TriggerModel } from './trigger-model.ts';

/** What the commands of a channel need from the instrument around it. */
export interface SmuSurroundings {
  readonly bus: EventBus;
  bufferNumber(buffer: ReadingBuffer): number;
  bufferOf(value: LuaValue): ReadingBuffer;
  /** A measuring command takes instrument time. */
  spend(seconds: number): Promise<void>;
}

const QUANTITIES: readonly Quantity[] = ['i', 'v', 'r', 'p'];
const DELAY = { low: -1, high: 1e5 };

/** The command tree of smua or smub. */
export function smuCommands(smu: SmuChannel, model: TriggerModel, around: SmuSurroundings): CommandObject {
  const root = new CommandObject()
    .constant(SmuConstant)
    .command('reset', () => {
      model.reset();
      smu.reset();
    })
    .command('abort', () => model.abort())
    .child('source', sourceCommands(smu))
    .child('measure', measureCommands(smu, model, around))
    .child('trigger', triggerCommands(model, around))
    .child(
      'cal',
      new CommandObject().attribute('date', () => 1_735_689_600).attribute('due', () => 1_767_225_600),
    )
    .child('nvbuffer1', { buffer: around.bufferNumber(smu.nvbuffer1) })
    .child('nvbuffer2', { buffer: around.bufferNumber(smu.nvbuffer2) })
    .attribute(
      'sense',
      () => smu.sense,
      (value) => {
        smu.sense = choiceArgument(value, [0, 1]);
      },
    );
  return root;
}

function sourceCommands(smu: SmuChannel): CommandObject {
  const delay = (value: LuaValue) => boundedArgument(value, DELAY.low, DELAY.high);
  return new CommandObject()
    .attribute(
      'func',
      () => SmuConstant.OUTPUT_DCVOLTS,
      (value) => {
        // The simulated station has voltage sources only; sourcing current is refused, not imitated.
        if (choiceArgument(value, [0, 1]) !== SmuConstant.OUTPUT_DCVOLTS) throw new TspCommandError(-221);
      },
    )
    .attribute(
      'levelv',
      () => smu.presentVolts,
      (value) => smu.setLevel(numberArgument(value)),
    )
    .attribute(
      'limiti',
      () => smu.reportedLimitAmps,
      (value) => smu.setLimitAmps(numberArgument(value)),
    )
    .attribute(
      'limitv',
      () => smu.limitVolts,
      (value) => {
        smu.limitVolts = boundedArgument(value, 1e-2, 40);
      },
    )
    .attribute(
      'rangev',
      () => smu.sourceRangeVolts,
      (value) => {
        const range = Math.abs(numberArgument(value));
        if (range > 40) throw new TspCommandError(1101);
        if (Math.abs(smu.levelVolts) > smallestRange(VOLT_RANGES, range) * 1.01) throw new TspCommandError(5005);
        smu.sourceRangeVolts = smallestRange(VOLT_RANGES, range);
        smu.sourceAutorange = false;
        smu.apply();
      },
    )
    .attribute(
      'autorangev',
      () => (smu.sourceAutorange ? 1 : 0),
      (value) => {
        smu.sourceAutorange = choiceArgument(value, [0, 1]) === 1;
      },
    )
    .attribute(
      'delay',
      () => smu.sourceDelaySeconds,
      (value) => {
        smu.sourceDelaySeconds = delay(value);
      },
    )
    .attribute(
      'output',
      () => (smu.outputOn ? 1 : 0),
      (value) => smu.setOutput(choiceArgument(value, [0, 1]) === 1),
    )
    .attribute(
      'offmode',
      () => smu.offMode,
      (value) => {
        smu.offMode = choiceArgument(value, [0, 1, 2]);
      },
    )
    .attribute(
      'outputenableaction',
      () => smu.outputEnableAction,
      (value) => {
        smu.outputEnableAction = choiceArgument(value, [0, 1]);
      },
    )
    .attribute('compliance', () => smu.inCompliance);
}

function measureCommands(smu: SmuChannel, model: TriggerModel, around: SmuSurroundings): CommandObject {
  const object = new CommandObject()
    .attribute(
      'nplc',
      () => smu.nplc,
      (value) => {
        smu.nplc = boundedArgument(value, 0.001, 25);
      },
    )
    .attribute(
      'delay',
      () => smu.measureDelaySeconds,
      (value) => {
        smu.measureDelaySeconds = boundedArgument(value, DELAY.low, DELAY.high);
      },
    )
    .attribute(
      'autozero',
      () => smu.autozero,
      (value) => {
        smu.autozero = choiceArgument(value, [0, 1, 2]);
      },
    )
    .attribute(
      'count',
      () => smu.measureCount,
      (value) => {
        smu.measureCount = Math.round(boundedArgument(value, 1, 60_000));
      },
    )
    .attribute(
      'lowrangei',
      () => smu.lowRangeAmps,
      (value) => {
        smu.lowRangeAmps = smallestRange(AMP_RANGES, boundedArgument(value, 0, 3));
      },
    );
  rangeAttributes(object, smu);
  const quantities: readonly (readonly [string, readonly Quantity[]])[] = [
    ['iv', ['i', 'v']],
    ...QUANTITIES.map((quantity) => [quantity, [quantity]] as const),
  ];
  for (const [name, which] of quantities) {
    object.waiting(name, async (...buffers) => {
      if (model.busy) throw new TspCommandError(-221);
      return measureNow(smu, which, buffers, around);
    });
  }
  return object;
}

function rangeAttributes(object: CommandObject, smu: SmuChannel): void {
  object
    .attribute(
      'rangei',
      () => smu.measureRangeAmps,
      (value) => {
        const amps = Math.abs(numberArgument(value));
        if (amps > 3) throw new TspCommandError(1101);
        smu.measureRangeAmps = smallestRange(AMP_RANGES, amps);
        smu.measureAutorangeAmps = SmuConstant.AUTORANGE_OFF;
      },
    )
    .attribute(
      'rangev',
      () => Math.max(smu.measureRangeVolts, smu.sourceRangeVolts),
      (value) => {
        const volts = Math.abs(numberArgument(value));
        if (volts > 40) throw new TspCommandError(1101);
        smu.measureRangeVolts = smallestRange(VOLT_RANGES, volts);
        smu.measureAutorangeVolts = SmuConstant.AUTORANGE_OFF;
      },
    )
    .attribute(
      'autorangei',
      () => smu.measureAutorangeAmps,
      (value) => {
        smu.measureAutorangeAmps = choiceArgument(value, [0, 1, 2]);
      },
    )
    .attribute(
      'autorangev',
      () => smu.measureAutorangeVolts,
      (value) => {
        smu.measureAutorangeVolts = choiceArgument(value, [0, 1, 2]);
      },
    );
}

/** smuX.measure.iv() and its like: measures now, returns the last readings, stores all in the buffers given. */
async function measureNow(
  smu: SmuChannel,
  quantities: readonly Quantity[],
  bufferArguments: readonly LuaValue[],
  around: SmuSurroundings,
): Promise<LuaValue[]> {
  const buffers = bufferArguments.map((value) => around.bufferOf(value));
  for (const buffer of buffers) buffer.begin();
  let reading: Reading | null = null;
  const seconds = smu.measureSeconds / smu.measureCount;
  for (let i = 0; i < smu.measureCount; i++) {
    await around.spend(seconds + smu.autorangeSeconds());
    const taken = smu.read();
    reading = taken;
    buffers.forEach((buffer, k) => void smu.store(buffer, taken, quantities[k]));
  }
  return reading === null ? [] : quantities.map((quantity) => quantityOf(reading as Reading, quantity));
}

function triggerCommands(model: TriggerModel, around: SmuSurroundings): CommandObject {
  const { events } = model;
  return new CommandObject()
    .constant({
      SWEEPING_EVENT_ID: events.sweeping,
      ARMED_EVENT_ID: events.armed,
      SOURCE_COMPLETE_EVENT_ID: events.sourceComplete,
      MEASURE_COMPLETE_EVENT_ID: events.measureComplete,
      PULSE_COMPLETE_EVENT_ID: events.pulseComplete,
      SWEEP_COMPLETE_EVENT_ID: events.sweepComplete,
      IDLE_EVENT_ID: events.idle,
    })
    .command('initiate', () => model.initiate())
    .attribute(
      'count',
      () => model.count,
      (value) => {
        model.count = Math.round(boundedArgument(value, 0, 2 ** 31));
      },
    )
    .attribute(
      'autoclear',
      () => (model.autoclear ? 1 : 0),
      (value) => {
        model.autoclear = booleanArgument(value);
      },
    )
    .child('arm', armCommands(model, around.bus))
    .child('source', sweepSourceCommands(model, around.bus))
    .child('measure', sweepMeasureCommands(model, around))
    .child('endpulse', endpulseCommands(model, around.bus))
    .child(
      'endsweep',
      new CommandObject().attribute(
        'action',
        () => model.endsweepAction,
        (value) => {
          model.endsweepAction = choiceArgument(value, [0, 1]);
        },
      ),
    );
}

/** stimulus and set(), which every event detector has. */
function detectorCommands(object: CommandObject, detector: EventDetector, bus: EventBus): CommandObject {
  return stimulusAttribute(object, 'stimulus', detector.stimulus, bus).command('set', () => detector.trigger());
}

export function stimulusAttribute(
  object: CommandObject,
  key: string | number,
  stimulus: { get(): number; set(eventId: number): void },
  bus: EventBus,
): CommandObject {
  return object.attribute(
    key,
    () => stimulus.get(),
    (value) => {
      const eventId = numberArgument(value);
      if (!bus.knows(eventId)) throw new TspCommandError(-224);
      stimulus.set(eventId);
    },
  );
}

function armCommands(model: TriggerModel, bus: EventBus): CommandObject {
  const object = new CommandObject().attribute(
    'count',
    () => model.armCount,
    (value) => {
      model.armCount = Math.round(boundedArgument(value, 0, 2 ** 31));
    },
  );
  return detectorCommands(object, model.armDetector, bus);
}

function sweepSourceCommands(model: TriggerModel, bus: EventBus): CommandObject {
  const object = new CommandObject()
    .attribute(
      'action',
      () => model.sourceAction,
      (value) => {
        model.sourceAction = choiceArgument(value, [0, 1]);
      },
    )
    .attribute(
      'limiti',
      () => model.sweepLimitAmps,
      (value) => {
        model.sweepLimitAmps = boundedArgument(value, 0, 3.03);
      },
    )
    .command('listv', (list) => model.configureSource(listArgument(list)))
    .command('linearv', (start, stop, points) => {
      const [from, to, count] = [numberArgument(start), numberArgument(stop), boundedArgument(points, 1, 1e6)];
      const step = count > 1 ? (to - from) / (count - 1) : 0;
      model.configureSource(Array.from({ length: count }, (_, i) => from + step * i));
    })
    .command('logv', (start, stop, points, asymptote) => {
      const shift = asymptote === undefined ? 0 : numberArgument(asymptote);
      const [from, to] = [numberArgument(start) - shift, numberArgument(stop) - shift];
      const count = boundedArgument(points, 2, 1e6);
      if (from * to <= 0) throw new TspCommandError(-224);
      const ratio = (to / from) ** (1 / (count - 1));
      model.configureSource(Array.from({ length: count }, (_, i) => shift + from * ratio ** i));
    });
  for (const current of ['listi', 'lineari', 'logi']) {
    object.command(current, () => {
      throw new TspCommandError(-221);
    });
  }
  return detectorCommands(object, model.sourceDetector, bus);
}

function sweepMeasureCommands(model: TriggerModel, around: SmuSurroundings): CommandObject {
  const object = new CommandObject().attribute(
    'action',
    () => model.measureAction,
    (value) => {
      // ASYNC measurements are not simulated.
      model.measureAction = choiceArgument(value, [0, 1]);
    },
  );
  const configure =
    (quantities: readonly Quantity[]) =>
    (...buffers: LuaValue[]) => {
      const measurements = quantities.map((quantity, i) => ({ quantity, buffer: around.bufferOf(buffers[i]) }));
      if (new Set(measurements.map(({ buffer }) => buffer)).size < measurements.length) throw new TspCommandError(5040);
      model.measurements = measurements;
    };
  object.command('iv', configure(['i', 'v']));
  for (const quantity of QUANTITIES) object.command(quantity, configure([quantity]));
  return detectorCommands(object, model.measureDetector, around.bus);
}

function endpulseCommands(model: TriggerModel, bus: EventBus): CommandObject {
  const object = new CommandObject().attribute(
    'action',
    () => model.endpulseAction,
    (value) => {
      model.endpulseAction = choiceArgument(value, [0, 1]);
    },
  );
  return detectorCommands(object, model.endpulseDetector, bus);
}
