/** The shapes of docs/api.md. Times are strings of nanoseconds since 1970; every text is hostile data. */

export interface InterfaceInfo {
  name: string;
  friendly: string;
  addresses: string[];
  mac: string;
  up: boolean;
  wireless: boolean;
  virtual: boolean;
  loopback: boolean;
  default_route: boolean;
  capturable: boolean;
  why: string;
  fix: string;
  /** Bytes since boot; the page differences them. */
  rx_bytes: number;
  tx_bytes: number;
  speed_mbps: number;
  mtu: number;
}

export type CaptureState = 'live' | 'reading' | 'ready' | 'damaged';

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
}

/** A capture of the data directory that is not open. */
export interface StoredCapture {
  id: string;
  name: string;
  bytes: number;
  modified_ns: string;
}

/** The stream leaves `stored` out when it is as before. */
export interface CapturesMessage {
  captures: CaptureInfo[];
  stored?: StoredCapture[];
}

export type RunState = 'STOPPED' | 'STARTING' | 'RUNNING' | 'STOPPING';

export interface ProgramState {
  version: string;
  capture: {
    state: RunState;
    id: string;
    interface: string;
    bpf: string;
    since_ns: string;
    packets: number;
    bytes: number;
    kernel_drops: number;
    not_analysed: number;
    /** Came while the file could take no more. */
    not_written: number;
    packets_per_s: number;
    bits_per_s: number;
    words: string;
  };
  rights: { can_capture: boolean; why: string; fix: string };
  disk: { used: number; quota: number; free: number };
  demo: { available: boolean };
}

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
  of: number;
  complete: boolean;
  scanned: number;
  ms: number;
}
