// What every browser test shares: a server (the mock unless BASE names one), a browser, a logged-in page that allows no console message.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdirSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const kWeb = fileURLToPath(new URL('../../web/', import.meta.url));
/** Less than this of all processors idle: others took what the page needed. */
const kStarved_share = 0.1;
/** Half of a frame at 60 a second. */
const kWork_ms = 8;
const { chromium } = createRequire(kWeb + 'package.json')('playwright-core');

export const kShots = process.env.SHOTS ?? join(tmpdir(), 'sp3ctra-shots/');
mkdirSync(kShots, { recursive: true });

/** Starts the mock on a free port; answers its address with the token, and how to end it. */
export async function start_mock(...flags) {
  const child = spawn(process.execPath, [kWeb + 'mock/server.mjs', ...flags, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const address = await new Promise((done, failed) => {
    child.stdout.once('data', (data) => done(data.toString().trim()));
    child.once('exit', (code) => failed(new Error(`the mock ended with ${code}`)));
  });
  return { address, end: () => child.kill() };
}

/** BASE = full address of a real server with #token=…; otherwise a fresh mock. */
export async function start_server(...flags) {
  if (process.env.BASE) return { address: process.env.BASE, real: true, end: () => {} };
  return { ...(await start_mock(...flags)), real: false };
}

export async function open_browser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** A page that remembers every console message, page error and failed policy check. */
export async function watched_page(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark', ...options });
  const page = await context.newPage();
  // Where a test is meant to fail nobody wants to wait half a minute for what never comes.
  if (process.env.SP3CTRA_E2E_WAIT_MS) context.setDefaultTimeout(Number(process.env.SP3CTRA_E2E_WAIT_MS));
  const messages = [];
  page.on('console', (m) => messages.push(`${m.type()}: ${m.text()}`));
  page.on('pageerror', (e) => messages.push(`error: ${e.message}\n${e.stack}`));
  page.on('dialog', (d) => {
    messages.push(`dialog: ${d.message()}`);
    void d.dismiss();
  });
  return { page, context, messages };
}

/** Logs in with the address's token, once per context. */
export async function enter(page, address) {
  await page.goto(address);
  await page.waitForSelector('.app');
}

/** Opens a capture: the mock's by name, or the demo of a real server. */
export async function open_capture(page, server, name = 'ten-million') {
  if (server.real) {
    await page.getByRole('button', { name: 'Start demo' }).click();
  } else {
    await page.locator('.rec .name', { hasText: name }).click();
  }
  await page.waitForFunction(() => document.querySelectorAll('.rowpane .gr .c-number').length > 5 && [...document.querySelectorAll('.rowpane .gr .c-number')].some((c) => c.textContent !== ''));
}

export function check(condition, words) {
  if (!condition) throw new Error(words);
}

/** Where something is once it has stood still for ten frames: what a page shows at first may still be pushed about. */
export const settled_box = (locator) =>
  locator.evaluate(
    (element) =>
      new Promise((done) => {
        let last = '';
        let calm = 0;
        const look = () => {
          const { x, y, width, height } = element.getBoundingClientRect();
          const now = [x, y, width, height].join(' ');
          calm = now === last ? calm + 1 : 0;
          last = now;
          if (calm < 10) requestAnimationFrame(look);
          else done({ x, y, width, height });
        };
        look();
      }),
  );

/** The frame numbers on screen, from top to bottom. */
export const numbers = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('.rowpane .gr')]
      .filter((row) => !row.hidden)
      .map((row) => ({ y: parseFloat(row.style.top), n: Number(row.querySelector('.c-number').textContent.replaceAll(',', '')) }))
      .sort((a, b) => a.y - b.y)
      .map((row) => row.n),
  );
export const until_loaded = (page) => page.waitForFunction(() => [...document.querySelectorAll('.rowpane .gr')].every((row) => row.hidden || row.querySelector('.c-number').textContent !== ''));

/** Waits until the list, its rows and the packet's pane have kept their places for some frames: a pane that opens moves them. */
export const settled = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const places = () => [...document.querySelectorAll('#packet-rows, .insp, .rowpane .gr:not([hidden])')].map((e) => { const r = e.getBoundingClientRect(); return `${r.x} ${r.y} ${r.height}`; }).join();
        let before = '';
        let same = 0;
        const look = () => {
          const now = places();
          same = now === before ? same + 1 : 0;
          before = now;
          if (same >= 8) done();
          else requestAnimationFrame(look);
        };
        look();
      }),
  );
export const rising = (list) => list.every((n, i) => i === 0 || n === list[i - 1] + 1);

/** Frame times while something happens, in ms; each frame calls `step` inside the page. */
export async function frame_times(page, step, frames) {
  return page.evaluate(
    ({ step, frames }) =>
      new Promise((done) => {
        const act = step === 'scroll' ? (i) => document.getElementById('packet-rows').dispatchEvent(new WheelEvent('wheel', { deltaY: i % 120 < 60 ? 240 : -180, bubbles: true, cancelable: true })) : () => {};
        const times = [];
        let last = performance.now();
        let i = 0;
        const frame = (now) => {
          times.push(now - last);
          last = now;
          act(i++);
          if (i < frames) requestAnimationFrame(frame);
          else done(times.slice(5));
        };
        requestAnimationFrame(frame);
      }),
    { step, frames },
  );
}
export const p99 = (times) => [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)];

/** Processor time of this computer so far: idle and all, over all processors. */
const processor_times = () => cpus().reduce((sum, { times }) => ({ idle: sum.idle + times.idle, all: sum.all + Object.values(times).reduce((a, b) => a + b) }), { idle: 0, all: 0 });

/** What `act` takes of the page's own thread in ms of processor time, and the share of all processors that stayed idle meanwhile. */
async function processor_use(page, act) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const used_s = async () => (await session.send('Performance.getMetrics')).metrics.find((m) => m.name === 'TaskDuration').value;
  const [from_s, from] = [await used_s(), processor_times()];
  const answer = await act();
  const [to_s, to] = [await used_s(), processor_times()];
  await session.detach();
  return { answer, used_ms: (to_s - from_s) * 1000, idle_share: (to.idle - from.idle) / Math.max(1, to.all - from.all) };
}

/** Frame times of the page while scrolling and of a blank page, side by side, until they are within 4 ms of each other. */
export async function scroll_beside_blank(page, context) {
  // Other programs on the machine disturb single rounds; each round measures both pages side by side.
  const rounds = [];
  const kFrames = 240;
  let starved = true;
  let least_ms = Infinity;
  const started = Date.now();
  for (let round = 0; round < 4 && Date.now() - started < 30_000; round++) {
    const blank = await context.newPage();
    await blank.goto('about:blank');
    await blank.bringToFront();
    const calm = p99(await frame_times(blank, 'nothing', kFrames));
    await blank.close();
    await page.bringToFront();
    const use = await processor_use(page, () => frame_times(page, 'scroll', kFrames));
    const busy = p99(use.answer);
    starved = starved && use.idle_share < kStarved_share;
    least_ms = Math.min(least_ms, use.used_ms / kFrames);
    rounds.push([busy, calm]);
    if (busy <= calm + 4) break;
  }
  const [busy, calm] = rounds.at(-1);
  // Where others take every processor all the time, frames come late whatever the page does: then its own work is what counts.
  if (busy > calm + 4 && starved && least_ms <= kWork_ms) return `${least_ms.toFixed(1)} ms of work a frame; the machine is too busy for frame times`;
  check(busy <= calm + 4, `p99 scrolling / blank in ms: ${rounds.map(([b, c]) => `${b.toFixed(1)} / ${c.toFixed(1)}`).join(', ')}`);
  return `p99 ${busy.toFixed(1)} ms, blank ${calm.toFixed(1)} ms`;
}
