import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { FleetPurpose } from '../training/fleet/fleet.ts';
import { writeFleet } from '../training/fleet/fleet-file.ts';
import { FLEET_KINDS, FLEET_SEEDS } from '../training/fleet/fleet-kinds.ts';
import { generateFleet } from '../training/fleet/generate-fleet.ts';

const PURPOSES: readonly FleetPurpose[] = ['development', 'report'];

/** `tunnelbench fleet`: makes the committed fleets again, byte for byte. */
export function addFleetCommand(program: Command): void {
  program
    .command('fleet')
    .description('generate the fleets of dies with known defects (A, G and L; development and report)')
    .option('--out <folder>', 'where to write the files', 'fleets')
    .action(({ out }: { out: string }) => {
      mkdirSync(out, { recursive: true });
      for (const kind of Object.keys(FLEET_KINDS) as (keyof typeof FLEET_KINDS)[]) {
        for (const purpose of PURPOSES) for (const seed of FLEET_SEEDS) writeOne(out, kind, purpose, seed);
      }
    });
}

function writeOne(folder: string, kind: keyof typeof FLEET_KINDS, purpose: FleetPurpose, seed: number): void {
  const file = join(folder, `${kind}-${purpose}-${seed}.json`);
  const fleet = generateFleet(kind, purpose, seed, FLEET_KINDS[kind]);
  writeFleet(file, fleet);
  const bad = fleet.dies.map((die) =>
    [die.shorted, die.stuck, die.subpar, die.weak, die.open].reduce((sum, list) => sum + list.length, 0),
  );
  bad.sort((a, b) => a - b);
  console.log(`${file}: ${bad.length} dies, bad cells median ${bad[bad.length >> 1]}, worst ${bad[bad.length - 1]}`);
}
