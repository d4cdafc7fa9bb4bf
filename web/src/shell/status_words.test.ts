import { describe, expect, it } from 'vitest';
import { count_words, drop_words, expired_words, how_words, percent_text } from './status_words';

describe('the status panel says', () => {
  it('what each loss means and what helps, and nothing where nothing is lost', () => {
    expect(drop_words({ kernel_drops: 0, card_drops: 0, ring_bytes: 1 })).toEqual([]);
    const both = drop_words({ kernel_drops: 7, card_drops: 2, ring_bytes: 64e6 });
    expect(both.map((t) => [t.key, t.packets])).toEqual([['kernel', 7], ['card', 2]]);
    expect(both[0]?.fix).toContain('64.0 MB');
  });
  it('how many were seen twice', () => {
    expect(count_words(1204, 300)).toBe('1,204 packets, 300 of them seen twice');
    expect(count_words(1, 0)).toBe('1 packet');
  });
  it('shares that never lie at their ends', () => {
    expect([0, 0.001, 0.034, 0.999, 1].map(percent_text)).toEqual(['0 %', '<1 %', '3 %', '99 %', '100 %']);
  });
  it('how packets are taken and what made room', () => {
    expect(how_words({ snaplen: 96, promiscuous: false })).toBe('first 96 bytes of each · own traffic only');
    expect(how_words({ snaplen: 262_144, promiscuous: true })).toBe('whole packets · promiscuous');
    expect(expired_words({ expired_packets: 0, expired_segments: 0 })).toBe('');
    expect(expired_words({ expired_packets: 1204881, expired_segments: 9 })).toContain('1,204,881 packets in 9 files');
  });
});
