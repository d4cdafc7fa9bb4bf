import uPlot from 'uplot';
import type { Series } from '../api/types';
import { time_zone } from '../list/columns';
import { time_labels } from './time_axis';
import { axis_text, band_at, rates, seconds_of, stacked, type FamilyName, type Stack } from './series_model';

/** The two charts, drawn by uPlot on canvas. Made anew only when colours, zone or bands change; else only their data. */

export interface Span_s {
  from_s: number;
  to_s: number;
}

export interface PlotPort {
  /** A span was drawn, or a bar clicked. */
  on_span: (span: Span_s) => void;
  on_family: (family: FamilyName) => void;
  /** The bar under the pointer, or null. */
  on_point: (bin: number | null, family: FamilyName | null) => void;
  /** Stretches where packets were lost. */
  losses: () => readonly Span_s[];
}

const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const kClick_px = 3;

function x_axis(): uPlot.Axis {
  return {
    size: 20,
    gap: 4,
    space: 90,
    font: `11px ${css('--font-ui')}`,
    stroke: css('--text-3'),
    grid: { show: false },
    ticks: { show: false },
    values: time_labels,
  };
}

function y_axis(scale: string, right: boolean): uPlot.Axis {
  return {
    scale,
    side: right ? 1 : 3,
    size: 44,
    gap: 4,
    space: 26,
    font: `11px ${css('--font-ui')}`,
    stroke: css('--text-3'),
    grid: right ? { show: false } : { stroke: css('--line'), width: 1 },
    ticks: { show: false },
    values: (_u, splits) => splits.map(axis_text),
  };
}

/** Amber hatching under the data where packets are missing. */
function draw_losses(u: uPlot, losses: readonly Span_s[]): void {
  const { ctx, bbox } = u;
  const colour = css('--warn');
  for (const { from_s, to_s } of losses) {
    const least = 4 * devicePixelRatio;
    const a = Math.max(bbox.left, u.valToPos(from_s, 'x', true));
    const z = Math.min(bbox.left + bbox.width, Math.max(u.valToPos(to_s, 'x', true), a + least));
    if (z <= bbox.left || a >= bbox.left + bbox.width) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(a, bbox.top, z - a, bbox.height);
    ctx.clip();
    ctx.strokeStyle = colour;
    ctx.globalAlpha = 0.55;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    const step = 6 * devicePixelRatio;
    for (let x = a - bbox.height; x < z; x += step) {
      ctx.beginPath();
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x + bbox.height, bbox.top);
      ctx.stroke();
    }
    ctx.restore();
  }
}

/** One of the two charts over the same bars. */
export abstract class Chart {
  protected plot: uPlot | null = null;
  protected series: Series | null = null;
  private made_key = '';
  private down_px = NaN;
  private readonly observer: ResizeObserver;

  constructor(
    protected readonly host: HTMLElement,
    protected readonly port: PlotPort,
  ) {
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(host);
  }

  dispose(): void {
    this.observer.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  /** `turn` changes with the theme: colours are read when the chart is made. */
  draw(next: Series | null, turn: number): void {
    this.series = next;
    if (next === null || next.packets.length === 0 || this.host.clientWidth < 40) {
      this.plot?.destroy();
      this.plot = null;
      this.made_key = '';
      return;
    }
    const data = this.data(next);
    const key = `${turn}|${time_zone.value}|${this.shape()}`;
    if (this.plot === null || key !== this.made_key) {
      this.plot?.destroy();
      this.plot = new uPlot(this.options(), data, this.host);
      this.made_key = key;
      this.listen(this.plot);
    } else {
      this.plot.setData(data);
    }
  }

  protected abstract data(from: Series): uPlot.AlignedData;
  /** What the chart is made of: another shape needs another chart. */
  protected abstract shape(): string;
  protected abstract parts(): Pick<uPlot.Options, 'series' | 'axes' | 'scales'>;
  protected family_at(_bin: number, _y: number): FamilyName | null {
    return null;
  }

  private fit(): void {
    if (this.plot === null) return;
    this.plot.setSize({ width: Math.max(60, this.host.clientWidth), height: Math.max(60, this.host.clientHeight) });
  }

  private range(): [number, number] {
    const from = this.series;
    return from === null ? [0, 1] : [seconds_of(from.from_ns), seconds_of(from.to_ns)];
  }

  protected bin_of(seconds: number): number {
    const [start, end] = this.range();
    const bins = this.series?.packets.length ?? 1;
    return Math.min(bins - 1, Math.max(0, Math.floor(((seconds - start) / Math.max(1e-9, end - start)) * bins)));
  }

  private options(): uPlot.Options {
    const parts = this.parts();
    return {
      width: Math.max(60, this.host.clientWidth),
      height: Math.max(60, this.host.clientHeight),
      padding: [6, 8, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
      tzDate: (ts) => (time_zone.value === 'utc' ? uPlot.tzDate(new Date(ts * 1e3), 'Etc/UTC') : new Date(ts * 1e3)),
      ...parts,
      scales: { x: { time: true, range: () => this.range() }, ...parts.scales },
      hooks: {
        drawClear: [(u) => draw_losses(u, this.port.losses())],
        setCursor: [
          (u) => {
            const left = u.cursor.left ?? -1;
            if (left < 0) return this.port.on_point(null, null);
            const bin = this.bin_of(u.posToVal(left, 'x'));
            this.port.on_point(bin, this.family_at(bin, u.posToVal(u.cursor.top ?? 0, 'y')));
          },
        ],
        setSelect: [
          (u) => {
            const { left, width } = u.select;
            if (width < kClick_px) return;
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            this.port.on_span({ from_s: u.posToVal(left, 'x'), to_s: u.posToVal(left + width, 'x') });
          },
        ],
      },
    };
  }

  private listen(plot: uPlot): void {
    plot.over.addEventListener('pointerdown', (event) => (this.down_px = event.clientX));
    plot.over.addEventListener('click', (event) => {
      if (this.series === null || !(Math.abs(event.clientX - this.down_px) < kClick_px)) return;
      const box = plot.over.getBoundingClientRect();
      const bin = this.bin_of(plot.posToVal(event.clientX - box.left, 'x'));
      const family = this.family_at(bin, plot.posToVal(event.clientY - box.top, 'y'));
      if (family !== null) return this.port.on_family(family);
      const [start, end] = this.range();
      const step = (end - start) / this.series.packets.length;
      this.port.on_span({ from_s: start + bin * step, to_s: start + (bin + 1) * step });
    });
  }
}

const from_zero: uPlot.Scale = { range: (_u, _min, max) => [0, Math.max(1, max * 1.08)] };

/** Packets a second (left) and bits a second (right). */
export class RateChart extends Chart {
  protected data(from: Series): uPlot.AlignedData {
    const { times, packets_per_s, bits_per_s } = rates(from);
    return [times, packets_per_s, bits_per_s];
  }
  protected shape(): string {
    return 'rate';
  }
  protected parts(): Pick<uPlot.Options, 'series' | 'axes' | 'scales'> {
    const accent = css('--accent');
    return {
      scales: { y: from_zero, bits: from_zero },
      axes: [x_axis(), y_axis('y', false), y_axis('bits', true)],
      series: [
        {},
        { scale: 'y', stroke: accent, width: 1.5, fill: `${accent}24`, points: { show: false } },
        { scale: 'bits', stroke: css('--text-2'), width: 1.25, dash: [4, 3], points: { show: false } },
      ],
    };
  }
}

/** The families as bands on each other, in packets a second. */
export class MixChart extends Chart {
  private stack: Stack = { names: [], sums: [] };
  private step_s = 1;

  protected data(from: Series): uPlot.AlignedData {
    const { times } = rates(from);
    this.stack = stacked(from);
    this.step_s = Math.max(1e-9, (seconds_of(from.to_ns) - seconds_of(from.from_ns)) / from.packets.length);
    // The highest band is drawn first and the others over it.
    const tops = this.stack.sums.map((sums) => sums.map((value) => value / this.step_s)).reverse();
    return [times, ...tops];
  }
  protected shape(): string {
    return this.stack.names.join();
  }
  protected override family_at(bin: number, y: number): FamilyName | null {
    return band_at(this.stack, bin, y * this.step_s);
  }
  protected parts(): Pick<uPlot.Options, 'series' | 'axes' | 'scales'> {
    return {
      scales: { y: from_zero },
      axes: [x_axis(), y_axis('y', false)],
      series: [
        {},
        ...[...this.stack.names].reverse().map((name) => ({
          fill: css(`--p-${name}`),
          stroke: 'transparent',
          width: 0,
          points: { show: false },
          paths: uPlot.paths.bars!({ size: [0.86, 40], gap: 0 }),
        })),
      ],
    };
  }
}
