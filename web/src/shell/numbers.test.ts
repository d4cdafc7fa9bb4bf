import { describe, expect, it } from 'vitest';
import { bits_text, bytes_text, count_of, count_text, duration_text, mebi_text } from './numbers';

describe('numbers', () => {
  it('splits thousands and puts the unit after a space', () => {
    expect(count_text(10_000_000)).toBe('10,000,000');
    expect([0, 1, 1204].map((n) => count_of(n, 'packet'))).toEqual(['0 packets', '1 packet', '1,204 packets']);
    expect([67_108_864, 22_369_621, 524_288].map(mebi_text)).toEqual(['64 MiB', '21.3 MiB', '0.5 MiB']);
    expect(bytes_text(999)).toBe('999 bytes');
    expect(bytes_text(912_000_000)).toBe('912 MB');
    expect(bytes_text(2_147_483_648)).toBe('2.1 GB');
    expect(bits_text(9.6e6)).toBe('9.6 Mbit/s');
    expect(duration_text(42 * 60 + 17)).toBe('42 min 17 s');
    expect(duration_text(-3)).toBe('0 s');
  });
});
