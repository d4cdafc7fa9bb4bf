import { kMostSnaplen, type CapturedInterface, type CaptureStatus, type InterfaceRunState, type StoreState } from '../api/types';
import { count_of, count_text, mebi_text } from './numbers';

/** What the status panel says: pure functions, every text of the program still to be cleaned by the caller. */

export const kInterfaceWords: Record<InterfaceRunState, string> = {
  running: 'capturing',
  down: 'off or no connection',
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

const kBySystem = 'lost by the system: they came faster than sp3ctra took them out of the buffer.';
const kByCard = 'lost by the network card, before this computer saw them.';
const kNotKept = 'not kept: the disk was full or the limit for captures reached.';

/** What an interface lost, each kind with its meaning and what helps. */
export function drop_words(i: Pick<CapturedInterface, 'kernel_drops' | 'card_drops' | 'ring_bytes'>): Trouble[] {
  const out: Trouble[] = [];
  if (i.kernel_drops > 0) {
    out.push({
      key: 'kernel',
      packets: i.kernel_drops,
      means: kBySystem,
      fix: `Start with a larger buffer than ${mebi_text(i.ring_bytes)}, keep only a part of each packet, or keep fewer with a capture filter.`,
    });
  }
  if (i.card_drops > 0) {
    out.push({
      key: 'card',
      packets: i.card_drops,
      means: kByCard,
      fix: 'No setting of sp3ctra brings them back; a slower link or another card does.',
    });
  }
  return out;
}

export const card_drops = (c: Pick<CaptureStatus, 'interfaces'>): number => c.interfaces.reduce((sum, i) => sum + i.card_drops, 0);

/** The same of a whole capture, one sentence a cause. */
export function loss_sentences(c: CaptureStatus): string[] {
  const causes: [number, string][] = [[c.kernel_drops, kBySystem], [card_drops(c), kByCard], [c.not_written, kNotKept]];
  return causes.filter(([packets]) => packets > 0).map(([packets, means]) => `${count_text(packets)} ${packets === 1 ? 'was' : 'were'} ${means}`);
}

/** Packets that passed and are in no list: lost by card or system, or not written. */
export const lost_in_all = (c: CaptureStatus): number => c.kernel_drops + card_drops(c) + c.not_written;
export const not_looked_into = (c: CaptureStatus): number => Math.max(c.not_analysed, c.event_drops);

/** "1,204 packets, 300 of them seen twice". */
export function count_words(packets: number, duplicates: number): string {
  const all = count_of(packets, 'packet');
  return duplicates > 0 ? `${all}, ${count_text(duplicates)} of them seen twice` : all;
}

/** Of one processor: several busy threads make it more than 100. */
export const cpu_text = (percent: number): string => (percent > 99 ? `${Math.round(percent)} %` : percent_text(percent / 100));

/** A share as people read it: never 0 where there is something, never 100 before it is full. */
export function percent_text(share: number): string {
  const percent = Math.min(100, Math.max(0, share * 100));
  if (percent > 0 && percent < 1) return '<1 %';
  if (percent > 99 && percent < 100) return '99 %';
  return `${Math.round(percent)} %`;
}

export const fullest_ring = (c: Pick<CaptureStatus, 'interfaces'>): number => Math.max(0, ...c.interfaces.map((i) => i.ring_fill));

/** Whose packets are taken: with the card in promiscuous mode, or not. */
export const whose_words = (promiscuous: boolean): string => (promiscuous ? 'also packets for others' : 'only packets for this computer');

/** How a packet is taken: "whole packets · also packets for others". */
export function how_words(i: Pick<CapturedInterface, 'snaplen' | 'promiscuous'>): string {
  const size = i.snaplen > 0 && i.snaplen < kMostSnaplen ? `first ${count_text(i.snaplen)} bytes of each` : 'whole packets';
  return `${size} · ${whose_words(i.promiscuous)}`;
}

export function expired_words(store: Pick<StoreState, 'expired_packets' | 'expired_segments'>): string {
  if (store.expired_packets === 0) return '';
  const files = store.expired_segments > 0 ? ` in ${count_of(store.expired_segments, 'file')}` : '';
  return `${count_of(store.expired_packets, 'packet')}${files} made room and ${store.expired_packets === 1 ? 'is' : 'are'} no longer kept`;
}
