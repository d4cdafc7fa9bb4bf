#!/usr/bin/env node
// Makes a large capture, the same bytes every time: the demo's conversations over and over, each time between other
// addresses and later. Usage: tests/lab/make_large.mjs OUT.pcap|OUT.pcapng PACKETS   (10 million: 1.8 GB, some seconds)
import { closeSync, openSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { block, bytes, frames_of, pcap } from './capture_bytes.mjs';

const [out, count_text] = process.argv.slice(2);
const wanted = Number(count_text);
if (!out || !(wanted > 0)) {
  console.error('make_large OUT.pcap|OUT.pcapng PACKETS');
  process.exit(2);
}
const ng = out.endsWith('.pcapng');
const frames = frames_of(fileURLToPath(new URL('../../packaging/demo.pcapng', import.meta.url)));
const first_ns = frames[0].ns;
const round_ns = frames.at(-1).ns - first_ns + 1_000_000n;

const kMoved = [Buffer.from([192, 168, 1]), Buffer.from([203, 0, 113]), Buffer.from([0x5e, 0xff, 0xfe, 0x10])];

/** One round of the demo as it stands in the file, and where it changes from round to round. */
const image = [];
const ends = [];
const times = [];
const moved = [[], [], []];
const headers = [];
let size = 0;
for (const { ns, data } of frames) {
  const head = ng ? 28 : 16;
  const record = ng ? block(6, bytes(Buffer.alloc(20), data)) : Buffer.concat([Buffer.alloc(16), data]);
  for (const at of ng ? [20, 24] : [8, 12]) record.writeUInt32LE(data.length, at);
  times.push({ at: size + (ng ? 12 : 0), ns });
  kMoved.forEach((prefix, kind) => {
    for (let at = data.indexOf(prefix, 12); at >= 0; at = data.indexOf(prefix, at + 1)) moved[kind].push(size + head + at);
  });
  if (data.readUInt16BE(12) === 0x0800) headers.push(size + head + 14);
  image.push(record);
  size += record.length;
  ends.push(size);
}
const round = Buffer.concat(image);

function set_round(r) {
  const high = r >> 8;
  const low = r & 255;
  for (const at of moved[0]) round.set([10, high & 255, low], at);
  for (const at of moved[1]) round.set([172, 16 + (high & 15), low], at);
  for (const at of moved[2]) round.set([high & 255, low], at);
  for (const at of headers) {
    let sum = 0;
    for (let i = 0; i < 20; i += 2) if (i !== 10) sum += (round[at + i] << 8) | round[at + i + 1];
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    round.writeUInt16BE(~sum & 0xffff, at + 10);
  }
  const later = round_ns * BigInt(r);
  for (const { at, ns } of times) {
    const t = ns + later;
    round.writeUInt32LE(Number(ng ? t >> 32n : t / 1_000_000_000n), at);
    round.writeUInt32LE(Number(ng ? t & 0xffffffffn : t % 1_000_000_000n), at + 4);
  }
}

function head() {
  if (!ng) return pcap([]);
  const section = bytes([0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0], Buffer.alloc(8, 255));
  const nanoseconds = bytes([1, 0, 0, 0, 0, 0, 4, 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
  return bytes(block(0x0a0d0d0a, section), block(1, nanoseconds));
}

const fd = openSync(out, 'w', 0o600);
writeSync(fd, head());
for (let r = 0, left = wanted; left > 0; r++, left -= frames.length) {
  set_round(r);
  const end = left >= frames.length ? round.length : ends[left - 1];
  for (let from = 0; from < end; ) from += writeSync(fd, round, from, end - from);
}
closeSync(fd);
