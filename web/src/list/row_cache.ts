import type { RowBatch } from '../api/rows';

/** Rows kept decoded: enough to scroll back without asking, small enough to forget about (≈ 100 bytes a row). */
const kMaxRows = 24_000;

export interface RowAt {
  batch: RowBatch;
  index: number;
}

/** A window of decoded batches around what is on screen; the least recently used go first. Rows never change once sent. */
export class RowCache {
  private batches: { batch: RowBatch; used: number }[] = [];
  private tick = 0;
  private rows = 0;
  private last: { batch: RowBatch; used: number } | null = null;

  constructor(private readonly max_rows: number = kMaxRows) {}

  clear(): void {
    this.batches = [];
    this.rows = 0;
    this.last = null;
  }

  get kept_rows(): number {
    return this.rows;
  }

  put(batch: RowBatch): void {
    if (batch.count === 0) return;
    // A batch inside a newer one is never found again: drop it at once.
    this.batches = this.batches.filter(({ batch: old }) => {
      const inside = old.first >= batch.first && old.first + old.count <= batch.first + batch.count;
      if (inside) this.rows -= old.count;
      return !inside;
    });
    const entry = { batch, used: ++this.tick };
    this.batches.push(entry);
    this.last = entry;
    this.rows += batch.count;
    while (this.rows > this.max_rows && this.batches.length > 1) this.drop_oldest();
  }

  find(row: number): RowAt | null {
    let entry = this.last;
    if (entry === null || row < entry.batch.first || row >= entry.batch.first + entry.batch.count) {
      entry = null;
      for (let i = this.batches.length - 1; i >= 0; i--) {
        const candidate = this.batches[i];
        if (!candidate) continue;
        if (row >= candidate.batch.first && row < candidate.batch.first + candidate.batch.count) {
          entry = candidate;
          break;
        }
      }
      if (entry === null) return null;
      this.last = entry;
    }
    entry.used = ++this.tick;
    return { batch: entry.batch, index: row - entry.batch.first };
  }

  /** True when every row of [first, first + count) is here. */
  covers(first: number, count: number): boolean {
    const end = first + count;
    let row = first;
    while (row < end) {
      const hit = this.find(row);
      if (hit === null) return false;
      row = hit.batch.first + hit.batch.count;
    }
    return true;
  }

  private drop_oldest(): void {
    let oldest = 0;
    for (let i = 1; i < this.batches.length; i++) {
      if ((this.batches[i]?.used ?? 0) < (this.batches[oldest]?.used ?? 0)) oldest = i;
    }
    const [gone] = this.batches.splice(oldest, 1);
    if (gone) this.rows -= gone.batch.count;
    if (this.last === gone) this.last = null;
  }
}
