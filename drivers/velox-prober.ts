import type { ChuckHeight, Prober } from './capabilities.ts';
import type { AcceptIdentity } from './framing/instrument-identity.ts';
import { parseVeloxReply } from './framing/velox-reply.ts';
import { CommandProber } from './prober/command-prober.ts';
import { CONTACT_SECONDS, type ProberDialect } from './prober/prober-dialect.ts';
import type { ProberReply } from './prober/prober-link.ts';
import type { Link } from './transport/link.ts';

/** "End of wafer": a normal end of the map, not a fault. */
const END_OF_WAFER = 703;

/** Raising the last micrometres slowly, in percent of full speed. */
const OVERDRIVE_VELOCITY = 25;

/** Two readings of the chuck's temperature this near are one temperature. */
const SAME_CELSIUS = 0.5;

/** FormFactor/Cascade Velox, ProberBench commands in text framing over a raw socket or serial line. */
const VELOX: ProberDialect = {
  driver: 'velox',
  parse: reply,
  takeControl: null,
  proof: (count) => ({ question: `EchoData tunnelbench${count}`, answer: `tunnelbench${count}`, form: /./ }),
  separate: 'MoveChuckSeparation',
  step: (x, y) => `StepNextDie ${x} ${y} 0`,

  /** ReadChuckStatus: FlagsInit FlagsMode FlagsLimit FlagsMoving Comp IsVacuumOn PresetHeight … */
  chuck: async (prober, signal) => {
    const fields = await prober.fields('ReadChuckStatus', signal);
    return { height: chuckHeight(fields[6]), moving: prober.number('ReadChuckStatus', fields[3]) !== 0 };
  },

  touchdowns: async (prober, signal) => {
    const [count] = await prober.fields('ReadContactCount C', signal);
    return prober.number('ReadContactCount', count);
  },

  /** ReadMapPosition2: DieX DieY … */
  die: async (prober, signal) => {
    const { error, fields } = await prober.ask('ReadMapPosition2', signal);
    if (error !== 0) return null;
    return { x: prober.number('ReadMapPosition2', fields[0]), y: prober.number('ReadMapPosition2', fields[1]) };
  },

  waferId: async (prober, signal) => (await prober.fields('GetWaferID', signal)).join(' '),

  chuckCelsius: async (prober, signal) => {
    const { error, fields } = await prober.ask('GetHeaterTemp C', signal, SAME_CELSIUS);
    return error === 0 ? prober.number('GetHeaterTemp', fields[0]) : null;
  },

  toContact: async (overdriveMicrometres, prober, signal) => {
    // Contact height first, overdrive on top of it: called again with more, the overdrive does not add up.
    await prober.command('MoveChuckContact', CONTACT_SECONDS, signal);
    if (overdriveMicrometres === 0) return;
    await prober.command(`MoveChuckZ ${overdriveMicrometres} R Y ${OVERDRIVE_VELOCITY}`, CONTACT_SECONDS, signal);
  },
};

export function openVeloxProber(
  link: Link,
  name: string,
  accept: AcceptIdentity,
  signal: AbortSignal,
): Promise<Prober> {
  return CommandProber.open(link, name, VELOX, accept, signal);
}

function reply(thing: string, command: string, line: string): ProberReply {
  const parsed = parseVeloxReply(thing, command, line);
  if ('values' in parsed) {
    return { error: 0, endOfRoute: false, text: parsed.values.join(' '), fields: parsed.values };
  }
  return { error: parsed.code, endOfRoute: parsed.code === END_OF_WAFER, text: parsed.message, fields: [] };
}

/** PresetHeight begins with C(ontact), O(vertravel), A(lign), S(eparation) or T(ransfer). Only S is clear of the needles. */
function chuckHeight(preset: string | undefined): ChuckHeight {
  switch (preset?.[0]?.toUpperCase()) {
    case 'C':
    case 'O':
      return 'contact';
    case 'S':
      return 'separation';
    default:
      return 'unknown';
  }
}
