#!/usr/bin/env node
// Makes a capture whose every text tries to become part of a page. Usage: tests/lab/make_hostile.mjs OUT.pcap
import { writeFileSync } from 'node:fs';
import { bytes, eth, pcap, tcp, u16, u32, udp } from './capture_bytes.mjs';

const kScript = '<script>window.__pwned=1</script>';
const kImage = '<img src=x onerror="window.__pwned=2">';
const kSvg = '"><svg onload=window.__pwned=3>';
/** Turns the reading direction around, rings, and clears a terminal. */
const kControls = 'a\u202eb\u2066c\u0007d\u001b[2Je\u0000f';
const kBad = [kScript, kImage, kSvg, kControls];

const a = '02:00:00:00:00:01';
const b = '02:00:00:00:00:02';
const client = '10.0.0.5';
const server = '10.0.0.1';
const packets = [];
let ns = 1_700_000_000_000_000_000n;
const add = (data) => packets.push({ ns: (ns += 10_000_000n), data });
const from_client = (payload) => add(eth(a, b, 0x0800, payload));
const from_server = (payload) => add(eth(b, a, 0x0800, payload));

const label = (text) => bytes([Buffer.byteLength(text)], text);
const name = (...labels) => bytes(...labels.map(label), [0]);

function dns(id) {
  for (const bad of kBad) {
    const question = bytes(name(bad, 'example'), u16(1), u16(1));
    from_client(udp(client, server, 40000 + id, 53, bytes(u16(id), u16(0x0100), u16(1), u16(0), u16(0), u16(0), question)));
    const text = bytes(label(bad), label(bad));
    const answers = bytes(
      [0xc0, 12], u16(5), u16(1), u32(60), u16(name(bad, 'alias').length), name(bad, 'alias'),
      [0xc0, 12], u16(16), u16(1), u32(60), u16(text.length), text,
    );
    from_server(udp(server, client, 53, 40000 + id, bytes(u16(id), u16(0x8180), u16(1), u16(2), u16(0), u16(0), question, answers)));
    id += 1;
  }
}

function http(port) {
  let seq = 1000;
  let ack = 5000;
  from_client(tcp(client, server, port, 80, { seq: seq++, flags: 2 }));
  from_server(tcp(server, client, 80, port, { seq: ack++, ack: seq, flags: 18 }));
  for (const bad of kBad) {
    const flat = bad.replaceAll('\0', '');
    const request = bytes(`GET /${flat.replaceAll(' ', '%20')} HTTP/1.1\r\nHost: ${flat}\r\nUser-Agent: ${flat}\r\nX-${kScript}: ${flat}\r\nCookie: ${flat}\r\n\r\n`);
    from_client(tcp(client, server, port, 80, { seq, ack }, request));
    seq += request.length;
    const answer = bytes(`HTTP/1.1 200 ${flat}\r\nServer: ${flat}\r\nContent-Type: text/html\r\nContent-Length: ${Buffer.byteLength(bad)}\r\n\r\n`, bad);
    from_server(tcp(server, client, 80, port, { seq: ack, ack: seq }, answer));
    ack += answer.length;
  }
}

function dhcp() {
  for (const bad of kBad) {
    const head = bytes([1, 1, 6, 0], u32(0xbad), Buffer.alloc(20), Buffer.from('020000000001', 'hex'), Buffer.alloc(10), Buffer.alloc(192), [0x63, 0x82, 0x53, 0x63]);
    const option = (code, text) => bytes([code, Buffer.byteLength(text)], text);
    const options = bytes([53, 1, 1], option(12, bad), option(60, bad), option(15, bad), [255]);
    from_client(udp('0.0.0.0', '255.255.255.255', 68, 67, bytes(head, options)));
  }
}

function tls(port) {
  for (const bad of kBad) {
    const host = Buffer.from(bad);
    const list = bytes([0], u16(host.length), host);
    const extension = bytes(u16(0), u16(list.length + 2), u16(list.length), list);
    const hello = bytes([3, 3], Buffer.alloc(32, 7), [0], u16(2), u16(0x1301), [1, 0], u16(extension.length), extension);
    const handshake = bytes([1, 0], u16(hello.length), hello);
    from_client(tcp(client, server, port, 443, { seq: 1, ack: 1 }, bytes([22, 3, 1], u16(handshake.length), handshake)));
    port += 1;
  }
}

dns(1);
http(41000);
dhcp();
tls(42000);
add(eth(a, 'ff:ff:ff:ff:ff:ff', 0x0806, bytes([0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 5, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1])));
writeFileSync(process.argv[2], pcap(packets), { mode: 0o600 });
