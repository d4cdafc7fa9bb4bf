/** The shapes of docs/api.md. Times are strings of nanoseconds since 1970; every text is hostile data. */

export interface InterfaceInfo {
  name: string;
  /** The system's number: stays when the name changes. */
  index?: number;
  /** In plain words: "Ethernet cable", "Wi-Fi", "containers". */
  friendly: string;
  /** One word: "ethernet", "wifi", "loopback", "bridge", "veth", "vlan", "tunnel". */
  kind?: string;
  addresses: string[];
  mac: string;
  up: boolean;
  /** A cable is in, a network joined. */
  carrier?: boolean;
  wireless: boolean;
  virtual: boolean;
  usb?: boolean;
  loopback: boolean;
  default_route: boolean;
  capturable: boolean;
  /** The one to capture on when nobody chose; the server says which. */
  preferred?: boolean;
  why: string;
  fix: string;
  /** Bytes since boot; the page differences them. */
  rx_bytes: number;
  tx_bytes: number;
  speed_mbps: number;
  mtu: number;
}

/** `stopped`: the reading of a file was cancelled; `damage` says where. */
export type CaptureState = 'live' | 'reading' | 'ready' | 'damaged' | 'stopped';

export interface CaptureInfo {
  id: string;
  name: string;
  packets: number;
  bytes: number;
  first_ns: string;
  last_ns: string;
  state: CaptureState;
  damage: string;
  /** Why the capture ended early while its file is whole. */
  ended?: string;
  demo: boolean;
  /** Deleting it deletes its file too: that lies in the data directory. */
  deletable?: boolean;
  /** Names by the number in each row; empty = unnamed. */
  interfaces?: string[];
  rows: number;
  total_bytes: number;
  done_bytes: number;
  rate_bytes_per_s: number;
  given_up: readonly { name: string; count: number; words: string }[];
  /** First packet that is still kept; numbers never change when older ones go. */
  first_number?: number;
  /** Files it consists of; one capture all the same. */
  segments?: number;
  /** Packets no longer kept, because the oldest files made room. */
  expired_packets?: number;
}

/** A capture of the data directory that is not open. */
export interface StoredCapture {
  id: string;
  name: string;
  bytes: number;
  modified_ns: string;
  segments?: number;
}

/** The stream leaves `stored` out when it is as before. */
export interface CapturesMessage {
  captures: CaptureInfo[];
  stored?: StoredCapture[];
}

export type RunState = 'STOPPED' | 'STARTING' | 'RUNNING' | 'STOPPING';

/** waiting: gone, and taken up again by itself when it is back. */
export type InterfaceRunState = 'running' | 'down' | 'waiting' | 'removed' | 'failed';

/** One interface of the running (or last) capture; counts are since its start. */
export interface CapturedInterface {
  name: string;
  state: InterfaceRunState;
  /** Why it is not running, since when. */
  words: string;
  since_ns: string;
  /** Of these, `duplicates` were seen on another interface within a millisecond. */
  packets: number;
  bytes: number;
  duplicates: number;
  packets_per_s: number;
  bits_per_s: number;
  /** What the system counted in, lost because its ring was full, lost by the card. */
  received: number;
  kernel_drops: number;
  card_drops: number;
  ring_bytes: number;
  /** 0 to 1. */
  ring_fill: number;
  promiscuous: boolean;
  /** 0 = whole packets. */
  snaplen: number;
  mtu: number;
}

/** The files of the running capture. */
export interface StoreState {
  segments: number;
  bytes: number;
  oldest_ns: string;
  expired_packets: number;
  expired_segments: number;
  /** The disk is full and the choice was to pause: packets are counted, not kept. */
  paused: boolean;
  words: string;
}

/** What is kept of captures; 0 = no limit. Chosen once, kept in the data directory. */
export interface StoreChoice {
  /** False until somebody has chosen. */
  asked: boolean;
  bytes: number;
  hours: number;
  files: number;
  min_free_bytes: number;
  when_full: 'overwrite' | 'pause';
  /** Capture starts with the program and the last 24 h are kept. */
  always_on: boolean;
}

/** How a capture shall begin; what is left out has the program's default. */
export interface CaptureWish {
  interfaces: readonly string[];
  bpf: string;
  promiscuous?: boolean;
  /** Bytes kept of each packet; 0 = all. */
  snaplen?: number;
  /** Over all interfaces together. */
  ring_mib?: number;
}

export interface FilterPreset {
  key?: string;
  name: string;
  bpf: string;
  words: string;
}

/** Why live packets can or cannot be read. */
export type RightsState = 'ready' | 'no_capd' | 'no_right' | 'other_version' | 'other_user' | 'broken_capd' | 'no_interface';

export interface CaptureStatus {
  state: RunState;
  id: string;
  interfaces: CapturedInterface[];
  bpf: string;
  since_ns: string;
  /** A duplicate counts once here and in the rates. */
  packets: number;
  bytes: number;
  duplicates: number;
  kernel_drops: number;
  /** Lost between the rings and the file: the queue was full. */
  event_drops: number;
  /** 0 to 1. */
  queue_fill: number;
  not_analysed: number;
  /** Came while the file could take no more. */
  not_written: number;
  packets_per_s: number;
  bits_per_s: number;
  words: string;
  store: StoreState;
}

export interface ProgramState {
  version: string;
  capture: CaptureStatus;
  rights: { can_capture: boolean; state: RightsState; why: string; fix: string };
  /** `quota` 0: only the disk bounds what is kept. */
  disk: { used: number; quota: number; free: number };
  /** `cpu_percent` of one processor: may pass 100. */
  process: { cpu_percent: number; memory_bytes: number };
  demo: { available: boolean };
}

/** As many bytes as the program keeps of any packet: the same as all. */
export const kMostSnaplen = 262_144;

/** A piece of a sentence: text, strong text, or a link to the packet that proves it. */
export interface Run {
  t?: string;
  b?: boolean;
  packet?: number;
}

export interface FieldNode {
  field: string;
  label: string;
  value: string;
  filter: string;
  /** Index into `Packet.sources`; offset and length in bytes of that source. */
  source: number;
  offset: number;
  length: number;
  words?: string;
  anomaly?: boolean;
  children?: FieldNode[];
}

export interface Packet {
  number: number;
  ts_ns: string;
  caplen: number;
  len: number;
  interface: string;
  protocol: string;
  family: string;
  sources: { name: string; hex: string }[];
  tree: FieldNode[];
  words: {
    lead: Run[];
    facts: Run[][];
    verdict: 'normal' | 'look' | 'bad';
    reason: Run[];
    basis: string;
  };
  previous: number | null;
  next: number | null;
  flow: string;
  stream: string;
  command: string;
}

export interface Series {
  from_ns: string;
  to_ns: string;
  packets: number[];
  bytes: number[];
  families: Record<string, number[]>;
}

export interface Job {
  id: string;
  state: 'running' | 'done' | 'failed' | 'cancelled';
  done: number;
  total: number;
  rate: number;
  left_s: number;
  error: string;
  bytes: number;
}

export interface Completion {
  /** Byte offsets into the filter's text that the chosen option replaces. */
  from: number;
  to: number;
  options: { text: string; words: string; count: number }[];
}

export interface Found {
  number: number;
  row: number;
}

/** The message that says how many rows a view has. */
export interface RowsMessage {
  op: 'rows';
  view: number;
  capture: string;
  filter: string | null;
  rows: number;
  /** The rows before it are no longer kept. */
  first_row?: number;
  of: number;
  complete: boolean;
  scanned: number;
  ms: number;
}
