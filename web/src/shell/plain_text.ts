/** Longest text from a packet that is ever shown in one place, in characters. */
const kMaxText = 2000;

// C0, DEL, C1, zero-width, bidi controls, line separators, BOM, tag characters' surrogates are left to the font.
// eslint-disable-next-line no-control-regex
const kOdd = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Makes hostile text safe to read: control characters become symbols, direction tricks become their code, length is capped. */
export function plain_text(text: string): string {
  const capped = text.length > kMaxText ? text.slice(0, kMaxText) + '…' : text;
  return capped.replace(kOdd, (mark) => {
    const code = mark.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return '\u2421';
    return `\u27e8${code.toString(16).toUpperCase().padStart(4, '0')}\u27e9`;
  });
}
