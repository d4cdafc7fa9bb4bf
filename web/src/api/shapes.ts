import { kMostSnaplen, type CapturedInterface, type CaptureStatus, type InterfaceInfo, type ProgramState, type RightsState, type StoreState } from './types';

/** What a server leaves out gets its neutral value here, so that no view needs to ask twice. */

const kStore: StoreState = { segments: 0, bytes: 0, oldest_ns: '0', expired_packets: 0, expired_segments: 0, paused: false, words: '' };
const kInterface: CapturedInterface = {
  name: '',
  state: 'running',
  words: '',
  since_ns: '0',
  packets: 0,
  bytes: 0,
  duplicates: 0,
  packets_per_s: 0,
  bits_per_s: 0,
  received: 0,
  kernel_drops: 0,
  card_drops: 0,
  ring_bytes: 0,
  ring_fill: 0,
  promiscuous: false,
  snaplen: 0,
  mtu: 0,
};
const kCapture: CaptureStatus = {
  state: 'STOPPED',
  id: '',
  interfaces: [],
  bpf: '',
  since_ns: '0',
  packets: 0,
  bytes: 0,
  duplicates: 0,
  kernel_drops: 0,
  event_drops: 0,
  queue_fill: 0,
  not_analysed: 0,
  not_written: 0,
  packets_per_s: 0,
  bits_per_s: 0,
  words: '',
  store: kStore,
};
const kRights: Record<string, RightsState> = {
  ready: 'ready',
  no_capd: 'no_capd',
  no_right: 'no_right',
  other_version: 'other_version',
  other_user: 'other_user',
  broken_capd: 'broken_capd',
  no_interface: 'no_interface',
};

export function as_state(told: unknown): ProgramState {
  const got = told as Partial<ProgramState>;
  const capture = { ...kCapture, ...got.capture };
  const rights = { can_capture: false, why: '', fix: '', ...got.rights };
  const known = kRights[String(rights.state ?? '')];
  return {
    ...(got as ProgramState),
    capture: {
      ...capture,
      interfaces: (capture.interfaces ?? []).map((i) => ({ ...kInterface, ...i, snaplen: i.snaplen >= kMostSnaplen ? 0 : (i.snaplen ?? 0) })),
      store: { ...kStore, ...capture.store },
    },
    rights: { ...rights, state: known ?? (rights.can_capture ? 'ready' : 'broken_capd') },
    process: { cpu_percent: 0, memory_bytes: 0, ...got.process },
    disk: { used: 0, quota: 0, free: 0, ...got.disk },
    demo: { available: false, ...got.demo },
  };
}

export function as_interfaces(told: unknown): InterfaceInfo[] {
  const list = (told as { interfaces?: InterfaceInfo[] }).interfaces ?? [];
  return list.map((i) => ({ ...i, addresses: i.addresses ?? [] }));
}

/** "eth0", "eth0 and wlan0", "eth0, wlan0 and lo"; from `most` names on "eth0, wlan0 and 3 more". */
export function names_text(names: readonly string[], most = 4): string {
  if (names.length <= 1) return names[0] ?? '';
  if (names.length > most) return `${names.slice(0, most - 1).join(', ')} and ${names.length - most + 1} more`;
  return `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}
