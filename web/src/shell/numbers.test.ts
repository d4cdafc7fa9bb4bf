import { describe, expect, it } from 'vitest';
import { bits_text, bytes_text, count_text, duration_text } from './numbers';

describe('numbers', () => {
  it('splits thousands and puts the unit after a space', () => {
    expect(count_text(10_000_000)).toBe('10,000,000');
    expect(bytes_text(999)).toBe('999 bytes');
    expect(bytes_text(912_000_000)).toBe('912 MB');
    expect(bytes_text(2_147_483_648)).toBe('2.1 GB');
    expect(bits_text(9.6e6)).toBe('9.6 Mbit/s');
    expect(duration_text(42 * 60 + 17)).toBe('42 min 17 s');
    expect(duration_text(-3)).toBe('0 s');
  });
});
