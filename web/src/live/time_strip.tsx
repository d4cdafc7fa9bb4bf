import { effect, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { api } from '../api/client';
import type { Series } from '../api/types';
import { charts_open, show_charts } from '../charts/chart_data';
import { time_labels } from '../charts/time_axis';
import { ns_of, seconds_of, stacked } from '../charts/series_model';
import { time_zone } from '../list/columns';
import { Icon } from '../shell/icons';
import { count_of, count_text, duration_text } from '../shell/numbers';
import { theme_turns } from '../shell/theme';
import * as session from './session';

const kRefresh_ms = 1500;
const kBar_px = 6;

const series = signal<Series | null>(null);

/** Of the whole strip; app.css gives the boxes over the bars what the labels leave. */
const kHeight_px = 52;

function make_plot(host: HTMLElement, from: Series, on_span: (from_s: number, to_s: number) => void): uPlot {
  const css = getComputedStyle(document.documentElement);
  const colour = (name: string): string => css.getPropertyValue(name).trim();
  const { names, sums } = stacked(from);
  const start = seconds_of(from.from_ns);
  const step = Math.max(1e-9, (seconds_of(from.to_ns) - start) / Math.max(1, from.packets.length));
  const times = from.packets.map((_, bin) => start + (bin + 0.5) * step);
  const order = names.map((_, index) => names.length - 1 - index);
  const plot = new uPlot(
    {
      width: Math.max(60, host.clientWidth),
      height: kHeight_px,
      padding: [2, 0, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
      tzDate: (ts) => (time_zone.value === 'utc' ? uPlot.tzDate(new Date(ts * 1e3), 'Etc/UTC') : new Date(ts * 1e3)),
      scales: { x: { time: true, range: [start, start + step * from.packets.length] }, y: { range: (_u, _min, max) => [0, Math.max(1, max)] } },
      axes: [
        {
          size: 18,
          gap: 4,
          space: 110,
          font: `11px ${css.getPropertyValue('--font-ui')}`,
          stroke: colour('--text-3'),
          grid: { show: false },
          ticks: { show: false },
          values: time_labels,
        },
        { show: false },
      ],
      series: [
        {},
        ...order.map((index) => ({
          fill: colour(`--p-${names[index] ?? 'plain'}`),
          stroke: 'transparent',
          width: 0,
          points: { show: false },
          paths: uPlot.paths.bars!({ size: [0.8, 12], gap: 0 }),
        })),
      ],
      hooks: {
        setSelect: [
          (u) => {
            if (u.select.width < 3) return;
            on_span(u.posToVal(u.select.left, 'x'), u.posToVal(u.select.left + u.select.width, 'x'));
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
      },
    },
    [times, ...order.map((index) => sums[index] ?? [])],
    host,
  );
  return plot;
}

function finding(from: Series | null): string {
  if (from === null) return 'Packets over time';
  const all = from.packets.reduce((sum, value) => sum + value, 0);
  const peak = Math.max(0, ...from.packets);
  const length = seconds_of(from.to_ns) - seconds_of(from.from_ns);
  return `${count_of(all, 'packet')} in ${duration_text(length)}, at most ${count_text(peak)} in one bar`;
}

/** Places a box over the strip, in seconds of the series. */
function place_box(box: HTMLElement | null, from: Series | null, a: number | null, b: number | null): void {
  if (!box) return;
  if (from === null || a === null || b === null) {
    box.hidden = true;
    return;
  }
  const start = seconds_of(from.from_ns);
  const length = Math.max(1e-9, seconds_of(from.to_ns) - start);
  const left = Math.min(1, Math.max(0, (a - start) / length));
  const right = Math.min(1, Math.max(0, (b - start) / length));
  box.hidden = false;
  box.style.left = `${left * 100}%`;
  box.style.width = `max(5px, ${(right - left) * 100}%)`;
}

function choose_last(seconds: number | null): void {
  const from = series.value;
  if (seconds === null || from === null) {
    void session.choose_span(null);
    return;
  }
  const end = seconds_of(from.to_ns);
  void session.choose_span({ from_ns: ns_of(Math.max(seconds_of(from.from_ns), end - seconds)), to_ns: from.to_ns });
}

function shift_span(direction: number, grow: boolean): void {
  const from = series.value;
  if (from === null) return;
  const start = seconds_of(from.from_ns);
  const end = seconds_of(from.to_ns);
  const old = session.span.value;
  let a = old ? seconds_of(old.from_ns) : start;
  let b = old ? seconds_of(old.to_ns) : end;
  const step = Math.max((b - a) / 4, (end - start) / 100) * direction;
  if (grow) b += step;
  else if (old) {
    a += step;
    b += step;
  } else b = a + (end - start) / 10;
  a = Math.max(start, Math.min(a, end));
  b = Math.max(a + (end - start) / 1000, Math.min(b, end));
  void session.choose_span({ from_ns: ns_of(a), to_ns: ns_of(b) });
}

export function TimeStrip() {
  const host = useRef<HTMLDivElement>(null);
  const brush = useRef<HTMLDivElement>(null);
  const chosen = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    let plot: uPlot | null = null;
    let abort: AbortController | null = null;
    let timer = 0;
    let drawn: Series | null = null;
    const draw = (): void => {
      plot?.destroy();
      plot = null;
      drawn = series.peek();
      if (drawn === null || drawn.packets.length === 0) return;
      plot = make_plot(element, drawn, (a, b) => void session.choose_span({ from_ns: ns_of(a), to_ns: ns_of(b) }));
    };
    const fetch_series = (): void => {
      const capture = session.current.peek();
      window.clearTimeout(timer);
      abort?.abort();
      if (capture === null) return;
      const mine = new AbortController();
      abort = mine;
      const bins = Math.max(20, Math.min(400, Math.floor(element.clientWidth / kBar_px)));
      api
        .series(capture, bins, session.span.peek() === null ? session.filter.peek().id : null, mine.signal)
        .then((got) => {
          if (!mine.signal.aborted) series.value = got;
        })
        .catch(() => {
          // The strip is empty until the next try; the list says what is wrong.
        })
        .finally(() => {
          if (!mine.signal.aborted && session.is_growing(session.current_info.peek())) {
            timer = window.setTimeout(fetch_series, kRefresh_ms);
          }
        });
    };
    const stops = [
      effect(() => {
        void [session.current.value, session.filter.value.id, session.is_growing(session.current_info.value)];
        fetch_series();
      }),
      effect(() => {
        void [series.value, theme_turns.value, time_zone.value];
        draw();
      }),
      effect(() => {
        const shown = session.on_screen.value;
        place_box(brush.current, series.value, shown?.from_s ?? null, shown?.to_s ?? null);
      }),
      effect(() => {
        const s = session.span.value;
        place_box(chosen.current, series.value, s ? seconds_of(s.from_ns) : null, s ? seconds_of(s.to_ns) : null);
      }),
    ];
    const observer = new ResizeObserver(() => plot?.setSize({ width: Math.max(60, element.clientWidth), height: kHeight_px }));
    observer.observe(element);
    return () => {
      stops.forEach((stop) => stop());
      observer.disconnect();
      window.clearTimeout(timer);
      abort?.abort();
      plot?.destroy();
      series.value = null;
    };
  }, []);
  const from = series.value;
  const length = from ? seconds_of(from.to_ns) - seconds_of(from.from_ns) : 0;
  const spans = [10, 60, 900, 3600, 86400].filter((s) => s < length).slice(-3);
  const words = (s: number): string => (s < 60 ? `${s} s` : s < 3600 ? `${s / 60} min` : `${s / 3600} h`);
  return (
    <section
      class="time"
      aria-label="Time"
      data-region="time"
      tabIndex={0}
      aria-description="Arrow keys move the window, Shift and arrow keys change its end, Escape shows all"
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft') shift_span(-1, event.shiftKey);
        else if (event.key === 'ArrowRight') shift_span(1, event.shiftKey);
        else if (event.key === 'Escape' && session.span.value) choose_last(null);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <div class="plot" role="img" aria-label={finding(from)}>
        <div class="host" ref={host} />
        <div class="brush" ref={brush} hidden title="The rows below" />
        <div class="chosen" ref={chosen} hidden />
      </div>
      <div class="seg" role="radiogroup" aria-label="Time window">
        <button role="radio" aria-checked={session.span.value === null} onClick={() => choose_last(null)}>
          All
        </button>
        {spans.map((s) => (
          <button key={s} role="radio" aria-checked={false} onClick={() => choose_last(s)} title={`The last ${words(s)}`}>
            {words(s)}
          </button>
        ))}
        {session.span.value !== null ? (
          <button role="radio" aria-checked={true}>
            {duration_text(seconds_of(session.span.value.to_ns) - seconds_of(session.span.value.from_ns))}
          </button>
        ) : null}
      </div>
      <button
        class="btn quiet charts-button"
        aria-expanded={charts_open.value}
        aria-pressed={charts_open.value}
        title="Rate and protocol mix"
        onClick={() => show_charts(!charts_open.value)}
      >
        <Icon name="chart" size={14} />
        <span class="t">Charts</span>
      </button>
    </section>
  );
}
