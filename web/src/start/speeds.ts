import type { InterfaceInfo } from '../api/types';

/** Seconds of history in a sparkline. */
export const kKept = 60;
/** Two lists closer together than this are one change told at once, not a second of counting. */
const kLeast_ms = 400;

export interface Speeds {
  last_bytes: number;
  at_ms: number;
  /** Bits per second, oldest first. */
  bits: readonly number[];
}

/** What the counters of this list say beside those before it; interfaces that are gone are forgotten. */
export function learn_speeds(before: ReadonlyMap<string, Speeds>, list: readonly InterfaceInfo[], now_ms: number): Map<string, Speeds> {
  const next = new Map<string, Speeds>();
  for (const i of list) {
    const bytes = i.rx_bytes + i.tx_bytes;
    const old = before.get(i.name);
    if (old === undefined || bytes < old.last_bytes) {
      // New, or made again under the same name: its counters began at zero.
      next.set(i.name, { last_bytes: bytes, at_ms: now_ms, bits: old?.bits ?? [] });
      continue;
    }
    const gone_ms = now_ms - old.at_ms;
    if (gone_ms < kLeast_ms) {
      next.set(i.name, old);
      continue;
    }
    const bits = [...old.bits, ((bytes - old.last_bytes) * 8000) / gone_ms].slice(-kKept);
    next.set(i.name, { last_bytes: bytes, at_ms: now_ms, bits });
  }
  return next;
}
