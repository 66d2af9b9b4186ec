import type { DieSite } from '../wafer/die.ts';
import type { CrossbarGeometry } from '../wafer/geometry.ts';
import type { PadMap, SupplyName } from '../wafer/pad-map.ts';

/**
 * What a plan must know of a bench: the bench file without its instruments. It is stored in the plan, so that a resume
 * can tell whether it still talks to the bench the plan was made for.
 */
export interface BenchSettings {
  readonly name: string;
  readonly geometry: CrossbarGeometry;
  readonly padMap: PadMap;
  readonly access: readonly ('pair' | 'single')[];
  readonly limits: {
    readonly junctionVolts: number;
    readonly padVolts: { readonly min: number; readonly max: number };
    readonly limitAmps: number;
    /** Largest current of one line of the probe card; absent: not stated. */
    readonly lineAmps?: number;
  };
  /** Limit the source gives a column while one cell is measured alone, whatever the recipe; absent where it has none. */
  readonly aloneColumnLimitAmps?: number;
  readonly sourceRangeVolts: number;
  readonly gateVolts: number;
  readonly supplies: Readonly<Record<SupplyName, { readonly volts: number; readonly limitAmps: number }>>;
  readonly apToP: 'positive' | 'negative';
  readonly wafer: { readonly id: string; readonly dies: readonly DieSite[] };
  readonly overdriveMicrometres: number;
  /** Settling of the router's relays before a route is acknowledged. */
  readonly routeSettleSeconds: number;
}
