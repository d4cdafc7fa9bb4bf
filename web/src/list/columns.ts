import { computed, signal } from '@preact/signals';
import { keep, kept } from '../shell/kept';
import type { TimeFormat, Zone } from './time_format';

export type ColumnId =
  | 'number'
  | 'time'
  | 'iface'
  | 'source'
  | 'source_port'
  | 'target'
  | 'target_port'
  | 'protocol'
  | 'length'
  | 'info';

export interface Column {
  id: ColumnId;
  label: string;
  /** px; flexible columns share what is left by `share` and never go below `width`. */
  width: number;
  share: number;
  right: boolean;
  shown: boolean;
  /** Dropped on its own below this list width unless the user asked for it. */
  needs_px: number;
}

export const kColumns: readonly Column[] = [
  { id: 'number', label: 'No.', width: 56, share: 0, right: true, shown: true, needs_px: 0 },
  { id: 'time', label: 'Time', width: 122, share: 0, right: false, shown: true, needs_px: 0 },
  { id: 'iface', label: 'On', width: 58, share: 0, right: false, shown: false, needs_px: 1000 },
  { id: 'source', label: 'From', width: 150, share: 1, right: false, shown: true, needs_px: 0 },
  { id: 'source_port', label: 'From port', width: 64, share: 0, right: true, shown: false, needs_px: 0 },
  { id: 'target', label: 'To', width: 150, share: 1, right: false, shown: true, needs_px: 0 },
  { id: 'target_port', label: 'To port', width: 64, share: 0, right: true, shown: false, needs_px: 0 },
  { id: 'protocol', label: 'Protocol', width: 84, share: 0, right: false, shown: true, needs_px: 0 },
  { id: 'length', label: 'Bytes', width: 50, share: 0, right: true, shown: true, needs_px: 1000 },
  { id: 'info', label: 'What happens', width: 220, share: 1.8, right: false, shown: true, needs_px: 0 },
];

export const kGap_px = 12;
const kPadding_px = 32;

interface Chosen {
  shown: Partial<Record<ColumnId, boolean>>;
  widths: Partial<Record<ColumnId, number>>;
}

export const chosen = signal<Chosen>(kept<Chosen>('columns', { shown: {}, widths: {} }));
export const list_width_px = signal(1200);
/** The capture has packets of more than one interface, so the list says which. */
export const several_interfaces = signal(false);
/** Digits of the largest number in the list: the number column grows with it. */
export const number_digits = signal(5);

export const time_format = signal<TimeFormat>(kept<TimeFormat>('time.format', 'clock'));
export const time_zone = signal<Zone>(kept<Zone>('time.zone', 'local'));
export const time_digits = signal<number>(kept<number>('time.digits', 6));
export const dense = signal<boolean>(kept<boolean>('dense', true));

/** A narrow list shows milliseconds at most. */
export const shown_digits = computed(() => (list_width_px.value < 1000 ? Math.min(3, time_digits.value) : time_digits.value));

export function choose_time_format(format: TimeFormat): void {
  time_format.value = format;
  keep('time.format', format);
}
export function choose_zone(zone: Zone): void {
  time_zone.value = zone;
  keep('time.zone', zone);
}
export function choose_digits(digits: number): void {
  time_digits.value = digits;
  keep('time.digits', digits);
}
export function choose_dense(on: boolean): void {
  dense.value = on;
  keep('dense', on);
}

export function set_column_shown(id: ColumnId, shown: boolean): void {
  chosen.value = { ...chosen.value, shown: { ...chosen.value.shown, [id]: shown } };
  keep('columns', chosen.value);
}

export function set_column_width(id: ColumnId, width_px: number | null): void {
  const widths = { ...chosen.value.widths };
  if (width_px === null) delete widths[id];
  else widths[id] = Math.round(Math.min(1200, Math.max(36, width_px)));
  chosen.value = { ...chosen.value, widths };
  keep('columns', chosen.value);
}

export function reset_columns(): void {
  chosen.value = { shown: {}, widths: {} };
  keep('columns', chosen.value);
}

function natural_width(column: Column): number {
  if (column.id === 'number') {
    const digits = number_digits.value;
    return Math.max(column.width, 10 + digits * 8 + Math.floor((digits - 1) / 3) * 4);
  }
  if (column.id === 'time') {
    const fraction = (shown_digits.value - 6) * 8;
    if (time_format.value === 'date') return 206 + fraction;
    if (time_format.value === 'epoch') return 148 + fraction;
    return column.width + fraction;
  }
  return column.width;
}

export interface LaidColumn extends Column {
  px: number;
}

/** The columns on screen with their widths in px. */
export const laid_columns = computed<LaidColumn[]>(() => {
  const { shown, widths } = chosen.value;
  const width = list_width_px.value;
  const list = kColumns.filter((column) => {
    const wish = shown[column.id];
    const usual = column.shown || (column.id === 'iface' && several_interfaces.value);
    return wish ?? (usual && width >= column.needs_px);
  });
  const natural = list.map((column) => widths[column.id] ?? natural_width(column));
  const used = natural.reduce((sum, px) => sum + px, 0) + kGap_px * (list.length - 1) + kPadding_px;
  const flexible = list.filter((column) => column.share > 0 && widths[column.id] === undefined);
  const shares = flexible.reduce((sum, column) => sum + column.share, 0);
  const spare = width - used;
  return list.map((column, index) => {
    let px = natural[index] ?? column.width;
    if (column.share > 0 && widths[column.id] === undefined && shares > 0) {
      px = Math.max(spare < 0 ? 96 : px, px + (spare * column.share) / shares);
    }
    return { ...column, px: Math.floor(px) };
  });
});
