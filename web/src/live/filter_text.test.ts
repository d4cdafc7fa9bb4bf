import { describe, expect, it } from 'vitest';
import { bytes_before, characters_before, filter_pieces } from './filter_text';

describe('filter text', () => {
  it('loses no character and names its pieces', () => {
    for (const text of ['not ssh and (ip.addr == 192.168.1.10 or tls)', 'http.host contains "a b" && x in {1,2}', 'ä == "unfinished', '', '   ', '=!{}']) {
      expect(filter_pieces(text).map((p) => p.text).join('')).toBe(text);
    }
    const kinds = filter_pieces('not ip.addr == 10.0.0.1').filter((p) => p.kind !== 'plain').map((p) => `${p.kind}:${p.text}`);
    expect(kinds).toEqual(['word:not', 'field:ip.addr', 'word:==', 'value:10.0.0.1']);
  });
  it('converts between bytes and characters', () => {
    const text = 'a == "äö😀" or b';
    for (let i = 0; i <= text.length; i++) {
      if (text.charCodeAt(i) >= 0xdc00 && text.charCodeAt(i) < 0xe000) continue;
      expect(characters_before(text, bytes_before(text, i))).toBe(i);
    }
  });
});
