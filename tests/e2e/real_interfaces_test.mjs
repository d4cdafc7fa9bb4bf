// Several interfaces of the real program in the page, in a network namespace of its own with virtual cables made for it.
import { createSocket } from 'node:dgram';
import { execFileSync } from 'node:child_process';
import { check } from './browser.mjs';
import { call, first_rows } from './real.mjs';

export const own_network = true;

const kAway = '10.77.0.2';
const kPort = 20_100;
const kFollows_ms = 2000;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const ip = (...words) => execFileSync('ip', words, { stdio: 'ignore' });
const may_capture = () => (process.getuid() === 0 ? '' : 'capturing needs root or the capture helper');

/** A cable with two ends; what is sent to kAway leaves through sp3a. */
function plug() {
  ip('link', 'add', 'sp3a', 'address', '02:00:00:00:77:01', 'type', 'veth', 'peer', 'name', 'sp3z');
  ip('address', 'add', '10.77.0.1/24', 'dev', 'sp3a');
  for (const end of ['sp3a', 'sp3z']) ip('link', 'set', end, 'up');
  ip('neigh', 'replace', kAway, 'lladdr', '02:00:00:00:77:02', 'dev', 'sp3a');
}
function unplug() {
  try {
    ip('link', 'delete', 'sp3a');
  } catch {
    // It is gone already.
  }
}

async function send(to, count) {
  const socket = createSocket('udp4');
  for (let i = 0; i < count; i++) {
    await new Promise((done) => socket.send(`to ${to}`, kPort, to, () => done()));
    await sleep(2);
  }
  socket.close();
}

const state_of = async (page, name) => (await call(page, 'GET', '/state')).capture.interfaces.find((i) => i.name === name);
async function until(what, words, limit_ms = 5000) {
  const end = Date.now() + limit_ms;
  for (;;) {
    const got = await what();
    if (got) return got;
    check(Date.now() < end, words);
    await sleep(25);
  }
}

/** Chooses both by the keyboard and starts them from the one primary button. */
async function start_both(page) {
  await page.locator('.if[data-name="sp3a"]').waitFor({ timeout: 4000 });
  const search = page.locator('.pick input');
  for (const name of ['sp3a', 'lo']) {
    await search.focus();
    await page.keyboard.type(name);
    await page.waitForFunction((n) => document.querySelector('.pick .choices__list--dropdown .is-highlighted')?.dataset.value === n, name);
    await page.keyboard.press('Enter');
  }
  await page.keyboard.press('Escape');
  await page.locator('.btn.primary', { hasText: /^Capture on (sp3a and lo|lo and sp3a)$/ }).click();
  await page.waitForSelector('.listgrid');
  await until(async () => (await call(page, 'GET', '/state')).capture.state === 'RUNNING', 'the capture does not run');
}
async function stop(page) {
  await call(page, 'POST', '/capture/stop', {});
  await until(async () => (await call(page, 'GET', '/state')).capture.state === 'STOPPED', 'the capture does not stop', 20_000);
  unplug();
}

/** When each page first showed what a state is called, in ms since 1970. */
const watch = (page) =>
  page.evaluate(() => {
    window.seen_states = {};
    const look = () => {
      const words = document.querySelector('.top .state')?.textContent?.trim() ?? document.querySelector('.main-card h2')?.textContent ?? '';
      const state = /^Capturing/.test(words) ? 'RUNNING' : /^(Stopped|Listen now)/.test(words) ? 'STOPPED' : '';
      if (state !== '' && window.last_state !== state) {
        window.last_state = state;
        window.seen_states[state] = Date.now();
      }
    };
    look();
    window.seen_states = {};
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
const seen = (page, state) => page.evaluate((s) => window.seen_states[s] ?? 0, state);

export const tests = [
  {
    name: 'the list follows what is plugged in, and each has its sparkline before start',
    skip: may_capture,
    async run({ page }) {
      await page.locator('.if[data-name="lo"]').waitFor();
      try {
        const cable = page.locator('.if[data-name="sp3a"]');
        // Other programs on the machine disturb single tries.
        let late_ms = Infinity;
        let stays_ms = Infinity;
        for (let i = 0; i < 3 && Math.max(late_ms, stays_ms) >= kFollows_ms; i++) {
          const made_ms = Date.now();
          plug();
          await cable.filter({ hasText: '10.77.0.1' }).waitFor({ timeout: 8000 });
          late_ms = Math.min(late_ms, Date.now() - made_ms);
          const gone_ms = Date.now();
          unplug();
          await cable.waitFor({ state: 'detached', timeout: 8000 });
          stays_ms = Math.min(stays_ms, Date.now() - gone_ms);
        }
        check(late_ms < kFollows_ms, `a new interface is shown after ${late_ms} ms`);
        check(stays_ms < kFollows_ms, `an interface that is gone stays ${stays_ms} ms`);
        plug();
        await cable.filter({ hasText: '10.77.0.1' }).waitFor({ timeout: 8000 });
        for (let i = 0; i < 4; i++) {
          await send(kAway, 20);
          await sleep(800);
        }
        await page.waitForFunction(() => (document.querySelector('.if[data-name="sp3a"] .spark .line')?.getAttribute('d').split('L').length ?? 0) >= 3, undefined, { timeout: 5000 });
        ip('link', 'set', 'sp3a', 'down');
        await cable.filter({ hasText: /switched off/ }).waitFor({ timeout: 8000 });
        return `shown after ${late_ms} ms`;
      } finally {
        unplug();
      }
    },
  },
  {
    name: 'two are captured from the page; one unplugged is said within 2 s, the other goes on, and it resumes by itself',
    skip: may_capture,
    async run({ page }) {
      try {
        plug();
        await start_both(page);
        await send(kAway, 30);
        await send('127.0.0.1', 30);
        await first_rows(page);
        await until(async () => (await state_of(page, 'sp3a')).packets >= 30 && (await state_of(page, 'lo')).packets >= 30, 'one of the two is not captured');
        unplug();
        const gone_ms = Date.now();
        await page.locator('.bann[data-news="if sp3a"]').waitFor({ timeout: 2500 });
        const said_ms = Date.now() - gone_ms;
        check(said_ms < 2000, `it is said after ${said_ms} ms`);
        const words = await page.locator('.bann[data-news="if sp3a"]').innerText();
        check(/sp3a/.test(words) && /gone|unplugged|away/.test(words), `the page says "${words}"`);
        const before = (await state_of(page, 'lo')).packets;
        await send('127.0.0.1', 50);
        await until(async () => (await state_of(page, 'lo')).packets >= before + 50, 'the other interface does not go on');
        check((await call(page, 'GET', '/state')).capture.state === 'RUNNING', 'the capture ended');
        const kept = (await state_of(page, 'sp3a')).packets;
        plug();
        await until(async () => (await state_of(page, 'sp3a')).state === 'running', 'it does not resume by itself');
        await page.waitForFunction(() => document.querySelector('.bann.warn[data-news="if sp3a"]') === null, undefined, { timeout: 3000 });
        await send(kAway, 40);
        await until(async () => (await state_of(page, 'sp3a')).packets >= kept + 40, 'what it sends now is not captured');
        return `said after ${said_ms} ms: ${words.replace(/\s+/g, ' ')}`;
      } finally {
        await stop(page);
      }
    },
  },
  {
    name: 'an interface is added and taken out in the page while the other is captured',
    skip: may_capture,
    async run({ page }) {
      try {
        plug();
        await page.locator('.if[data-name="sp3a"]').waitFor({ timeout: 4000 });
        await page.locator('.if[data-name="lo"]').getByRole('button', { name: 'Choose lo' }).click();
        await page.getByRole('button', { name: 'Capture on lo', exact: true }).click();
        await page.waitForSelector('.listgrid');
        await page.getByRole('button', { name: 'Captures' }).first().click();
        const cable = page.locator('.if[data-name="sp3a"]');
        await cable.getByRole('button', { name: /^Add/ }).click();
        await until(async () => (await state_of(page, 'sp3a'))?.state === 'running', 'it was not added');
        await send(kAway, 20);
        await until(async () => (await state_of(page, 'sp3a')).packets >= 20, 'what was added is not captured');
        await cable.getByRole('button', { name: /^Take out/ }).click();
        await until(async () => (await state_of(page, 'sp3a'))?.state !== 'running', 'it was not taken out');
        await page.locator('.if[data-name="lo"]').getByRole('button', { name: /^Take out/ }).waitFor({ state: 'detached', timeout: 2000 });
        check((await call(page, 'GET', '/state')).capture.state === 'RUNNING', 'the capture ended');
      } finally {
        await stop(page);
      }
    },
  },
  {
    name: 'two pages show the same state within half a second',
    skip: may_capture,
    async run({ page, context }) {
      try {
        plug();
        const other = await context.newPage();
        await other.goto(page.url());
        await other.waitForSelector('.app');
        await page.bringToFront();
        await page.waitForTimeout(500);
        const gaps = [];
        for (let round = 0; round < 3; round++) {
          await Promise.all([watch(page), watch(other)]);
          const started = await call(page, 'POST', '/capture/start', { interfaces: ['lo', 'sp3a'], bpf: '' });
          check(started.capture, `the start answers ${JSON.stringify(started)}`);
          for (const state of ['RUNNING', 'STOPPED']) {
            if (state === 'STOPPED') await call(page, 'POST', '/capture/stop', {});
            const [one, two] = await Promise.all([page, other].map((p) => until(() => seen(p, state), `a page does not show ${state}`)));
            gaps.push(Math.abs(one - two));
          }
        }
        check(Math.max(...gaps) < 500, `the pages differ for ${gaps.join(', ')} ms`);
        const names = await Promise.all([page, other].map((p) => p.locator('.rec .gr').nth(1).innerText()));
        check(names[0] === names[1], `one page lists ${names[0]}, the other ${names[1]}`);
        return `at most ${Math.max(...gaps)} ms apart`;
      } finally {
        await stop(page);
      }
    },
  },
];
