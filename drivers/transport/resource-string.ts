import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

/**
 * A parsed VISA resource string (VPP-4.3, "Resource address strings"). The first two kinds need no VISA library; the
 * others do.
 */
export type Resource =
  | { readonly kind: 'socket'; readonly board: number; readonly host: string; readonly port: number }
  | { readonly kind: 'serial'; readonly path: string }
  | { readonly kind: 'vxi11'; readonly board: number; readonly host: string; readonly device: string }
  | {
      readonly kind: 'hislip';
      readonly board: number;
      readonly host: string;
      readonly device: string;
      readonly port: number;
    }
  | { readonly kind: 'gpib'; readonly board: number; readonly primary: number; readonly secondary: number | null }
  | {
      readonly kind: 'usb';
      readonly board: number;
      readonly vendorId: number;
      readonly productId: number;
      readonly serial: string;
      readonly interfaceNumber: number;
    };

const HISLIP_PORT = 4880;

/**
 * Parses a resource string. Interface and class are case-insensitive, a missing board is 0, a missing class is INSTR.
 * Serial boards name a Windows port (ASRL3 is COM3) or, after ASRL, a device path. Throws TB_RESOURCE_INVALID.
 */
export function parseResource(text: string): Resource {
  const serial = /^ASRL(.+?)(?:::INSTR)?$/i.exec(text);
  if (serial) return parseSerial(text, serial[1]);
  const [head, ...fields] = text.split('::');
  const parsed = /^(TCPIP|GPIB|USB)(\d{0,3})$/i.exec(head);
  if (!parsed || fields.length === 0) fail(text, 'not the form of a VISA resource string');
  const board = Number(parsed[2] || 0);
  switch (parsed[1].toUpperCase()) {
    case 'TCPIP':
      return parseTcpip(text, board, fields);
    case 'GPIB':
      return parseGpib(text, board, withoutInstr(fields));
    default:
      return parseUsb(text, board, withoutInstr(fields));
  }
}

/** Whether the link notices damaged bytes by itself: TCP and USB carry checksums, a serial line and GPIB carry none. */
export function noticesDamage(resource: string): boolean {
  const { kind } = parseResource(resource);
  return kind !== 'serial' && kind !== 'gpib';
}

function parseSerial(text: string, name: string): Resource {
  if (/^\d{1,3}$/.test(name)) return { kind: 'serial', path: `COM${Number(name)}` };
  if (/^\/[^\s:]+$/.test(name)) return { kind: 'serial', path: name };
  return fail(text, 'ASRL needs a port number or a device path');
}

function parseTcpip(text: string, board: number, fields: readonly string[]): Resource {
  const host = fields[0];
  if (!/^[A-Za-z0-9._-]+$/.test(host)) fail(text, 'the host is neither a name nor an IPv4 address');
  if (fields.length === 3 && fields[2].toUpperCase() === 'SOCKET') {
    return { kind: 'socket', board, host, port: portNumber(text, fields[1]) };
  }
  const rest = withoutInstr(fields.slice(1));
  if (rest.length > 1) fail(text, 'too many fields');
  const device = rest[0] ?? 'inst0';
  const hislip = /^(hislip\d{1,2})(?:,(\d{1,5}))?$/i.exec(device);
  if (hislip) {
    const port = hislip[2] === undefined ? HISLIP_PORT : portNumber(text, hislip[2]);
    return { kind: 'hislip', board, host, device: hislip[1], port };
  }
  if (!/^[A-Za-z][A-Za-z0-9_,]*$/.test(device))
    fail(text, 'a socket needs "::port::SOCKET", a device a name like inst0');
  return { kind: 'vxi11', board, host, device };
}

function parseGpib(text: string, board: number, fields: readonly string[]): Resource {
  const addresses = fields.map((field) => (/^\d{1,2}$/.test(field) ? Number(field) : Number.NaN));
  const valid = addresses.length >= 1 && addresses.length <= 2 && addresses.every((address) => address <= 30);
  if (!valid) fail(text, 'GPIB addresses are 0…30');
  return { kind: 'gpib', board, primary: addresses[0], secondary: addresses[1] ?? null };
}

function parseUsb(text: string, board: number, fields: readonly string[]): Resource {
  const [vendor, product, serial, interfaceNumber = '0'] = fields;
  const number = (field: string | undefined) => {
    if (field === undefined || !/^(0x[0-9a-f]{1,4}|\d{1,5})$/i.test(field))
      fail(text, 'USB ids are numbers, e.g. 0x05E6');
    return Number(field);
  };
  if (fields.length > 4 || !serial || !/^\d{1,3}$/.test(interfaceNumber)) {
    fail(text, 'a USB resource is USB[n]::vendor::product::serial[::interface]::INSTR');
  }
  return {
    kind: 'usb',
    board,
    vendorId: number(vendor),
    productId: number(product),
    serial,
    interfaceNumber: Number(interfaceNumber),
  };
}

function withoutInstr(fields: readonly string[]): readonly string[] {
  return fields.at(-1)?.toUpperCase() === 'INSTR' ? fields.slice(0, -1) : fields;
}

function portNumber(text: string, field: string): number {
  const port = /^\d{1,5}$/.test(field) ? Number(field) : 0;
  return port >= 1 && port <= 65_535 ? port : fail(text, 'a port is a number from 1 to 65535');
}

function fail(text: string, what: string): never {
  throw new TunnelbenchError('TB_RESOURCE_INVALID', {
    thing: 'resource string',
    what,
    value: JSON.stringify(text),
    expected: 'e.g. TCPIP0::192.0.2.10::5025::SOCKET, ASRL/dev/ttyUSB0::INSTR, GPIB0::26::INSTR',
    remedy: 'Correct the resource in the bench file.',
  });
}
