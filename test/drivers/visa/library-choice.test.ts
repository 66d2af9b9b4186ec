import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributeState, decodeAttribute } from '../../../drivers/visa/attributes.ts';
import { chooseLibrary } from '../../../drivers/visa/library-candidates.ts';
import { statusSymbol } from '../../../drivers/visa/status-codes.ts';

describe('the choice of a VISA library', () => {
  it('follows the environment before the bench file, and either before the usual places', () => {
    const environment = { TUNNELBENCH_VISA_LIBRARY: '/opt/a.so' };
    expect(chooseLibrary('/opt/b.so', environment, 'linux', 'x64').candidates).toEqual(['/opt/a.so']);
    expect(chooseLibrary('/opt/b.so', {}, 'linux', 'x64').candidates).toEqual(['/opt/b.so']);
    expect(chooseLibrary(undefined, {}, 'linux', 'x64').namedBy).toBeNull();
  });

  it("looks where each system's vendors install, for LibreVISA's name last", () => {
    expect(chooseLibrary(undefined, {}, 'win32', 'x64').candidates).toEqual(['visa64.dll', 'visa32.dll']);
    expect(chooseLibrary(undefined, {}, 'win32', 'ia32').candidates).toEqual(['visa32.dll']);
    expect(chooseLibrary(undefined, {}, 'darwin', 'arm64').candidates[0]).toContain('VISA.framework');
    expect(chooseLibrary(undefined, {}, 'linux', 'x64').candidates.at(-1)).toBe('libvisa.so.0');
  });
});

describe('VISA numbers', () => {
  it('names statuses, and shows those of a vendor in hexadecimal', () => {
    expect(statusSymbol(-1073807339)).toBe('VI_ERROR_TMO');
    expect(statusSymbol(0x3fff0006)).toBe('VI_SUCCESS_MAX_CNT');
    expect(statusSymbol(0xbfff1234 | 0)).toBe('0xBFFF1234');
  });

  it('passes any 32-bit value of an attribute without touching the upper half', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }), (value) => {
        expect(attributeState(value)).toBe(BigInt.asUintN(32, BigInt(value)));
      }),
    );
  });

  it('reads an attribute in its own width, whatever the library left beside it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (bytes) => {
        const written = Buffer.concat([Buffer.from(bytes), Buffer.alloc(248)]);
        const view = new DataView(Uint8Array.from(bytes).buffer);
        expect(decodeAttribute(written, 'u8')).toBe(view.getUint8(0));
        expect(decodeAttribute(written, 'i16')).toBe(view.getInt16(0, true));
        expect(decodeAttribute(written, 'bool')).toBe(view.getUint16(0, true) !== 0);
        expect(decodeAttribute(written, 'u32')).toBe(view.getUint32(0, true));
        expect(decodeAttribute(written, 'u64')).toBe(view.getBigUint64(0, true));
      }),
    );
  });
});
