// The page in front of the real program and a large capture. SP3CTRA_E2E_PACKETS says how large (1 million unless said),
// SP3CTRA_E2E_EXPORT_PACKETS how many packets are exported (1.6 million, 315 MB).
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { get } from 'node:http';
import { check, enter, numbers, rising, scroll_beside_blank, until_loaded } from './browser.mjs';
import { call, capture, first_rows, forget_capture, memory_of, open_named, read_to_end, start_real } from './real.mjs';

const kPackets = Number(process.env.SP3CTRA_E2E_PACKETS ?? 1_000_000);
const kExported = Number(process.env.SP3CTRA_E2E_EXPORT_PACKETS ?? 1_600_000);
const kLarge = `large-${kPackets}.pcap`;
const kFirstRows_ms = 1000;
const kFilter_ms = 500;
const kExportGrowth_bytes = 100_000_000;
const kLimit_ms = 240_000;
const large = () => ({ files: [capture(kLarge)] });
const gigabytes = (path) => (statSync(path).size / 1e9).toFixed(2);

/** Fetches an exported file without keeping it; its size and digest. */
function fetched(address, path, cookie) {
  return new Promise((done, failed) => {
    const digest = createHash('sha256');
    let bytes = 0;
    get(new URL(path, address), { headers: { Cookie: cookie } }, (answer) => {
      answer.on('data', (part) => {
        bytes += part.length;
        digest.update(part);
      });
      answer.on('end', () => done({ status: answer.statusCode, bytes, digest: digest.digest('hex') }));
      answer.on('error', failed);
    }).on('error', failed);
  });
}
async function digest_of(path) {
  const digest = createHash('sha256');
  for await (const part of createReadStream(path, { highWaterMark: 1 << 20 })) digest.update(part);
  return digest.digest('hex');
}

export const tests = [
  {
    name: 'the first rows of a large file are on screen within a second',
    cold: true,
    limit_ms: kLimit_ms,
    async run({ page }) {
      // From the start of the program to the rows. Other programs on the machine disturb single tries.
      const tries = [];
      for (let i = 0; i < 4 && !(Math.min(...tries) < kFirstRows_ms); i++) {
        const server = await start_real(large());
        try {
          await enter(page, server.address);
          await page.locator('.rec .name', { hasText: 'large' }).click();
          await first_rows(page);
          tries.push(Date.now() - server.started_ms);
          const { captures } = await call(page, 'GET', '/captures');
          check(captures[0].state === 'reading', 'the file was read before its first rows showed');
          await page.goto('about:blank');
        } finally {
          await server.end();
        }
      }
      check(Math.min(...tries) < kFirstRows_ms, `the first rows came ${tries.join(', ')} ms after the program was started with the file`);
      return `${tries.join(', ')} ms from the start of the program with ${gigabytes(capture(kLarge))} GB to the rows`;
    },
  },
  {
    name: 'the first rows of a large picked file are on screen within a second',
    limit_ms: kLimit_ms,
    async run({ page }) {
      const path = capture(kLarge);
      // Other programs on the machine disturb single tries.
      const tries = [];
      while (tries.length < 3 && !(Math.min(...tries) < kFirstRows_ms)) {
        if (tries.length > 0) await page.getByRole('button', { name: 'Captures' }).first().click();
        await page.locator('input[type=file]').waitFor({ state: 'attached' });
        await page.evaluate(() => {
          window.picked_ms = 0;
          document.querySelector('input[type=file]').addEventListener('change', () => (window.picked_ms = performance.now()), { capture: true });
        });
        await page.locator('input[type=file]').setInputFiles(path);
        await first_rows(page, kLimit_ms);
        tries.push(Math.round(await page.evaluate(() => performance.now() - window.picked_ms)));
        const info = await read_to_end(page, undefined, kLimit_ms);
        check(info.packets === kPackets && info.state === 'ready', `${info.packets} packets were read: ${info.damage}`);
      }
      check(Math.min(...tries) < kFirstRows_ms, `the first rows came ${tries.join(', ')} ms after the file was picked`);
      return `${tries.join(', ')} ms from the pick of ${gigabytes(path)} GB to the rows`;
    },
  },
  {
    name: 'the scrollbar reaches every end of a large capture; scrolling stays within 4 ms of a blank page',
    serve: large,
    limit_ms: kLimit_ms,
    async run({ page, context }) {
      await open_named(page, 'large');
      await read_to_end(page, undefined, kLimit_ms);
      const last = kPackets.toLocaleString('en-US');
      await page.waitForFunction((n) => document.querySelector('.read .count').textContent.startsWith(n), last);
      const requests = [];
      page.on('websocket', () => requests.push('again'));
      await page.evaluate(() => (document.getElementById('packet-rows').scrollTop = 1e9));
      await page.waitForFunction((n) => [...document.querySelectorAll('.c-number')].some((c) => c.textContent === n), last);
      await until_loaded(page);
      const end = await numbers(page);
      check(rising(end) && end.at(-1) === kPackets, `the end shows ${end.at(-1)}`);
      await page.evaluate(() => {
        const list = document.getElementById('packet-rows');
        list.scrollTop = list.scrollHeight / 2;
      });
      await page.waitForFunction((n) => Math.abs(Number(document.querySelector('.rowpane .c-number').textContent.replaceAll(',', '')) - n) < n / 100, kPackets / 2);
      await until_loaded(page);
      check(rising(await numbers(page)), 'rows are not in order in the middle');
      return scroll_beside_blank(page, context);
    },
  },
  {
    name: 'a header filter over a large capture answers in half a second',
    serve: large,
    limit_ms: kLimit_ms,
    async run({ page }) {
      await open_named(page, 'large');
      await read_to_end(page, undefined, kLimit_ms);
      /** ms from Enter until the whole count and the first rows are drawn. */
      const answer_ms = async (text) => {
        await page.locator('#filter').fill('');
        await page.keyboard.press('Enter');
        await page.waitForFunction(() => !document.querySelector('.read .count').textContent.includes(' of '));
        await page.locator('#filter').fill(text);
        return page.evaluate(
          () =>
            new Promise((done) => {
              const started = performance.now();
              const look = () => {
                const count = document.querySelector('.read .count').textContent.trim();
                const rows = [...document.querySelectorAll('.rowpane .gr')].filter((row) => !row.hidden && row.querySelector('.c-number').textContent !== '');
                if (/ of .*\d ms$/.test(count) && rows.length > 0) done(performance.now() - started);
                else requestAnimationFrame(look);
              };
              document.getElementById('filter').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
              requestAnimationFrame(look);
            }),
        );
      };
      const times = [];
      for (const text of ['tcp.port == 443', 'ip.addr == 10.0.5.66', 'tcp.flags.syn == 1 and tcp.flags.ack == 0', 'frame.len > 1000 or udp.dstport == 53', 'dns and not ip.src == 10.0.0.0/16']) {
        // Other programs on the machine disturb single tries; each asks something that was not asked before.
        let ms = Infinity;
        for (let i = 0; i < 4 && ms >= kFilter_ms; i++) ms = Math.min(ms, await answer_ms(i === 0 ? text : `(${text}) and frame.number > ${i}`));
        times.push(ms);
        // The slow machine of a check is not what fails here: the number is printed, twice of it is too much.
        check(ms < (kPackets > 2_000_000 ? 2 : 1) * kFilter_ms, `${text}: ${ms.toFixed(0)} ms over ${kPackets} packets`);
      }
      return `${times.map((ms) => ms.toFixed(0)).join(', ')} ms over ${kPackets} packets, from Enter to the whole count`;
    },
  },
  {
    name: 'an export is written and fetched in memory that does not grow with it',
    limit_ms: 4 * kLimit_ms,
    serve: () => {
      forget_capture(kLarge);
      return { files: [capture(`large-${kExported}.pcapng`)] };
    },
    async run({ page, context, server }) {
      await open_named(page, 'large');
      const { id } = await read_to_end(page, undefined, 2 * kLimit_ms);
      const original = await digest_of(capture(`large-${kExported}.pcapng`));
      const before = memory_of(server.pid).now;
      let peak = before;
      const meter = setInterval(() => (peak = Math.max(peak, memory_of(server.pid).now)), 10);
      try {
        const { job } = await call(page, 'POST', `/captures/${id}/exports`, { format: 'pcapng' });
        for (;;) {
          const now = await call(page, 'GET', `/jobs/${job}`);
          if (now.state === 'done') break;
          check(now.state === 'running', `the export ${now.state}: ${now.error}`);
          await page.waitForTimeout(100);
        }
        const { ticket } = await call(page, 'POST', `/jobs/${job}/ticket`, {});
        const cookie = (await context.cookies()).map((c) => `${c.name}=${c.value}`).join('; ');
        const got = await fetched(server.address, `/api/v1/jobs/${job}/file?ticket=${ticket}`, cookie);
        check(got.status === 200 && got.digest === original, `the export (${got.bytes} bytes, status ${got.status}) is not the original`);
        const growth = peak - before;
        check(growth < kExportGrowth_bytes, `memory grew by ${(growth / 1e6).toFixed(1)} MB`);
        return `${(got.bytes / 1e9).toFixed(2)} GB, memory grew by ${(growth / 1e6).toFixed(1)} MB`;
      } finally {
        clearInterval(meter);
      }
    },
  },
];
