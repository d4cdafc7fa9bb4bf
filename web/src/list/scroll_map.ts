/** No browser draws an element beyond about 33 million px; this stays far below. */
export const kMaxPhysicalPx = 8_000_000;

/** Maps a scrollbar of bounded height onto any number of rows. Positions are px; `virtual` is rows × row height. */
export class ScrollMap {
  private rows = 0;
  /** The rows before it are not there: the list begins with it. */
  private first = 0;
  private view_px = 0;
  constructor(
    private row_px: number,
    private readonly max_px: number = kMaxPhysicalPx,
  ) {}

  set_rows(rows: number, first = 0): void {
    this.first = Math.min(Math.max(0, first), rows);
    this.rows = rows;
  }
  get first_of_all(): number {
    return this.first;
  }
  set_view(view_px: number): void {
    this.view_px = view_px;
  }
  set_row_height(row_px: number): void {
    this.row_px = row_px;
  }

  get virtual_px(): number {
    return (this.rows - this.first) * this.row_px;
  }
  get physical_px(): number {
    return Math.min(this.virtual_px, this.max_px);
  }
  /** True when one px of the scrollbar stands for more than one px of the list. */
  get is_scaled(): boolean {
    return this.virtual_px > this.max_px;
  }
  /** The last top position: the list ends at the bottom of the view. */
  get max_top(): number {
    return Math.max(0, this.virtual_px - this.view_px);
  }

  clamp(top: number): number {
    return Math.min(Math.max(0, top), this.max_top);
  }
  /** Where the list stands when the scrollbar stands at `scroll_top`. */
  to_virtual(scroll_top: number): number {
    const range = this.physical_px - this.view_px;
    if (!this.is_scaled || range <= 0) return this.clamp(scroll_top);
    return this.clamp((scroll_top / range) * this.max_top);
  }
  /** Where the scrollbar must stand when the list stands at `top`. */
  to_physical(top: number): number {
    const range = this.physical_px - this.view_px;
    if (!this.is_scaled || range <= 0) return this.clamp(top);
    return this.max_top === 0 ? 0 : (this.clamp(top) / this.max_top) * range;
  }
  first_row(top: number): number {
    return this.first + Math.floor(this.clamp(top) / this.row_px);
  }
  visible_rows(): number {
    return Math.ceil(this.view_px / this.row_px) + 1;
  }
  row_top(row: number): number {
    return (row - this.first) * this.row_px;
  }
}
