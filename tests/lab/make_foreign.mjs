#!/usr/bin/env node
// Makes a pcapng of everything the format has, and more: two sections in either byte order, comments, names, secrets,
// statistics, custom blocks and blocks of no known type. Usage: tests/lab/make_foreign.mjs OUT.pcapng
import { writeFileSync } from 'node:fs';
import { block, bytes, eth, udp } from './capture_bytes.mjs';

function section(big) {
  const n16 = (v) => (big ? [v >> 8, v & 255] : [v & 255, v >> 8]);
  const n32 = (v) => (big ? [v >>> 24, (v >> 16) & 255, (v >> 8) & 255, v & 255] : [v & 255, (v >> 8) & 255, (v >> 16) & 255, v >>> 24]);
  const option = (code, value) => bytes(n16(code), n16(Buffer.byteLength(value)), value, Buffer.alloc((4 - (Buffer.byteLength(value) % 4)) % 4));
  const end = n32(0);
  const packet = (number, port, comment) => {
    const data = eth('02:00:00:00:00:01', '02:00:00:00:00:02', 0x0800, udp('10.0.0.1', '10.0.0.2', 4000 + number, port, bytes('payload')));
    const padding = Buffer.alloc((4 - (data.length % 4)) % 4);
    return block(6, bytes(n32(0), n32(0x00060000), n32(number * 1000), n32(data.length), n32(data.length), data, padding, option(1, comment), option(2, bytes(n32(2))), end), big);
  };
  return [
    block(0x0a0d0d0a, bytes(n32(0x1a2b3c4d), n16(1), n16(0), Buffer.alloc(8, 255), option(1, 'about this section'), option(4, 'another program'), end), big),
    block(1, bytes(n16(1), n16(0), n32(262144), option(2, 'wan0'), option(3, 'towards the world'), option(9, bytes([6])), end), big),
    block(4, bytes(n16(1), n16(13), [10, 0, 0, 1], 'gateway\0\0', Buffer.alloc(3), n16(0), n16(0)), big),
    block(10, bytes(n32(0x544c534b), n32(12), 'CLIENT_RANDO'), big),
    packet(1, 53, 'the first question'),
    block(0x0bad, bytes(n32(32473), 'may be copied'), big),
    packet(2, 9999, 'somebody else'),
    block(0x40000bad, bytes(n32(32473), 'must stay at home'), big),
    block(0x00c0ffee, bytes('nobody knows this type'), big),
    block(0x80000042, bytes('a local type'), big),
    packet(3, 53, 'the second question'),
    block(5, bytes(n32(0), n32(0x00060000), n32(9000), option(4, Buffer.alloc(8, 1)), option(5, Buffer.alloc(8, 2)), end), big),
  ];
}

writeFileSync(process.argv[2], Buffer.concat([...section(false), ...section(true)]), { mode: 0o600 });
