import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseResource } from '../../drivers/transport/resource-string.ts';
import { TunnelbenchError } from '../../wafer/tunnelbench-error.ts';

describe('VISA resource strings', () => {
  it.each([
    ['TCPIP0::192.0.2.10::5025::SOCKET', { kind: 'socket', board: 0, host: '192.0.2.10', port: 5025 }],
    ['tcpip::smu1.local::5025::socket', { kind: 'socket', board: 0, host: 'smu1.local', port: 5025 }],
    ['ASRL3::INSTR', { kind: 'serial', path: 'COM3' }],
    ['ASRL/dev/ttyUSB0::INSTR', { kind: 'serial', path: '/dev/ttyUSB0' }],
    ['ASRL/dev/pts/12', { kind: 'serial', path: '/dev/pts/12' }],
    ['TCPIP2::192.0.2.10', { kind: 'vxi11', board: 2, host: '192.0.2.10', device: 'inst0' }],
    ['TCPIP0::192.0.2.10::inst1::INSTR', { kind: 'vxi11', board: 0, host: '192.0.2.10', device: 'inst1' }],
    ['TCPIP0::a::hislip0::INSTR', { kind: 'hislip', board: 0, host: 'a', device: 'hislip0', port: 4880 }],
    ['TCPIP0::a::hislip0,4881', { kind: 'hislip', board: 0, host: 'a', device: 'hislip0', port: 4881 }],
    ['GPIB0::26::INSTR', { kind: 'gpib', board: 0, primary: 26, secondary: null }],
    ['GPIB1::5::3', { kind: 'gpib', board: 1, primary: 5, secondary: 3 }],
    [
      'USB0::0x05E6::0x2450::04012345::INSTR',
      { kind: 'usb', board: 0, vendorId: 0x05e6, productId: 0x2450, serial: '04012345', interfaceNumber: 0 },
    ],
  ])('%s', (text, expected) => {
    expect(parseResource(text)).toEqual(expected);
  });

  it.each([
    '',
    'TCPIP0',
    'TCPIP0::::5025::SOCKET',
    'TCPIP0::host::0::SOCKET',
    'TCPIP0::host::70000::SOCKET',
    'TCPIP0::host::5025',
    'GPIB0::31::INSTR',
    'ASRL::INSTR',
    'ASRLttyUSB0',
    'USB0::1::INSTR',
    'SERIAL0::x',
  ])('refuses %j', (text) => {
    expect(() => parseResource(text)).toThrow(expect.objectContaining({ code: 'TB_RESOURCE_INVALID' }));
  });

  it('answers any text with a resource or a typed error', () => {
    const piece = fc.constantFrom(
      'TCPIP',
      'GPIB',
      'USB',
      'ASRL',
      '::',
      '0',
      '5025',
      'SOCKET',
      'INSTR',
      'host',
      '/dev/x',
      ' ',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
        ),
        (text) => {
          try {
            expect(parseResource(text).kind).toMatch(/^(socket|serial|vxi11|hislip|gpib|usb)$/);
          } catch (error) {
            expect(error).toBeInstanceOf(TunnelbenchError);
          }
        },
      ),
    );
  });
});
