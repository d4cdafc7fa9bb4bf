// Interfaces and rights of the real program, seen in the page, in a network namespace of its own: interfaces that are plugged and
// unplugged while a capture runs, pages that show the same state at the same time, and what stands between a user and a capture.
import { createSocket } from 'node:dgram';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { check, kShots, watched_page, enter } from './browser.mjs';
import { call, first_rows, kProgram, start_real } from './real.mjs';

export const own_network = true;

const kEqual_ms = 500;
const kRefresh_ms = 2000;
const kNobody = 65_534;
const kPort = 9_471;
const kAddress = { wire0: '10.91.0', wire1: '10.92.0' };
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const ip = (...words) => execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
const may_capture = () => (process.getuid() === 0 ? '' : 'capturing needs root or the capture helper');

/** A virtual cable: `name` is what is captured, its other end keeps it connected. */
function plug(name) {
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}-end`);
  for (const end of [name, `${name}-end`]) {
    // Nothing speaks by itself on it.
    writeFileSync(`/proc/sys/net/ipv6/conf/${end}/disable_ipv6`, '1');
    ip('link', 'set', end, 'up');
  }
  ip('address', 'add', `${kAddress[name] ?? '10.93.0'}.1/24`, 'brd', '+', 'dev', name);
}
function unplug(name) {
  try {
    ip('link', 'delete', name);
  } catch {
    // It is gone already.
  }
}

/** One packet a call on the cable: a broadcast needs no neighbour. */
async function speaker() {
  const socket = createSocket('udp4');
  await new Promise((done) => socket.bind(0, done));
  socket.setBroadcast(true);
  return {
    say: (name, times = 1, words = 'a word on the wire') => Promise.all(Array.from({ length: times }, () => new Promise((done) => socket.send(words, kPort, `${kAddress[name]}.255`, () => done())))),
    end: () => socket.close(),
  };
}

const card = (page, name) => page.locator(`.if[data-name="${name}"]`);
const state_of = async (page) => (await call(page, 'GET', '/state')).capture;
const interface_of = async (page, name) => (await state_of(page)).interfaces.find((i) => i.name === name);
async function until(words, ask, limit_ms = 5000) {
  const end = Date.now() + limit_ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`after ${limit_ms / 1000} s still not: ${words}`);
    await sleep(40);
  }
}
/** Calls back with how long it took until the page says so. */
async function seen_within(page, words, look, limit_ms) {
  const started = Date.now();
  await look().catch(() => {
    throw new Error(`the page does not say: ${words}`);
  });
  const ms = Date.now() - started;
  check(ms <= limit_ms, `${words}: after ${ms} ms`);
  return ms;
}

async function capture_both(page) {
  for (const name of ['wire0', 'wire1']) await card(page, name).getByRole('button', { name: `Choose ${name}` }).click();
  await page.getByRole('button', { name: 'Capture on wire0 and wire1' }).click();
  await page.locator('.state', { hasText: 'Capturing' }).waitFor();
  await until('both run', async () => (await state_of(page)).interfaces.every((i) => i.state === 'running'));
}

/** Names in the list's "On" column, once each. */
const shown_interfaces = (page) => page.locator('.rowpane .gr:not([hidden]) .c-iface').evaluateAll((cells) => [...new Set(cells.map((cell) => cell.textContent))].filter((name) => name !== '').sort());

/** Writes down when what `look` (run in the page) answers changes. */
async function watch(page) {
  await page.evaluate(() => {
    window.changes = [];
    let last = '';
    const look = () => {
      const state = document.querySelector('.state')?.textContent.trim().split(/\s+/)[0] ?? '';
      const button = [...document.querySelectorAll('.top .btn')].map((b) => b.textContent.trim()).find((text) => /^(Start|Stop|Cancel)$/.test(text)) ?? '';
      const names = [...document.querySelectorAll('.ifs-field .if-token bdi')].map((token) => token.textContent).join(' ');
      const filter = document.querySelector('.top .field.cf input')?.value ?? '';
      const now = [state, button, names, filter].join(' | ');
      if (now !== last) window.changes.push([Date.now(), now]);
      last = now;
    };
    look();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
    setInterval(look, 20);
  });
}
/** When each page first said something that matches, in ms of this computer's clock. */
const when = async (page, pattern, from_ms) =>
  page.waitForFunction(([source, from]) => window.changes.find(([ms, text]) => ms >= from && new RegExp(source).test(text))?.[0], [pattern.source, from_ms], { timeout: 5000 }).then((handle) => handle.jsonValue());

// ---- rights: the program as a user without any, in a mount namespace where /usr/local/lib is its own ----

const kPlace = '/usr/local/lib/sp3ctra';
/** A capture helper of another version, as far as anybody can tell without asking it for a socket. */
const kOther = `#!/bin/sh
if [ -S /dev/fd/3 ]; then printf 'capd\\011\\000\\000\\000%20s' '' >&3; exit 1; fi
echo 'sp3ctra-capd (protocol 9) opens capture sockets' >&2
exit 2
`;

async function serve_as_nobody() {
  const folder = mkdtempSync(join(tmpdir(), 'sp3ctra-rights-'));
  chmodSync(folder, 0o755);
  const house = join(folder, 'build/copy');
  mkdirSync(house, { recursive: true });
  mkdirSync(join(folder, 'packaging'));
  for (const name of ['sp3ctra', 'sp3ctra-capd']) copyFileSync(join(dirname(kProgram), name), join(house, name));
  copyFileSync(new URL('../../packaging/install-capd', import.meta.url), join(folder, 'packaging/install-capd'));
  writeFileSync(join(house, 'other'), kOther, { mode: 0o755 });
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  chownSync(data, kNobody, kNobody);
  const mounts = 'mount --make-rprivate / && mount -t tmpfs -o mode=755,size=64m none /usr/local/lib && exec "$@"';
  const user = ['setpriv', `--reuid=${kNobody}`, `--regid=${kNobody}`, '--clear-groups', '--inh-caps=-all', 'env', `HOME=${data}`];
  const server = await start_real({ data, command: ['unshare', '-m', 'sh', '-c', mounts, 'sh', ...user, join(house, 'sp3ctra')] });
  const inside = (script) => execFileSync('nsenter', ['-t', String(server.pid), '-m', 'sh', '-ec', script], { stdio: ['ignore', 'ignore', 'pipe'] });
  return {
    ...server,
    /** Installs this file as the capture helper for these users, with or without its right. */
    put: (file, users, right) =>
      inside(`rm -rf ${kPlace}; mkdir -m 755 ${kPlace}; cp '${file.startsWith('/') ? file : join(house, file)}' ${kPlace}/sp3ctra-capd; chmod 755 ${kPlace}/sp3ctra-capd; printf '${users}' > ${kPlace}/capd.users; chmod 644 ${kPlace}/capd.users${right ? `; setcap cap_net_raw=ep ${kPlace}/sp3ctra-capd` : ''}`),
    end: async () => {
      await server.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const kRights = [
  { word: 'no_capd', title: 'Allow listening: one command', short: 'right missing' },
  { word: 'no_right', put: ['sp3ctra-capd', `${kNobody}\\n`, false], title: 'The capture helper has lost its right', short: 'right lost' },
  { word: 'broken_capd', put: ['/bin/true', `${kNobody}\\n`, false], title: 'The capture helper does not answer', short: 'no answer' },
  { word: 'other_version', put: ['other', `${kNobody}\\n`, false], title: 'The capture helper is of another version', short: '' },
  { word: 'other_user', put: ['sp3ctra-capd', '0\\n', true], title: 'The capture helper serves another user', short: '' },
];

export const tests = [
  {
    name: 'switched off and renamed while it is captured: said in the page, and it goes on under its new name',
    skip: may_capture,
    async run({ page }) {
      plug('wire0');
      plug('wire1');
      const wire = await speaker();
      try {
        await capture_both(page);
        ip('link', 'set', 'wire1', 'down');
        await page.locator('.bann', { hasText: 'wire1 is switched off since' }).waitFor({ timeout: 8000 });
        ip('link', 'set', 'wire1', 'up');
        await page.locator('.bann', { hasText: /wire1 was switched off from .* to / }).waitFor({ timeout: 8000 });
        ip('link', 'set', 'wire0', 'name', 'wire7');
        await page.locator('.ifs-field .if-token', { hasText: 'wire7' }).waitFor({ timeout: 8000 });
        check((await page.locator('.ifs-field .if-token', { hasText: 'wire0' }).count()) === 0, 'the old name stays');
        await wire.say('wire0', 4);
        await until('it goes on under its new name', async () => (await interface_of(page, 'wire7'))?.packets >= 4);
      } finally {
        wire.end();
        for (const name of ['wire0', 'wire1', 'wire7']) unplug(name);
      }
    },
  },
  {
    name: 'two pages show the same state, interfaces and filter within half a second, whoever changed it',
    skip: may_capture,
    async run({ page, context, server }) {
      plug('wire0');
      plug('wire1');
      const wire = await speaker();
      try {
        // A browser of its own for the second page: nothing is shared but the program.
        const other = await watched_page(context.browser());
        await enter(other.page, server.address);
        const second = other.page;
        // Something to look at, so that both pages have a top bar before anything runs.
        await card(page, 'wire0').getByRole('button', { name: 'Choose wire0' }).click();
        await page.getByRole('button', { name: 'Capture on wire0', exact: true }).click();
        await page.locator('.state', { hasText: 'Capturing' }).waitFor();
        await second.locator('.rec .name').first().click();
        await second.locator('.state', { hasText: 'Capturing' }).waitFor();
        await watch(page);
        await watch(second);
        const apart = [];
        const together = async (words, pattern, act) => {
          const from = Date.now();
          await act();
          const done = Date.now();
          const times = await Promise.all([when(page, pattern, from), when(second, pattern, from)]).catch(() => {
            throw new Error(`${words}: not both pages say it`);
          });
          const ms = Math.max(Math.abs(times[0] - times[1]), ...times.map((t) => t - done));
          check(ms <= kEqual_ms, `${words}: ${ms} ms until both pages say the same`);
          apart.push(ms);
        };
        await together('an interface is added in one', /wire0 wire1/, () => call(page, 'POST', '/capture/interfaces', { name: 'wire1' }));
        await together('the filter is changed in the other', /\| udp$/, () => call(second, 'POST', '/capture/filter', { bpf: 'udp' }));
        await together('an interface is taken out', /\| wire1 \|/, () => call(second, 'DELETE', '/capture/interfaces/wire0'));
        await together('stopped in the second', /^Stopped \| Start/, () => second.locator('.top .btn', { hasText: 'Stop' }).click());
        for (let round = 0; round < 3; round++) {
          const [one, two] = round % 2 ? [page, second] : [second, page];
          await together('started', /^Capturing \| Stop/, () => call(one, 'POST', '/capture/start', { interfaces: ['wire0', 'wire1'], bpf: '' }));
          await together('stopped', /^Stopped \| Start/, async () => {
            // On a busy computer it may be a while until all is written; the pages say the same then, too.
            if ((await call(two, 'POST', '/capture/stop', {})).state !== 'STOPPED') await until('stopped', async () => (await state_of(two)).state === 'STOPPED', 15_000);
          });
        }
        check(other.messages.length === 0, `the second page's console: ${other.messages.join(' ')}`);
        await other.context.close();
        return `at most ${Math.max(...apart)} ms`;
      } finally {
        wire.end();
        unplug('wire0');
        unplug('wire1');
      }
    },
  },
  {
    name: 'a store that is used up pauses the capture: the page says so, and that it goes on when there is room',
    skip: may_capture,
    serve: { files: ['--disk-quota', '2'] },
    async run({ page }) {
      plug('wire0');
      const wire = await speaker();
      try {
        await call(page, 'PUT', '/capture/store', { when_full: 'pause' });
        await card(page, 'wire0').getByRole('button', { name: 'Choose wire0' }).click();
        await page.getByRole('button', { name: 'Capture on wire0', exact: true }).click();
        await page.locator('.state', { hasText: 'Capturing' }).waitFor();
        const fill = async () => {
          await wire.say('wire0', 50, 'x'.repeat(1400));
          return (await state_of(page)).store.paused;
        };
        await until('the store is full', fill, 20_000);
        await page.locator('.bann', { hasText: /Capture is paused\b.*for captures are used up/s }).waitFor({ timeout: 3000 });
        await page.locator('.status', { hasText: 'paused' }).waitFor({ timeout: 3000 });
        check((await page.locator('.bann', { hasText: 'All packets are kept' }).count()) === 0, 'the page says at once that all packets are kept');
        await page.screenshot({ path: `${kShots}real-paused.png` });
        const before = await state_of(page);
        check(before.state === 'RUNNING' && before.not_written > 0, `while paused: ${before.state}, ${before.not_written} not written`);
        await page.locator('.status .facts').click();
        await page.locator('.health .trouble', { hasText: 'Paused. The ' }).waitFor({ timeout: 3000 });
        await page.screenshot({ path: `${kShots}real-paused-health.png` });
        await page.keyboard.press('Escape');
        await call(page, 'PUT', '/capture/store', { when_full: 'overwrite' });
        await page.locator('.bann', { hasText: 'Capture is paused' }).waitFor({ state: 'detached', timeout: 5000 });
        await until('packets are kept again', async () => {
          await wire.say('wire0', 3);
          return (await state_of(page)).packets > before.packets;
        });
        await page.screenshot({ path: `${kShots}real-resumed.png` });
      } finally {
        wire.end();
        unplug('wire0');
      }
    },
  },
  {
    name: 'always on: after a restart of the program the page shows the capture running again, where it was and with its filter',
    skip: may_capture,
    async run({ page, browser, server }) {
      plug('wire0');
      const wire = await speaker();
      let next;
      let visit;
      try {
        await call(page, 'PUT', '/capture/store', { always_on: true });
        const filter = `udp port ${kPort}`;
        await call(page, 'POST', '/capture/start', { interfaces: ['wire0'], bpf: filter });
        await wire.say('wire0', 3);
        await until('packets', async () => (await state_of(page)).packets >= 3);
        await page.close();
        next = await server.again();
        visit = await watched_page(browser);
        await enter(visit.page, next.address);
        await visit.page.locator('.main-card h2', { hasText: 'Capturing on wire0' }).waitFor({ timeout: 8000 });
        await visit.page.screenshot({ path: `${kShots}real-always-on.png` });
        await visit.page.getByRole('button', { name: 'Show the packets' }).click();
        await wire.say('wire0', 5);
        await first_rows(visit.page);
        const now = await state_of(visit.page);
        check(now.state === 'RUNNING' && now.bpf === filter, `after the restart: ${now.state} with “${now.bpf}”`);
        check((await shown_interfaces(visit.page)).every((name) => name === 'wire0'), 'another interface is shown');
        await visit.page.screenshot({ path: `${kShots}real-always-on-packets.png` });
        const kept = await call(visit.page, 'GET', '/captures');
        check(kept.stored.length === 1 && kept.stored[0].bytes > 0, 'what was captured before the restart is not listed');
        check(visit.messages.length === 0, `the console: ${visit.messages.join(' ')}`);
      } finally {
        wire.end();
        unplug('wire0');
        await visit?.context.close();
        await next?.end();
      }
    },
  },
  {
    name: 'each state of the rights is told in its own words with its command, and the page goes on when the right is there',
    skip: () => (process.getuid() === 0 ? '' : 'installing capture helpers needs root'),
    async run({ browser }) {
      const server = await serve_as_nobody();
      const { page, context, messages } = await watched_page(browser, { viewport: { width: 1440, height: 900 } });
      try {
        await enter(page, server.address);
        const commands = new Set();
        for (const { word, put, title, short } of kRights) {
          if (put) server.put(...put);
          await page.getByRole('button', { name: 'Captures' }).first().click();
          if (put) await page.getByRole('button', { name: 'Check again' }).click();
          const main = page.locator(`.main-card[data-rights="${word}"]`);
          await main.waitFor({ timeout: 8000 }).catch(async () => check(false, `${word}: the page says ${await page.locator('.main-card').innerText()}`));
          check((await main.locator('h2').innerText()).trim() === title, `${word}: the title is ${await main.locator('h2').innerText()}`);
          const command = await main.locator('.cmd code').innerText();
          check(/^sudo .*install-capd/.test(command), `${word}: the command is ${command}`);
          check((await main.innerText()).includes(short), `${word}: nothing says ${short}`);
          check((await page.locator('.btn.primary').count()) === 1, `${word}: there must be one primary button`);
          commands.add(await main.locator('p').first().innerText());
          await page.screenshot({ path: `${kShots}real-rights-${word}.png` });
        }
        check(commands.size === kRights.length, 'two states have the same words');
        server.put('sp3ctra-capd', `0\\n${kNobody}\\n`, true);
        // The page may see it by itself before: then there is nothing left to press.
        await page.getByRole('button', { name: 'Check again' }).click({ timeout: 2000 }).catch(() => {});
        await page.getByRole('button', { name: 'Capture on lo', exact: true }).waitFor({ timeout: 8000 });
        check(messages.length === 0, `the console: ${messages.join(' ')}`);
      } finally {
        await context.close();
        await server.end();
      }
    },
  },
];
