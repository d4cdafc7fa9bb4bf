import { describe, expect, it } from 'vitest';
import { kNoLosses, learn_loss, losses_in } from './losses';
import { axis_text, band_at, coarser, family_filter, kFamilyProtocols, last_window, rates, shares, stacked, whole_window } from './series_model';

const series = {
  from_ns: '1700000000000000000',
  to_ns: '1700000004000000000',
  packets: [10, 20, 0, 4],
  bytes: [1000, 2000, 0, 400],
  families: { carrier: [2, 4, 0, 0], names: [3, 6, 0, 0], secure: [5, 10, 0, 4], files: [0, 0, 0, 0] },
};

describe('bands', () => {
  it('stack to the whole, and what no family claims is plain', () => {
    const { names, sums } = stacked(series);
    expect(names).toEqual(['plain', 'names', 'secure']);
    expect(sums).toEqual([[2, 4, 0, 0], [5, 10, 0, 0], [10, 20, 0, 4]]);
  });
  it('are found by height', () => {
    const stack = stacked(series);
    expect(band_at(stack, 1, 3)).toBe('plain');
    expect(band_at(stack, 1, 9)).toBe('names');
    expect(band_at(stack, 1, 19)).toBe('secure');
    expect(band_at(stack, 1, 21)).toBe(null);
    expect(band_at(stack, 2, 1)).toBe(null);
  });
  it('share the whole, largest first', () => {
    expect(shares(series).map((s) => [s.name, s.packets])).toEqual([['secure', 19], ['names', 9], ['plain', 6]]);
  });
});

describe('filters of a family', () => {
  it('name its protocols; the rest is what the others are not', () => {
    expect(family_filter('names', [])).toBe('dns or mdns or llmnr');
    expect(family_filter('plain', ['plain', 'clear', 'secure'])).toBe('not (http or tls)');
    expect(family_filter('plain', [])).toBe('frame');
  });
  it('know every protocol with a family that the program has', async () => {
    // The page is checked without Node's types; only this test reads files.
    const name = 'node:fs';
    const { readFileSync, readdirSync } = (await import(/* @vite-ignore */ name)) as { readFileSync: (at: URL, code: string) => string; readdirSync: (at: URL) => string[] };
    const folder = new URL('../../../src/protocols/', import.meta.url);
    const texts = readdirSync(folder).filter((file) => file.endsWith('.cc')).map((file) => readFileSync(new URL(file, folder), 'utf8'));
    const found: [string, string][] = [];
    for (const text of texts) {
      for (const m of text.matchAll(/\.name = "([a-z0-9_]+)",[^}]*?\.family = Family::k(\w+)/g)) {
        if (m[2] !== 'Carrier') found.push([(m[2] ?? '').toLowerCase(), m[1] ?? '']);
      }
    }
    expect(found.length).toBeGreaterThan(5);
    for (const [family, name] of found) {
      // Parts of a protocol carry its name in front and are found by it.
      const known = kFamilyProtocols[family as keyof typeof kFamilyProtocols];
      expect(known.some((p) => name === p || name.startsWith(p)), `${name} of ${family}`).toBe(true);
    }
  });
});

describe('windows', () => {
  it('end at a whole bar', () => {
    const ask = last_window('1700000123456789012', 300, 160);
    expect(ask).toEqual({ from_ns: '1699999822000000000', to_ns: '1700000121999999999', bins: 150, bin_s: 2 });
  });
  it('of a single instant are one second', () => {
    const ask = whole_window('1700000000000000001', '1700000000000000001', 10);
    expect(ask.to_ns).toBe('1700000001000000001');
    expect(ask.bin_s).toBeCloseTo(0.1);
  });
  it('become rates', () => {
    const r = rates(series);
    expect(r.times[0]).toBe(1700000000.5);
    expect(r.packets_per_s).toEqual([10, 20, 0, 4]);
    expect(r.bits_per_s[1]).toBe(16000);
  });
  it('become coarser without losing a packet', () => {
    const c = coarser({ ...series, packets: [1, 2, 3], bytes: [1, 2, 3], families: { names: [1, 1, 1] }, to_ns: '1700000003000000000' }, 2);
    expect(c.packets).toEqual([3, 3]);
    expect(c.families).toEqual({ names: [2, 1] });
    expect(c.to_ns).toBe('1700000004000000000');
  });
  it('have short numbers at their axes', () => {
    expect([0, 950, 1284, 12_500, 9_600_000, 2e9].map(axis_text)).toEqual(['0', '950', '1.28k', '12.5k', '9.6M', '2G']);
  });
});

describe('losses', () => {
  it('stand where the total grew; neighbours are one', () => {
    let log = learn_loss(kNoLosses, 'c1', 0, 100, true);
    log = learn_loss(log, 'c1', 5, 101, false);
    log = learn_loss(log, 'c1', 9, 102, false);
    log = learn_loss(log, 'c1', 9, 140, false);
    log = learn_loss(log, 'c1', 10, 141, false);
    expect(log.losses).toEqual([{ from_s: 100, to_s: 102, packets: 9 }, { from_s: 140, to_s: 141, packets: 1 }]);
    expect(losses_in(log, 0, 120).packets).toBe(9);
    expect(losses_in(log, 103, 139).packets).toBe(0);
  });
  it('from before the page looked have no time', () => {
    const log = learn_loss(kNoLosses, 'c1', 7, 100, false);
    expect(log.before).toBe(7);
    expect(log.losses).toEqual([]);
  });
});
