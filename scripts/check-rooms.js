// Checks the import table of ARCHITECTURE.md, and that the check saw the code at all: a checker that
// cannot read TypeScript reports no violations.
import { readdirSync } from 'node:fs';
import { cruise } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const folders = [
  'wafer',
  'physics',
  'drivers',
  'db',
  'acquisition',
  'analysis',
  'training',
  'scripts',
  'test',
  'benchmarks',
];
const options = await extractDepcruiseOptions('./.dependency-cruiser.cjs');
const { output } = await cruise(folders, options, null, { tsConfig: extractTSConfig('./tsconfig.json') });

const { violations, totalCruised } = output.summary;
for (const { from, to, rule } of violations) console.error(`${rule.name}: ${from} imports ${to}`);

// Every folder with code must have been read.
const files = readdirSync('.', { recursive: true }).filter(
  (path) => /\.ts$/.test(path) && folders.includes(path.split('/')[0]) && !path.includes('/kernels/assembly/'),
);
const seen = new Set(output.modules.map(({ source }) => source));
const unread = files.filter((path) => !seen.has(path));
if (unread.length > 0) console.error(`not read by the check: ${unread.join(', ')}`);

console.log(
  `rooms: ${totalCruised} modules, ${output.summary.totalDependenciesCruised} imports, ${violations.length} violations`,
);
process.exit(violations.length > 0 || unread.length > 0 || files.length === 0 ? 1 : 0);
