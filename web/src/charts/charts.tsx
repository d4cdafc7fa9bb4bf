import { effect, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { time_zone } from '../list/columns';
import * as session from '../live/session';
import { Icon, family_icon } from '../shell/icons';
import { bits_text, count_of, count_text, duration_text } from '../shell/numbers';
import { theme_turns } from '../shell/theme';
import { as_table, choose_table, choose_window, families_seen, keep_series, kWindows_s, loss_log, series, show_charts, window_s } from './chart_data';
import './charts.css';
import { losses_in } from './losses';
import { MixChart, RateChart, type Span_s } from './plots';
import { clock_text } from './time_axis';
import { coarser, family_filter, kFamilyWords, ns_of, rates, seconds_of, shares, stacked, type FamilyName } from './series_model';

const kTableRows = 12;
const pointed_bin = signal<number | null>(null);
const pointed_family = signal<FamilyName | null>(null);

function choose(span: Span_s): void {
  void session.choose_span({ from_ns: ns_of(span.from_s), to_ns: ns_of(span.to_s) });
}

function text_of(family: FamilyName): string {
  return family_filter(family, families_seen.value);
}
/** The filter that was in force when a family was chosen: the family narrows it and does not replace it. */
const below = signal('');
function narrowed(family: FamilyName): string {
  return below.value === '' ? text_of(family) : `(${below.value}) and (${text_of(family)})`;
}
const is_chosen = (family: FamilyName): boolean => session.filter.value.text === narrowed(family);
/** A second time takes the filter off again. */
function choose_family(family: FamilyName): void {
  if (is_chosen(family)) return void session.apply_filter(below.value);
  if (!families_seen.value.some(is_chosen)) below.value = session.filter.value.text;
  void session.apply_filter(narrowed(family));
}

const share_text = (share: number): string => `${share > 0 && share < 0.01 ? '<1' : Math.round(share * 100)} %`;

function Legend() {
  const now = series.value;
  const parts = now ? shares(now) : [];
  const shown = families_seen.value.map((name) => parts.find((p) => p.name === name) ?? { name, packets: 0, share: 0 });
  return (
    <div class="legend" role="group" aria-label="Show one family only">
      {shown.map(({ name, share }) => (
        <button
          key={name}
          class={`proto ${name}${pointed_family.value === name ? ' on' : ''}`}
          aria-pressed={is_chosen(name)}
          title={`Show only: ${text_of(name)}`}
          onClick={() => choose_family(name)}
        >
          <Icon name={family_icon(name, '')} />
          <span>{kFamilyWords[name]}</span>
          <span class="num">{share_text(share)}</span>
        </button>
      ))}
    </div>
  );
}

/** What the shown stretch holds, or the bar under the pointer. */
function Readout() {
  const now = series.value;
  if (now === null) return null;
  const r = rates(now);
  const bin = pointed_bin.value;
  const at = bin !== null && bin < r.times.length ? bin : null;
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / Math.max(1, values.length);
  const pps = at === null ? mean(r.packets_per_s) : (r.packets_per_s[at] ?? 0);
  const bps = at === null ? mean(r.bits_per_s) : (r.bits_per_s[at] ?? 0);
  return (
    <span class="readout t12 num">
      <span class={`dimmer${at === null ? ' average' : ''}`}>{at === null ? 'on average' : clock_text(r.times[at] ?? 0)}</span>
      <span class="key solid" />
      <b>{count_text(Math.round(pps))}</b> <span class="dim">packets/s</span>
      <span class="key dashed" />
      <b>{bits_text(bps).split(' ')[0]}</b> <span class="dim">{bits_text(bps).split(' ')[1]}</span>
    </span>
  );
}

/** What makes the shown numbers less than the truth. */
function Gaps() {
  const now = series.value;
  const info = session.current_info.value;
  if (now === null || info === null) return null;
  const from_s = seconds_of(now.from_ns);
  const to_s = seconds_of(now.to_ns);
  const said: string[] = [];
  const gone = (info.first_number ?? 1) - 1;
  if (gone > 0 && from_s <= seconds_of(info.first_ns) + 1e-3) said.push(`Packets before ${clock_text(seconds_of(info.first_ns))} are no longer kept`);
  if (loss_log.value.capture === info.id) {
    const lost = losses_in(loss_log.value, from_s, to_s);
    const [first] = lost.losses;
    const last = lost.losses[lost.losses.length - 1];
    if (first && last) said.push(`At least ${count_of(lost.packets, 'packet')} ${lost.packets === 1 ? 'was' : 'were'} lost ${lost.losses.length === 1 ? 'from' : 'between'} ${clock_text(first.from_s)} ${lost.losses.length === 1 ? 'to' : 'and'} ${clock_text(last.to_s)}: hatched, the bars are lower than what passed`);
    if (loss_log.value.before > 0) said.push(`${count_of(loss_log.value.before, 'packet')} ${loss_log.value.before === 1 ? 'was' : 'were'} lost before this page was opened; when is not known`);
  }
  if (said.length === 0) return null;
  return (
    <p class="gaps" role="status">
      <Icon name="warn" size={14} />
      <span>{said.join('. ')}.</span>
    </p>
  );
}

function finding(kind: 'rate' | 'mix'): string {
  const now = series.value;
  if (now === null) return kind === 'rate' ? 'Packets a second' : 'Protocol mix';
  const length = duration_text(seconds_of(now.to_ns) - seconds_of(now.from_ns));
  if (kind === 'rate') {
    const r = rates(now);
    const top = r.packets_per_s.indexOf(Math.max(...r.packets_per_s));
    return `Rate over ${length}: at most ${count_of(Math.round(r.packets_per_s[top] ?? 0), 'packet')} a second, at ${clock_text(r.times[top] ?? 0)}`;
  }
  return `Protocol mix over ${length}: ${shares(now).slice(0, 4).map((p) => `${kFamilyWords[p.name]} ${Math.round(p.share * 100)} %`).join(', ')}`;
}

function Table() {
  const all = series.value;
  if (all === null) return null;
  const rows = coarser(all, kTableRows);
  const r = rates(rows);
  const step = (seconds_of(rows.to_ns) - seconds_of(rows.from_ns)) / Math.max(1, rows.packets.length);
  const { names, sums } = stacked(rows);
  const columns = [...names].reverse();
  const in_all = shares(all);
  const length_s = Math.max(1e-9, seconds_of(all.to_ns) - seconds_of(all.from_ns));
  const share = (name: FamilyName, bin: number): string => {
    const i = names.indexOf(name);
    const own = (sums[i]?.[bin] ?? 0) - (i > 0 ? (sums[i - 1]?.[bin] ?? 0) : 0);
    const of = rows.packets[bin] ?? 0;
    return of > 0 ? `${Math.round((own / of) * 100)} %` : '–';
  };
  return (
    <div class="chart-table" tabIndex={0} role="region" aria-label="Rate and protocol mix as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col" class="r">Packets/s</th>
            <th scope="col" class="r">Bits/s</th>
            {columns.map((name) => (
              <th key={name} scope="col" class="r">
                <button class="link" title={`Show only: ${text_of(name)}`} onClick={() => choose_family(name)}>
                  {kFamilyWords[name]}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {r.times.map((middle, bin) => (
            <tr key={bin}>
              <th scope="row">
                <button class="link num" title={`Show only these ${duration_text(step)}`} onClick={() => choose({ from_s: middle - step / 2, to_s: middle + step / 2 })}>
                  {clock_text(middle - step / 2)}
                </button>
              </th>
              <td class="r num">{count_text(Math.round(r.packets_per_s[bin] ?? 0))}</td>
              <td class="r num">{bits_text(r.bits_per_s[bin] ?? 0)}</td>
              {columns.map((name) => (
                <td key={name} class="r num">{share(name, bin)}</td>
              ))}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">In all</th>
            <td class="r num">{count_text(Math.round(all.packets.reduce((sum, n) => sum + n, 0) / length_s))}</td>
            <td class="r num">{bits_text((all.bytes.reduce((sum, n) => sum + n, 0) * 8) / length_s)}</td>
            {columns.map((name) => (
              <td key={name} class="r num">
                {share_text(in_all.find((part) => part.name === name)?.share ?? 0)}
              </td>
            ))}
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function Plots({ hosts }: { hosts: { rate: HTMLElement | null } }) {
  const rate = useRef<HTMLDivElement>(null);
  const mix = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!rate.current || !mix.current) return;
    hosts.rate = rate.current;
    const port = {
      on_span: choose,
      on_family: choose_family,
      on_point: (bin: number | null, family: FamilyName | null) => {
        pointed_bin.value = bin;
        pointed_family.value = family;
      },
      losses: () => (loss_log.peek().capture === session.current.peek() ? loss_log.peek().losses : []),
    };
    const charts = [new RateChart(rate.current, port), new MixChart(mix.current, port)];
    let frame = 0;
    const stop = effect(() => {
      void [series.value, theme_turns.value, time_zone.value, loss_log.value];
      // However often this is told: one drawing a frame, with what is newest then.
      if (frame === 0)
        frame = requestAnimationFrame(() => {
          frame = 0;
          for (const chart of charts) chart.draw(series.peek(), theme_turns.peek());
        });
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
      charts.forEach((chart) => chart.dispose());
      pointed_bin.value = null;
      pointed_family.value = null;
      hosts.rate = null;
    };
  }, []);
  return (
    <div class="plots">
      <figure>
        <figcaption class="h3">Rate</figcaption>
        <div class="chart rate" role="img" aria-label={finding('rate')} title="Click: this moment only. Drag: a span." ref={rate} />
      </figure>
      <figure>
        <figcaption class="h3">Protocol mix, packets/s</figcaption>
        <div class="chart mix" role="img" aria-label={finding('mix')} title="Click a band: this family only. Drag: a span." ref={mix} />
      </figure>
    </div>
  );
}

/** Rate and protocol mix over the last minutes, the chosen span, or the whole capture. */
export function Charts() {
  const box = useRef<HTMLElement>(null);
  const hosts = useRef<{ rate: HTMLElement | null }>({ rate: null });
  useEffect(() => {
    const stops = [
      keep_series(() => hosts.current.rate?.clientWidth ?? (box.current?.clientWidth ?? 800) / 2),
      effect(() => {
        void session.current.value;
        families_seen.value = [];
      }),
      effect(() => {
        const now = series.value;
        if (now === null) return;
        const old = families_seen.peek();
        const more = shares(now).map((p) => p.name).filter((name) => !old.includes(name));
        if (more.length > 0) families_seen.value = [...old, ...more];
      }),
    ];
    return () => stops.forEach((stop) => stop());
  }, []);
  const info = session.current_info.value;
  const live = info?.state === 'live';
  const span = session.span.value;
  const words = (s: number): string => (s === 0 ? 'All' : s < 60 ? `${s} s` : `${s / 60} min`);
  return (
    <section class="charts" ref={box} aria-label="Charts" data-region="charts">
      <header class="row">
        <Readout />
        <span class="grow" />
        <Legend />
        {live && span === null ? (
          <div class="seg" role="radiogroup" aria-label="Minutes shown">
            {kWindows_s.map((s) => (
              <button key={s} role="radio" aria-checked={window_s.value === s} onClick={() => choose_window(s)}>
                {words(s)}
              </button>
            ))}
          </div>
        ) : null}
        {span !== null ? (
          <button class="btn sm" onClick={() => void session.choose_span(null)}>
            Whole time
          </button>
        ) : null}
        <button class="btn sm" aria-pressed={as_table.value} onClick={() => choose_table(!as_table.value)}>
          Table
        </button>
        <button class="btn quiet icon sm" aria-label="Close the charts" title="Close the charts" onClick={() => show_charts(false)}>
          <Icon name="close" size={14} />
        </button>
      </header>
      <Gaps />
      {as_table.value ? <Table /> : <Plots hosts={hosts.current} />}
      {series.value === null ? <p class="none dim">{(info?.packets ?? 0) > 0 ? 'Counting …' : 'No packet yet.'}</p> : null}
    </section>
  );
}
