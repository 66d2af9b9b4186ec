// `npm run benchmark` lists the benchmarks, `npm run benchmark -- NAME… [--long]` runs them; exit status 1 when a goal is
// missed. A benchmark may do more with --long.
import { readdirSync } from 'node:fs';
import { type Benchmark, isMet, lineText } from './benchmark-line.ts';

const NOT_BENCHMARKS = ['run', 'benchmark-line'];

const known = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -'.ts'.length))
  .filter((name) => !NOT_BENCHMARKS.includes(name));

const asked = process.argv.slice(2).filter((argument) => argument !== '--long');
const unknown = asked.filter((name) => !known.includes(name));
if (asked.length === 0) {
  console.log(`benchmarks: ${known.join(', ')}\nrun one with: npm run benchmark -- NAME`);
} else if (unknown.length > 0) {
  console.error(`no benchmark named ${unknown.join(', ')}; there are: ${known.join(', ')}`);
  process.exitCode = 2;
} else {
  for (const name of asked) {
    const { run } = (await import(`./${name}.ts`)) as { run: Benchmark };
    for (const line of await run()) {
      console.log(lineText(line));
      if (!('skipped' in line) && isMet(line) === false) process.exitCode = 1;
    }
  }
}
