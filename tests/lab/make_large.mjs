#!/usr/bin/env node
// Makes a large capture, the same bytes every time: the demo's conversations over and over, each time between other
// addresses and later; its port scan every 16th time and its downloads every 4th. Usage: tests/lab/make_large.mjs OUT.pcap|OUT.pcapng PACKETS   (10 million: 2 GB, some seconds)
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

const kBytesMoved = [3, 3, 2];
const kWas = kMoved.flatMap((prefix, kind) => [...prefix.subarray(0, kBytesMoved[kind])]);

const host = (text) => Buffer.from(text.split('.').map(Number));
/** True for IPv4 between these two. */
const between = (a, b) => ({ data }) => {
  if (data.readUInt16BE(12) !== 0x0800) return false;
  const ends = [data.subarray(26, 30), data.subarray(30, 34)];
  return [host(a), host(b)].every((h) => ends.some((end) => end.equals(h)));
};
// The port scan and the downloads are most of the demo's packets and bytes; every round of them would be a poor likeness.
const is_scan = between('192.168.1.66', '192.168.1.20');
const is_download = between('192.168.1.50', '203.0.113.10');

/** Where a frame has checksums, and which of its bytes each is over. */
function checksums_of(data) {
  const type = data.readUInt16BE(12);
  const out = [];
  if (type !== 0x0800 && type !== 0x86dd) return out;
  let next = type === 0x0800 ? data[23] : data[20];
  let at = type === 0x0800 ? 14 + (data[14] & 15) * 4 : 54;
  if (type === 0x0800) {
    out.push({ at: 24, over: [[14, at]] });
    if ((data.readUInt16BE(20) & 0x1fff) !== 0) return out;
  }
  for (; next === 0 && type === 0x86dd; at += (data[at + 1] + 1) * 8) next = data[at];
  const field = { 1: 2, 6: 16, 17: 6, 58: 2 }[next];
  if (field === undefined || at + field + 2 > data.length || data.readUInt16BE(at + field) === 0) return out;
  const addresses = type === 0x0800 ? [26, 34] : [22, 54];
  out.push({ at: at + field, over: next === 1 ? [[at, data.length]] : [addresses, [at, data.length]] });
  return out;
}

/** One round as it stands in the file, and where it changes from round to round. */
function image_of(chosen) {
  const records = [];
  const image = { ends: [], times: [], moved: [[], [], []], sums: [], bytes: null };
  let size = 0;
  for (const { ns, data } of chosen) {
    const head = ng ? 28 : 16;
    const record = ng ? block(6, bytes(Buffer.alloc(20), data)) : Buffer.concat([Buffer.alloc(16), data]);
    for (const at of ng ? [20, 24] : [8, 12]) record.writeUInt32LE(data.length, at);
    image.times.push({ at: size + (ng ? 12 : 0), ns });
    const places = kMoved.map((prefix) => {
      const found = [];
      for (let at = data.indexOf(prefix, 12); at >= 0; at = data.indexOf(prefix, at + 1)) found.push(at);
      return found;
    });
    places.forEach((found, kind) => image.moved[kind].push(...found.map((at) => size + head + at)));
    for (const { at, over } of checksums_of(data)) {
      // How much one more in each moved byte adds to the sum (RFC 1624).
      const weights = places.map((found, kind) =>
        Array.from({ length: kBytesMoved[kind] }, (_, j) =>
          found.filter((p) => over.some(([from, to]) => p + j >= from && p + j < to)).reduce((sum, p) => sum + ((p + j) % 2 === 0 ? 256 : 1), 0),
        ),
      );
      if (weights.flat().some((w) => w > 0)) image.sums.push({ at: size + head + at, was: data.readUInt16BE(at), weights: weights.flat() });
    }
    records.push(record);
    size += record.length;
    image.ends.push(size);
  }
  image.bytes = Buffer.concat(records);
  return image;
}
const whole = image_of(frames);
const without_scan = image_of(frames.filter((frame) => !is_scan(frame)));
const small = image_of(frames.filter((frame) => !is_scan(frame) && !is_download(frame)));

function set_round(image, r) {
  const round = image.bytes;
  const high = r >> 8;
  const low = r & 255;
  const to = [[10, high & 255, low], [172 + (high >> 4), 16 + (high & 15), low], [high & 255, low]];
  image.moved.forEach((places, kind) => {
    for (const at of places) round.set(to[kind], at);
  });
  const more = to.flat().map((value, i) => value - kWas[i]);
  for (const { at, was, weights } of image.sums) {
    let sum = ~was & 0xffff;
    for (let i = 0; i < weights.length; i++) sum += weights[i] * more[i];
    sum = ((sum % 0xffff) + 0xffff) % 0xffff;
    round.writeUInt16BE(~sum & 0xffff, at);
  }
  const later = round_ns * BigInt(r);
  for (const { at, ns } of image.times) {
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
for (let r = 0, left = wanted; left > 0; r++) {
  const image = r % 16 === 0 ? whole : r % 4 === 0 ? without_scan : small;
  set_round(image, r);
  const end = left >= image.ends.length ? image.bytes.length : image.ends[left - 1];
  for (let from = 0; from < end; ) from += writeSync(fd, image.bytes, from, end - from);
  left -= image.ends.length;
}
closeSync(fd);
