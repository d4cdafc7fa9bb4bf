// The real program for browser tests: started on a free port with a data directory of its own, and the captures it is shown.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const kRoot = fileURLToPath(new URL('../../', import.meta.url));
export const kProgram = process.env.SP3CTRA_PROGRAM ?? kRoot + 'build/release/sp3ctra';
export const kDemo = kRoot + 'packaging/demo.pcapng';
const kStart_ms = 20_000;

/** A folder of this run for captures and what else must lie somewhere; gone at its end. */
export const kFolder = mkdtempSync(join(process.env.SP3CTRA_E2E_TMP ?? tmpdir(), 'sp3ctra-e2e-'));
process.on('exit', () => rmSync(kFolder, { recursive: true, force: true }));

async function free_port() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** `sp3ctra serve` with these files; answers when it has printed its address. `command` = another program, or what it is run by. */
export async function start_real({ files = [], data = mkdtempSync(join(kFolder, 'data-')), command = [kProgram] } = {}) {
  const started_ms = Date.now();
  const child = spawn(command[0], [...command.slice(1), 'serve', '--no-browser', '--port', String(await free_port()), '--data', data, ...files], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const address = await new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error(`sp3ctra said no address: ${said}`)), kStart_ms);
    const listen = (text) => {
      said += text;
      const found = /http:\/\/\S+#token=\S+/.exec(said);
      if (found === null) return;
      clearTimeout(timer);
      done(found[0]);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('exit', (code) => failed(new Error(`sp3ctra ended with ${code}: ${said}`)));
  });
  const gone = new Promise((done) => child.once('exit', done));
  return {
    address,
    data,
    real: true,
    pid: child.pid,
    started_ms,
    end: async () => {
      child.kill();
      await gone;
      rmSync(data, { recursive: true, force: true });
    },
    /** Ends the program and starts it anew on the same data directory. */
    again: async () => {
      child.kill();
      await gone;
      return start_real({ data, command });
    },
  };
}

const made = new Map();
/** A capture made once a run: `hostile.pcap`, `large-1000000.pcapng` … */
export function capture(name) {
  const known = made.get(name);
  if (known) return known;
  const path = join(kFolder, name);
  const [kind, count] = name.replace(/\.\w+$/, '').split('-');
  execFileSync(process.execPath, [`${kRoot}tests/lab/make_${kind}.mjs`, path, ...(count ? [count] : [])]);
  made.set(name, path);
  return path;
}
export function forget_capture(name) {
  rmSync(made.get(name) ?? '', { force: true });
  made.delete(name);
}

/** What tshark prints, as lines. */
export function tshark(...words) {
  const text = execFileSync('tshark', ['-n', ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 });
  return text.split('\n').filter((line) => line !== '');
}
/** The packets of a file as tshark reads them, with their times, as one pcap; with a filter those that match it. */
export function packets_of(path, filter = '') {
  const out = join(kFolder, `packets-${Math.random().toString(36).slice(2)}.pcap`);
  execFileSync('tshark', ['-n', '-r', path, '-F', 'nsecpcap', '-w', out], { stdio: 'ignore' });
  const bytes = readFileSync(out);
  rmSync(out);
  if (!filter) return bytes;
  // With -Y and -w tshark also writes packets that others were put together from.
  const wanted = new Set(tshark('-r', path, '-Y', filter, '-T', 'fields', '-e', 'frame.number'));
  const parts = [bytes.subarray(0, 24)];
  for (let at = 24, n = 1; at + 16 <= bytes.length; n++) {
    const end = at + 16 + bytes.readUInt32LE(at + 8);
    if (wanted.has(String(n))) parts.push(bytes.subarray(at, end));
    at = end;
  }
  return Buffer.concat(parts);
}
/** The number of packets in a pcap. */
export function packet_count(pcap) {
  let count = 0;
  for (let at = 24; at + 16 <= pcap.length; at += 16 + pcap.readUInt32LE(at + 8)) count += 1;
  return count;
}

/** Resident memory of a process in bytes: what it is now, and the most it was. */
export function memory_of(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return { now: kib('VmRSS') * 1024, peak: kib('VmHWM') * 1024 };
}

/** A call of the API from within the logged-in page. */
export async function call(page, method, path, body) {
  return page.evaluate(
    async ([method, path, body]) => {
      const secret = Object.entries(localStorage).find(([key]) => /secret/.test(key))?.[1] ?? '';
      const answer = await fetch(`/api/v1${path}`, {
        method,
        headers: { 'X-Sp3ctra-Secret': secret, 'X-Sp3ctra-Errors': 'body', 'Content-Type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return answer.json();
    },
    [method, path, body],
  );
}

/** Opens a capture file in the page as a user picks it; waits for its first rows. */
export async function pick(page, path) {
  // Without the right to capture the page opens on the demo.
  if ((await page.locator('input[type=file]').count()) === 0) await page.getByRole('button', { name: 'Captures' }).first().click();
  await page.locator('input[type=file]').setInputFiles(path);
  await first_rows(page);
}
export async function first_rows(page, timeout = 30_000) {
  await page.waitForFunction(() => [...document.querySelectorAll('.rowpane .gr')].some((row) => !row.hidden && row.querySelector('.c-number').textContent !== ''), undefined, { timeout, polling: 'raf' });
}
/** Opens a file named on the command line of the server. */
export async function open_named(page, name) {
  await page.locator('.rec .name', { hasText: name }).click();
  await first_rows(page);
}
export async function read_to_end(page, capture_id, limit_ms = 60_000) {
  const until = Date.now() + limit_ms;
  for (;;) {
    const { captures } = await call(page, 'GET', '/captures');
    const info = captures.find((c) => capture_id === undefined || c.id === capture_id);
    if (info && info.state !== 'reading') return info;
    if (Date.now() > until) throw new Error('the file was not read in time');
    await page.waitForTimeout(20);
  }
}

/** Puts a filter in force and waits for its whole answer; the text of the count. */
export async function set_filter(page, text) {
  await page.locator('#filter').fill(text);
  await page.keyboard.press('Enter');
  await page.waitForFunction((t) => document.querySelector('.read .count')?.textContent.includes(' of ') || t === '', text);
}

export const has_program = () => existsSync(kProgram);
