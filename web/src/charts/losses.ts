/** When packets were lost, as far as this page saw it: the program tells totals only. Pure functions. */

export interface Loss {
  from_s: number;
  to_s: number;
  packets: number;
}
export interface LossLog {
  capture: string;
  /** Lost before this page looked: when is not known. */
  before: number;
  total: number;
  seen_s: number;
  losses: readonly Loss[];
}

export const kNoLosses: LossLog = { capture: '', before: 0, total: 0, seen_s: 0, losses: [] };
const kJoin_s = 3;
const kMost = 200;

/** The log after the program said that `total` packets of `capture` are lost by the packet time `now_s`. */
export function learn_loss(log: LossLog, capture: string, total: number, now_s: number, is_new: boolean): LossLog {
  if (capture !== log.capture) return { capture, before: is_new ? 0 : total, total, seen_s: now_s, losses: is_new && total > 0 ? [{ from_s: now_s, to_s: now_s, packets: total }] : [] };
  if (total <= log.total) return now_s > log.seen_s ? { ...log, total: Math.min(log.total, total), seen_s: now_s } : log;
  const packets = total - log.total;
  const last = log.losses[log.losses.length - 1];
  const to_s = Math.max(now_s, log.seen_s);
  const from_s = log.seen_s > 0 ? log.seen_s : to_s;
  const losses =
    last && log.seen_s - last.to_s < kJoin_s
      ? [...log.losses.slice(0, -1), { ...last, to_s, packets: last.packets + packets }]
      : [...log.losses, { from_s, to_s, packets }];
  return { ...log, total, seen_s: to_s, losses: losses.slice(-kMost) };
}

/** Lost within a span, and where. */
export function losses_in(log: LossLog, from_s: number, to_s: number): { packets: number; losses: Loss[] } {
  const losses = log.losses.filter((l) => l.to_s >= from_s && l.from_s <= to_s);
  return { packets: losses.reduce((sum, l) => sum + l.packets, 0), losses };
}
