import { describe, expect, it } from 'vitest';
// @ts-expect-error the mock is plain JavaScript
import { encode_rows, packet_facts } from '../../mock/capture.mjs';
import { decode_rows } from './rows';

const same = (text: string): string => text;
const numbers = (first: number, n: number): number[] => Array.from({ length: n }, (_, i) => first + i + 1);

/** One row written byte by byte from the table in docs/api.md, without the mock's writer. */
function by_hand(): ArrayBuffer {
  const bytes: number[] = [];
  const push = (size: number, put: (view: DataView) => void): void => {
    const part = new DataView(new ArrayBuffer(size));
    put(part);
    bytes.push(...new Uint8Array(part.buffer));
  };
  const pad = (): void => {
    while (bytes.length % 8 !== 0) bytes.push(0);
  };
  const u32 = (...values: number[]): void => values.forEach((v) => push(4, (d) => d.setUint32(0, v, true)));
  const f64 = (v: number): void => push(8, (d) => d.setFloat64(0, v, true));
  u32(0x31525053, 9);
  f64(1000);
  f64(5000);
  u32(1, 1);
  f64(1001);
  f64(1700000000);
  u32(123456789);
  pad();
  u32(1514);
  pad();
  for (const v of [443, 51000, 65]) {
    push(2, (d) => d.setUint16(0, v, true));
    pad();
  }
  bytes.push(2);
  pad();
  bytes.push(1);
  pad();
  for (const text of ['10.0.0.1', '2001:db8::1', 'DNS', 'asks: where is ä.example']) {
    const utf8 = new TextEncoder().encode(text);
    u32(0, utf8.length);
    bytes.push(...utf8);
    pad();
  }
  return new Uint8Array(bytes).buffer;
}

describe('decode_rows', () => {
  it('reads a message written by hand from the document', () => {
    const batch = decode_rows(by_hand(), same);
    expect(batch).not.toBeNull();
    if (!batch) return;
    expect([batch.view, batch.first, batch.total, batch.count, batch.follow]).toEqual([9, 1000, 5000, 1, true]);
    expect([batch.number[0], batch.seconds[0], batch.nanos[0], batch.length[0]]).toEqual([1001, 1700000000, 123456789, 1514]);
    expect([batch.source_port[0], batch.target_port[0], batch.flags[0], batch.iface[0], batch.family[0]]).toEqual([443, 51000, 65, 2, 1]);
    expect([batch.source.at(0), batch.target.at(0), batch.protocol.at(0), batch.info.at(0)]).toEqual(['10.0.0.1', '2001:db8::1', 'DNS', 'asks: where is ä.example']);
  });
  it('reads every count of rows, odd ones too', () => {
    for (const n of [0, 1, 2, 3, 7, 8, 61]) {
      const batch = decode_rows(encode_rows(3, 10, 1e7, numbers(10, n), false), same);
      expect(batch?.count).toBe(n);
      for (let i = 0; i < n; i++) {
        const facts = packet_facts(11 + i);
        expect(batch?.number[i]).toBe(11 + i);
        expect(batch?.source.at(i)).toBe(facts.source);
        expect(batch?.info.at(i)).toBe(facts.info);
        expect(batch?.length[i]).toBe(facts.length);
      }
    }
  });
  it('gives null for every cut of a message, never a throw', () => {
    const whole = encode_rows(3, 10, 100, numbers(10, 5), false) as ArrayBuffer;
    // The last column's padding carries nothing, so a cut inside it may be read.
    for (let size = 0; size < whole.byteLength - 8; size++) expect(decode_rows(whole.slice(0, size), same)).toBeNull();
  });
  it('survives any single damaged byte', () => {
    const whole = new Uint8Array(encode_rows(3, 10, 100, numbers(10, 4), false) as ArrayBuffer);
    for (let i = 0; i < whole.length; i++) {
      const copy = whole.slice();
      copy[i] = 0xff;
      const batch = decode_rows(copy.buffer, same);
      if (batch) for (let row = 0; row < batch.count; row++) batch.info.at(row);
    }
  });
  it('refuses another magic and absurd counts', () => {
    const message = by_hand();
    new DataView(message).setUint32(24, 4_000_000_000, true);
    expect(decode_rows(message, same)).toBeNull();
    const other = by_hand();
    new DataView(other).setUint32(0, 1, true);
    expect(decode_rows(other, same)).toBeNull();
  });
});
