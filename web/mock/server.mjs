// The contract of docs/api.md served from a made-up capture of ten million packets. Only node and ws.
//   node mock/server.mjs [--port N] [--dist DIR] [--rights] [--rows N] [--demo-open] [--disk-full]
//                        [--rights-state WORD] [--first-start] [--waiting] [--drops] [--paused] [--segments]
// --demo-open: only the demo is open, as where nothing may be listened to. --disk-full: a capture ends after 2 s, its disk full.
// The rest is in scenes.mjs, and each can be changed while it runs: POST /mock {"rights":"no_capd","gone":["eth0"],"drops":true,
// "paused":true,"extra":[{"name":"usb0"}],"hide":["wlan0"],"down":["eth0"],"friendly":{"eth0":"…"}} (no login; this is no real server).
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { createHash, randomBytes } from 'node:crypto';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { encode_rows, kFirst_ns, last_ns, packet_facts, packet_json } from './capture.mjs';
import { Scene } from './scenes.mjs';

const argument = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : (process.argv[at + 1] ?? '');
};
const port = Number(argument('port', '5055'));
const dist = argument('dist', fileURLToPath(new URL('../dist', import.meta.url)));
const scene = new Scene(process.argv);
const kRows = Number(argument('rows', '10000000'));
const token = argument('token', randomBytes(12).toString('hex'));
// As with the real program a login outlives a restart: started again with its token, the mock knows the page.
const kept = (what) => createHash('sha256').update(`${what} ${token}`).digest('hex').slice(0, 24);
const secret = kept('secret');
const session = kept('session');
const kPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'";
const kTypes = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

const capture_of = (id, name, rows, state, extra = {}) => ({ id, name, packets: rows, bytes: rows * 600, first_ns: kFirst_ns, last_ns: rows > 0 ? last_ns(rows) : kFirst_ns, state, damage: '', demo: false, deletable: false, rows, total_bytes: rows * 620, done_bytes: rows * 620, rate_bytes_per_s: 0, given_up: [], ...extra });
const captures = [
  capture_of('c1', 'ten-million.pcapng', kRows, 'ready'),
  capture_of('c2', 'home-<b>sunday</b>.pcapng.zst', 212400, 'ready', { deletable: true }),
  capture_of('c3', 'cut-short.pcap', 8811, 'damaged', { damage: 'The file ends inside packet 8,812.', given_up: [{ name: 'stream_gaps', count: 12, words: 'stretches of connections were never captured' }] }),
];
let stored = [
  { id: 'c8', name: 'kept-upload.pcap', bytes: 3_100_000, modified_ns: '1700000100000000000' },
  { id: 'c9', name: 'eth0 <i>yesterday</i>', bytes: 620_000, modified_ns: '1699990000000000000' },
];
if (process.argv.includes('--segments'))
  captures.push(capture_of('c4', 'eth0 and wlan0, always on', 4_812_000, 'ready', { deletable: true, segments: 31, first_number: 1_204_882, expired_packets: 1_204_881, interfaces: ['eth0', 'wlan0'] }));
if (process.argv.includes('--demo-open')) {
  captures.length = stored.length = 0;
  captures.push(capture_of('demo', 'demo.pcapng', 12480, 'ready', { demo: true }));
}
const disk_full = process.argv.includes('--disk-full');
const filters = new Map();
const uploads = new Map();
const jobs = new Map();
const tickets = new Map();
let next_id = 10;
const started = Date.now();
const live = { state: 'STOPPED', id: '', bpf: '', since_ns: '0', rate: 1284, not_written: 0 };

function live_capture() {
  const found = captures.find((c) => c.id === live.id);
  if (found && live.state === 'RUNNING') {
    const rows = Math.floor(((Date.now() - Number(live.since_ns) / 1e6) / 1000) * live.rate);
    Object.assign(found, { packets: rows, rows, bytes: rows * 600, total_bytes: rows * 620, done_bytes: rows * 620, last_ns: rows > 0 ? last_ns(rows) : kFirst_ns });
  }
  return found;
}
for (const c of captures) c.reading_from = 0;
function tick_reading() {
  for (const c of captures) {
    if (c.state !== 'reading') continue;
    c.rows = c.packets = Math.min(c.goal, c.packets + Math.ceil(c.goal / 20));
    c.done_bytes = c.packets * 620;
    c.bytes = c.packets * 600;
    c.last_ns = last_ns(c.packets);
    if (c.packets >= c.goal) c.state = 'ready';
    announce('captures', { captures: public_captures() });
  }
}
setInterval(tick_reading, 200).unref();
/** As the program does: the file is whole up to its last packet, and what came after is only counted. */
function end_early() {
  const c = live_capture();
  if (!c || live.state !== 'RUNNING') return;
  Object.assign(c, { state: 'ready', ended: `the disk is full: the capture has ended; its ${c.packets} packets up to then are kept` });
  Object.assign(live, { state: 'STOPPED', not_written: 37 });
  announce('captures', { captures: public_captures() });
  announce('state', state_now());
}
/** Packets of the first and of the running capture that made room, by the scene. */
const expired = (c) => c.expired_packets ?? (c.id === 'c1' || c.id === live.id ? Math.min(scene.what.expired, Math.max(0, c.packets - 1)) : 0);
const public_captures = () =>
  captures
    .map(({ reading_from, goal, ...c }) => ({ ...c, first_number: expired(c) + 1, expired_packets: expired(c) }))
    .reverse();

function state_now() {
  const c = live_capture();
  const running = live.state === 'RUNNING';
  const totals = { packets: c?.packets ?? 0, bytes: c?.bytes ?? 0, packets_per_s: running ? live.rate : 0, bits_per_s: running ? 9.6e6 : 0 };
  return {
    version: '0.1.0',
    capture: { state: live.state, id: live.id, bpf: live.bpf, since_ns: live.since_ns, ...totals, not_analysed: 0, not_written: live.not_written, words: '', ...scene.capture(running, totals) },
    rights: scene.rights(),
    disk: { used: 912_000_000, quota: 2_000_000_000, free: 40_000_000_000 },
    process: { cpu_percent: running ? 4.2 : 0.3, memory_bytes: 148_000_000 },
    demo: { available: true },
  };
}

// The mock's filter language: one protocol name, `not`-free, or a time window. Enough to test the page.
function parse_filter(text) {
  const bad = /^(.*?)(?<![=!<>])=(?!=)/.exec(text);
  if (bad) return { error: '“=” compares nothing. Meant ==?', position: Buffer.byteLength(bad[1]), length: 1 };
  if (/^\(?nothing\)?/.test(text)) return { pick: () => false, reading: 'Showing nothing at all' };
  const times = /frame\.time_epoch >= ([\d.]+) and frame\.time_epoch <= ([\d.]+)/.exec(text);
  const from = times ? Number(times[1]) : -Infinity;
  const to = times ? Number(times[2]) : Infinity;
  const names = [...text.matchAll(/\b(dns|tls|http|arp|ssh|mqtt|tcp|udp)\b/g)].map((m) => m[1].toUpperCase());
  if (names.length === 0 && !times && !/frame|ip|eth/.test(text)) return { error: `“${text.split(/\s/)[0]}” is no field this program knows.`, position: 0, length: text.split(/\s/)[0].length };
  return {
    pick: (n) => {
      const f = packet_facts(n);
      const t = f.seconds + f.nanos / 1e9;
      return t >= from && t <= to && (names.length === 0 || names.includes(f.kind.protocol));
    },
    reading: names.length ? `Showing only ${names.join(' or ')}` : 'Showing what matches',
    window: times ? [from, to] : null,
  };
}
function rows_of(capture, filter_id) {
  const filter = filter_id ? filters.get(filter_id) : null;
  if (!filter) return null;
  if (filter.rows && filter.for_packets === capture.packets) return filter.rows;
  const rows = [];
  const end = Math.min(capture.packets, 300_000);
  for (let n = 1; n <= end; n++) if (filter.pick(n)) rows.push(n);
  Object.assign(filter, { rows, for_packets: capture.packets });
  return rows;
}

const sockets = new Set();
function announce(op, body) {
  for (const s of sockets) if (s.known) s.send(JSON.stringify({ op, ...body }));
}

function answer_view(s, force) {
  const v = s.view;
  const capture = captures.find((c) => c.id === v?.capture);
  if (!capture) return;
  live_capture();
  const rows = rows_of(capture, v.filter);
  const total = rows ? rows.length : capture.packets;
  const first_row = rows ? rows.filter((n) => n <= expired(capture)).length : expired(capture);
  if (total !== s.told || first_row !== s.told_first || force) {
    s.told_first = first_row;
    s.told = total;
    s.send(JSON.stringify({ op: 'rows', view: v.view, capture: v.capture, filter: v.filter, rows: total, first_row, of: capture.packets, complete: true, scanned: capture.packets, ms: 9 }));
  } else if (!force) return;
  if (!force && !v.follow) return;
  const count = Math.min(v.count, 2000);
  const first = v.follow ? Math.max(0, total - count) : Math.min(v.first, total);
  const n = Math.max(0, Math.min(count, total - first));
  const numbers = Array.from({ length: n }, (_, i) => (rows ? rows[first + i] : first + i + 1));
  s.send(encode_rows(v.view, first, total, numbers, v.follow));
}
setInterval(() => {
  for (const s of sockets) if (s.known && s.view) answer_view(s, false);
}, 50).unref();
setInterval(() => announce('state', state_now()), 500).unref();
setInterval(() => {
  for (const s of sockets) if (s.known && s.counters) s.send(JSON.stringify({ op: 'interfaces', interfaces: scene.interfaces() }));
}, 1000).unref();
/** What the scenes change is told at once, as the program does. */
scene.changed = () => {
  announce('interfaces', { interfaces: scene.interfaces() });
  announce('state', state_now());
  announce('captures', { captures: public_captures() });
};
setInterval(() => live.state === 'RUNNING' && (live_capture(), announce('captures', { captures: public_captures() })), 1000).unref();

class Refusal extends Error {
  constructor(status, body) {
    super(body.error);
    Object.assign(this, { status, body });
  }
}
const refuse = (status, error, extra = {}) => {
  throw new Refusal(status, { error, ...extra });
};

async function body_of(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

async function call(method, url, request) {
  const path = url.pathname.slice('/api/v1'.length);
  const q = url.searchParams;
  const raw = await body_of(request);
  const body = raw.length && request.headers['content-type'] === 'application/json' ? JSON.parse(raw.toString()) : {};
  const capture = (id) => captures.find((c) => c.id === id) ?? refuse(404, 'This capture is no longer kept.');
  let m;
  if (path === '/state') return state_now();
  if (path === '/interfaces') return { interfaces: scene.interfaces() };
  if (path === '/captures') return { captures: (live_capture(), public_captures()), stored };
  if (path === '/capture/start') {
    if (/bogus/.test(body.bpf)) refuse(400, '“bogus” is no word of the capture filter.', { position: body.bpf.indexOf('bogus'), length: 5 });
    const wrong = scene.start(body);
    if (wrong) refuse(400, wrong.error, { interface: wrong.interface });
    const id = `c${next_id++}`;
    Object.assign(live, { state: 'RUNNING', not_written: 0, id, bpf: body.bpf ?? '', since_ns: `${Date.now()}000000`, rate: body.bpf === 'flood' ? 182000 : 1284 });
    captures.push(capture_of(id, `${body.interfaces.join(', ')} now`, 0, 'live', { deletable: true, interfaces: body.interfaces }));
    if (disk_full) setTimeout(end_early, 2000);
    announce('state', state_now());
    return { capture: id };
  }
  if (path === '/capture/presets') return { presets: scene.presets };
  if (path === '/capture/store') return method === 'PUT' ? scene.choose_store(body) : scene.store;
  if (path === '/capture/filter') {
    if (live.state !== 'RUNNING') refuse(409, 'Nothing is being captured.');
    if (/bogus/.test(body.bpf)) refuse(400, '“bogus” is no word of the capture filter.', { position: body.bpf.indexOf('bogus'), length: 5 });
    live.bpf = body.bpf;
    announce('state', state_now());
    return {};
  }
  if (path.startsWith('/capture/interfaces')) {
    if (live.state !== 'RUNNING') refuse(409, 'Nothing is being captured.');
    const wrong = method === 'DELETE' ? scene.remove(decodeURIComponent(path.slice('/capture/interfaces/'.length))) : scene.add(body.name);
    if (wrong) refuse(wrong.status, wrong.error, { interface: wrong.interface });
    announce('state', state_now());
    return {};
  }
  if (path === '/capture/stop') {
    const c = live_capture();
    if (c) c.state = 'ready';
    live.state = 'STOPPED';
    announce('state', state_now());
    announce('captures', { captures: public_captures() });
    return { state: 'STOPPED' };
  }
  if ((m = /^\/captures\/(\w+)\/open$/.exec(path))) {
    const kept = stored.find((s) => s.id === m[1]) ?? refuse(404, 'there is no such capture to open');
    stored = stored.filter((s) => s !== kept);
    captures.push(capture_of(kept.id, kept.name, Math.floor(kept.bytes / 620), 'ready', { deletable: true }));
    announce('captures', { captures: public_captures(), stored });
    return { capture: kept.id };
  }
  if (method === 'DELETE' && (m = /^\/captures\/(\w+)$/.exec(path))) {
    if (live.state === 'RUNNING' && live.id === m[1]) refuse(409, 'This capture is running: stop it first.');
    const open = captures.findIndex((c) => c.id === m[1]);
    if (open < 0 && !stored.some((s) => s.id === m[1])) refuse(404, 'There is no such capture (any more).');
    const deleted = open < 0 || captures[open].deletable;
    if (open >= 0) captures.splice(open, 1);
    else stored = stored.filter((s) => s.id !== m[1]);
    announce('captures', { captures: public_captures(), stored });
    return { deleted, words: deleted ? 'The capture and its file are deleted.' : 'The capture is closed. Its file was opened from elsewhere and stays there.' };
  }
  if (path === '/captures/demo') {
    if (!captures.some((c) => c.demo)) captures.push(capture_of('demo', 'demo.pcapng', 12480, 'ready', { demo: true }));
    return { capture: 'demo' };
  }
  if (path === '/uploads') {
    if (body.size > 2e9) refuse(413, 'The file is larger than the 1.2 GB left for captures.');
    const id = `u${next_id++}`;
    uploads.set(id, { name: body.name, size: body.size, received: 0 });
    return { upload: id };
  }
  if ((m = /^\/uploads\/(\w+)$/.exec(path))) {
    const u = uploads.get(m[1]) ?? refuse(404, 'no such upload');
    if (Number(q.get('offset')) !== u.received) refuse(409, 'out of order');
    u.received += raw.length;
    await new Promise((done) => setTimeout(done, 60));
    return { received: u.received };
  }
  if ((m = /^\/uploads\/(\w+)\/finish$/.exec(path))) {
    const u = uploads.get(m[1]) ?? refuse(404, 'no such upload');
    const id = `c${next_id++}`;
    const goal = Math.max(1, Math.floor(u.size / 620));
    captures.push({ ...capture_of(id, u.name, 0, 'reading', { deletable: true }), goal, total_bytes: u.size, rate_bytes_per_s: 61e6 });
    return { capture: id };
  }
  if ((m = /^\/captures\/(\w+)\/cancel$/.exec(path))) {
    const c = capture(m[1]);
    Object.assign(c, { state: 'stopped', damage: `reading was stopped by you at packet ${c.packets}` });
    return {};
  }
  if ((m = /^\/captures\/(\w+)\/filters$/.exec(path))) {
    const parsed = parse_filter(body.text);
    if (parsed.error) refuse(400, parsed.error, { position: parsed.position, length: parsed.length });
    const id = `f${next_id++}`;
    filters.set(id, parsed);
    return { filter: id, reading: parsed.reading };
  }
  if ((m = /^\/captures\/(\w+)\/packets\/(\d+)$/.exec(path))) {
    const c = capture(m[1]);
    const n = Number(m[2]);
    if (n <= expired(c)) refuse(404, `packet ${n} is no longer kept; the oldest kept is ${expired(c) + 1}`);
    if (n < 1 || n > c.packets) refuse(404, `There is no packet ${n} in this capture.`);
    return packet_json(n, c.packets);
  }
  if ((m = /^\/captures\/(\w+)\/(find|conversation|row)$/.exec(path))) return seek(capture(m[1]), m[2], q);
  if ((m = /^\/captures\/(\w+)\/series$/.exec(path))) return series(capture(m[1]), Number(q.get('bins')));
  if ((m = /^\/captures\/(\w+)\/exports$/.exec(path))) {
    const id = `j${next_id++}`;
    const c = capture(m[1]);
    const total = body.numbers ? body.numbers.length : body.filter ? rows_of(c, body.filter).length : c.packets;
    jobs.set(id, { id, state: 'running', done: 0, total, rate: total / 2, left_s: 2, error: '', bytes: 0, from: Date.now() });
    return { job: id };
  }
  if ((m = /^\/jobs\/(\w+)$/.exec(path))) {
    const j = jobs.get(m[1]) ?? refuse(404, 'no such job');
    if (method === 'DELETE') j.state = 'cancelled';
    const share = Math.min(1, (Date.now() - j.from) / 2000);
    if (j.state === 'running') Object.assign(j, { done: Math.floor(j.total * share), left_s: 2 * (1 - share), bytes: Math.floor(j.total * 620 * share), state: share >= 1 ? 'done' : 'running' });
    const { from, ...told } = j;
    return told;
  }
  if ((m = /^\/jobs\/(\w+)\/ticket$/.exec(path))) {
    const ticket = randomBytes(8).toString('hex');
    tickets.set(ticket, m[1]);
    return { ticket };
  }
  if (path === '/complete') {
    const text = q.get('text') ?? '';
    const before = Buffer.from(text).subarray(0, Number(q.get('pos'))).toString();
    const word = /[\w.]*$/.exec(before)[0];
    const all = [['dns', 'DNS: names become addresses', 700000], ['dns.qry.name', 'the name that was asked for', 690000], ['tls', 'TLS: encrypted', 4000000], ['tcp.port', 'TCP port of either side', 6000000], ['http', 'HTTP: readable by anyone on the way', 700000], ['ip.addr', 'address of either side', 9000000], ['arp', 'ARP: who has which address', 700000]];
    const options = word === '' ? [] : all.filter(([t]) => t.startsWith(word) && t !== word).map(([t, words, count]) => ({ text: t, words, count }));
    return { from: Buffer.byteLength(before) - Buffer.byteLength(word), to: Buffer.byteLength(before), options };
  }
  if (path === '/fields') return { fields: [] };
  return refuse(404, 'no such call');
}

function seek(c, what, q) {
  const rows = rows_of(c, q.get('filter'));
  const row_of = (n) => (rows ? Math.max(0, rows.findIndex((r) => r >= n)) : n - 1);
  if (what === 'row') {
    const n = Number(q.get('n'));
    if (n < 1 || n > c.packets) refuse(404, `There is no packet ${n} in this capture.`);
    return { row: row_of(n) };
  }
  const forward = q.get('dir') !== 'prev';
  if (what === 'conversation') {
    const n = Number(q.get('n')) + (forward ? 3 : -3);
    if (n < 1 || n > c.packets) refuse(404, 'nothing more');
    return { number: rows ? rows[row_of(n)] : n, row: row_of(n) };
  }
  const kind = q.get('kind');
  if (kind === 'number') {
    const n = Number(q.get('q'));
    if (n < 1 || n > c.packets) refuse(404, `There is no packet ${n} in this capture.`);
    return { number: n, row: row_of(n) };
  }
  if (kind === 'time') {
    const ns = (Number(q.get('q')) - 1_700_000_000) * 1e9;
    const n = Math.min(c.packets, Math.max(1, Math.ceil(ns / 120_000)));
    return { number: n, row: row_of(n) };
  }
  const from = Number(q.get('from'));
  for (let i = 1; i < 5000; i++) {
    const n = from + (forward ? i : -i);
    if (n < 1 || n > c.packets) break;
    if (kind === 'hex' || packet_facts(n).info.includes(q.get('q'))) return { number: n, row: row_of(n) };
  }
  return refuse(404, 'Nothing more.');
}

function series(c, bins) {
  const each = c.packets / bins;
  const packets = [];
  const families = { names: [], secure: [], clear: [], upkeep: [], remote: [], things: [] };
  const wave = (i, k) => 0.55 + 0.3 * Math.sin(i / 9 + k) + 0.15 * Math.sin(i / 2.3 + k * 2) + (i % 47 === 20 ? 0.8 : 0);
  for (let i = 0; i < bins; i++) {
    const all = Math.round(each * wave(i, 0));
    packets.push(all);
    families.names.push(Math.round(all * 0.1 * wave(i, 1)));
    families.secure.push(Math.round(all * 0.5));
    families.clear.push(i % 60 > 48 ? Math.round(all * 0.14) : Math.round(all * 0.02));
    families.upkeep.push(Math.round(all * 0.04));
    families.remote.push(Math.round(all * 0.04 * wave(i, 3)));
    families.things.push(Math.round(all * 0.02));
  }
  return { from_ns: c.first_ns, to_ns: c.last_ns, packets, bytes: packets.map((p) => p * 600), families };
}

function send(response, status, body, headers = {}) {
  const text = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', 'Content-Security-Policy': kPolicy, 'X-Content-Type-Options': 'nosniff', ...headers, 'Content-Length': text.length });
  response.end(text);
}

async function asset(response, path) {
  const file = path === '/' ? '/index.html' : normalize(path);
  try {
    const data = await readFile(join(dist, file));
    send(response, 200, data, { 'Content-Type': kTypes[extname(file)] ?? 'application/octet-stream' });
  } catch {
    send(response, 404, { error: 'not here' });
  }
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const in_body = request.headers['x-sp3ctra-errors'] === 'body';
  const fail = (status, body) => send(response, in_body ? 200 : status, in_body ? { ...body, status } : body);
  if (url.pathname === '/mock' && request.method === 'POST')
    return void body_of(request).then((raw) => {
      scene.set(JSON.parse(raw.toString()));
      send(response, 200, {});
    });
  if (!url.pathname.startsWith('/api/v1/')) return void asset(response, url.pathname);
  const ticket = /^\/api\/v1\/jobs\/(\w+)\/file$/.exec(url.pathname);
  if (ticket) {
    if (tickets.get(url.searchParams.get('ticket')) !== ticket[1]) return fail(403, { error: 'This download link was used already.' });
    tickets.delete(url.searchParams.get('ticket'));
    return send(response, 200, Buffer.from('mock capture'), { 'Content-Type': 'application/octet-stream', 'Content-Disposition': 'attachment; filename="export.pcapng"' });
  }
  if (url.pathname === '/api/v1/login') {
    return void body_of(request).then((raw) => {
      if (JSON.parse(raw.toString()).token !== token) return fail(401, { error: 'This token is not valid.' });
      send(response, 200, { secret }, { 'Set-Cookie': `sp3ctra_session=${session}; HttpOnly; SameSite=Strict; Path=/` });
    });
  }
  const allowed = request.headers['x-sp3ctra-secret'] === secret && (request.headers.cookie ?? '').includes(session);
  if (!allowed) return fail(401, { error: 'Not logged in.' });
  call(request.method ?? 'GET', url, request).then(
    (answer) => send(response, 200, answer),
    (problem) => fail(problem.status ?? 500, problem.body ?? { error: String(problem) }),
  );
});

const hub = new WebSocketServer({ server, path: '/api/v1/stream' });
hub.on('connection', (s) => {
  sockets.add(s);
  s.on('close', () => sockets.delete(s));
  s.on('message', (data) => {
    const message = JSON.parse(data.toString());
    if (message.op === 'hello') {
      if (message.secret !== secret) return s.close(1008);
      s.known = true;
      s.send(JSON.stringify({ op: 'state', ...state_now() }));
      s.send(JSON.stringify({ op: 'interfaces', interfaces: scene.interfaces() }));
    } else if (message.op === 'interfaces' && s.known) {
      s.counters = message.on === true;
    } else if (message.op === 'view' && s.known) {
      s.view = message;
      answer_view(s, true);
    }
  });
});

server.listen(port, '127.0.0.1', () => {
  const at = server.address();
  console.log(`http://127.0.0.1:${at.port}/#token=${token}`);
});
