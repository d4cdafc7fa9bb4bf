import { describe, expect, it } from 'vitest';
import { ScrollMap, kMaxPhysicalPx } from './scroll_map';

function map_of(rows: number, view = 480): ScrollMap {
  const map = new ScrollMap(24);
  map.set_rows(rows);
  map.set_view(view);
  return map;
}

describe('ScrollMap', () => {
  it('is one to one while the list fits', () => {
    const map = map_of(1000);
    expect(map.is_scaled).toBe(false);
    expect(map.physical_px).toBe(24000);
    expect(map.to_virtual(1234)).toBe(1234);
    expect(map.to_physical(1234)).toBe(1234);
  });
  it('bounds the scroller for ten million and for a billion rows', () => {
    for (const rows of [10_000_000, 1_000_000_000]) {
      const map = map_of(rows);
      expect(map.physical_px).toBe(kMaxPhysicalPx);
      expect(map.to_virtual(0)).toBe(0);
      expect(map.to_virtual(kMaxPhysicalPx - 480)).toBe(rows * 24 - 480);
      expect(map.first_row(map.to_virtual(kMaxPhysicalPx - 480))).toBe(rows - 20);
    }
  });
  it('leads from a row to the scrollbar and back to the same row', () => {
    const map = map_of(10_000_000);
    for (const row of [0, 1, 12345, 4_999_999, 9_999_980]) {
      const back = map.to_virtual(map.to_physical(map.row_top(row)));
      expect(Math.abs(back - row * 24)).toBeLessThan(0.01);
    }
  });
  it('never leaves the list', () => {
    const map = map_of(10_000_000);
    expect(map.to_virtual(-50)).toBe(0);
    expect(map.to_virtual(1e12)).toBe(map.max_top);
    expect(map_of(3).max_top).toBe(0);
    expect(map_of(0).first_row(100)).toBe(0);
  });
});
