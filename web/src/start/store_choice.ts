import type { StoreChoice } from '../api/types';
import { bytes_text, count_of, count_text } from '../shell/numbers';

/** How much of captures is kept: the choices and what they mean in words. */

export const kDefaultBytes = 2_000_000_000;
const kSizes = [500_000_000, kDefaultBytes, 10_000_000_000, 50_000_000_000, 0];
export const kAlwaysHours = 24;

/** The sizes offered; one close to what is in force is that one, to the byte. */
export function size_choices(now: number): number[] {
  const near = kSizes.findIndex((size) => size > 0 && Math.abs(size - now) <= size * 0.1);
  if (near >= 0) return kSizes.map((size, i) => (i === near ? now : size));
  if (now === 0) return [...kSizes];
  return [...kSizes.filter((size) => size > 0), now].sort((a, b) => a - b).concat(0);
}

/** "2 GB", "2.1 GB". */
export const size_text = (bytes: number): string => (bytes === 0 ? 'no limit' : bytes_text(bytes).replace('.0 ', ' '));

/** What is in force, in words. */
export function store_words(s: StoreChoice): string {
  const free = s.min_free_bytes > 0 ? `${size_text(s.min_free_bytes)} of the disk stays free` : '';
  if (s.always_on) {
    return `Always on: the last ${kAlwaysHours} h are kept, and capture starts with sp3ctra.${free === '' ? '' : ` ${free}.`}`;
  }
  const whole = s.hours > 0 ? `A capture keeps the last ${count_text(s.hours)} h` : 'A capture is kept whole';
  const when_full = s.when_full === 'pause' ? 'capture pauses until there is room' : 'the oldest packets of the running one make room';
  const limits: string[] = [];
  if (s.bytes > 0) limits.push(`All captures together take at most ${size_text(s.bytes)}`);
  if (s.files > 0) limits.push(`${s.bytes > 0 ? 'a capture' : 'A capture takes'} at most ${count_of(s.files, 'file')}`);
  if (limits.length === 0) return `${whole}${free === '' ? '' : `; ${free}`}. When the disk is full, ${when_full}.`;
  return `${limits.join(', ')}; then ${when_full}.${s.hours > 0 ? ` ${whole}.` : ''}${free === '' ? '' : ` ${free}.`}`;
}

export const limit_of = (text: string): number => {
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) && value > 0 ? value : 0;
};
