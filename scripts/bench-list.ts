import type { Command } from 'commander';
import { readBenchFile } from '../drivers/bench-file.ts';
import { type BenchList, type FoundLink, type LinkSource, listBench } from '../drivers/bench-list.ts';
import { libraryText } from '../drivers/visa/library-text.ts';
import { TunnelbenchError } from '../wafer/tunnelbench-error.ts';

interface ListFlags {
  readonly host: readonly string[];
  readonly identify?: boolean;
}

/** `tunnelbench bench list`: what VISA, the serial ports and the given hosts offer. Always exit status 0. */
export function addBenchListCommand(bench: Command): void {
  bench
    .command('list')
    .description('list what the VISA library, the serial ports and the given hosts offer')
    .argument('[bench.yaml]', 'bench file that names a VISA library')
    .option('--host <host:port>', 'also this address; may be repeated', (text, all: string[]) => [...all, text], [])
    .option('--identify', 'ask each of them *IDN? (not serial ports: their rate is unknown)')
    .action(async (file: string | undefined, { host, identify = false }: ListFlags) => {
      const visaLibrary = file === undefined ? undefined : (await readBenchFile(file)).visa.library;
      const list = await listBench(
        { visaLibrary, hosts: host.map(hostAndPort), identify },
        AbortSignal.timeout(120_000),
      );
      for (const line of listLines(list)) console.log(line);
    });
}

function hostAndPort(text: string): { host: string; port: number } {
  const [, host, port] = /^([A-Za-z0-9._-]+):(\d{1,5})$/.exec(text) ?? [];
  if (host && Number(port) >= 1 && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new TunnelbenchError('TB_USAGE', {
    thing: '--host',
    what: 'an address cannot be read',
    value: JSON.stringify(text),
    expected: 'a host name or IPv4 address, a colon and a port, e.g. 192.0.2.10:5025',
    remedy: 'Correct it.',
  });
}

function listLines({ visa, serial, hosts }: BenchList): string[] {
  const { library } = visa;
  const lacks = library && library.missing.length > 0 ? `; lacks ${library.missing.join(', ')}` : '';
  const vendor = library ? `${libraryText(library)}${lacks}` : 'no library';
  return [
    `VISA    ${vendor}`,
    ...sourceLines(visa, library !== null),
    'serial ports',
    ...sourceLines(serial, true),
    ...(hosts.links.length > 0 ? ['hosts', ...sourceLines(hosts, true)] : []),
  ];
}

function sourceLines({ links, problem }: LinkSource, usable: boolean): string[] {
  if (problem !== null) return [`        ${problem}`];
  return links.length === 0 && usable ? ['        none'] : links.map(linkLine);
}

function linkLine({ resource, about, identity, problem }: FoundLink): string {
  const facts = [about, identity, problem === null ? null : `NO ANSWER: ${problem}`].filter((fact) => fact !== null);
  return `        ${resource}${facts.length > 0 ? `  ${facts.join('  ')}` : ''}`;
}
