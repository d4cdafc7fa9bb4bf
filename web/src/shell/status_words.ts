import type { CapturedInterface, CaptureStatus, InterfaceRunState, StoreState } from '../api/types';
import { bytes_text, count_text } from './numbers';

/** What the status panel says: pure functions, every text of the program still to be cleaned by the caller. */

export const kInterfaceWords: Record<InterfaceRunState, string> = {
  running: 'capturing',
  down: 'down',
  waiting: 'gone',
  removed: 'taken out',
  failed: 'failed',
};

export interface Trouble {
  key: string;
  packets: number;
  /** What it means. */
  means: string;
  /** What to do about it. */
  fix: string;
}

/** What an interface lost, each kind with its meaning and what helps. */
export function drop_words(i: Pick<CapturedInterface, 'kernel_drops' | 'card_drops' | 'ring_bytes'>): Trouble[] {
  const out: Trouble[] = [];
  if (i.kernel_drops > 0) {
    out.push({
      key: 'kernel',
      packets: i.kernel_drops,
      means: 'lost by the system: they came faster than sp3ctra took them out of the buffer.',
      fix: `Start with a larger buffer than ${bytes_text(i.ring_bytes)}, keep only a part of each packet, or keep fewer with a capture filter.`,
    });
  }
  if (i.card_drops > 0) {
    out.push({
      key: 'card',
      packets: i.card_drops,
      means: 'lost by the network card, before this computer saw them.',
      fix: 'No setting of sp3ctra brings them back; a slower link or another card does.',
    });
  }
  return out;
}

export const card_drops = (c: Pick<CaptureStatus, 'interfaces'>): number => c.interfaces.reduce((sum, i) => sum + i.card_drops, 0);

/** Packets that passed and are in no list: lost by card or system, or not written. */
export const lost_in_all = (c: CaptureStatus): number => c.kernel_drops + card_drops(c) + c.not_written;
export const not_looked_into = (c: CaptureStatus): number => Math.max(c.not_analysed, c.event_drops);

/** "1,204 packets, 300 of them seen twice". */
export function count_words(packets: number, duplicates: number): string {
  const all = `${count_text(packets)} ${packets === 1 ? 'packet' : 'packets'}`;
  return duplicates > 0 ? `${all}, ${count_text(duplicates)} of them seen twice` : all;
}

/** A share as people read it: never 0 where there is something, never 100 before it is full. */
export function percent_text(share: number): string {
  const percent = Math.min(100, Math.max(0, share * 100));
  if (percent > 0 && percent < 1) return '<1 %';
  if (percent > 99 && percent < 100) return '99 %';
  return `${Math.round(percent)} %`;
}

export const fullest_ring = (c: Pick<CaptureStatus, 'interfaces'>): number => Math.max(0, ...c.interfaces.map((i) => i.ring_fill));

/** No packet is longer. */
const kWhole = 262_144;

/** How a packet is taken: "whole packets, everything on the wire". */
export function how_words(i: Pick<CapturedInterface, 'snaplen' | 'promiscuous'>): string {
  const size = i.snaplen > 0 && i.snaplen < kWhole ? `first ${count_text(i.snaplen)} bytes of each` : 'whole packets';
  return `${size} · ${i.promiscuous ? 'promiscuous' : 'own traffic only'}`;
}

export function expired_words(store: Pick<StoreState, 'expired_packets' | 'expired_segments'>): string {
  if (store.expired_packets === 0) return '';
  const files = store.expired_segments > 0 ? ` in ${count_text(store.expired_segments)} ${store.expired_segments === 1 ? 'file' : 'files'}` : '';
  return `${count_text(store.expired_packets)} packets${files} made room and are no longer kept`;
}
