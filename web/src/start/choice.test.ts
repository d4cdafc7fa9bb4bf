import { describe, expect, it, vi } from 'vitest';

vi.stubGlobal('location', { port: '5000', protocol: 'http:', host: '127.0.0.1:5000' });
vi.stubGlobal('window', { setTimeout, clearTimeout });
const { as_options, names_to_start, options_words, preset_of, start_label, wish_of, with_preset } = await import('./choice');
const { learn_speeds } = await import('./speeds');
const { size_choices, size_text, store_words } = await import('./store_choice');
const { facts_of, link_word, option_words } = await import('./interface_words');
const { as_interfaces, as_state, names_text } = await import('../api/shapes');

const one = (name: string, more: object = {}) =>
  as_interfaces({ interfaces: [{ name, friendly: '', mac: '', up: true, wireless: false, virtual: false, loopback: false, default_route: false, capturable: true, why: '', fix: '', rx_bytes: 0, tx_bytes: 0, speed_mbps: 0, mtu: 1500, ...more }] })[0]!;

describe('what is captured', () => {
  const list = [one('eth0'), one('wlan0'), one('usb0', { capturable: false })];
  it('is the best one, the chosen ones in the order of the list, and never one that cannot be', () => {
    expect(names_to_start(list, [], 'eth0')).toEqual(['eth0']);
    expect(names_to_start(list, ['wlan0', 'eth0'], 'eth0')).toEqual(['eth0', 'wlan0']);
    expect(names_to_start(list, ['usb0', 'gone', 'wlan0'], 'eth0')).toEqual(['wlan0']);
    expect(names_to_start(list, ['gone'], 'eth0')).toEqual([]);
    expect(names_to_start([], [], null)).toEqual([]);
  });
  it('names itself on the button', () => {
    expect(start_label(['eth0'])).toBe('Capture on eth0');
    expect(start_label(['eth0', 'wlan0'])).toBe('Capture on eth0 and wlan0');
    expect(start_label(['a', 'b', 'c'])).toBe('Capture on a, b and c');
    expect(names_text(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('a, b, c and 3 more');
    expect(start_label([])).toBe('Capture');
  });
  it('takes kept options whatever they are', () => {
    expect(as_options({})).toEqual({ promiscuous: true, snaplen: 0, ring_mib: 0 });
    expect(as_options({ promiscuous: false, snaplen: -4, ring_mib: 1e9 })).toEqual({ promiscuous: false, snaplen: 0, ring_mib: 256 });
    expect(as_options({ snaplen: 3 }).snaplen).toBe(64);
    expect(as_options({ snaplen: 'x' as unknown as number, ring_mib: Number.NaN })).toEqual({ promiscuous: true, snaplen: 0, ring_mib: 0 });
    expect(wish_of({ promiscuous: false, snaplen: 96, ring_mib: 0 })).toEqual({ promiscuous: false, snaplen: 96 });
    expect(wish_of({ promiscuous: true, snaplen: 0, ring_mib: 128 })).toEqual({ promiscuous: true, snaplen: 0, ring_mib: 128 });
  });
  it('says in words what the folded options are', () => {
    expect(options_words('not port 5000', as_options({}))).toBe('keeps not port 5000 · whole packets · also packets for others');
    expect(options_words('', { promiscuous: false, snaplen: 96, ring_mib: 128 })).toBe('everything is kept · first 96 bytes of each · only packets for this computer · 128 MiB buffer');
  });
});

describe('presets', () => {
  const presets = [
    { name: 'Everything', bpf: '', words: '' },
    { name: 'TCP', bpf: 'tcp', words: '' },
  ];
  it('keep the clause about the own port, except everything', () => {
    expect(with_preset('tcp', 'not port 5000', '5000')).toBe('(tcp) and not port 5000');
    expect(with_preset('tcp', '(udp) and not port 5000', '5000')).toBe('(tcp) and not port 5000');
    expect(with_preset('tcp', 'host 1.2.3.4', '5000')).toBe('tcp');
    expect(with_preset('', 'not port 5000', '5000')).toBe('');
  });
  it('are recognised in the text', () => {
    expect(preset_of('tcp', presets, '5000')?.name).toBe('TCP');
    expect(preset_of(' (tcp) and not port 5000 ', presets, '5000')?.name).toBe('TCP');
    expect(preset_of('', presets, '5000')?.name).toBe('Everything');
    expect(preset_of('tcp or udp', presets, '5000')).toBeNull();
  });
});

describe('speeds', () => {
  it('are the difference of counters; a counter that begins anew gives none', () => {
    let known = learn_speeds(new Map(), [one('eth0', { rx_bytes: 1000 })], 0);
    expect(known.get('eth0')?.bits).toEqual([]);
    known = learn_speeds(known, [one('eth0', { rx_bytes: 1500, tx_bytes: 500 })], 1000);
    expect(known.get('eth0')?.bits).toEqual([8000]);
    known = learn_speeds(known, [one('eth0', { rx_bytes: 9000 })], 1010);
    expect(known.get('eth0')?.bits).toEqual([8000]);
    known = learn_speeds(known, [one('eth0', { rx_bytes: 10 })], 2000);
    expect(known.get('eth0')?.bits).toEqual([8000]);
    known = learn_speeds(known, [one('eth0', { rx_bytes: 10 })], 3000);
    expect(known.get('eth0')?.bits).toEqual([8000, 0]);
    expect(learn_speeds(known, [], 4000).size).toBe(0);
  });
});

describe('words about an interface', () => {
  it('say whether packets can pass, and what it is', () => {
    expect(link_word(one('a', { up: false }))).toBe('switched off');
    expect(link_word(one('a', { carrier: false }))).toBe('no connection');
    expect(link_word(one('lo', { carrier: false, loopback: true }))).toBe('up');
    expect(facts_of(one('a', { speed_mbps: 1000, usb: true, wireless: true, virtual: true }))).toEqual(['up', '1.0 Gbit/s', 'wireless', 'USB', 'virtual']);
    expect(option_words(one('a', { capturable: false, why: 'it is switched off', up: false, addresses: ['10.0.0.1'] }))).toBe('wired · 10.0.0.1 · switched off · it is switched off');
  });
});

describe('what is kept', () => {
  const choice = { asked: true, bytes: 2_000_000_000, hours: 0, files: 0, min_free_bytes: 1_000_000_000, when_full: 'overwrite' as const, always_on: false };
  it('offers what is in force as one of the sizes', () => {
    expect(size_choices(2_147_483_648)).toEqual([500_000_000, 2_147_483_648, 10_000_000_000, 50_000_000_000, 0]);
    expect(size_choices(7e9)).toEqual([500_000_000, 2_000_000_000, 7e9, 10_000_000_000, 50_000_000_000, 0]);
    expect(size_choices(0)).toEqual([500_000_000, 2_000_000_000, 10_000_000_000, 50_000_000_000, 0]);
    expect([2_147_483_648, 2e9, 5e8, 0].map(size_text)).toEqual(['2.1 GB', '2 GB', '500 MB', 'no limit']);
  });
  it('says what is for all captures together and what for each', () => {
    expect(store_words(choice)).toBe('All captures together take at most 2 GB; then the oldest packets of the running one make room. 1 GB of the disk stays free.');
    expect(store_words({ ...choice, min_free_bytes: 0, hours: 6, files: 1, when_full: 'pause' })).toBe('All captures together take at most 2 GB, a capture at most 1 file; then capture pauses until there is room. A capture keeps the last 6 h.');
    expect(store_words({ ...choice, bytes: 0, files: 3, min_free_bytes: 0 })).toBe('A capture takes at most 3 files; then the oldest packets of the running one make room.');
    expect(store_words({ ...choice, always_on: true })).toBe('Always on: the last 24 h are kept, and capture starts with sp3ctra. 1 GB of the disk stays free.');
    expect(store_words({ ...choice, bytes: 0, min_free_bytes: 0 })).toBe('A capture is kept whole. When the disk is full, the oldest packets of the running one make room.');
  });
});

describe('a state that leaves things out', () => {
  it('has neutral values, and every word for the rights is known', () => {
    const state = as_state({ version: '1', capture: { state: 'RUNNING', interfaces: [{ name: 'eth0' }] }, rights: { can_capture: false, state: 'no_right' } });
    expect(state.capture.interfaces[0]).toMatchObject({ name: 'eth0', state: 'running', kernel_drops: 0 });
    expect(state.capture.store.paused).toBe(false);
    expect(state.rights.state).toBe('no_right');
    expect(as_state({ rights: { can_capture: true } }).rights.state).toBe('ready');
    expect(as_state({}).rights.state).toBe('broken_capd');
  });
});
