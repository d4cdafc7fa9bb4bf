import { batch, computed, effect, signal } from '@preact/signals';
import { ApiError, api } from '../api/client';
import { stream } from '../api/stream';
import type { CaptureInfo, CapturesMessage, Packet, ProgramState, StoredCapture } from '../api/types';
import { RowCache } from '../list/row_cache';
import { split_ns } from '../list/time_format';
import { count_text } from '../shell/numbers';

/** What the page looks at. Signals here are the only shared state of the live view. */

export type Place = 'live' | 'captures' | 'settings';

export const place = signal<Place>('captures');
export const program = signal<ProgramState | null>(null);
export const captures = signal<CaptureInfo[]>([]);
/** Captures of the data directory that are not open. */
export const stored = signal<StoredCapture[]>([]);
export const captures_known = signal(false);
export const current = signal<string | null>(null);
export const current_info = computed(() => captures.value.find((c) => c.id === current.value) ?? null);

export interface Count {
  rows: number;
  /** The rows before it are no longer kept. */
  first_row: number;
  of: number;
  complete: boolean;
  scanned: number;
  ms: number;
  known: boolean;
}
const kNoCount: Count = { rows: 0, first_row: 0, of: 0, complete: true, scanned: 0, ms: 0, known: false };
export const count = signal<Count>(kNoCount);

export interface FilterInForce {
  text: string;
  id: string | null;
  reading: string;
}
const kNoFilter: FilterInForce = { text: '', id: null, reading: '' };
export const filter = signal<FilterInForce>(kNoFilter);
export const filter_draft = signal('');
export interface FilterProblem {
  message: string;
  /** Bytes of the draft's UTF-8. */
  position: number | null;
  length: number;
}
export const filter_problem = signal<FilterProblem | null>(null);
/** A window of time for the whole page, in ns text. */
export const span = signal<{ from_ns: string; to_ns: string } | null>(null);
/** True when the window could not be made a filter and only moves the list. */
export const span_only_scrolls = signal(false);

export const selected = signal<{ number: number; row: number } | null>(null);
export const packet = signal<Packet | null>(null);
export const packet_problem = signal('');
export const following = signal(false);
/** Rows when following was paused: what came later is "newer". */
export const paused_at = signal(0);
export const newer = computed(() => (following.value ? 0 : Math.max(0, count.value.rows - paused_at.value)));
export const marks = signal<ReadonlySet<number>>(new Set());
/** Packets under the pointer as evidence. */
export const pointed = signal<ReadonlySet<number>>(new Set());
export const inspector_open = signal(true);
/** Times of the first and last row on screen, seconds; the time strip shows them. */
export const on_screen = signal<{ from_s: number; to_s: number } | null>(null);
/** How many arrivals one drawn row stands for; 1 = nothing thinned. */
export const thinning = signal(1);
/** One short sentence for the person, also read aloud. */
export const notice = signal('');

/** A packet that a link or a person asked for, and that is gone. */
export const gone_packet = signal<{ capture: string; words: string } | null>(null);

export const cache = new RowCache();

let notice_timer = 0;
export function say(text: string): void {
  notice.value = text;
  window.clearTimeout(notice_timer);
  notice_timer = window.setTimeout(() => (notice.value = ''), 6000);
}

/** Turns a failure into a sentence for the person. */
export function say_problem(problem: unknown): void {
  if (problem instanceof DOMException && problem.name === 'AbortError') return;
  say(problem instanceof Error ? problem.message : 'That did not work.');
}

/** What the list does when the session asks: set by the list on screen. */
export const list_port = {
  renew: (): void => {},
  scroll_to: (_row: number, _centre: boolean): void => {},
  redraw: (): void => {},
  first_row: (): number => 0,
};

export function is_growing(info: CaptureInfo | null): boolean {
  return info !== null && (info.state === 'live' || info.state === 'reading');
}

export function open_capture(id: string, follow?: boolean): void {
  const info = captures.value.find((c) => c.id === id);
  batch(() => {
    place.value = 'live';
    current.value = id;
    filter.value = kNoFilter;
    filter_draft.value = '';
    filter_problem.value = null;
    span.value = null;
    selected.value = null;
    packet.value = null;
    packet_problem.value = '';
    marks.value = new Set();
    pointed.value = new Set();
    following.value = follow ?? info?.state === 'live';
    renew_rows();
  });
}

function renew_rows(): void {
  cache.clear();
  count.value = kNoCount;
  paused_at.value = 0;
  on_screen.value = null;
  list_port.renew();
}

export function set_following(on: boolean): void {
  if (following.value === on) return;
  batch(() => {
    following.value = on;
    if (!on) paused_at.value = count.value.rows;
  });
  list_port.redraw();
}

/** Seconds since 1970 with nine decimals, as filters and searches write a time. */
export function seconds_text(ns: string): string {
  const { seconds, nanos } = split_ns(ns);
  return `${seconds}.${String(nanos).padStart(9, '0')}`;
}

export function with_span(text: string): string {
  if (span.value === null) return text;
  const window_text = `frame.time_epoch >= ${seconds_text(span.value.from_ns)} and frame.time_epoch <= ${seconds_text(span.value.to_ns)}`;
  return text === '' ? window_text : `(${text}) and ${window_text}`;
}

let filter_turn = 0;
/** Puts a filter in force; a wrong one leaves the last good one and says where it is wrong. */
export async function apply_filter(text: string): Promise<boolean> {
  const capture = current.value;
  if (capture === null) return false;
  const turn = ++filter_turn;
  const said = text.trim();
  filter_draft.value = text;
  let next: FilterInForce = kNoFilter;
  try {
    if (said !== '') {
      const plain = await api.filter(capture, said);
      next = { text: said, id: plain.filter, reading: plain.reading };
    }
    if (span.value !== null) {
      try {
        const both = await api.filter(capture, with_span(said));
        next = { ...next, text: said, id: both.filter };
        span_only_scrolls.value = false;
      } catch {
        span_only_scrolls.value = true;
      }
    }
  } catch (problem) {
    if (turn !== filter_turn) return false;
    filter_problem.value =
      problem instanceof ApiError
        ? { message: problem.message, position: problem.position, length: problem.length }
        : { message: 'The filter could not be checked.', position: null, length: 0 };
    return false;
  }
  if (turn !== filter_turn || capture !== current.value) return false;
  const chosen = selected.value;
  batch(() => {
    filter_problem.value = null;
    filter.value = next;
    renew_rows();
  });
  if (chosen !== null && !following.value) {
    try {
      const { row } = await api.row(capture, chosen.number, next.id);
      if (turn === filter_turn) {
        selected.value = { number: chosen.number, row };
        list_port.scroll_to(row, true);
      }
    } catch {
      // The chosen packet is not among these rows; the list simply starts at its top.
    }
  }
  return true;
}

export async function choose_span(next: { from_ns: string; to_ns: string } | null): Promise<void> {
  span.value = next;
  if (next !== null) set_following(false);
  span_only_scrolls.value = false;
  await apply_filter(filter.value.text);
  if (next !== null && span_only_scrolls.value) await jump('time', seconds_text(next.from_ns));
}

export function select(number: number, row: number, scroll: boolean): void {
  batch(() => {
    selected.value = { number, row };
    set_following(false);
  });
  if (scroll) list_port.scroll_to(row, false);
  list_port.redraw();
}

/** Selects the row `delta` rows away from the chosen one. */
export function step(delta: number): void {
  const total = count.value.rows;
  if (total === 0) return;
  const from = selected.value?.row ?? (delta > 0 ? list_port.first_row() - 1 : list_port.first_row() + 1);
  select_row(Math.min(total - 1, Math.max(count.value.first_row, from + delta)));
}

let wanted_row = -1;
export function select_row(row: number): void {
  const at = cache.find(row);
  set_following(false);
  if (at === null) {
    wanted_row = row;
    list_port.scroll_to(row, false);
    return;
  }
  wanted_row = -1;
  select(at.batch.number[at.index] ?? 0, row, true);
}

/** Called when rows arrive: finishes a selection that had to wait for them. */
export function settle_selection(): void {
  if (wanted_row >= 0 && cache.find(wanted_row) !== null) select_row(wanted_row);
}

/** Goes to a packet by number, also when the filter hides its row. */
export async function go_to_packet(number: number, remember = false): Promise<void> {
  const capture = current.value;
  if (capture === null) return;
  const kept = first_kept(capture);
  if (number < kept) {
    const words = `Packet ${count_text(number)} is no longer kept: newer packets took its place. The oldest kept is ${count_text(kept)}.`;
    gone_packet.value = { capture, words };
    list_port.scroll_to(count.value.first_row, false);
    return;
  }
  try {
    const { row } = await api.row(capture, number, filter.value.id);
    if (remember) history.pushState(null, '', location.href);
    select(number, row, false);
    list_port.scroll_to(row, true);
  } catch (problem) {
    say_problem(problem);
  }
}

export async function jump(kind: 'number' | 'time', q: string): Promise<boolean> {
  const capture = current.value;
  if (capture === null) return false;
  try {
    const hit = await api.find(capture, { kind, q, from: 0, dir: 'next', filter: filter.value.id });
    select(hit.number, hit.row, false);
    list_port.scroll_to(hit.row, true);
    return true;
  } catch (problem) {
    say_problem(problem);
    return false;
  }
}

export async function conversation(dir: 'next' | 'prev'): Promise<void> {
  const capture = current.value;
  const from = selected.value;
  if (capture === null || from === null) return;
  try {
    const hit = await api.conversation(capture, from.number, dir, filter.value.id);
    select(hit.number, hit.row, false);
    list_port.scroll_to(hit.row, true);
  } catch (problem) {
    if (problem instanceof ApiError && problem.status === 404) {
      say(dir === 'next' ? 'This is the last packet of its conversation.' : 'This is the first packet of its conversation.');
    } else {
      say_problem(problem);
    }
  }
}

export function toggle_mark(number: number): void {
  const next = new Set(marks.value);
  if (!next.delete(number)) next.add(number);
  marks.value = next;
  list_port.redraw();
}

let packet_abort: AbortController | null = null;
effect(() => {
  const number = selected.value?.number ?? null;
  const capture = current.value;
  packet_abort?.abort();
  if (number === null || capture === null) {
    packet.value = null;
    return;
  }
  const abort = new AbortController();
  packet_abort = abort;
  // Holding a key passes many rows: only the one it rests on is fetched.
  window.setTimeout(() => {
    if (abort.signal.aborted) return;
    api.packet(capture, number, abort.signal).then(
      (got) => {
        if (abort.signal.aborted) return;
        batch(() => {
          packet.value = got;
          packet_problem.value = '';
        });
      },
      (problem: unknown) => {
        if (abort.signal.aborted) return;
        batch(() => {
          packet.value = null;
          packet_problem.value = problem instanceof Error ? problem.message : 'This packet cannot be shown.';
        });
      },
    );
  }, 30);
});

stream.on_state = (next) => {
  program.value = next;
};
function take_captures(next: CapturesMessage): void {
  captures.value = next.captures;
  if (next.stored) stored.value = next.stored;
  captures_known.value = true;
}
stream.on_captures = (next) => batch(() => take_captures(next));
/** Number of the first packet that is still kept. */
export function first_kept(capture: string | null): number {
  return Math.max(1, captures.peek().find((c) => c.id === capture)?.first_number ?? 1);
}

stream.on_count = (message) => {
  count.value = {
    rows: message.rows,
    first_row: message.first_row ?? (message.filter === null ? first_kept(message.capture) - 1 : 0),
    of: message.of,
    complete: message.complete,
    scanned: message.scanned,
    ms: message.ms,
    known: true,
  };
  list_port.redraw();
};

/** Fetches what the stream only tells at changes. */
export async function refresh(): Promise<void> {
  const [next_state, next_captures] = await Promise.all([api.state(), api.captures()]);
  batch(() => {
    program.value = next_state;
    take_captures(next_captures);
  });
}

/** Opens a capture that is kept but not open. */
export async function open_stored(id: string): Promise<void> {
  try {
    const { capture } = await api.open_stored(id);
    await refresh();
    open_capture(capture);
  } catch (problem) {
    say_problem(problem);
    void refresh().catch(() => {});
  }
}

/** Closes a capture and deletes its file where that is ours; says which of the two it was. */
export async function remove_capture(id: string): Promise<void> {
  try {
    const { words } = await api.remove_capture(id);
    if (current.value === id) {
      batch(() => {
        current.value = null;
        selected.value = null;
      });
    }
    say(words);
  } catch (problem) {
    say_problem(problem);
  }
  await refresh().catch(say_problem);
}
