import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, open_capture } from './browser.mjs';

const made_up = (mib) => ({ name: 'drop-me.pcap', mimeType: 'application/octet-stream', buffer: Buffer.alloc(mib * 1024 * 1024) });

export const tests = [
  {
    name: 'a picked file goes up in chunks and its rows show while it is read',
    async run({ page, server }) {
      const file = process.env.SP3CTRA_E2E_FILE;
      const chunks = [];
      page.on('request', (r) => r.method() === 'PUT' && chunks.push(Number(r.headers()['content-length'] ?? r.postDataBuffer()?.length ?? 0)));
      if (server.real && !file) return 'no SP3CTRA_E2E_FILE, only the mock can take an empty file';
      await page.locator('input[type=file]').setInputFiles(file ? { name: 'picked.pcap', mimeType: 'application/octet-stream', buffer: readFileSync(file) } : made_up(10));
      await page.waitForSelector('.listgrid');
      await page.waitForFunction(() => [...document.querySelectorAll('.rowpane .c-number')].some((c) => c.textContent !== ''));
      check(chunks.every((size) => size <= 4 * 1024 * 1024), `a chunk is ${Math.max(...chunks)} bytes`);
      if (!server.real) {
        check(chunks.length === 3, `${chunks.length} chunks for 10 MiB`);
        await page.getByText('Reading drop-me.pcap').waitFor();
        check(/ MB .* packets/.test(await page.locator('.bann.reading').innerText()), 'progress without numbers');
      }
    },
  },
  {
    name: 'an upload shows its progress and can be cancelled',
    needs_mock: 'a file of any size',
    async run({ page }) {
      // By path: the browser then reads the (sparse) file itself.
      const folder = mkdtempSync(join(tmpdir(), 'sp3ctra-e2e-'));
      const file = join(folder, 'large.pcap');
      writeFileSync(file, '');
      truncateSync(file, 200 * 1024 * 1024);
      await page.locator('input[type=file]').setInputFiles(file);
      await page.waitForFunction(() => Number(document.querySelector('.drop [role=progressbar]')?.getAttribute('aria-valuenow')) > 0);
      await page.locator('.drop').getByRole('button', { name: 'Cancel' }).click();
      await page.getByText('The upload was cancelled.').waitFor();
      rmSync(folder, { recursive: true });
    },
  },
  {
    name: 'a dropped file is taken anywhere on the page',
    needs_mock: 'a file of any content',
    async run({ page }) {
      await page.evaluate(() => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(100_000)], 'dropped.pcap'));
        for (const type of ['dragover', 'drop']) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
      });
      await page.getByText('dropped.pcap').first().waitFor();
    },
  },
  {
    name: 'an export shows true progress, can be cancelled, and ends in a file',
    async run({ page, server }) {
      await open_capture(page, server);
      await page.getByRole('button', { name: 'Export' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Export', exact: true }).click();
      if (!server.real) {
        await page.waitForFunction(() => Number(document.querySelector('dialog [role=progressbar]')?.getAttribute('aria-valuenow')) > 0);
        await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
        await page.getByText('Cancelled.').waitFor();
        await page.getByRole('button', { name: 'Back' }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'Export', exact: true }).click();
      }
      await page.getByRole('button', { name: 'Save the file' }).waitFor({ timeout: 20000 });
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save the file' }).click()]);
      check(/\.pcapng$/.test(download.suggestedFilename()), `the file is called ${download.suggestedFilename()}`);
    },
  },
];
