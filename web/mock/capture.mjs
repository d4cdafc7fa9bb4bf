// A made-up capture of any size: packet n is computed from n, nothing is stored.

const kStart_s = 1_700_000_000;
const kHosts = ['192.168.1.23', '192.168.1.1', '185.15.59.224', '203.0.113.77', '2001:db8:5::23', '192.168.1.10'];
const kHostile = [
  '<script>window.__pwned=1</script>',
  '<img src=x onerror=window.__pwned=1>',
  'javascript:alert(1)//\u202Eevil\u202C',
  '"><svg onload=window.__pwned=1>.example',
];

function mix(n) {
  let x = (n ^ 0x9e3779b9) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b) >>> 0;
  return (x ^ (x >>> 16)) >>> 0;
}

const kKinds = [
  { protocol: 'TLS', family: 2, name: 'secure', port: 443, length: 1514, say: (r) => `sends ${1000 + (r % 448)} encrypted bytes` },
  { protocol: 'TCP', family: 0, name: 'plain', port: 443, length: 66, say: (r) => `confirms ${(r % 60) * 1448} bytes received` },
  { protocol: 'DNS', family: 1, name: 'names', port: 53, length: 121, say: (r) => `answers: host${r % 500}.example.org is at 185.15.59.${r % 250}` },
  { protocol: 'HTTP', family: 3, name: 'clear', port: 80, length: 420, say: (r) => `asks for /path/${r % 9999} at updates.example.org` },
  { protocol: 'ARP', family: 4, name: 'upkeep', port: 0, length: 60, say: () => 'asks who has 192.168.1.1' },
  { protocol: 'SSH', family: 5, name: 'remote', port: 22, length: 150, say: (r) => `sends ${r % 100} encrypted bytes` },
  { protocol: 'MQTT', family: 7, name: 'things', port: 1883, length: 112, say: () => 'publishes to topic porch/motion: off' },
  { protocol: 'UDP', family: 0, name: 'plain', port: 9999, length: 90, say: (r) => `sends ${r % 1000} bytes` },
];
const kPick = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7];

/** Facts of packet n, 1-based. */
export function packet_facts(n) {
  const r = mix(n);
  const kind = kKinds[kPick[r % kPick.length]];
  const a = kHosts[r % kHosts.length];
  const b = kHosts[(r >>> 8) % kHosts.length];
  const nanos_total = n * 120_000 + (r % 90_000);
  const seconds = kStart_s + Math.floor(nanos_total / 1e9);
  const hostile = n % 97 === 5 ? kHostile[(n / 97) & 3] : '';
  const flags = (n % 211 === 0 ? 1 : 0) | (n % 307 === 0 ? 8 : 0) | (n % 53 === 0 ? 128 : 0);
  return {
    number: n,
    kind,
    seconds,
    nanos: nanos_total % 1e9,
    length: kind.length,
    source: kind.protocol === 'ARP' ? '3c:a6:2f:11:8e:90' : a,
    target: kind.protocol === 'ARP' ? 'ff:ff:ff:ff:ff:ff' : b,
    source_port: kind.port === 0 ? 0 : 1024 + (r % 60000),
    target_port: kind.port,
    flags,
    info: hostile ? `asks: where is ${hostile}` : kind.say(r),
    hostile,
  };
}

const kEncoder = new TextEncoder();

/** The binary message of docs/api.md for packets `numbers` (already filtered). */
export function encode_rows(view, first, total, numbers, follow) {
  const n = numbers.length;
  const rows = numbers.map(packet_facts);
  const texts = [rows.map((r) => r.source), rows.map((r) => r.target), rows.map((r) => r.kind.protocol), rows.map((r) => r.info)].map((column) =>
    column.map((text) => kEncoder.encode(text)),
  );
  const pad = (size) => (size + 7) & ~7;
  let size = 32;
  for (const width of [8, 8, 4, 4, 2, 2, 2, 1, 1]) size += pad(width * n);
  for (const column of texts) size += pad(4 * (n + 1) + column.reduce((sum, t) => sum + t.length, 0));
  const buffer = new ArrayBuffer(size);
  const out = new DataView(buffer);
  out.setUint32(0, 0x31525053, true);
  out.setUint32(4, view, true);
  out.setFloat64(8, first, true);
  out.setFloat64(16, total, true);
  out.setUint32(24, n, true);
  out.setUint32(28, follow ? 1 : 0, true);
  let at = 32;
  const column = (width, put) => {
    rows.forEach((row, i) => put(at + i * width, row));
    at += pad(width * n);
  };
  column(8, (p, r) => out.setFloat64(p, r.number, true));
  column(8, (p, r) => out.setFloat64(p, r.seconds, true));
  column(4, (p, r) => out.setUint32(p, r.nanos, true));
  column(4, (p, r) => out.setUint32(p, r.length, true));
  column(2, (p, r) => out.setUint16(p, r.source_port, true));
  column(2, (p, r) => out.setUint16(p, r.target_port, true));
  column(2, (p, r) => out.setUint16(p, r.flags, true));
  column(1, (p, r) => out.setUint8(p, r.number % 5 === 0 ? 1 : 0));
  column(1, (p, r) => out.setUint8(p, r.kind.family));
  for (const cells of texts) {
    let offset = 0;
    cells.forEach((cell, i) => {
      out.setUint32(at + 4 * i, offset, true);
      new Uint8Array(buffer, at + 4 * (n + 1) + offset, cell.length).set(cell);
      offset += cell.length;
    });
    out.setUint32(at + 4 * n, offset, true);
    at += pad(4 * (n + 1) + offset);
  }
  return buffer;
}

const hex = (bytes) => [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');

/** The Packet of docs/api.md. */
export function packet_json(n, last) {
  const f = packet_facts(n);
  const bytes = new Uint8Array(f.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = mix(n * 31 + i) & 0xff;
  const tail = kEncoder.encode(f.hostile || 'en.wikipedia.org');
  bytes.set(tail.subarray(0, Math.max(0, f.length - 54)), Math.min(54, f.length - 1));
  const field = (name, label, value, offset, length, filter, children) => ({ field: name, label, value, filter: filter ?? '', source: 0, offset, length, words: `About ${label}`, anomaly: false, children: children ?? [] });
  const proto = f.kind.protocol.toLowerCase();
  const named = f.hostile || 'en.wikipedia.org';
  const tree = [
    field('frame', 'Frame', `${f.length} bytes on eth0`, 0, f.length, 'frame', [field('frame.number', 'Number', String(n), 0, 0, `frame.number == ${n}`), field('frame.len', 'Length on the wire', String(f.length), 0, 0, `frame.len == ${f.length}`)]),
    field('eth', 'Ethernet', '3c:a6:2f:11:8e:90 to a4:83:e7:5d:20:1c', 0, 14, 'eth', [field('eth.dst', 'To', 'a4:83:e7:5d:20:1c', 0, 6, 'eth.dst == a4:83:e7:5d:20:1c'), field('eth.src', 'From', '3c:a6:2f:11:8e:90', 6, 6, 'eth.src == 3c:a6:2f:11:8e:90'), field('eth.type', 'Carries', 'IPv4', 12, 2, 'eth.type == 0x0800')]),
    field('ip', 'IPv4', `${f.source} to ${f.target}`, 14, 20, 'ip', [field('ip.ttl', 'May pass', '64 more routers', 22, 1, 'ip.ttl == 64'), field('ip.src', 'From', f.source, 26, 4, `ip.src == ${f.source}`), field('ip.dst', 'To', f.target, 30, 4, `ip.dst == ${f.target}`)]),
    field('udp', 'UDP', `${f.source_port} to ${f.target_port}, checksum good`, 34, 8, 'udp', [field('udp.srcport', 'From port', String(f.source_port), 34, 2, `udp.srcport == ${f.source_port}`), field('udp.dstport', 'To port', String(f.target_port), 36, 2, `udp.dstport == ${f.target_port}`)]),
    field(proto, f.kind.protocol, 'answer, no error', 42, Math.max(1, f.length - 42), proto, [
      field(`${proto}.qry`, 'Question', named, 54, Math.min(tail.length, f.length - 54), `${proto}.qry == "x"`, [field(`${proto}.qry.type`, 'Type', 'A', 54, 2, `${proto}.qry.type == 1`)]),
      field(`${proto}.ttl`, 'May be kept for', '600 s = 10 min', 44, 4, `${proto}.ttl == 600`),
      field(`${proto}.a`, 'Address', '185.15.59.224', 48, 4, `${proto}.a == 185.15.59.224`),
    ]),
  ];
  if (n % 211 === 0) tree[4].children.push({ ...field('_ws.malformed', 'Malformed', 'a length runs past the end', 50, 1), anomaly: true });
  const previous = n > 1 ? n - 1 : null;
  return {
    number: n,
    ts_ns: `${f.seconds}${String(f.nanos).padStart(9, '0')}`,
    caplen: f.length,
    len: f.length,
    interface: 'eth0',
    protocol: f.kind.protocol,
    family: f.kind.name,
    sources: n % 3 === 0 ? [{ name: 'Frame', hex: hex(bytes) }, { name: 'Reassembled TCP (3 packets)', hex: hex(new Uint8Array(70000).map((_, i) => i & 0xff)) }] : [{ name: 'Frame', hex: hex(bytes) }],
    tree,
    words: {
      lead: [{ t: 'The router answers: ' }, { t: named, b: true }, { t: ' is at ' }, { t: '185.15.59.224', b: true }, { t: '.' }],
      facts: [
        [{ t: 'It answers your question ' }, { packet: Math.max(1, n - 1) }, { t: ' after ' }, { t: '18.2 ms', b: true }, { t: '.' }],
        [{ t: named, b: true }, { t: ' is another name for ' }, { t: 'dyna.wikimedia.org', b: true }, { t: '.' }],
        [{ t: 'Your laptop may keep this answer for ' }, { t: '10 minutes', b: true }, { t: '.' }],
        [{ t: 'It used it ' }, { t: '0.4 ms', b: true }, { t: ' later to open a connection ' }, { packet: Math.min(last, n + 1) }, { t: '.' }],
      ],
      verdict: n % 211 === 0 ? 'look' : 'normal',
      reason: [{ t: 'Not encrypted: anyone on your network could read which site you asked for.' }],
      basis: 'Read directly from this packet and 2 others.',
    },
    previous,
    next: n < last ? n + 1 : null,
    flow: '17:203',
    stream: 'udp:14',
    command: `sp3ctra read FILE --packet ${n} -o tree`,
  };
}

export const kFirst_ns = `${kStart_s}000120000`;
export function last_ns(n) {
  const f = packet_facts(n);
  return `${f.seconds}${String(f.nanos).padStart(9, '0')}`;
}
