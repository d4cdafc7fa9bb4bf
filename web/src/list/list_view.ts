import { batch as signal_batch } from '@preact/signals';
import { kFamilies, kFlagAnomaly, kFlagDuplicate, kFlagNotAnalysed, kFlagRetransmission, kFlagTruncated, type RowBatch } from '../api/rows';
import { stream } from '../api/stream';
import * as session from '../live/session';
import { family_icon, kIcons } from '../shell/icons';
import { count_text } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';
import { dense, kGap_px, laid_columns, list_width_px, number_digits, several_interfaces, shown_digits, time_format, time_zone, type ColumnId, type LaidColumn } from './columns';
import './list.css';
import { ScrollMap } from './scroll_map';
import { TimeFormatter, split_ns } from './time_format';

const kPadding_px = 16;
const kSvg = 'http://www.w3.org/2000/svg';
/** A jump of the scrollbar beyond this many views is a drag, not a scroll. */
const kDragViews = 1.5;
const kIdle_ms = 160;
/** Rows are placed relative to a base that follows, so that no position grows beyond what browsers place exactly. */
const kRebaseRows = 2000;
/** Rows asked for at once: what is on screen and as much again around it, several times. */
const kFetchRows = 240;
const kNowhere_px = -1;

interface Cell {
  box: HTMLElement;
  text: Text;
  /** Second, quieter text: the port beside an address. */
  more: Text | null;
}

/** One drawn row. Its nodes live as long as the list; only their text changes. */
interface Slot {
  element: HTMLElement;
  cells: Map<ColumnId, Cell>;
  chip: HTMLElement;
  chip_icon: SVGPathElement;
  icon: string;
  /** Says that the packet was seen on two interfaces. */
  twice: HTMLElement | null;
  row: number;
  loaded: boolean;
  style_key: string;
  y: number;
}

export const kTwiceWords = 'Seen twice: the same packet passed on another captured interface within a millisecond. It counts once and is no retransmission.';

/** The packet list: paints at most once a frame from the row cache and asks for what is missing. */
export class ListView {
  private readonly map = new ScrollMap(24);
  private readonly spacer = document.createElement('div');
  private readonly pane = document.createElement('div');
  /** Carries the rows; it alone moves while scrolling. Rows stand in it at px from `base_row`. */
  private readonly sheet = document.createElement('div');
  private base_row = 0;
  private sheet_y = NaN;
  private active_id = '';
  private view_px = 0;
  /** Where the list begins on the page. */
  private y_px = 0;
  private laid_row_px = 24;
  private slots: Slot[] = [];
  private top = 0;
  private expected_scroll = 0;
  private frame = 0;
  private idle = 0;
  private asked = '';
  private is_new_view = true;
  private layout_key = '';
  private formatter: TimeFormatter = new TimeFormatter('clock', 'local', 6, 0, 0);
  private arrived_rows = 0;
  private drawn_rows = 0;
  private drawn_to = 0;
  private last_total = 0;
  private meter = 0;
  private readonly observer: ResizeObserver;

  constructor(private readonly scroller: HTMLElement) {
    this.spacer.className = 'spacer';
    this.pane.className = 'rowpane';
    this.sheet.className = 'rowsheet';
    this.pane.append(this.sheet);
    this.spacer.append(this.pane);
    scroller.append(this.spacer);
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(scroller);
    scroller.addEventListener('scroll', this.on_scroll, { passive: true });
    scroller.addEventListener('wheel', this.on_wheel, { passive: false });
    stream.on_rows = (batch) => this.receive(batch);
    session.list_port.renew = () => this.renew();
    session.list_port.redraw = () => this.schedule();
    session.list_port.scroll_to = (row, centre) => this.scroll_to(row, centre);
    session.list_port.first_row = () => this.map.first_row(this.top);
    this.meter = window.setInterval(() => this.measure_thinning(), 1000);
    this.measure();
  }

  dispose(): void {
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    window.clearTimeout(this.idle);
    window.clearInterval(this.meter);
    this.scroller.removeEventListener('scroll', this.on_scroll);
    this.scroller.removeEventListener('wheel', this.on_wheel);
    stream.on_rows = () => {};
    session.list_port.renew = () => {};
    session.list_port.redraw = () => {};
    session.list_port.scroll_to = () => {};
  }

  /** The row under a node of the list, or null. */
  row_of(target: EventTarget | null): { row: number; number: number } | null {
    const element = target instanceof Element ? target.closest('.gr') : null;
    const slot = this.slots.find((candidate) => candidate.element === element);
    if (!slot || !slot.loaded) return null;
    const at = session.cache.find(slot.row);
    return at === null ? null : { row: slot.row, number: at.batch.number[at.index] ?? 0 };
  }

  /** Rows of one view, for page up and down. */
  page_rows(): number {
    return Math.max(1, this.map.visible_rows() - 2);
  }

  /** Columns, formats or density changed: every drawn row is made anew. */
  relayout(): void {
    this.layout_key = '';
    this.schedule();
  }

  schedule(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.paint());
  }

  scroll_to(row: number, centre: boolean): void {
    const row_px = this.row_px();
    const y = this.map.row_top(row);
    const view = this.view_px;
    const visible = y >= this.top && y + row_px <= this.top + view;
    if (!visible) {
      const target = centre ? y - view / 2 + row_px : y < this.top ? y : y + row_px - view;
      this.move_to(target);
    }
    this.schedule();
  }

  private row_px(): number {
    return dense.value ? 24 : 32;
  }

  private renew(): void {
    this.top = 0;
    this.asked = '';
    this.is_new_view = true;
    this.last_total = 0;
    this.drawn_to = 0;
    for (const slot of this.slots) slot.row = -1;
    this.schedule();
  }

  private measure(): void {
    const height = this.scroller.clientHeight;
    const y_px = this.scroller.getBoundingClientRect().top;
    const chosen = session.selected.value;
    const y = chosen ? this.map.row_top(chosen.row) - this.top : -1;
    // Opening the packet's pane, a banner or the charts must not cover the row that is looked at.
    const keep_chosen = chosen !== null && y > -this.row_px() && y < this.view_px;
    const pushed_px = keep_chosen ? y_px - this.y_px : 0;
    this.y_px = y_px;
    this.view_px = height;
    this.map.set_view(height);
    this.pane.style.height = `${height}px`;
    list_width_px.value = this.scroller.clientWidth;
    this.asked = '';
    // What comes above the list pushes it down: the row that is looked at stays where the eye is.
    if (pushed_px !== 0) this.move_to(this.top + pushed_px);
    if (keep_chosen) this.scroll_to(chosen.row, false);
    this.schedule();
  }

  private readonly on_wheel = (event: WheelEvent): void => {
    if (event.ctrlKey || !this.map.is_scaled || event.deltaY === 0) return;
    // With a scaled scrollbar one notch of the browser's own scrolling would skip thousands of rows.
    event.preventDefault();
    const unit = event.deltaMode === 1 ? this.row_px() : event.deltaMode === 2 ? this.view_px : 1;
    this.user_moved(this.top + event.deltaY * unit);
  };

  private readonly on_scroll = (): void => {
    const now = this.scroller.scrollTop;
    const delta = now - this.expected_scroll;
    if (Math.abs(delta) < 1) return;
    this.expected_scroll = now;
    // A list that became higher is moved by the browser, not by a person: it follows on.
    if (session.following.value && this.scroller.clientHeight !== this.view_px) return;
    const view = this.view_px;
    const dragged = !this.map.is_scaled || Math.abs(delta) > view * kDragViews;
    const target = dragged ? this.map.to_virtual(now) : this.map.clamp(this.top + delta);
    const went_up = target < this.top;
    this.top = target;
    if (session.following.value && went_up) session.set_following(false);
    this.anchor_soon();
    this.schedule();
  };

  private user_moved(target: number): void {
    const next = this.map.clamp(target);
    if (session.following.value && next < this.top) session.set_following(false);
    this.top = next;
    // The scrollbar catches up when the wheel rests: moving it now would cost a layout at every notch.
    this.anchor_soon();
    this.schedule();
  }

  private anchor_soon(): void {
    window.clearTimeout(this.idle);
    this.idle = window.setTimeout(() => this.anchor(), kIdle_ms);
  }

  private move_to(target: number): void {
    this.top = this.map.clamp(target);
    this.anchor();
    this.schedule();
  }

  /** Puts the scrollbar where the list really stands. */
  private anchor(): void {
    const wanted = this.map.to_physical(this.top);
    if (Math.abs(this.expected_scroll - wanted) < 1) return;
    this.scroller.scrollTop = wanted;
    this.expected_scroll = this.scroller.scrollTop;
  }

  private receive(batch: RowBatch): void {
    session.cache.put(batch);
    const known = session.count.value;
    if (batch.total > known.rows || !known.known) {
      session.count.value = { ...known, rows: batch.total, of: Math.max(known.of, batch.total), known: true };
    }
    for (const slot of this.slots) {
      if (!slot.loaded && slot.row >= batch.first && slot.row < batch.first + batch.count) slot.row = -1;
    }
    session.settle_selection();
    this.schedule();
  }

  private measure_thinning(): void {
    const arrived = session.count.value.rows - this.arrived_rows;
    this.arrived_rows = session.count.value.rows;
    const drawn = this.drawn_rows;
    this.drawn_rows = 0;
    const busy = session.following.value && drawn > 0 && arrived > drawn * 1.5;
    session.thinning.value = busy ? Math.max(2, Math.round(arrived / drawn)) : 1;
  }

  private paint(): void {
    this.frame = 0;
    const total = session.count.value.rows;
    const first_row = Math.min(session.count.value.first_row, total);
    if (total !== this.last_total || first_row !== this.map.first_of_all) {
      const gone = first_row - this.map.first_of_all;
      this.map.set_rows(total, first_row);
      // What is on screen stays there when older rows go, until it goes itself.
      if (gone > 0 && this.last_total > 0) this.top = this.map.clamp(this.top - gone * this.row_px());
      this.spacer.style.height = `${this.map.physical_px}px`;
      number_digits.value = Math.max(5, String(Math.max(total, session.count.value.of)).length);
      this.last_total = total;
      if (!session.following.value) this.anchor();
    }
    several_interfaces.value = (session.current_info.value?.interfaces?.length ?? 0) > 1;
    this.lay_out();
    if (session.following.value) {
      this.top = this.map.max_top;
      this.anchor();
      this.drawn_rows += Math.min(total - this.drawn_to, this.map.visible_rows());
      this.drawn_to = total;
    }
    this.top = this.map.clamp(this.top);
    const first = this.map.first_row(this.top);
    const shown = Math.min(this.map.visible_rows(), total - first);
    this.paint_rows(first, shown);
    this.ask(first, Math.max(shown, 1), total);
    this.tell_times(first, shown);
  }

  private paint_rows(first: number, shown: number): void {
    const pool = this.slots.length;
    const chosen = session.selected.value;
    if (Math.abs(first - this.base_row) > kRebaseRows) {
      this.base_row = first;
      for (const slot of this.slots) slot.row = -1;
    }
    const sheet_y = this.map.row_top(this.base_row) - this.top;
    if (sheet_y !== this.sheet_y) {
      this.sheet_y = sheet_y;
      this.sheet.style.transform = `translateY(${sheet_y}px)`;
    }
    let active: Slot | null = null;
    for (let i = 0; i < shown; i++) {
      const row = first + i;
      const slot = this.slots[row % pool];
      if (!slot) continue;
      if (slot.row !== row || !slot.loaded) this.fill(slot, row);
      this.place(slot, (row - this.base_row) * this.row_px());
      this.style(slot, row, chosen?.number ?? -1);
      if (row === chosen?.row) active = slot;
    }
    for (let i = shown; i < pool; i++) {
      const slot = this.slots[(first + i) % pool];
      if (slot) this.place(slot, kNowhere_px);
    }
    const id = active?.element.id ?? '';
    if (id !== this.active_id) {
      this.active_id = id;
      if (id) this.scroller.setAttribute('aria-activedescendant', id);
      else this.scroller.removeAttribute('aria-activedescendant');
    }
  }

  private place(slot: Slot, y: number): void {
    if (slot.y === y) return;
    if (y === kNowhere_px) {
      slot.row = -1;
      slot.element.hidden = true;
    } else {
      if (slot.y === kNowhere_px) slot.element.hidden = false;
      slot.element.style.top = `${y}px`;
    }
    slot.y = y;
  }

  private fill(slot: Slot, row: number): void {
    slot.row = row;
    slot.element.setAttribute('aria-rowindex', String(row + 2));
    const at = session.cache.find(row);
    slot.loaded = at !== null;
    if (at === null) {
      for (const cell of slot.cells.values()) {
        cell.text.data = '';
        if (cell.more) cell.more.data = '';
      }
      set_class(slot.chip, 'proto none');
      return;
    }
    const { batch, index } = at;
    const put = (id: ColumnId, text: string, more = ''): void => {
      const cell = slot.cells.get(id);
      if (!cell) return;
      if (cell.text.data !== text) cell.text.data = text;
      if (cell.more && cell.more.data !== more) cell.more.data = more;
    };
    const ports = !slot.cells.has('source_port');
    const from_port = batch.source_port[index] ?? 0;
    const to_port = batch.target_port[index] ?? 0;
    put('number', count_text(batch.number[index] ?? 0));
    put('time', this.formatter.text(batch.seconds[index] ?? 0, batch.nanos[index] ?? 0, this.above(row)));
    const iface = batch.iface[index] ?? 0;
    put('iface', plain_text(session.current_info.value?.interfaces?.[iface] ?? '') || String(iface));
    put('source', batch.source.at(index), ports && from_port > 0 ? String(from_port) : '');
    put('target', batch.target.at(index), !slot.cells.has('target_port') && to_port > 0 ? String(to_port) : '');
    put('source_port', from_port > 0 ? String(from_port) : '');
    put('target_port', to_port > 0 ? String(to_port) : '');
    put('length', count_text(batch.length[index] ?? 0));
    put('info', batch.info.at(index));
    const protocol = batch.protocol.at(index);
    put('protocol', protocol);
    const family = kFamilies[batch.family[index] ?? 0] ?? 'plain';
    set_class(slot.chip, `proto ${family}`);
    const icon = family_icon(family, protocol);
    if (slot.icon !== icon) {
      slot.icon = icon;
      slot.chip_icon.setAttribute('d', kIcons[icon]);
    }
  }

  private above(row: number): { seconds: number; nanos: number } | null {
    if (this.formatter.format !== 'delta' || row === 0) return null;
    const at = session.cache.find(row - 1);
    return at && { seconds: at.batch.seconds[at.index] ?? 0, nanos: at.batch.nanos[at.index] ?? 0 };
  }

  private style(slot: Slot, row: number, chosen: number): void {
    const at = slot.loaded ? session.cache.find(row) : null;
    const number = at ? (at.batch.number[at.index] ?? -2) : -2;
    const flags = at ? (at.batch.flags[at.index] ?? 0) : 0;
    const is_chosen = number === chosen;
    let name = 'gr';
    if (session.pointed.value.has(number)) name += ' marked';
    if (session.marks.value.has(number)) name += ' kept-mark';
    const is_twice = (flags & kFlagDuplicate) !== 0;
    if (is_twice) name += ' twice';
    if ((flags & kFlagAnomaly) !== 0) name += ' odd';
    if ((flags & (kFlagNotAnalysed | kFlagRetransmission | kFlagTruncated)) !== 0) name += ' lesser';
    const key = is_chosen ? `${name} *` : name;
    if (slot.style_key === key) return;
    slot.style_key = key;
    slot.element.className = name;
    if (slot.twice) slot.twice.hidden = !is_twice;
    if (is_twice) slot.element.title = kTwiceWords;
    else slot.element.removeAttribute('title');
    slot.element.setAttribute('aria-selected', is_chosen ? 'true' : 'false');
  }

  private ask(first: number, shown: number, total: number): void {
    const capture = session.current.value;
    if (capture === null) return;
    const follow = session.following.value;
    const filter = session.filter.value.id;
    let from = first;
    let wanted = shown;
    if (follow) {
      wanted = this.map.visible_rows() + 2;
      from = 0;
    } else {
      wanted = Math.max(shown * 3, kFetchRows);
      from = Math.max(this.map.first_of_all, first - Math.floor((wanted - shown) / 2));
      const margin = Math.floor(shown / 2);
      const near = Math.max(this.map.first_of_all, first - margin);
      const have = total > 0 && session.cache.covers(near, Math.min(total, first + shown + margin) - near);
      if (have && !this.is_new_view && this.asked.startsWith('view')) return;
    }
    const key = follow ? `follow ${wanted}` : `view ${from} ${wanted} ${Math.min(total, from + wanted)}`;
    if (key === this.asked && !this.is_new_view) return;
    this.asked = key;
    stream.show({ capture, filter, first: from, count: wanted, follow }, this.is_new_view);
    this.is_new_view = false;
  }

  private tell_times(first: number, shown: number): void {
    const a = session.cache.find(first);
    const z = session.cache.find(first + shown - 1);
    if (!a || !z) return;
    const from_s = (a.batch.seconds[a.index] ?? 0) + (a.batch.nanos[a.index] ?? 0) / 1e9;
    const to_s = (z.batch.seconds[z.index] ?? 0) + (z.batch.nanos[z.index] ?? 0) / 1e9;
    const old = session.on_screen.value;
    if (old === null || old.from_s !== from_s || old.to_s !== to_s) session.on_screen.value = { from_s, to_s };
  }

  private lay_out(): void {
    const columns = laid_columns.value;
    const row_px = this.row_px();
    const start = session.current_info.value?.first_ns ?? '0';
    const key = [
      columns.map((c) => `${c.id}${c.px}`).join(),
      row_px,
      time_format.value,
      time_zone.value,
      shown_digits.value,
      start,
      this.map.visible_rows(),
    ].join('|');
    if (key === this.layout_key) return;
    this.layout_key = key;
    const anchor_row = this.map.first_row(this.top);
    const is_new_height = row_px !== this.laid_row_px;
    this.laid_row_px = row_px;
    this.map.set_row_height(row_px);
    const { seconds, nanos } = split_ns(start);
    this.formatter = new TimeFormatter(time_format.value, time_zone.value, shown_digits.value, seconds, nanos);
    signal_batch(() => {
      this.spacer.style.height = `${this.map.physical_px}px`;
      if (is_new_height) this.top = this.map.clamp(this.map.row_top(anchor_row));
    });
    this.sheet.replaceChildren();
    this.sheet_y = NaN;
    this.active_id = '?';
    this.slots = [];
    const wanted = this.map.visible_rows() + 1;
    for (let i = 0; i < wanted; i++) {
      const slot = make_slot(i, columns);
      this.slots.push(slot);
      this.sheet.append(slot.element);
    }
    this.asked = '';
  }
}

function set_class(element: HTMLElement, name: string): void {
  if (element.className !== name) element.className = name;
}

function make_slot(index: number, columns: readonly LaidColumn[]): Slot {
  const element = document.createElement('div');
  element.className = 'gr';
  element.id = `row-slot-${index}`;
  element.setAttribute('role', 'row');
  element.hidden = true;
  const cells = new Map<ColumnId, Cell>();
  const chip = document.createElement('span');
  const svg = document.createElementNS(kSvg, 'svg');
  svg.setAttribute('class', 'i');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  const chip_icon = document.createElementNS(kSvg, 'path');
  svg.append(chip_icon);
  let twice: HTMLElement | null = null;
  let left_px = kPadding_px;
  for (const column of columns) {
    const box = document.createElement('span');
    // Fixed places instead of a grid: a changed text then costs its own cell's layout only.
    box.style.left = `${left_px}px`;
    box.style.width = `${column.px}px`;
    left_px += column.px + kGap_px;
    box.setAttribute('role', 'gridcell');
    const text = document.createTextNode('');
    let more: Text | null = null;
    box.className = `c-${column.id}${column.right ? ' r' : ''}`;
    if (column.id === 'protocol') {
      const name = document.createElement('bdi');
      name.append(text);
      chip.append(svg, name);
      box.append(chip);
    } else if (column.id === 'source' || column.id === 'target') {
      const strong = document.createElement('b');
      const quiet = document.createElement('span');
      more = document.createTextNode('');
      quiet.append(more);
      strong.append(text);
      box.append(strong, quiet);
    } else if (column.id === 'info') {
      twice = document.createElement('span');
      twice.className = 'twice-mark';
      twice.textContent = 'seen twice';
      twice.hidden = true;
      box.append(twice, text);
    } else {
      box.append(text);
    }
    cells.set(column.id, { box, text, more });
    element.append(box);
  }
  return { element, cells, chip, chip_icon, icon: '', twice, row: -1, loaded: false, style_key: '', y: kNowhere_px };
}
