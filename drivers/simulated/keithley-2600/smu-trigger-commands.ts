import { booleanArgument, boundedArgument, choiceArgument, listArgument, numberArgument } from './argument.ts';
import { CommandObject } from './command-tree.ts';
import { TspCommandError } from './error-queue.ts';
import type { EventBus, EventDetector } from './event-bus.ts';
import type { LuaValue } from './lua-machine.ts';
import type { SmuSurroundings } from './smu-surroundings.ts';
import type { Quantity, TriggerModel } from './trigger-model.ts';

const QUANTITIES: readonly Quantity[] = ['i', 'v', 'r', 'p'];

/** smuX.trigger: the trigger model's counts, actions and event detectors. */
export function smuTriggerCommands(model: TriggerModel, around: SmuSurroundings): CommandObject {
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
      const measurements = quantities.map((quantity, i) => ({ quantity, buffer: around.buffers.of(buffers[i]) }));
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
