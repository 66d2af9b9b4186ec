/**
 * One thread for the blocking calls of one session. koffi's own asynchronous calls share four threads with the file
 * system and name look-ups of the process: a handful of waiting instruments would stop everything else.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { LibraryChoice } from './library-candidates.ts';
import { MissingFunction, VisaCalls } from './visa-calls.ts';
import { CallFailed, Cancelled, VisaOperations } from './visa-operations.ts';
import type { Failure, Operation, Reply, Request, Response, VisaWorkerData } from './worker-protocol.ts';

if (!parentPort) throw new Error('visa-worker runs as a worker thread');
const port = parentPort;
const { choice, cancelled } = workerData as VisaWorkerData;
const cancelledRequest = new Int32Array(cancelled);
let current = 0;
let loaded: { readonly calls: VisaCalls; readonly operations: VisaOperations } | null = null;

/** Loading found nothing of use. */
class LoadFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.kind);
    this.failure = failure;
  }
}

port.on('message', (request: Request) => {
  current = request.id;
  port.postMessage(answer(request));
});

function answer(request: Request): Response {
  try {
    return { id: request.id, value: perform(request) };
  } catch (error) {
    return { id: request.id, failure: failureOf(error) };
  }
}

function perform(request: Request): Reply<Operation> {
  loaded ??= load(choice);
  const { calls, operations } = loaded;
  switch (request.op) {
    case 'load':
      return { path: calls.path, missing: [...calls.missing] };
    case 'openManager':
      return operations.openManager();
    case 'find':
      return operations.find(request);
    case 'open':
      return operations.open(request);
    case 'plain':
      return operations.plain(request);
    case 'write':
      return operations.write(request);
    case 'read':
      return operations.read(request);
    case 'statusByte':
      return operations.statusByte(request);
    case 'lock':
      return operations.lock(request);
    case 'waitEvent':
      return operations.waitEvent(request);
    case 'getAttribute':
      return operations.getAttribute(request);
    case 'setAttribute':
      return operations.setAttribute(request);
  }
}

/** The first candidate that is a VISA library; one that somebody named must be one. */
function load({ candidates, namedBy }: LibraryChoice) {
  const tried: { path: string; reason: string }[] = [];
  for (const path of candidates) {
    let calls: VisaCalls;
    try {
      calls = new VisaCalls(path);
    } catch (error) {
      tried.push({ path, reason: reasonOf(error) });
      continue;
    }
    if (calls.isVisa) {
      const isCancelled = () => Atomics.load(cancelledRequest, 0) === current;
      return { calls, operations: new VisaOperations(calls, isCancelled) };
    }
    if (namedBy !== null) throw new LoadFailed({ kind: 'not-visa', path });
    tried.push({ path, reason: 'not a VISA library' });
  }
  throw new LoadFailed({ kind: 'not-found', tried });
}

/** The loader's own words, without the path that they may begin with. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^Failed to load shared library: /, '');
}

function failureOf(error: unknown): Failure {
  if (error instanceof LoadFailed) return error.failure;
  if (error instanceof Cancelled) return { kind: 'cancelled' };
  if (error instanceof MissingFunction) return { kind: 'missing', function: error.function };
  if (error instanceof CallFailed) {
    const { function: name, status, description } = error;
    return { kind: 'status', function: name, status, description };
  }
  return { kind: 'defect', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
