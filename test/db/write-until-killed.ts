// Writes pair after pair until somebody kills it; says on standard output when it has begun.
import { WaferWriter } from '../../db/wafer-writer.ts';
import { beginSession, sampleAttempt, samplePair, sampleWafer } from './sample-records.ts';

const geometry = { rows: 100, columns: 200, columnsPerEnableLine: 2 } as const;
const [file] = process.argv.slice(2);
const writer = await WaferWriter.create(file, sampleWafer(geometry), { maxQueuedSweeps: 16 });
const { plan, session } = await beginSession(writer, 1, geometry);
process.stdout.write('begun\n');
for (const dieOrdinal of [0, 1, 2, 3]) {
  for (let position = 0; position < 10_000; position += 32) {
    const lastPosition = Math.min(position + 31, 9_999);
    const attempt = sampleAttempt(session, { dieOrdinal, firstPosition: position, lastPosition });
    await writer.addAttempt(attempt);
    for (let next = position; next <= lastPosition; next++) {
      await writer.ready();
      writer.addSweeps(samplePair(plan, attempt, next, geometry));
    }
  }
}
await writer.close();
