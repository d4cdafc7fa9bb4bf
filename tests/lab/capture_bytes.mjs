// What the makers of test captures share: reading a pcapng, writing pcap and pcapng, frames put together layer by layer.
import { readFileSync } from 'node:fs';

export const bytes = (...parts) => Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : Buffer.isBuffer(part) ? part : Buffer.from(part))));
export const u16 = (n) => [(n >> 8) & 255, n & 255];
export const u32 = (n) => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

/** The sum that IP, TCP and UDP write at the end of the arithmetic (RFC 1071). */
export function checksum(data) {
  let sum = 0;
  for (let i = 0; i < data.length; i += 2) sum += (data[i] << 8) | (data[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const address = (text) => Buffer.from(text.split('.').map(Number));

export function ipv4(from, to, protocol, payload) {
  const head = bytes([0x45, 0], u16(20 + payload.length), u16(1), [0x40, 0, 64, protocol, 0, 0], address(from), address(to));
  head.writeUInt16BE(checksum(head), 10);
  return bytes(head, payload);
}

function with_sum(from, to, protocol, segment, at) {
  const pseudo = bytes(address(from), address(to), [0, protocol], u16(segment.length), segment);
  segment.writeUInt16BE(checksum(pseudo), at);
  return ipv4(from, to, protocol, segment);
}

export const udp = (from, to, from_port, to_port, payload) => with_sum(from, to, 17, bytes(u16(from_port), u16(to_port), u16(8 + payload.length), [0, 0], payload), 6);
export const tcp = (from, to, from_port, to_port, { seq = 0, ack = 0, flags = 0x18 }, payload = Buffer.alloc(0)) =>
  with_sum(from, to, 6, bytes(u16(from_port), u16(to_port), u32(seq), u32(ack), [0x50, flags], u16(64240), [0, 0, 0, 0], payload), 16);

export const eth = (from, to, type, payload) => bytes(Buffer.from(to.replaceAll(':', ''), 'hex'), Buffer.from(from.replaceAll(':', ''), 'hex'), u16(type), payload);

/** A little-endian pcap with nanoseconds; `packets` are {ns: BigInt, data}. */
export function pcap(packets, link = 1) {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b23c4d, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(262144, 16);
  head.writeUInt32LE(link, 20);
  const records = packets.map(({ ns, data }) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(Number(ns / 1_000_000_000n), 0);
    record.writeUInt32LE(Number(ns % 1_000_000_000n), 4);
    record.writeUInt32LE(data.length, 8);
    record.writeUInt32LE(data.length, 12);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, ...records]);
}

/** A pcapng block around a body, in either byte order. */
export function block(type, body, big = false) {
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
  const out = Buffer.alloc(padded.length + 12);
  const put = (value, at) => (big ? out.writeUInt32BE(value, at) : out.writeUInt32LE(value, at));
  put(type, 0);
  put(out.length, 4);
  padded.copy(out, 8);
  put(out.length, out.length - 4);
  return out;
}

/** The blocks of a pcapng file as {type, big, at, data}, data being the whole block. */
export function blocks_of(file) {
  const out = [];
  let big = false;
  for (let at = 0; at + 12 <= file.length; ) {
    if (file.readUInt32BE(at) === 0x0a0d0d0a) big = file.readUInt32BE(at + 8) === 0x1a2b3c4d;
    const get = (where) => (big ? file.readUInt32BE(where) : file.readUInt32LE(where));
    const length = get(at + 4);
    if (length < 12 || at + length > file.length) break;
    out.push({ type: get(at), big, at, data: file.subarray(at, at + length) });
    at += length;
  }
  return out;
}

/** The frames of a little-endian pcapng with nanoseconds or microseconds, as the lab's own captures are. */
export function frames_of(path) {
  const out = [];
  let ticks = 1_000_000n;
  for (const { type, data } of blocks_of(readFileSync(path))) {
    if (type === 1) {
      for (let at = 16; at + 4 <= data.length - 4; ) {
        const code = data.readUInt16LE(at);
        const length = data.readUInt16LE(at + 2);
        if (code === 0) break;
        if (code === 9) ticks = 10n ** BigInt(data[at + 4]);
        at += 4 + ((length + 3) & ~3);
      }
    }
    if (type !== 6) continue;
    const time = (BigInt(data.readUInt32LE(12)) << 32n) | BigInt(data.readUInt32LE(16));
    out.push({ ns: (time * 1_000_000_000n) / ticks, data: data.subarray(28, 28 + data.readUInt32LE(20)) });
  }
  return out;
}
