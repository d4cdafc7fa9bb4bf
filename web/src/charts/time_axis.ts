import type uPlot from 'uplot';
import { time_zone } from '../list/columns';

const two = (value: number): string => String(value).padStart(2, '0');
const kMonths = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A time at an axis whose labels stand `step_s` apart. */
export function tick_text(seconds: number, step_s: number, utc: boolean): string {
  const d = new Date(seconds * 1e3);
  const part = (local: number, in_utc: number): number => (utc ? in_utc : local);
  if (step_s >= 86400) return `${kMonths[part(d.getMonth(), d.getUTCMonth())] ?? ''} ${part(d.getDate(), d.getUTCDate())}`;
  const minutes = `${two(part(d.getHours(), d.getUTCHours()))}:${two(part(d.getMinutes(), d.getUTCMinutes()))}`;
  if (step_s >= 60) return minutes;
  const whole = two(d.getUTCSeconds());
  return step_s >= 1 ? `${minutes}:${whole}` : `:${whole}.${String(d.getUTCMilliseconds()).padStart(3, '0')}`;
}

export const clock_text = (seconds: number): string => tick_text(Math.floor(seconds), 1, time_zone.value === 'utc');

/** Labels of a time axis. One at the very edge would be cut in half: none stands there. */
export function time_labels(u: uPlot, splits: number[], _axis: number, _space: number, step_s: number): (string | null)[] {
  const { min = 0, max = 1 } = u.scales['x'] ?? {};
  const width_px = u.bbox.width / devicePixelRatio;
  const half = 30;
  return splits.map((at) => {
    const px = ((at - (min ?? 0)) / Math.max(1e-9, (max ?? 1) - (min ?? 0))) * width_px;
    return px < half || px > width_px - half ? null : tick_text(at, step_s, time_zone.value === 'utc');
  });
}
