import type { DieSite } from '../../wafer/die.ts';
import type { CrossbarGeometry } from '../../wafer/geometry.ts';

/** A driver and its options beside the resource, each as "key: value". */
interface DriverChoice {
  readonly driver: string;
  readonly options: readonly string[];
}

export interface BenchYamlFacts {
  readonly resources: Readonly<Record<'smu' | 'enable' | 'router' | 'supplies' | 'prober', string>>;
  readonly geometry: CrossbarGeometry;
  readonly waferId: string;
  readonly dies: 'default36' | readonly DieSite[];
  readonly apToP: 'positive' | 'negative';
  readonly ceilingVolts: number;
  readonly referenceOhms?: number | null;
  /** Default: three channels under pair access, behind the line multiplexer. */
  readonly access?: 'pair' | 'single';
  readonly smu?: DriverChoice;
  readonly router?: DriverChoice;
}

export const THREE_CHANNELS: DriverChoice = {
  driver: 'keithley-2600',
  options: ["channels: {columnA: 'node[1].smua', columnB: 'node[1].smub', row: 'node[2].smua'}", 'sourceRangeVolts: 1'],
};

export const MULTIPLEXER: DriverChoice = {
  driver: 'line-multiplexer',
  options: ['settleSeconds: 0.001', 'unselected: float'],
};

/** The text of a bench file that describes the simulated bench. */
export function simulatedBenchYaml(facts: BenchYamlFacts): string {
  const { resources, geometry, waferId, dies, apToP, ceilingVolts, referenceOhms = null } = facts;
  const { access = 'pair', smu = THREE_CHANNELS, router = MULTIPLEXER } = facts;
  const { rows, columns, columnsPerEnableLine } = geometry;
  const list = dies === 'default36' ? dies : `[${dies.map(({ x, y }) => `{x: ${x}, y: ${y}}`).join(', ')}]`;
  const reference =
    referenceOhms === null ? '' : `referenceResistor: {row: ${rows}, column: ${columns}, ohms: ${referenceOhms}}\n`;
  return `# A simulated bench: resources change with every start.
bench: simulated
geometry: {rows: ${rows}, columns: ${columns}, columnsPerEnableLine: ${columnsPerEnableLine}}
instruments:
  smu:
    driver: ${smu.driver}
    resource: '${resources.smu}'
${smu.options.map((option) => `    ${option}\n`).join('')}  enable: {driver: enable-line-controller, resource: '${resources.enable}'}
  router: {driver: ${router.driver}, resource: '${resources.router}', ${router.options.join(', ')}}
  supplies:
    driver: keysight-e36300
    resource: '${resources.supplies}'
    outputs: {vdd: 1, vss: 2, substrate: 3}
  prober: {driver: velox, resource: '${resources.prober}'}
padMap: consecutive
access: [${access}]
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
