import { describe, expect, it } from 'vitest';
import { plain_text } from './plain_text';

describe('plain_text', () => {
  it('shows control characters as symbols', () => {
    expect(plain_text('a\x1b[31m\x00\n\x7f')).toBe('a␛[31m␀␊␡');
  });
  it('takes the power from direction marks and invisible characters', () => {
    expect(plain_text('x\u202Egpj.exe')).toBe('x⟨202E⟩gpj.exe');
    expect(/[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/.test(plain_text('\u200b\u2066\u2069\u2028\ufeff\u061c'))).toBe(false);
  });
  it('keeps ordinary text of any language and caps its length', () => {
    expect(plain_text('Übergröße 例え שלום')).toBe('Übergröße 例え שלום');
    expect(plain_text('x'.repeat(5000)).length).toBe(2001);
  });
});
