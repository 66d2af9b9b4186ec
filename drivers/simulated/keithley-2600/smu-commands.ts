import { boundedArgument, choiceArgument, numberArgument } from './argument.ts';
import { CommandObject } from './command-tree.ts';
import { TspCommandError } from './error-queue.ts';
import type { LuaValue } from './lua-machine.ts';
import { AMP_RANGES, SmuConstant, smallestRange, VOLT_RANGES } from './model-2602b.ts';
import { quantityOf, type Reading, type SmuChannel } from './smu-channel.ts';
import type { SmuSurroundings } from './smu-surroundings.ts';
import { smuTriggerCommands } from './smu-trigger-commands.ts';
import type { Quantity, TriggerModel } from './trigger-model.ts';

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
    .child('trigger', smuTriggerCommands(model, around))
    .child(
      'cal',
      new CommandObject().attribute('date', () => 1_735_689_600).attribute('due', () => 1_767_225_600),
    )
    .child('nvbuffer1', { buffer: around.buffers.numberOf(smu.nvbuffer1) })
    .child('nvbuffer2', { buffer: around.buffers.numberOf(smu.nvbuffer2) })
    .attribute(
      'sense',
      () => smu.sense,
      (value) => {
        smu.sense = choiceArgument(value, [0, 1]);
      },
    );
  root.commands.set('makebuffer', { waits: false, makesBuffer: true, call: (size) => around.buffers.make(size) });
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
  const buffers = bufferArguments.map((value) => around.buffers.of(value));
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
