import { signal } from '@preact/signals';
import { plain_text } from '../shell/plain_text';
import { api, secret } from './client';
import { decode_rows, type RowBatch } from './rows';
import { as_interfaces, as_state } from './shapes';
import type { CapturesMessage, InterfaceInfo, Job, ProgramState, RowsMessage } from './types';

/** What is on screen, as the server is told. */
export interface View {
  capture: string;
  filter: string | null;
  first: number;
  count: number;
  follow: boolean;
}

const kWaits_ms = [500, 1000, 2000, 4000, 8000, 15000, 30000];

/** The one WebSocket: reconnects for ever with growing waits and tells the view again afterwards. */
export class Stream {
  readonly status = signal<'idle' | 'connecting' | 'open' | 'lost'>('idle');
  /** Seconds until the next try while the link is lost. */
  readonly retry_s = signal(0);
  on_rows: (batch: RowBatch) => void = () => {};
  on_count: (message: RowsMessage) => void = () => {};
  on_state: (state: ProgramState) => void = () => {};
  on_captures: (message: CapturesMessage) => void = () => {};
  on_job: (job: Job) => void = () => {};
  /** At every change of the list, and once a second while counters are wanted. */
  on_interfaces: (list: InterfaceInfo[]) => void = () => {};
  private socket: WebSocket | null = null;
  private tries = 0;
  private timer = 0;
  private view_id = 1;
  private view: View | null = null;
  private wanted = false;
  private counters_wanted = false;

  connect(): void {
    this.wanted = true;
    window.clearTimeout(this.timer);
    if (this.socket !== null || secret.value === null) return;
    if (this.status.value !== 'lost') this.status.value = 'connecting';
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/stream`);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    socket.onopen = () => {
      socket.send(JSON.stringify({ op: 'hello', secret: secret.value }));
      this.send_view();
      if (this.counters_wanted) this.send_counters();
    };
    socket.onmessage = (event) => {
      // The link counts as good at the first message, not at the open: a refused hello closes it again.
      if (this.status.value !== 'open') {
        this.tries = 0;
        this.status.value = 'open';
      }
      this.receive(event.data as unknown);
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      if (this.wanted) this.lose();
    };
    window.setTimeout(() => {
      if (this.socket === socket && socket.readyState === WebSocket.OPEN) this.status.value = 'open';
    }, 300);
  }

  close(): void {
    this.wanted = false;
    window.clearTimeout(this.timer);
    this.socket?.close();
    this.socket = null;
    this.status.value = 'idle';
  }

  /** Tells what is on screen; a new id makes answers to older views recognisable. */
  show(view: View, is_new: boolean): number {
    if (is_new) this.view_id += 1;
    this.view = view;
    this.send_view();
    return this.view_id;
  }

  /** Whether the interfaces' counters shall come once a second. */
  want_counters(on: boolean): void {
    if (this.counters_wanted === on) return;
    this.counters_wanted = on;
    this.send_counters();
  }

  private send_counters(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify({ op: 'interfaces', on: this.counters_wanted }));
  }

  private send_view(): void {
    if (this.view === null || this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify({ op: 'view', view: this.view_id, ...this.view }));
  }

  private lose(): void {
    const first_loss = this.status.value !== 'lost';
    this.status.value = 'lost';
    const wait_ms = kWaits_ms[Math.min(this.tries, kWaits_ms.length - 1)] ?? 30000;
    this.tries += 1;
    let left_s = Math.ceil(wait_ms / 1000);
    this.retry_s.value = left_s;
    const count_down = (): void => {
      left_s -= 1;
      if (left_s <= 0) {
        this.connect();
        return;
      }
      this.retry_s.value = left_s;
      this.timer = window.setTimeout(count_down, 1000);
    };
    this.timer = window.setTimeout(count_down, Math.min(1000, wait_ms));
    // A login that no longer holds looks the same as a lost link: ask once which of the two it is.
    if (first_loss && this.tries === 2) void api.state().catch(() => {});
  }

  private receive(data: unknown): void {
    if (data instanceof ArrayBuffer) {
      const batch = decode_rows(data, plain_text);
      if (batch !== null && batch.view === this.view_id) this.on_rows(batch);
      return;
    }
    if (typeof data !== 'string') return;
    let message: { op?: string };
    try {
      message = JSON.parse(data) as { op?: string };
    } catch {
      return;
    }
    switch (message.op) {
      case 'rows': {
        const rows = message as RowsMessage;
        if (rows.view === this.view_id) this.on_count(rows);
        break;
      }
      case 'state':
        this.on_state(as_state(message));
        break;
      case 'captures':
        this.on_captures(message as unknown as CapturesMessage);
        break;
      case 'interfaces':
        this.on_interfaces(as_interfaces(message));
        break;
      case 'job':
        this.on_job(message as unknown as Job);
        break;
    }
  }
}

export const stream = new Stream();
