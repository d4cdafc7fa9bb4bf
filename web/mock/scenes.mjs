// What can happen to interfaces, rights and the store, for the mock: set by flags at its start or by POST /mock while it runs.

const kNow_ns = () => `${Date.now()}000000`;
const kInstall = 'sudo ./run --allow-capture';
const kRights = {
  ready: { can_capture: true, why: '', fix: '' },
  no_capd: { why: 'This computer does not let sp3ctra read live packets yet. Give that one right to its small capture helper; everything else keeps running without rights.', fix: 'sudo install -o root -m 4750 build/release/sp3ctra-capd /usr/local/libexec/sp3ctra-capd' },
  no_right: { why: 'The capture helper is installed, but its file lacks the right to read packets: it was copied, or its file system ignores such rights.', fix: 'sudo setcap cap_net_raw=ep /usr/local/lib/sp3ctra/sp3ctra-capd' },
  other_version: { why: 'The capture helper that is installed is version 0.0.9, this program is 0.1.0; only two of the same version work together.', fix: kInstall },
  other_user: { why: 'The capture helper was installed for another user.', fix: `${kInstall} --user $USER` },
  broken_capd: { why: 'The capture helper was started but ended at once: killed by signal 11.', fix: kInstall },
  no_interface: { why: 'there is no interface to capture on; enx00e04c68: no cable is plugged in', fix: 'sudo ip link set enx00e04c68 up' },
};

export class Scene {
  started = Date.now();
  /** Called after every change. */
  changed = () => {};
  presets = [
    { key: 'all', name: 'Everything on the wire', bpf: '', words: 'Nothing is left out.' },
    { key: 'internet', name: 'Only internet traffic', bpf: '(ip and not net 127.0.0.0/8 and not net 224.0.0.0/3) or (ip6 and net 2000::/3)', words: 'One end is outside: no broadcast, no multicast, no loopback, nothing between two private addresses.' },
    { key: 'tcp', name: 'TCP', bpf: 'tcp', words: 'Connections: web, mail, remote logins, files.' },
    { key: 'udp', name: 'UDP', bpf: 'udp', words: 'Datagrams: names, calls, games, QUIC.' },
    { key: 'dns', name: 'DNS', bpf: 'port 53 or udp port 5353 or tcp port 853', words: 'Which names are looked up.' },
    { key: 'http', name: 'HTTP', bpf: 'tcp port 80 or tcp port 8080 or tcp port 8000', words: 'Web pages that anybody on the way can read.' },
  ];
  store = { asked: true, bytes: 2_000_000_000, hours: 0, files: 0, min_free_bytes: 1_000_000_000, when_full: 'overwrite', always_on: false };
  what = { rights: 'no_capd', gone: [], hide: [], down: [], extra: [], friendly: {}, drops: false, paused: false, words: {}, renamed: {}, notice: '', expired: 0 };
  /** Names being captured, in order, with how: {name, since_ns, ended}. */
  running = [];
  options = {};

  constructor(argv) {
    const has = (flag) => argv.includes(`--${flag}`);
    if (has('rights')) this.what.rights = 'ready';
    const word = argv.indexOf('--rights-state');
    if (word >= 0) this.what.rights = argv[word + 1];
    if (has('first-start')) this.store.asked = false;
    this.what.drops = has('drops');
    this.what.paused = has('paused');
    if (has('expired')) this.what.expired = 5000;
    this.segments = has('segments');
    this.flaps = has('waiting');
  }

  set(changes) {
    Object.assign(this.what, changes);
    this.changed();
  }

  rights() {
    const { rights } = this.what;
    return { can_capture: false, state: rights, ...(kRights[rights] ?? kRights.broken_capd) };
  }

  choose_store(choice) {
    Object.assign(this.store, choice, { asked: true });
    return this.store;
  }

  /** As the server ranks them: the way to the internet, a real one, a virtual one, loopback. */
  interfaces() {
    const list = this.#interfaces();
    const rank = (i) => (!i.capturable ? 0 : i.default_route ? 4 : i.loopback ? 1 : i.virtual ? 2 : 3);
    const best = list.reduce((found, i) => (rank(i) > (found ? rank(found) : 0) ? i : found), null);
    return list.map((i) => ({ ...i, preferred: i === best }));
  }

  #interfaces() {
    if (this.what.rights === 'no_interface') return [this.#interface_of('enx00e04c68', 'USB adapter', { usb: true, up: false, carrier: false, capturable: false, why: 'no cable is plugged in', fix: 'sudo ip link set enx00e04c68 up' })];
    const t = (Date.now() - this.started) / 1000;
    const grow = (rate) => Math.floor((t * rate + Math.sin(t) * rate * 0.4 + Math.sin(t * 3.1) * rate * 0.15) / 8);
    const all = [
      this.#interface_of('eth0', 'Ethernet cable', { kind: 'ethernet', default_route: true, addresses: ['192.168.1.23', '2001:db8:5::23'], speed_mbps: 1000, rx_bytes: grow(9.6e6) }),
      this.#interface_of('wlan0', 'Wi-Fi “Attic”', { kind: 'wifi', wireless: true, addresses: ['192.168.1.24'], speed_mbps: 433, rx_bytes: grow(2.1e6) }),
      this.#interface_of('wg0', 'VPN tunnel', { kind: 'tunnel', virtual: true, addresses: ['10.8.0.2'], rx_bytes: grow(2e5) }),
      this.#interface_of('lo', 'this computer only', { kind: 'loopback', loopback: true, addresses: ['127.0.0.1', '::1'], mtu: 65536, rx_bytes: grow(4e5) }),
      this.#interface_of('docker0', 'containers', { kind: 'bridge', virtual: true, addresses: ['172.17.0.1'] }),
      this.#interface_of('enx00e04c68', 'USB adapter', { kind: 'ethernet', usb: true, up: false, carrier: false, capturable: false, why: 'it is switched off', fix: 'sudo ip link set enx00e04c68 up' }),
      ...this.what.extra.map((i) => this.#interface_of(i.name, '', i)),
    ];
    return all
      .filter((i) => !this.what.hide.includes(i.name) && !this.#is_gone(i.name))
      .map((i) => (this.what.down.includes(i.name) ? { ...i, up: false, carrier: false, capturable: false, why: 'it is switched off', fix: `sudo ip link set ${i.name} up` } : i))
      .map((i) => ({ ...i, friendly: this.what.friendly[i.name] ?? i.friendly }));
  }

  start(body) {
    const names = body.interfaces ?? [];
    if (names.length === 0) return { error: 'Name at least one interface.' };
    const known = new Set(this.interfaces().map((i) => i.name));
    const missing = names.find((name) => !known.has(name));
    if (missing) return { error: `There is no interface ${missing} (any more).`, interface: missing };
    this.options = body;
    this.running = names.map((name) => ({ name, since_ns: kNow_ns(), from: Date.now() }));
    this.capture_from = Date.now();
    return null;
  }
  add(name) {
    if (!this.interfaces().some((i) => i.name === name)) return { status: 400, error: `There is no interface ${name} (any more).`, interface: name };
    const old = this.running.find((r) => r.name === name);
    if (old && !old.removed) return { status: 409, error: `${name} is being captured already.`, interface: name };
    if (old) Object.assign(old, { removed: false, since_ns: kNow_ns() });
    else this.running.push({ name, since_ns: kNow_ns(), from: Date.now() });
    return null;
  }
  remove(name) {
    const found = this.running.find((r) => r.name === name && !r.removed);
    if (!found) return { status: 404, error: `${name} is not being captured.`, interface: name };
    if (this.running.filter((r) => !r.removed).length === 1) return { status: 409, error: `${name} is the only interface: stop the capture instead.`, interface: name };
    Object.assign(found, { removed: true, since_ns: kNow_ns() });
    return null;
  }

  /** What State.capture says beside its totals. */
  capture(is_running, totals) {
    const several = this.running.filter((r) => !r.removed).length > 1;
    const interfaces = this.running.map((r, i) => {
      const share = i === 0 ? (several ? 0.8 : 1) : 0.2 / Math.max(1, this.running.length - 1);
      const state = r.removed ? 'removed' : this.#is_gone(r.name) ? 'waiting' : this.what.down.includes(r.name) ? 'down' : 'running';
      const words = { waiting: `${r.name} is gone; it is taken up again by itself when it is back`, down: `${r.name} is switched off; it goes on by itself`, removed: `${r.name} was taken out`, running: this.what.words[r.name] ?? '' }[state];
      const packets = Math.floor(totals.packets * share);
      const drops = this.what.drops && i === 0 ? 1204 : 0;
      const on = is_running && state === 'running' ? 1 : 0;
      return {
        name: this.what.renamed[r.name] ?? r.name, state, words, since_ns: r.since_ns, packets, bytes: packets * 600, duplicates: several && i > 0 ? Math.floor(packets * 0.1) : 0,
        packets_per_s: totals.packets_per_s * share * on, bits_per_s: totals.bits_per_s * share * on, received: packets + drops, kernel_drops: drops, card_drops: 0,
        ring_bytes: ((this.options.ring_mib ?? 64) * 1048576) / this.running.length, ring_fill: on * (this.what.drops ? 0.97 : 0.03),
        promiscuous: this.options.promiscuous !== false, snaplen: this.options.snaplen ?? 0, mtu: 1500,
      };
    });
    const sum = (key) => interfaces.reduce((all, i) => all + i[key], 0);
    const { paused } = this.what;
    return {
      words: is_running ? this.what.notice : '',
      interfaces, duplicates: sum('duplicates'), kernel_drops: sum('kernel_drops'), event_drops: this.what.drops ? 12 : 0, queue_fill: this.what.drops ? 0.9 : 0.01,
      store: {
        segments: this.segments ? 31 : is_running ? 1 : 0, bytes: totals.bytes, oldest_ns: this.running[0]?.since_ns ?? '0', expired_packets: this.segments ? 1_204_881 : 0, expired_segments: this.segments ? 9 : 0,
        paused: is_running && paused, words: is_running && paused ? 'the disk is full: packets are counted but not kept until there is room again' : '',
      },
    };
  }

  /** Unplugged: named in `gone`, or --waiting between 2 and 6 s after a capture began. */
  #is_gone(name) {
    if (this.what.gone.includes(name)) return true;
    const age = Date.now() - (this.capture_from ?? Date.now());
    return this.flaps && name === this.running[0]?.name && age > 2000 && age < 6000;
  }

  #interface_of(name, friendly, extra) {
    const able = this.what.rights === 'ready';
    return {
      name, index: 1 + [...name].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 9973, 0), friendly, kind: 'ethernet', addresses: [], mac: '02:00:00:00:00:01', up: true, carrier: true, wireless: false, virtual: false, usb: false, loopback: false,
      default_route: false, capturable: able, why: able ? '' : 'no right', fix: '', rx_bytes: 0, tx_bytes: 0, speed_mbps: 0, mtu: 1500, ...extra,
    };
  }
}
