import { describe, expect, it } from 'vitest';
import type { RowBatch } from '../api/rows';
import { RowCache } from './row_cache';

const batch = (first: number, count: number): RowBatch => ({ first, count, total: 1e7 }) as RowBatch;

describe('RowCache', () => {
  it('finds a row in its batch', () => {
    const cache = new RowCache();
    cache.put(batch(100, 50));
    expect(cache.find(99)).toBeNull();
    expect(cache.find(100)?.index).toBe(0);
    expect(cache.find(149)?.index).toBe(49);
    expect(cache.find(150)).toBeNull();
  });
  it('covers a window only when no row is missing', () => {
    const cache = new RowCache();
    cache.put(batch(0, 50));
    cache.put(batch(60, 50));
    expect(cache.covers(0, 50)).toBe(true);
    expect(cache.covers(40, 30)).toBe(false);
    cache.put(batch(45, 20));
    expect(cache.covers(0, 110)).toBe(true);
  });
  it('forgets the least recently used and stays within its limit', () => {
    const cache = new RowCache(300);
    for (let i = 0; i < 3; i++) cache.put(batch(i * 100, 100));
    cache.find(50);
    cache.put(batch(1000, 100));
    expect(cache.kept_rows).toBe(300);
    expect(cache.find(150)).toBeNull();
    expect(cache.find(50)).not.toBeNull();
  });
  it('drops what a newer batch holds whole', () => {
    const cache = new RowCache();
    for (let i = 0; i < 100; i++) cache.put(batch(10, 20 + i));
    expect(cache.kept_rows).toBe(119);
  });
});
