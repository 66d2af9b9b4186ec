import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface ReferenceTiming {
  readonly sweepSeconds: number;
  readonly settleSeconds: number;
  readonly rows: number;
  readonly columns: number;
  readonly columnsPerEnableLine: 1 | 2;
  readonly dies?: number;
}

/** The reference instruments in a process of their own, as real instruments have a processor of their own. */
export interface ReferenceProcess {
  readonly resources: Readonly<Record<'smu' | 'enable' | 'router', string>>;
  readonly benchYaml: string;
  close(): Promise<void>;
}

export async function startReference(timing: ReferenceTiming): Promise<ReferenceProcess> {
  const { sweepSeconds, settleSeconds, rows, columns, columnsPerEnableLine, dies = 1 } = timing;
  const options = {
    '--sweep': sweepSeconds,
    '--settle': settleSeconds,
    '--geometry': `${rows}x${columns}x${columnsPerEnableLine}`,
    '--dies': dies,
  };
  const args = [join(import.meta.dirname, 'reference-bench.ts'), ...Object.entries(options).flat().map(String)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    ...(JSON.parse(line) as Pick<ReferenceProcess, 'resources' | 'benchYaml'>),
    close: async () => {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}

/** Host and port of "TCPIP0::host::port::SOCKET". */
export function socketOf(resource: string): { readonly host: string; readonly port: number } {
  const [, host, port] = resource.split('::');
  return { host, port: Number(port) };
}
