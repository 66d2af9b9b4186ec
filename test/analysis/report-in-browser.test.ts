import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeReport } from '../../analysis/report/write-report.ts';
import { WaferReader } from '../../db/wafer-reader.ts';
import { writeSyntheticWafer } from './synthetic-wafer.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
const missing = CHROMIUM === undefined && process.env.CI === undefined;
if (missing) console.log('skipped: the report is not opened in a browser, no Chromium found');

describe.skipIf(missing)('the report in a browser', () => {
  let folder: string;
  let pages: string[];
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tunnelbench-browser-'));
    const file = join(folder, 'wafer.sqlite');
    const geometry = { rows: 30, columns: 40, columnsPerEnableLine: 2 } as const;
    const dies = [0, 1].map((ordinal) => ({ ordinal, x: ordinal, y: 0 }));
    await writeSyntheticWafer(file, { geometry, dies, measured: [0, 1], seed: 2, repeatCells: 3 });
    const reader = WaferReader.open(file);
    const written = await writeReport(reader, join(folder, 'report'), { softwareVersion: '0.1.0' });
    reader.close();
    pages = [written.wafer, ...written.dies];
    browser = await chromium.launch({
      ...(CHROMIUM !== undefined && { executablePath: CHROMIUM }),
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-quic'],
    });
  });

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  it.each([1200, 800, 400])(
    'fits a window of %i pixels, loads nothing from elsewhere, and complains of nothing',
    async (width) => {
      for (const file of pages) {
        const page = await browser.newPage({ viewport: { width, height: 900 } });
        const requests: string[] = [];
        const complaints: string[] = [];
        page.on('request', (request) => requests.push(request.url()));
        page.on('console', (message) => complaints.push(message.text()));
        page.on('pageerror', (error) => complaints.push(error.message));
        await page.goto(pathToFileURL(file).href);
        expect(requests.filter((url) => !/^(file:|data:)/.test(url))).toEqual([]);
        expect(complaints).toEqual([]);
        const { wide, undecoded } = await page.evaluate(() => ({
          wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
          undecoded: [...document.images].filter(({ naturalWidth }) => naturalWidth === 0).length,
        }));
        expect({ file, wide, undecoded }).toEqual({ file, wide: 0, undecoded: 0 });
        await page.close();
      }
    },
  );

  it('leads from the wafer to every die and back', async () => {
    const page = await browser.newPage();
    const [wafer, ...dies] = pages;
    for (const die of dies) {
      await page.goto(pathToFileURL(wafer).href);
      await page
        .locator(`a[href="${die.split('/').at(-1)}"]`)
        .first()
        .click();
      expect(page.url()).toBe(pathToFileURL(die).href);
      await page.getByRole('link', { name: /wafer/i }).first().click();
      expect(page.url()).toBe(pathToFileURL(wafer).href);
    }
    await page.close();
  });
});
