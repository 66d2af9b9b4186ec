import type { Prober } from './capabilities.ts';
import type { AcceptIdentity } from './framing/instrument-identity.ts';
import { parseSentioReply } from './framing/sentio-reply.ts';
import { CommandProber } from './prober/command-prober.ts';
import { CONTACT_SECONDS, type ProberDialect } from './prober/prober-dialect.ts';
import type { ProberLink, ProberReply } from './prober/prober-link.ts';
import type { Link } from './transport/link.ts';

const SETTING_SECONDS = 5;

/** "Not supported": no thermal chuck, no such variable. */
const NOT_SUPPORTED = new Set([4, 13]);

/** Chuck height within this of a taught height is at it, micrometres. */
const HEIGHT_TOLERANCE = 1;

/** Two readings of the chuck's temperature this near are one temperature. */
const SAME_CELSIUS = 0.5;

/** MPI SENTIO, native remote command set over its socket. Columns are x, rows y, as the wafer map's axis orientation has them. */
const SENTIO: ProberDialect = {
  driver: 'sentio',
  parse: reply,
  // Chooses the native command set; this command alone has no reply.
  takeControl: '*RCS 1',
  proof: () => ({ question: 'status:get_version', answer: null, form: /\d+\.\d+/ }),
  separate: 'move_chuck_separation',
  step: (x, y) => `map:step_die ${x},${y}`,

  /**
   * Chuck height above the axis' zero, which is the default reference, against the taught heights: at or above contact, at
   * or below separation, or unknown in between. One command is out at a time and its reply comes after the motion has
   * ended: whoever can ask finds the chuck at rest.
   */
  chuck: async (prober, signal) => {
    const { contact, separation } = await siteHeights(prober, signal);
    const [height] = await prober.fields('get_chuck_z', signal, HEIGHT_TOLERANCE);
    const z = prober.number('get_chuck_z', height);
    if (!(contact > separation)) return { height: 'unknown', moving: false };
    if (z >= contact - HEIGHT_TOLERANCE) return { height: 'contact', moving: false };
    return { height: z <= separation + HEIGHT_TOLERANCE ? 'separation' : 'unknown', moving: false };
  },

  touchdowns: async (prober, signal) => {
    const [count] = await prober.fields('setup:contact_counter:get', signal);
    return prober.number('setup:contact_counter:get', count);
  },

  /** "place in the route,column,row". */
  die: async (prober, signal) => {
    const question = 'map:die:get_current_index';
    const { error, fields } = await prober.ask(question, signal);
    if (error !== 0) return null;
    return { x: prober.number(question, fields[1]), y: prober.number(question, fields[2]) };
  },

  /** What the loader knows of the wafer on the chuck; it stays empty where wafers are loaded by hand. */
  waferId: async (prober, signal) => {
    const question = 'loader:query_wafer_id chuck, 1';
    return prober.done(question, await prober.ask(question, signal)).text;
  },

  chuckCelsius: async (prober, signal) => {
    const answer = await prober.ask('get_chuck_temp', signal, SAME_CELSIUS);
    if (NOT_SUPPORTED.has(answer.error)) return null;
    return prober.number('get_chuck_temp', prober.done('get_chuck_temp', answer).fields[0]);
  },

  toContact: async (overdriveMicrometres, prober, signal) => {
    const { overtravelGap } = await siteHeights(prober, signal);
    const on = overdriveMicrometres > 0;
    if (on && Math.abs(overtravelGap - overdriveMicrometres) > HEIGHT_TOLERANCE) {
      await prober.command(`set_chuck_overtravel_gap ${overdriveMicrometres}`, SETTING_SECONDS, signal);
    }
    await prober.command(`enable_chuck_overtravel ${on ? 'true' : 'false'}`, SETTING_SECONDS, signal);
    await prober.command('move_chuck_contact', CONTACT_SECONDS, signal);
  },
};

export function openSentioProber(
  link: Link,
  name: string,
  accept: AcceptIdentity,
  signal: AbortSignal,
): Promise<Prober> {
  return CommandProber.open(link, name, SENTIO, accept, signal);
}

/** "contact,separation,overtravel gap,hover", micrometres. */
async function siteHeights(prober: ProberLink, signal: AbortSignal) {
  const question = 'get_chuck_site_heights Wafer';
  const fields = await prober.fields(question, signal);
  const [contact, separation, overtravelGap] = [0, 1, 2].map((place) => prober.number(question, fields[place]));
  return { contact, separation, overtravelGap };
}

function reply(thing: string, command: string, line: string): ProberReply {
  const { error, endOfRoute, text } = parseSentioReply(thing, command, line);
  return { error, endOfRoute, text, fields: text.split(',').map((field) => field.trim()) };
}
