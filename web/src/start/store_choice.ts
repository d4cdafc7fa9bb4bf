import type { StoreChoice } from '../api/types';
import { bytes_text, count_text } from '../shell/numbers';

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

/** "2 GB": sizes of two to the power of n are rounded to the name people know them by. */
export function size_text(bytes: number): string {
  if (bytes === 0) return 'no limit';
  const gib = bytes / 1_073_741_824;
  if (gib >= 1 && Number.isInteger(gib)) return `${count_text(gib)} GB`;
  return bytes_text(bytes).replace('.0 ', ' ');
}

/** What is in force, in one sentence. */
export function store_words(s: StoreChoice): string {
  const free = s.min_free_bytes > 0 ? `${size_text(s.min_free_bytes)} of the disk stay free` : '';
  if (s.always_on) {
    return `Always on: the last ${kAlwaysHours} h are kept, and capture starts with sp3ctra.${free === '' ? '' : ` ${free}.`}`;
  }
  const limits: string[] = [];
  if (s.bytes > 0) limits.push(`at most ${size_text(s.bytes)}`);
  if (s.hours > 0) limits.push(`the last ${count_text(s.hours)} h`);
  if (s.files > 0) limits.push(`${count_text(s.files)} files`);
  if (limits.length === 0) return `A capture is kept whole${free === '' ? '' : `; ${free}`}. When the disk is full, ${s.when_full === 'pause' ? 'capture pauses' : 'the oldest packets make room'}.`;
  return `A capture keeps ${limits.join(', ')}, then ${s.when_full === 'pause' ? 'it pauses until there is room' : 'the oldest make room'}.`;
}

export const limit_of = (text: string): number => {
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) && value > 0 ? value : 0;
};
