import type { FileKind } from './file-kind.ts';
import { waferFile0001 } from './migrations/wafer/0001-wafer-file.ts';
import { waferFile0002 } from './migrations/wafer/0002-quick-reads.ts';
import { waferFile0003 } from './migrations/wafer/0003-attempt-numbers.ts';

/** One SQLite file per wafer: what was measured and what follows from it alone. */
export const WAFER_FILE: FileKind = {
  name: 'wafer file',
  // "TBWF"
  applicationId: 0x54425746,
  migrations: [waferFile0001, waferFile0002, waferFile0003],
  pageBytes: 16_384,
};
