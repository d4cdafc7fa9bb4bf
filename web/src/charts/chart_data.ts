import { effect, signal } from '@preact/signals';
import { api } from '../api/client';
import type { Series } from '../api/types';
import * as session from '../live/session';
import { keep, kept } from '../shell/kept';
import { lost_in_all } from '../shell/status_words';
import { kNoLosses, learn_loss, type LossLog } from './losses';
import { last_window, seconds_of, whole_window, type Ask, type FamilyName } from './series_model';

/** What the charts show and where it comes from. */

export const charts_open = signal(kept<boolean>('charts.open', false));
export const as_table = signal(kept<boolean>('charts.table', false));
/** Seconds before the newest packet; 0 = the whole capture. */
export const window_s = signal(kept<number>('charts.window', 300));
export const kWindows_s = [60, 300, 900, 0] as const;
export const series = signal<Series | null>(null);
/** Families this capture showed so far: they stay in the legend when a filter hides them. */
export const families_seen = signal<readonly FamilyName[]>([]);
export const loss_log = signal<LossLog>(kNoLosses);

const kBar_px = 5;
const kMostBins = 240;
/** New data at most four times a second; a slow answer makes the pauses longer. */
const kLeastPause_ms = 250;
const kPause_ms = 1000;

export function show_charts(on: boolean): void {
  charts_open.value = on;
  keep('charts.open', on);
}
export function choose_window(seconds: number): void {
  window_s.value = seconds;
  keep('charts.window', seconds);
}
export function choose_table(on: boolean): void {
  as_table.value = on;
  keep('charts.table', on);
}

let newest = { capture: '', ns: '0', at_ms: 0 };
/** The end of the last minutes: the newest packet, and time going on after it while nothing comes. */
function newest_ns(info: { id: string; last_ns: string }): string {
  if (info.id !== newest.capture || info.last_ns !== newest.ns) newest = { capture: info.id, ns: info.last_ns, at_ms: performance.now() };
  const running = session.program.peek()?.capture;
  const goes_on = running?.id === info.id && running.state === 'RUNNING' && seconds_of(info.last_ns) >= seconds_of(running.since_ns);
  if (!goes_on) return info.last_ns;
  return String(BigInt(info.last_ns) + BigInt(Math.round(performance.now() - newest.at_ms)) * 1_000_000n);
}

function wanted(width_px: number): Ask | null {
  const info = session.current_info.peek();
  if (info === null || info.packets === 0) return null;
  const bins = Math.max(24, Math.min(kMostBins, Math.floor(width_px / kBar_px)));
  const span = session.span.peek();
  if (span !== null) return whole_window(span.from_ns, span.to_ns, bins);
  if (info.state === 'live' && window_s.peek() > 0) return last_window(newest_ns(info), window_s.peek(), bins);
  return whole_window(info.first_ns, info.last_ns, bins);
}

/** Keeps `series` true while the charts are open; gives back how to end. `width_px` is that of one chart. */
export function keep_series(width_px: () => number): () => void {
  let abort: AbortController | null = null;
  let timer = 0;
  let asked_ms = 0;
  const again = (pause_ms: number): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, pause_ms);
  };
  const ask = (): void => {
    abort?.abort();
    const capture = session.current.peek();
    const want = wanted(width_px());
    if (capture === null) return;
    const grows = session.is_growing(session.current_info.peek());
    if (want === null || document.hidden) {
      if (want === null) series.value = null;
      if (grows || document.hidden) again(kPause_ms);
      return;
    }
    const mine = new AbortController();
    abort = mine;
    asked_ms = performance.now();
    api
      .series(capture, want.bins, session.filter.peek().id, mine.signal, { from_ns: want.from_ns, to_ns: want.to_ns })
      .then((got) => {
        if (mine.signal.aborted) return;
        series.value = got;
      })
      .catch(() => {
        // The last picture stays; the list says what is wrong.
      })
      .finally(() => {
        if (!mine.signal.aborted && grows) again(Math.max(kPause_ms, (performance.now() - asked_ms) * 4));
      });
  };
  const stop = effect(() => {
    void [session.current.value, session.filter.value.id, session.span.value, window_s.value];
    void [session.current_info.value?.state, (session.current_info.value?.packets ?? 0) > 0];
    again(Math.max(0, kLeastPause_ms - (performance.now() - asked_ms)));
  });
  return () => {
    stop();
    abort?.abort();
    window.clearTimeout(timer);
    series.value = null;
  };
}

let state_before = '';
effect(() => {
  const c = session.program.value?.capture;
  if (!c || c.id === '') return;
  const info = session.captures.peek().find((one) => one.id === c.id);
  // Packets have the clock of what they were captured with: before the first one there is none.
  const now_s = info && info.packets > 0 ? seconds_of(info.last_ns) : loss_log.peek().seen_s;
  const is_new = c.state === 'STARTING' || state_before === 'STOPPED' || state_before === 'STARTING';
  state_before = c.state;
  const next = learn_loss(loss_log.peek(), c.id, lost_in_all(c), now_s, is_new);
  if (next !== loss_log.peek()) loss_log.value = next;
});
