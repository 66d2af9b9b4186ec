import { mkdtempSync } from 'node:fs';
import { it } from 'vitest';
import { makePlan } from '../../acquisition/plan.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { benchSettings } from '../../scripts/bench-settings.ts';
import { DEFAULT_DIES } from '../../wafer/die.ts';
import { quickRecipe } from '../acquisition/memory-session.ts';
import { WiredBench } from '../acquisition/wired-bench.ts';

it('x', async () => {
  const wired = await WiredBench.open({ seed: 21, dies: DEFAULT_DIES.slice(0, 5), geometry: { rows: 6, columns: 300, columnsPerEnableLine: 2 } });
  const dir = mkdtempSync('/tmp/acc/eb-');
  const recipe = quickRecipe({ lossPauseFraction: 1 });
  await wired.run(makePlan({ recipe, bench: benchSettings(wired.benchFile), dies: [0, 1, 2, 3, 4], cells: 20 }), `${dir}/w.sqlite`);
  const r = WaferReader.open(`${dir}/w.sqlite`);
  for (const e of r.events()) console.log(e.kind, e.dieOrdinal, e.text);
  for (const d of [0,1,2,3,4]) { const t = wired.simulated.station.truth(d); console.log(d, t.deadRows, t.deadColumns); }
  r.close();
  await wired.close();
});
