import type { DieSite } from '../../wafer/die.ts';
import type { CrossbarGeometry } from '../../wafer/geometry.ts';

export interface BenchYamlFacts {
  readonly resources: Readonly<Record<'smu' | 'enable' | 'router' | 'supplies' | 'prober', string>>;
  readonly geometry: CrossbarGeometry;
  readonly waferId: string;
  readonly dies: 'default36' | readonly DieSite[];
  readonly apToP: 'positive' | 'negative';
  readonly ceilingVolts: number;
  readonly referenceOhms?: number | null;
}

/** The text of a bench file that describes the simulated bench. */
export function simulatedBenchYaml(facts: BenchYamlFacts): string {
  const { resources, geometry, waferId, dies, apToP, ceilingVolts, referenceOhms = null } = facts;
  const { rows, columns, columnsPerEnableLine } = geometry;
  const list = dies === 'default36' ? dies : `[${dies.map(({ x, y }) => `{x: ${x}, y: ${y}}`).join(', ')}]`;
  const reference =
    referenceOhms === null ? '' : `referenceResistor: {row: ${rows}, column: ${columns}, ohms: ${referenceOhms}}\n`;
  return `# A simulated bench: resources change with every start.
bench: simulated
geometry: {rows: ${rows}, columns: ${columns}, columnsPerEnableLine: ${columnsPerEnableLine}}
instruments:
  smu:
    driver: keithley-2600
    resource: '${resources.smu}'
    channels: {columnA: 'node[1].smua', columnB: 'node[1].smub', row: 'node[2].smua'}
    sourceRangeVolts: 1
  enable: {driver: enable-line-controller, resource: '${resources.enable}'}
  router: {driver: line-multiplexer, resource: '${resources.router}', settleSeconds: 0.001, unselected: float}
  supplies:
    driver: keysight-e36300
    resource: '${resources.supplies}'
    outputs: {vdd: 1, vss: 2, substrate: 3}
  prober: {driver: velox, resource: '${resources.prober}'}
padMap: consecutive
access: [pair]
limits: {junctionVolts: ${ceilingVolts.toFixed(2)}, padVolts: {min: -0.1, max: 1.9}, limitAmps: 1.0e-3}
gate: {volts: 1.8}
supplies:
  vdd: {volts: 1.8, limitAmps: 0.01}
  vss: {volts: 0, limitAmps: 0.01}
  substrate: {volts: 0, limitAmps: 0.01}
polarity: {apToP: ${apToP}}
wafer: {id: ${JSON.stringify(waferId)}, dies: ${list}}
contact: {overdriveMicrometres: 50, settleSeconds: 0.2}
${reference}`;
}
