import type { Series } from '../api/types';
import { split_ns } from '../list/time_format';

/** What the charts and the time strip make of a series: pure functions, times in seconds since 1970. */

/** From the ground up; `plain` is what no family claims. */
export const kFamilyOrder = ['plain', 'names', 'upkeep', 'remote', 'files', 'things', 'clear', 'secure'] as const;
export type FamilyName = (typeof kFamilyOrder)[number];

export const kFamilyWords: Record<FamilyName, string> = {
  plain: 'Other',
  names: 'Names',
  upkeep: 'Upkeep',
  remote: 'Remote',
  files: 'Files',
  things: 'Things',
  clear: 'Readable',
  secure: 'Encrypted',
};

/** The protocols of each family by the names the filter language has for them. */
export const kFamilyProtocols: Record<Exclude<FamilyName, 'plain'>, readonly string[]> = {
  names: ['dns', 'mdns', 'llmnr'],
  upkeep: ['arp', 'dhcp', 'icmp', 'icmpv6'],
  remote: ['ssh'],
  files: ['smb2'],
  things: ['mqtt'],
  clear: ['http'],
  secure: ['tls'],
};

/** The filter that shows a family; `present` are the families this capture holds (for what belongs to none). */
export function family_filter(family: FamilyName, present: readonly FamilyName[]): string {
  if (family !== 'plain') return kFamilyProtocols[family].join(' or ');
  const others = present.flatMap((name) => (name === 'plain' ? [] : kFamilyProtocols[name]));
  return others.length === 0 ? 'frame' : `not (${others.join(' or ')})`;
}

export const seconds_of = (ns: string): number => {
  const { seconds, nanos } = split_ns(ns);
  return seconds + nanos / 1e9;
};

export function ns_of(seconds: number): string {
  const whole = Math.floor(seconds);
  const nanos = Math.min(999_999_999, Math.max(0, Math.round((seconds - whole) * 1e9)));
  return String(whole) + String(nanos).padStart(9, '0');
}

export interface Stack {
  names: FamilyName[];
  /** Tops of the bands, one column a family, each on those before it. */
  sums: number[][];
}

/** Heights of the stacked bands from the ground up; what no family claims is plain. */
export function stacked(from: Series): Stack {
  const bins = from.packets.length;
  const claimed = new Array<number>(bins).fill(0);
  for (const name of kFamilyOrder) {
    if (name === 'plain') continue;
    from.families?.[name]?.forEach((value, bin) => (claimed[bin] = (claimed[bin] ?? 0) + value));
  }
  const ground = new Array<number>(bins).fill(0);
  const out: Stack = { names: [], sums: [] };
  for (const name of kFamilyOrder) {
    const own =
      name === 'plain'
        ? from.packets.map((all, bin) => Math.max(0, all - (claimed[bin] ?? 0)))
        : from.families?.[name];
    if (!own || own.every((value) => value === 0)) continue;
    for (let bin = 0; bin < bins; bin++) ground[bin] = (ground[bin] ?? 0) + (own[bin] ?? 0);
    out.names.push(name);
    out.sums.push([...ground]);
  }
  return out;
}

/** The family whose band holds `height` in one bar, or null above all bands. */
export function band_at(stack: Stack, bin: number, height: number): FamilyName | null {
  if (height < 0) return null;
  for (let i = 0; i < stack.names.length; i++) {
    if (height <= (stack.sums[i]?.[bin] ?? 0)) return stack.names[i] ?? null;
  }
  return null;
}

/** Packets of each family in all, largest first. */
export function shares(from: Series): { name: FamilyName; packets: number; share: number }[] {
  const { names, sums } = stacked(from);
  const total = from.packets.reduce((sum, value) => sum + value, 0);
  const all = names.map((name, i) => {
    const below = i > 0 ? sums[i - 1] : undefined;
    const packets = (sums[i] ?? []).reduce((sum, top, bin) => sum + top - (below?.[bin] ?? 0), 0);
    return { name, packets, share: total > 0 ? packets / total : 0 };
  });
  return all.sort((a, b) => b.packets - a.packets);
}

export interface Ask {
  from_ns: string;
  to_ns: string;
  bins: number;
  bin_s: number;
}

const kSteps_s = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400];
const kNs = 1_000_000_000n;

const big = (ns: string): bigint => (/^\d{1,20}$/.test(ns) ? BigInt(ns) : 0n);

/** The last `window_s` seconds up to `last_ns` in bars of a round length. Only whole bars: a half one would look like a fall. */
export function last_window(last_ns: string, window_s: number, most_bins: number): Ask {
  const step_s = kSteps_s.find((s) => window_s / s <= most_bins) ?? window_s / most_bins;
  const step = BigInt(Math.round(step_s * 1000)) * 1_000_000n;
  const bins = Math.max(1, Math.round(window_s / step_s));
  const end = (big(last_ns) / step) * step;
  const start = end - step * BigInt(bins);
  return { from_ns: String(start > 0n ? start : 0n), to_ns: String(end > 0n ? end - 1n : 0n), bins, bin_s: step_s };
}

/** Everything between two times in `most_bins` bars; a single instant is shown as one second. */
export function whole_window(first_ns: string, last_ns: string, most_bins: number): Ask {
  const from = big(first_ns);
  let to = big(last_ns);
  if (to <= from) to = from + kNs;
  const bins = Math.max(1, most_bins);
  return { from_ns: String(from), to_ns: String(to), bins, bin_s: Number(to - from) / bins / 1e9 };
}

export interface Rates {
  /** Middle of each bar. */
  times: number[];
  packets_per_s: number[];
  bits_per_s: number[];
}

export function rates(from: Series): Rates {
  const start = seconds_of(from.from_ns);
  const bins = Math.max(1, from.packets.length);
  // A last window ends one nanosecond before its edge, so that two windows never share a packet.
  const length = Math.max(1e-9, seconds_of(from.to_ns) - start);
  const step = length / bins;
  return {
    times: from.packets.map((_, bin) => start + (bin + 0.5) * step),
    packets_per_s: from.packets.map((value) => value / step),
    bits_per_s: from.packets.map((_, bin) => ((from.bytes[bin] ?? 0) * 8) / step),
  };
}

/** Neighbouring bars added up until at most `most` are left: the rows of the table. */
export function coarser(from: Series, most: number): Series {
  const each = Math.max(1, Math.ceil(from.packets.length / Math.max(1, most)));
  if (each === 1) return from;
  const add = (values: readonly number[]): number[] => {
    const out: number[] = [];
    values.forEach((value, i) => (out[Math.floor(i / each)] = (out[Math.floor(i / each)] ?? 0) + value));
    return out;
  };
  const rows = Math.ceil(from.packets.length / each);
  const start = seconds_of(from.from_ns);
  const step = (seconds_of(from.to_ns) - start) / from.packets.length;
  return {
    from_ns: from.from_ns,
    to_ns: ns_of(start + step * each * rows),
    packets: add(from.packets),
    bytes: add(from.bytes),
    families: Object.fromEntries(Object.entries(from.families ?? {}).map(([name, values]) => [name, add(values)])),
  };
}

/** Short for an axis: 1284 → "1.3k". */
export function axis_text(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  let rest = Math.abs(value);
  let unit = 0;
  while (rest >= 1000 && unit < units.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  const text = rest >= 100 || Number.isInteger(rest) ? rest.toFixed(0) : rest >= 10 ? rest.toFixed(1).replace(/\.0$/, '') : rest.toFixed(2).replace(/0$/, '').replace(/\.0$/, '');
  return `${value < 0 ? '-' : ''}${text}${units[unit] ?? ''}`;
}
