import { batch, computed, effect, signal } from '@preact/signals';
import { packet } from '../live/session';
import { all_lines, field_at, layer_of, paths_above, visible_lines, type TreeLine } from './tree_model';

/** What is open and chosen inside the packet. Open branches are remembered by path, so the next packet looks alike. */
export const lines = computed(() => (packet.value ? all_lines(packet.value.tree) : []));
export const open_paths = signal<ReadonlySet<string>>(new Set());
export const shown_lines = computed(() => visible_lines(lines.value, open_paths.value));
export const chosen_line = signal<TreeLine | null>(null);
export const source_index = signal(0);
/** A field named in the address, chosen when its packet arrives. */
export const wanted_field = signal('');

let touched = false;
effect(() => {
  const all = lines.value;
  const before = chosen_line.peek();
  if (all.length === 0) {
    chosen_line.value = null;
    return;
  }
  batch(() => {
    const wish = wanted_field.peek();
    const again =
      (wish !== '' ? all.find((line) => line.node.field === wish) : undefined) ??
      (before ? all.find((line) => line.path === before.path) : undefined) ??
      null;
    wanted_field.value = '';
    if (!touched) {
      const top = all.filter((line) => line.depth === 0);
      // The layer that says something; bytes nobody understands only when there is no other.
      const last = top.filter((line) => line.node.field !== 'data').pop() ?? top[top.length - 1];
      open_paths.value = new Set(last ? [last.path] : []);
    }
    if (again && wish !== '') open_paths.value = new Set([...open_paths.peek(), ...paths_above(all, again)]);
    chosen_line.value = again;
    source_index.value = again?.node.source ?? 0;
  });
});

export function set_open(path: string, open: boolean): void {
  touched = true;
  const next = new Set(open_paths.value);
  if (open) next.add(path);
  else next.delete(path);
  open_paths.value = next;
}

export function open_all(open: boolean): void {
  touched = true;
  open_paths.value = open ? new Set(lines.value.filter((line) => line.has_children).map((line) => line.path)) : new Set();
}

export function choose_line(line: TreeLine | null): void {
  batch(() => {
    chosen_line.value = line;
    if (line !== null && line.node.length > 0) source_index.value = line.node.source;
  });
}

export function choose_byte(offset: number): void {
  const line = field_at(lines.value, source_index.value, offset);
  if (line === null) return;
  batch(() => {
    touched = true;
    open_paths.value = new Set([...open_paths.value, ...paths_above(lines.value, line)]);
    chosen_line.value = line;
  });
  document.getElementById(`field-${line.index}`)?.scrollIntoView({ block: 'nearest' });
}

/** The protocol whose bytes are in full ink: that of the chosen field, else the innermost. */
export const inked_layer = computed<TreeLine | null>(() => {
  const all = lines.value;
  if (chosen_line.value && all[chosen_line.value.index] === chosen_line.value) return layer_of(all, chosen_line.value);
  const top = all.filter((line) => line.depth === 0 && line.node.length > 0);
  return top[top.length - 1] ?? null;
});
