import { parentPort } from 'node:worker_threads';
import { type ErrorCode, type ErrorFacts, TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

/** What a worker sends back for a task. */
export type Answer<Result> = { readonly result: Result } | { readonly error: unknown };

/** An error as it crosses the thread boundary, where classes are lost. */
export interface CarriedError {
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: ErrorCode | null;
  readonly facts: ErrorFacts | null;
}

/** The worker's side of a WorkerPool: answers every task with what `perform` returns, resolves to or throws. */
export function answerTasks<Task, Result>(perform: (task: Task) => Result | Promise<Result>): void {
  const port = parentPort;
  if (port === null) throw new Error('answerTasks runs in a worker thread only');
  port.on('message', async (task: Task) => port.postMessage(await answer(task, perform)));
}

async function answer<Task, Result>(
  task: Task,
  perform: (task: Task) => Result | Promise<Result>,
): Promise<Answer<Result>> {
  try {
    return { result: await perform(task) };
  } catch (error) {
    return { error: carry(error) };
  }
}

function carry(error: unknown): CarriedError {
  const typed = error instanceof TunnelbenchError ? error : null;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { message, stack, code: typed?.code ?? null, facts: typed?.facts ?? null };
}

/** Gives a carried error its class back. */
export function revive(carried: unknown): unknown {
  if (typeof carried !== 'object' || carried === null || carried instanceof Error) return carried;
  const { message, stack, code, facts } = carried as CarriedError;
  const error = code !== null && facts !== null ? new TunnelbenchError(code, facts) : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
