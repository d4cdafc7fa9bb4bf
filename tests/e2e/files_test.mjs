import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, open_capture } from './browser.mjs';

const made_up = (mib) => ({ name: 'drop-me.pcap', mimeType: 'application/octet-stream', buffer: Buffer.alloc(mib * 1024 * 1024) });

const row_of = (page, name) => page.locator('.rec .gr', { hasText: name });

export const tests = [
  {
    name: 'kept captures are listed, opened, closed and deleted, all by keyboard and never unasked',
    needs_mock: 'kept captures of known names',
    async run({ page }) {
      const kept = row_of(page, 'kept-upload.pcap');
      check((await kept.innerText()).includes('kept, not open'), 'the state of a kept capture is missing');
      check((await page.locator('.rec').innerText()).includes('<i>yesterday</i>'), 'a kept name is not shown as written');
      await kept.locator('.name').focus();
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => [...document.querySelectorAll('.rowpane .c-number')].some((c) => c.textContent !== ''));
      await page.getByRole('button', { name: 'Captures' }).first().click();
      await kept.getByText('complete').waitFor();
      const sheet = page.locator('dialog.remove');
      // Escape keeps it, and the focus is back on the row.
      await kept.getByRole('button', { name: 'Delete kept-upload.pcap' }).focus();
      await page.keyboard.press('Enter');
      check(/kept-upload\.pcap \(.*\) is deleted from sp3ctra’s data directory/.test(await sheet.innerText()), `the sheet says ${await sheet.innerText()}`);
      await page.keyboard.press('Escape');
      await sheet.waitFor({ state: 'detached' });
      await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Delete kept-upload.pcap');
      check((await kept.count()) === 1, 'it is gone although nobody agreed');
      await page.keyboard.press('Enter');
      await sheet.getByRole('button', { name: 'Delete the file' }).focus();
      await page.keyboard.press('Enter');
      await page.getByText('The capture and its file are deleted.').waitFor();
      await kept.waitFor({ state: 'detached' });
      // One that was never opened.
      await row_of(page, 'yesterday').getByRole('button', { name: /^Delete/ }).click();
      await sheet.getByRole('button', { name: 'Delete the file' }).click();
      await row_of(page, 'yesterday').waitFor({ state: 'detached' });
      // One from elsewhere is only closed.
      await row_of(page, 'ten-million').getByRole('button', { name: 'Close ten-million.pcapng' }).click();
      check(/is only closed: its file was opened from elsewhere and stays there/.test(await sheet.innerText()), `the sheet says ${await sheet.innerText()}`);
      await sheet.getByRole('button', { name: 'Close it' }).click();
      await page.getByText('stays there.').first().waitFor();
      await row_of(page, 'ten-million').waitFor({ state: 'detached' });
      check((await page.locator('.rec .gr:not(.head)').count()) === 2, 'the other captures are not as they were');
    },
  },
  {
    name: 'the list keeps what is kept when the stream does not tell it again; a running capture stays',
    flags: ['--rights'],
    needs_mock: 'a stream that leaves out what did not change',
    async run({ page }) {
      await page.getByRole('button', { name: 'Capture on eth0' }).click();
      await page.waitForFunction(() => [...document.querySelectorAll('.rowpane .c-number')].some((c) => c.textContent !== ''));
      await page.getByRole('button', { name: 'Captures' }).first().click();
      await page.waitForTimeout(2500);
      check((await page.getByText('kept, not open').count()) === 2, 'kept captures left the list');
      check(await row_of(page, 'eth0 now').getByRole('button', { name: /^Delete/ }).isDisabled(), 'a running capture can be deleted');
    },
  },
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
