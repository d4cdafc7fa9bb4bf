// A live capture in the page, on the loopback device of a network namespace of its own.
import { createSocket } from 'node:dgram';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { check } from './browser.mjs';
import { call, first_rows, kFolder, tshark } from './real.mjs';

export const own_network = true;

const kPackets = 240;
const kFirstPort = 20_000;
const kWireToScreen_ms = 250;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function start_on_loopback(page) {
  const { interfaces } = await call(page, 'GET', '/interfaces');
  check(interfaces.length === 1 && interfaces[0].name === 'lo', 'this is no namespace of its own');
  await page.getByRole('button', { name: 'Capture on lo' }).click();
  await page.locator('.top .state', { hasText: 'Capturing' }).waitFor();
  await page.waitForSelector('.listgrid');
  for (let i = 0; i < 100 && (await call(page, 'GET', '/state')).capture.state !== 'RUNNING'; i++) await sleep(50);
}
const may_capture = () => (process.getuid() === 0 ? '' : 'capturing needs root or the capture helper');

export const tests = [
  {
    name: 'from the wire to the screen in a quarter of a second',
    skip: may_capture,
    async run({ page }) {
      await start_on_loopback(page);
      // Each packet goes to a port of its own; a frame after its row is in the list, the row has been drawn.
      await page.evaluate(
        ([from, count]) => {
          const seen = new Map();
          window.seen_rows = seen;
          const look = () => {
            const fresh = [];
            for (const row of document.querySelectorAll('.rowpane .gr')) {
              if (row.hidden) continue;
              for (const text of row.textContent.match(/2\d{4}/g) ?? []) {
                const port = Number(text);
                if (port >= from && port < from + count && !seen.has(port)) fresh.push(port);
              }
            }
            for (const port of fresh) seen.set(port, 0);
            requestAnimationFrame((now) => {
              for (const port of fresh) seen.set(port, performance.timeOrigin + now);
              look();
            });
          };
          look();
        },
        [kFirstPort, kPackets],
      );
      const socket = createSocket('udp4');
      const sent = new Map();
      for (let i = 0; i < kPackets; i++) {
        await sleep(15 + ((i * 7919) % 50));
        sent.set(kFirstPort + i, performance.timeOrigin + performance.now());
        socket.send('from the wire to the screen', kFirstPort + i, '127.0.0.1');
      }
      await sleep(600);
      socket.close();
      const seen = new Map(await page.evaluate(() => [...window.seen_rows]));
      const times = [...sent].map(([port, ms]) => (seen.get(port) > 0 ? seen.get(port) - ms : Infinity)).sort((a, b) => a - b);
      const missing = times.filter((ms) => ms === Infinity).length;
      check(missing === 0, `${missing} of ${kPackets} packets never came to the screen`);
      const p99 = times[Math.floor(times.length * 0.99)];
      check(p99 < kWireToScreen_ms, `p99 is ${p99.toFixed(0)} ms`);
      return `median ${times[Math.floor(times.length / 2)].toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, most ${times.at(-1).toFixed(0)} ms`;
    },
  },
  {
    name: 'start, see the own ping explained, stop, export, open in tshark',
    skip: may_capture,
    async run({ page }) {
      await start_on_loopback(page);
      execFileSync('ping', ['-c', '3', '-i', '0.2', '127.0.0.1'], { stdio: 'ignore' });
      await first_rows(page);
      await page.locator('#filter').fill('icmp');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => [...document.querySelectorAll('.rowpane .gr')].filter((row) => !row.hidden && row.querySelector('.proto').textContent === 'ICMP').length === 6).catch(async () => check(false, `the list shows ${await page.locator('.rowpane').innerText()} under "${await page.locator('.read').innerText()}"`));
      await page.locator('.rowpane .gr:not([hidden])').nth(1).click();
      await page.waitForSelector('.insp .lead');
      const words = await page.locator('.pane.words').innerText();
      check(/ping|echo/i.test(words), `the ping is explained as "${words}"`);
      await page.locator('.words .ev').first().waitFor();
      const status = (await page.locator('footer.status').innerText()).replace(/\s+/g, ' ');
      check(/packets\/s/.test(status) && /\b0 lost/.test(status) && /\d \w?B (used )?of [\d.]+ .B|bytes of [\d.]+ .B/.test(status), `the status bar says "${status}"`);
      await page.locator('#packet-rows').focus();
      await page.keyboard.press('Control+e');
      await page.locator('.state', { hasText: 'Stopped' }).waitFor();
      await page.getByRole('button', { name: 'Clear filter' }).click();
      await page.keyboard.press('e');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('All packets').check();
      await dialog.getByRole('button', { name: 'Export', exact: true }).click();
      const save = page.getByRole('button', { name: 'Save the file' });
      await save.waitFor();
      const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
      const path = join(kFolder, 'live.pcapng');
      await download.saveAs(path);
      const { captures } = await call(page, 'GET', '/captures');
      const lines = tshark('-r', path, '-T', 'fields', '-e', 'frame.interface_name', '-e', 'icmp.type');
      check(lines.length === captures[0].packets, `tshark finds ${lines.length} of ${captures[0].packets} packets`);
      check(lines.filter((line) => /^lo\t[08]$/.test(line)).length === 6, 'the pings on lo are not in the export');
    },
  },
];
