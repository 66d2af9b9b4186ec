import type { ChuckHeight } from '../capabilities.ts';
import type { ProberFraming, ProberLink } from './prober-link.ts';

/** Time limits of motions, with room for a slow chuck. */
export const CONTACT_SECONDS = 60;
export const STEP_SECONDS = 120;

export interface DiePlace {
  readonly x: number;
  readonly y: number;
}

/** What a family calls things. The rules of safe motion are in command-prober.ts, the same for all. */
export interface ProberDialect extends ProberFraming {
  /** Sent without a reply when the link is opened, to choose the command set; null where there is one only. */
  readonly takeControl: string | null;
  chuck(prober: ProberLink, signal: AbortSignal): Promise<{ readonly height: ChuckHeight; readonly moving: boolean }>;
  touchdowns(prober: ProberLink, signal: AbortSignal): Promise<number>;
  /** Null when the prober answers with an error, as without a wafer map. */
  die(prober: ProberLink, signal: AbortSignal): Promise<DiePlace | null>;
  waferId(prober: ProberLink, signal: AbortSignal): Promise<string>;
  /** Null where the prober has no thermal chuck, which it says with an error. */
  chuckCelsius(prober: ProberLink, signal: AbortSignal): Promise<number | null>;
  /** The command for one absolute step; its reply names the die in the first two fields. */
  step(x: number, y: number): string;
  toContact(overdriveMicrometres: number, prober: ProberLink, signal: AbortSignal): Promise<void>;
  readonly separate: string;
}
