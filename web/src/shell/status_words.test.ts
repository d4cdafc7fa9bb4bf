import { describe, expect, it } from 'vitest';
import { as_state } from '../api/shapes';
import { count_words, cpu_text, drop_words, expired_words, how_words, loss_sentences, percent_text } from './status_words';

describe('the status panel says', () => {
  it('what each loss means and what helps, and nothing where nothing is lost', () => {
    expect(drop_words({ kernel_drops: 0, card_drops: 0, ring_bytes: 1 })).toEqual([]);
    const both = drop_words({ kernel_drops: 7, card_drops: 2, ring_bytes: 64 * 1_048_576 });
    expect(both.map((t) => [t.key, t.packets])).toEqual([['kernel', 7], ['card', 2]]);
    const c = { ...as_state({}).capture, kernel_drops: 7, not_written: 1 };
    expect(loss_sentences(c)).toEqual([`7 were ${both[0]?.means}`, '1 was not kept: the disk was full or the limit for captures reached.']);
    expect(both[0]?.fix).toContain('64 MiB');
  });
  it('how many were seen twice', () => {
    expect(count_words(1204, 300)).toBe('1,204 packets, 300 of them seen twice');
    expect(count_words(1, 0)).toBe('1 packet');
  });
  it('shares that never lie at their ends', () => {
    expect([0, 0.001, 0.034, 0.999, 1].map(percent_text)).toEqual(['0 %', '<1 %', '3 %', '99 %', '100 %']);
  });
  it('the work of several threads, not cut at one processor', () => {
    expect([0, 0.3, 4.2, 100, 130.4].map(cpu_text)).toEqual(['0 %', '<1 %', '4 %', '100 %', '130 %']);
  });
  it('how packets are taken and what made room', () => {
    expect(how_words({ snaplen: 96, promiscuous: false })).toBe('first 96 bytes of each · only packets for this computer');
    expect(how_words({ snaplen: 262_144, promiscuous: true })).toBe('whole packets · also packets for others');
    expect(expired_words({ expired_packets: 0, expired_segments: 0 })).toBe('');
    expect(expired_words({ expired_packets: 1204881, expired_segments: 9 })).toContain('1,204,881 packets in 9 files');
    expect(expired_words({ expired_packets: 1, expired_segments: 1 })).toBe('1 packet in 1 file made room and is no longer kept');
  });
});
