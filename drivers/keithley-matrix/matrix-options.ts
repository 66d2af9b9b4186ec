import { z } from 'zod';
import type { MatrixFamily } from './matrix-family.ts';
import { wiringProblem } from './matrix-wiring.ts';

/** Nodes of a TSP-Link are numbered 1 to 64. */
const node = z.int().min(1).max(64);

/**
 * A switch matrix in a bench file: its mainframes, its lines, and the row of the cards on which each source channel lies.
 * Whether the cards suffice for the lines is checked here, where the line of the file can still be told.
 */
export function matrixOptions<Name extends MatrixFamily['driver'], Resource extends z.ZodType<string>>(
  driver: Name,
  resource: Resource,
  family: MatrixFamily,
) {
  const row = z.enum(family.rowNames as [string, ...string[]]);
  return z
    .strictObject({
      driver: z.literal(driver),
      resource,
      /** The first one has the client; the others are reached over the TSP-Link. */
      mainframes: z
        .array(z.strictObject({ node, cards: z.int().min(1).max(family.slots) }))
        .min(1)
        .default([{ node: 1, cards: family.slots }]),
      columnsPerCard: z.int().min(1).max(99).default(family.columnsPerCard),
      lines: z.strictObject({ rows: z.int().min(1), columns: z.int().min(1) }),
      channels: z.strictObject({
        columnA: row,
        columnB: row.exactOptional(),
        row,
        guard: row.exactOptional(),
      }),
      settleSeconds: z.number().min(0).max(1).default(1e-3),
      unselected: z.literal('float').default('float'),
    })
    .superRefine((options, context) => {
      const fault = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
      const { mainframes, channels } = options;
      if (new Set(mainframes.map((mainframe) => mainframe.node)).size < mainframes.length) {
        fault('mainframes', 'two mainframes cannot be one node');
      }
      const rows = Object.values(channels);
      if (new Set(rows).size < rows.length) fault('channels', 'two source channels cannot share a row of the cards');
      const problem = wiringProblem(family, options);
      if (problem !== null) fault('mainframes', problem);
    });
}
