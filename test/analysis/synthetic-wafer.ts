/** A wafer file as a finished session would leave it, made from the simulated wafer's truth plus reading noise. */
import { randomNormal } from 'd3-random';
import { freezePlan, makePlan } from '../../acquisition/plan.ts';
import { createClassifier } from '../../analysis/classify.ts';
import type { SweepRecord } from '../../db/records.ts';
import { WaferWriter } from '../../db/wafer-writer.ts';
import { SimulatedStation } from '../../drivers/simulated/world/simulated-station.ts';
import type { StationSettings } from '../../drivers/simulated/world/station-options.ts';
import type { DieSite } from '../../wafer/die.ts';
import { type CrossbarGeometry, cellCount } from '../../wafer/geometry.ts';
import { consecutivePadMap } from '../../wafer/pad-map.ts';
import { UNUSABLE_POINT } from '../../wafer/point-flags.ts';
import { chooseBranch, slopeOhms } from '../../wafer/sweep.ts';
import { HEALTHY, recipe, seededSource, switchingDraw, syntheticSweep } from './synthetic-sweeps.ts';

export interface SyntheticWaferOptions {
  readonly geometry: CrossbarGeometry;
  readonly dies: readonly DieSite[];
  /** Ordinals measured; the others stay untouched. */
  readonly measured?: readonly number[];
  readonly seed?: number;
  readonly repeatCells?: number;
  readonly station?: Partial<StationSettings>;
}

/** Noise of one reading at 0.1 and 0.01 NPLC: that of an SMU of the 2600 family, volts on its 1 V range. */
const VOLTS_RMS = [6e-6, 2e-5] as const;
const AMPS_OF_RANGE = [6e-6, 2e-5] as const;

/** One cell's sweep as a bench would have measured it: truth plus noise, branch and kind chosen from the pre-read. */
export function measureTruth(station: SimulatedStation, die: number, cell: number, attemptId = 'a'): SweepRecord {
  const { programme } = recipe;
  const loop = station.noiselessReadings(die, cell, 'loop', programme);
  const ohms = slopeOhms(loop, 0, programme.preRead.volts.length, UNUSABLE_POINT) ?? 0;
  const branch = chooseBranch(programme.branches, ohms);
  const { action, range } = programme.branches[branch];
  const kind = action === 'lowBiasOnly' ? 'lowBias' : action;
  const readings = kind === 'loop' ? loop : station.noiselessReadings(die, cell, kind, programme);
  const { rangeAmps, limitAmps } = range ?? { rangeAmps: 1e-4, limitAmps: 1e-4 };
  const normal = randomNormal.source(seededSource(die * 1_000_003 + cell + 1))(0, 1);
  let point = 0;
  const segments = { loop: programme.loop, lowBias: [programme.lowBias], open: [programme.preRead] }[kind];
  for (const segment of [programme.preRead, ...segments]) {
    const fast = segment.nplc < 0.05 ? 1 : 0;
    const amps = AMPS_OF_RANGE[fast] * (segment.fixed?.rangeAmps ?? rangeAmps);
    for (let i = 0; i < segment.volts.length; i++, point++) {
      readings.volts[point] += VOLTS_RMS[fast] * normal();
      readings.amps[point] += amps * normal();
    }
  }
  const place = { attemptId, dieOrdinal: die, cell, kind, access: 'pair', side: cell % 2 ? 'B' : 'A', branch } as const;
  const startedAtMs = Date.UTC(2026, 2, 3, 20) + die * 1.2e6 + cell * 55;
  const facts = { repeat: 0, startedAtMs, instrumentSeconds: 0.081, rawStatus: 0, residualAmps: 2e-9 };
  return { ...place, rangeAmps, limitAmps, ...facts, readings };
}

/** Writes the file; returns the station whose truth it holds. */
export async function writeSyntheticWafer(file: string, options: SyntheticWaferOptions): Promise<SimulatedStation> {
  const { geometry, dies, measured = dies.map(({ ordinal }) => ordinal), seed = 1, repeatCells = 0 } = options;
  const station = new SimulatedStation({ seed, geometry, dies, startState: 'random', ...options.station });
  const bench = {
    name: 'simulated',
    geometry,
    padMap: consecutivePadMap(geometry),
    access: ['pair'] as const,
    limits: { junctionVolts: 0.8, padVolts: { min: -0.1, max: 1.9 }, limitAmps: 1e-3 },
    sourceRangeVolts: 1,
    gateVolts: 1.8,
    supplies: {
      vdd: { volts: 1.8, limitAmps: 0.01 },
      vss: { volts: 0, limitAmps: 0.01 },
      substrate: { volts: 0, limitAmps: 0.01 },
    },
    apToP: 'positive' as const,
    wafer: { id: 'SIM-1', dies },
    overdriveMicrometres: 50,
    routeSettleSeconds: 0.001,
  };
  const { record: plan } = freezePlan(makePlan({ recipe, bench, dies: [...measured] }).plan);
  const waferId = '01930000-0000-7000-8000-00000000000a';
  const sessionId = '01930000-0000-7000-8000-00000000000b';
  const createdAt = '2026-03-03T20:00:00.000Z';
  const writer = await WaferWriter.create(file, {
    id: waferId,
    lot: 'LOT-7',
    wafer: 'SIM-1',
    geometry,
    dies,
    createdAt,
  });
  await writer.addPlan(plan);
  const fields = {
    lot: 'LOT-7',
    wafer: 'SIM-1',
    notch: 'down',
    operator: 'unknown',
    station: 'simulated',
    probeCard: 'PC-403',
    purpose: 'characterisation',
  };
  await writer.addSession({
    id: sessionId,
    planId: plan.id,
    fields,
    softwareVersion: '0.1.0',
    benchJson: JSON.stringify(bench),
    startedAt: createdAt,
    endedAt: null,
    end: null,
    safeStateJson: null,
  });
  await writer.addInstruments([
    {
      sessionId,
      name: 'smu',
      resource: 'TCPIP0::127.0.0.1::40001::SOCKET',
      driver: 'keithley-2600',
      vendor: 'Keithley Instruments Inc.',
      model: 'Model 2636B',
      serial: 'SIM0001',
      firmware: '3.4.2',
      settingsJson: null,
    },
  ]);
  const classifier = createClassifier(recipe.programme, recipe.thresholds);
  for (const die of measured) {
    const attemptId = `01930000-0000-7000-8000-${String(die).padStart(12, '0')}`;
    await writer.addAttempt({
      id: attemptId,
      sessionId,
      dieOrdinal: die,
      firstPosition: 0,
      lastPosition: cellCount(geometry) / 2 - 1,
      reason: 'first',
      startedAt: createdAt,
    });
    for (let cell = 0; cell < cellCount(geometry); cell += 2) {
      const sweeps = [cell, cell + 1].map((index) => measureTruth(station, die, index, attemptId));
      const cursor = { planId: plan.id, dieOrdinal: die, nextPosition: cell / 2 + 1 };
      writer.addSweeps({ sweeps, cells: sweeps.map((sweep) => classifier.classify(sweep)), cursor });
      await writer.ready();
    }
    for (let sample = 0; sample < repeatCells; sample++) {
      const draw = switchingDraw(seed * 1000 + die * 100 + sample);
      const sweeps = Array.from({ length: 50 }, (_, loop) => ({
        ...syntheticSweep({ ...HEALTHY, ...draw() }, { seed: loop + 1, index: 2 * sample }),
        attemptId,
        dieOrdinal: die,
        repeat: loop + 1,
      }));
      const cursor = { planId: plan.id, dieOrdinal: die, nextPosition: cellCount(geometry) / 2 };
      writer.addSweeps({ sweeps, cells: [], cursor });
      await writer.ready();
    }
    await writer.updateDie(die, { state: 'measured', touchdowns: 1, chuckCelsius: 25.02, contactPassed: true });
  }
  await writer.endSession(sessionId, 'finished', null);
  await writer.close();
  return station;
}
