import type { Branch, Segment, SweepProgramme } from '../wafer/sweep.ts';
import type { RecipeFileContent } from './recipe-schema.ts';

/**
 * Turns the recipe's lists into the programme of a cell. The loop is the list [0, up to max, down to 0, down to −max,
 * up to 0] cut where the free layer's state is read: 51 + 50 points for the default quarter of 25. With AP→P negative
 * all signs of the initialise and loop lists are flipped, so that `loopToP` always writes P.
 */
export function compileProgramme(content: RecipeFileContent): SweepProgramme {
  const { preRead, lowBias, initialise, loop, read } = content;
  const sign = content.polarity.apToP === 'positive' ? 1 : -1;
  const up = loop.quarterVolts;
  const down = up.slice(0, -1).reverse();
  const half = [...up, ...down];

  const readBlock = (name: 'readP' | 'readAP') => fixedSegment(name, read);
  const branchSegment = (name: Segment['name'], volts: readonly number[], timing: Timing): Segment => ({
    name,
    volts: volts.map((level) => signed(sign, level)),
    nplc: timing.nplc,
    settleSeconds: timing.settleSeconds,
    fixed: null,
  });

  return {
    preRead: fixedSegment('preRead', preRead),
    lowBias: fixedSegment('lowBias', lowBias),
    loop: [
      branchSegment('initialise', initialise.volts, initialise),
      branchSegment('loopToP', [0, ...half, 0], loop),
      readBlock('readP'),
      branchSegment('loopToAp', [...half.map((level) => -level), 0], loop),
      readBlock('readAP'),
    ],
    branches: content.branches.map(compileBranch),
    complianceRepeat: content.onCompliance.repeatOnce,
    junctionCeilingVolts: content.limits.junctionVolts,
  };
}

/** The quick read: state found, write AP, read, write P, read. `write` is written for the polarity that sets AP → P. */
export function compileQuick({ adaptive, polarity }: RecipeFileContent): Segment[] {
  if (adaptive === undefined) return [];
  const { read, write, verify } = adaptive;
  const sign = polarity.apToP === 'positive' ? 1 : -1;
  const writing = (name: Segment['name'], direction: 1 | -1): Segment => ({
    name,
    volts: write.volts.map((level) => signed(sign, direction * level)),
    nplc: write.nplc,
    settleSeconds: write.settleSeconds,
    fixed: null,
  });
  return [
    fixedSegment('quickRead', read),
    writing('writeAP', -1),
    fixedSegment('quickAP', verify),
    writing('writeP', 1),
    fixedSegment('quickP', verify),
  ];
}

interface Timing {
  readonly nplc: number;
  readonly settleSeconds: number;
}

type FixedList = Timing & { readonly volts: readonly number[]; readonly rangeAmps: number; readonly limitAmps: number };

function fixedSegment(name: Segment['name'], list: FixedList): Segment {
  const { volts, nplc, settleSeconds, rangeAmps, limitAmps } = list;
  return { name, volts, nplc, settleSeconds, fixed: { rangeAmps, limitAmps } };
}

function compileBranch(branch: RecipeFileContent['branches'][number]): Branch {
  if ('else' in branch) return { belowOhms: Number.POSITIVE_INFINITY, action: 'open', range: null };
  if (branch.do === 'lowBiasOnly') return { belowOhms: branch.below, action: 'lowBiasOnly', range: null };
  const { rangeAmps, limitAmps } = branch;
  return { belowOhms: branch.below, action: 'loop', range: { rangeAmps, limitAmps } };
}

/** Keeps −0 out of the lists: it would be another JSON text and so another plan. */
function signed(sign: 1 | -1, level: number): number {
  return level === 0 ? 0 : sign * level;
}
