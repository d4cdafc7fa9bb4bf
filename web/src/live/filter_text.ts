/** Cuts a filter into coloured pieces and converts between UTF-8 byte and character positions. */

export interface Piece {
  text: string;
  kind: 'field' | 'word' | 'value' | 'plain';
}

const kPiece = /("(?:[^"\\]|\\.)*"?)|([A-Za-z_][\w.-]*)|([=!<>~&|]+|[(){},])|(\s+)|([^\s(){},=!<>~&|"]+)/gu;
const kWords = new Set(['and', 'or', 'not', 'xor', 'in', 'contains', 'matches', 'eq', 'ne', 'gt', 'lt', 'ge', 'le']);

export function filter_pieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let comparing = false;
  for (const match of text.matchAll(kPiece)) {
    const all = match[0];
    if (match[1] !== undefined) pieces.push({ text: all, kind: 'value' });
    else if (match[2] !== undefined) {
      const is_word = kWords.has(all.toLowerCase());
      pieces.push({ text: all, kind: is_word ? 'word' : comparing ? 'value' : 'field' });
      comparing = is_word && !['and', 'or', 'not', 'xor'].includes(all.toLowerCase());
    } else if (match[3] !== undefined) {
      pieces.push({ text: all, kind: 'word' });
      comparing = /^[=!<>~]+$/.test(all) && all !== '!';
      if (all === '{' || all === ',') comparing = true;
    } else if (match[4] !== undefined) pieces.push({ text: all, kind: 'plain' });
    else {
      pieces.push({ text: all, kind: 'value' });
      comparing = false;
    }
  }
  return pieces;
}

const kEncoder = new TextEncoder();

export function bytes_before(text: string, characters: number): number {
  return kEncoder.encode(text.slice(0, characters)).length;
}

export function characters_before(text: string, bytes: number): number {
  let seen = 0;
  let at = 0;
  for (const mark of text) {
    if (seen >= bytes) break;
    seen += kEncoder.encode(mark).length;
    at += mark.length;
  }
  return at;
}
