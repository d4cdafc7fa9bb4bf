/** Decoder of the binary row message (docs/api.md, GET /stream). Hostile or cut input gives null, never a throw. */

const kMagic = 0x31525053;
const kHeaderBytes = 32;
/** More rows than any screen shows; a larger count is damage. */
const kMaxRows = 65536;
/** Characters of one text cell that are kept: a cell is one line. */
const kMaxCell = 400;

export const kFlagAnomaly = 1;
export const kFlagReassembled = 2;
export const kFlagNotAnalysed = 4;
export const kFlagRetransmission = 8;
export const kFlagOffload = 16;
export const kFlagTruncated = 64;
export const kFlagDuplicate = 128;

export const kFamilies = ['plain', 'names', 'secure', 'clear', 'upkeep', 'remote', 'files', 'things'] as const;

export class TextColumn {
  private readonly cells: (string | undefined)[];
  constructor(
    private readonly offsets: Uint32Array,
    private readonly bytes: Uint8Array,
    private readonly clean: (text: string) => string,
  ) {
    this.cells = new Array<string | undefined>(Math.max(0, offsets.length - 1));
  }
  at(index: number): string {
    const kept = this.cells[index];
    if (kept !== undefined) return kept;
    const from = this.offsets[index] ?? 0;
    const to = Math.min(this.offsets[index + 1] ?? from, from + kMaxCell * 4);
    const text = this.clean(kDecoder.decode(this.bytes.subarray(from, Math.max(from, to))));
    this.cells[index] = text;
    return text;
  }
}

const kDecoder = new TextDecoder('utf-8');

/** Rows [first, first + count) of one view, as columns. */
export interface RowBatch {
  view: number;
  first: number;
  /** Rows of this filter in all. */
  total: number;
  count: number;
  follow: boolean;
  number: Float64Array;
  seconds: Float64Array;
  nanos: Uint32Array;
  length: Uint32Array;
  source_port: Uint16Array;
  target_port: Uint16Array;
  flags: Uint16Array;
  iface: Uint8Array;
  family: Uint8Array;
  source: TextColumn;
  target: TextColumn;
  protocol: TextColumn;
  info: TextColumn;
}

class Cursor {
  position = kHeaderBytes;
  broken = false;
  constructor(readonly buffer: ArrayBuffer) {}
  take(bytes: number): number {
    const start = this.position;
    if (bytes < 0 || start + bytes > this.buffer.byteLength) {
      this.broken = true;
      return 0;
    }
    this.position = (start + bytes + 7) & ~7;
    return start;
  }
}

function text_column(cursor: Cursor, count: number, clean: (text: string) => string): TextColumn | null {
  const table_at = cursor.position;
  const table_bytes = (count + 1) * 4;
  if (table_at + table_bytes > cursor.buffer.byteLength) return null;
  const offsets = new Uint32Array(cursor.buffer, table_at, count + 1);
  for (let i = 0; i < count; i++) {
    if ((offsets[i] ?? 0) > (offsets[i + 1] ?? 0)) return null;
  }
  const size = offsets[count] ?? 0;
  // The bytes follow the offsets directly; only the column as a whole is padded.
  const start = cursor.take(table_bytes + size);
  if (cursor.broken) return null;
  return new TextColumn(offsets, new Uint8Array(cursor.buffer, start + table_bytes, size), clean);
}

/** Decodes one message; `clean` makes a cell's text safe to show. */
export function decode_rows(buffer: ArrayBuffer, clean: (text: string) => string): RowBatch | null {
  if (buffer.byteLength < kHeaderBytes) return null;
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== kMagic) return null;
  const first = view.getFloat64(8, true);
  const total = view.getFloat64(16, true);
  const n = view.getUint32(24, true);
  if (n > kMaxRows || !(first >= 0) || !(total >= 0) || !Number.isFinite(first + total)) return null;
  const c = new Cursor(buffer);
  const starts = [8, 8, 4, 4, 2, 2, 2, 1, 1].map((width) => c.take(width * n));
  if (c.broken) return null;
  const at = (index: number): number => starts[index] ?? 0;
  const source = text_column(c, n, clean);
  const target = source && text_column(c, n, clean);
  const protocol = target && text_column(c, n, clean);
  const info = protocol && text_column(c, n, clean);
  if (!source || !target || !protocol || !info) return null;
  return {
    view: view.getUint32(4, true),
    first,
    total,
    count: n,
    follow: (view.getUint32(28, true) & 1) !== 0,
    number: new Float64Array(buffer, at(0), n),
    seconds: new Float64Array(buffer, at(1), n),
    nanos: new Uint32Array(buffer, at(2), n),
    length: new Uint32Array(buffer, at(3), n),
    source_port: new Uint16Array(buffer, at(4), n),
    target_port: new Uint16Array(buffer, at(5), n),
    flags: new Uint16Array(buffer, at(6), n),
    iface: new Uint8Array(buffer, at(7), n),
    family: new Uint8Array(buffer, at(8), n),
    source,
    target,
    protocol,
    info,
  };
}
