import { computed, signal } from '@preact/signals';
import { names_text } from '../api/shapes';
import { kMostSnaplen, type CaptureWish, type FilterPreset, type InterfaceInfo } from '../api/types';
import { best_interface, capture_filter, interfaces } from '../live/capture_control';
import { keep, kept } from '../shell/kept';
import { whose_words } from '../shell/status_words';

/** What the next capture shall be: which interfaces, and how. Kept per browser. */

function only_names(list: unknown[]): string[] {
  return list.filter((name): name is string => typeof name === 'string' && name !== '');
}
export const chosen_names = signal<readonly string[]>(only_names(kept<unknown[]>('interfaces', [])));

export function choose_names(names: readonly string[]): void {
  const next = [...new Set(names)];
  if (next.join('\n') === chosen_names.value.join('\n')) return;
  chosen_names.value = next;
  keep('interfaces', next);
}

export function toggle_name(name: string): void {
  const now = chosen_names.value;
  choose_names(now.includes(name) ? now.filter((other) => other !== name) : [...now, name]);
}

/** Those of the chosen that can be captured now, in the order of the list; when none was chosen, the best one. */
export function names_to_start(list: readonly InterfaceInfo[], chosen: readonly string[], best: string | null): string[] {
  if (chosen.length === 0) return best === null ? [] : [best];
  return list.filter((i) => i.capturable && chosen.includes(i.name)).map((i) => i.name);
}
export const start_names = computed(() => names_to_start(interfaces.value, chosen_names.value, best_interface()?.name ?? null));

/** Chosen, but not to be captured now: gone, or not capturable. */
export const left_out = computed(() => chosen_names.value.filter((name) => !start_names.value.includes(name)));

export const start_label = (names: readonly string[]): string => (names.length === 0 ? 'Capture' : `Capture on ${names_text(names)}`);

/** How to capture; 0 = as the program does by itself. */
export interface CaptureOptions {
  promiscuous: boolean;
  snaplen: number;
  ring_mib: number;
}
const kOptions: CaptureOptions = { promiscuous: true, snaplen: 0, ring_mib: 0 };

const whole = (value: unknown, most: number): number => (typeof value === 'number' && Number.isFinite(value) ? Math.min(most, Math.max(0, Math.round(value))) : 0);
/** Bounds of the call. */
export const kLeastSnaplen = 64;
const kMostRing_mib = 256;

/** Kept text may be anything: what is not an option becomes its default. */
export function as_options(told: Partial<CaptureOptions>): CaptureOptions {
  const snaplen = whole(told.snaplen, kMostSnaplen);
  return { promiscuous: told.promiscuous !== false, snaplen: snaplen === 0 ? 0 : Math.max(kLeastSnaplen, snaplen), ring_mib: whole(told.ring_mib, kMostRing_mib) };
}
export const options = signal<CaptureOptions>(as_options(kept<Partial<CaptureOptions>>('capture-options', kOptions)));

export function choose_options(part: Partial<CaptureOptions>): void {
  options.value = as_options({ ...options.value, ...part });
  keep('capture-options', options.value);
}

/** What the call says beside interfaces and filter; the buffer only when somebody chose one. */
export function wish_of(how: CaptureOptions): Partial<CaptureWish> {
  return { promiscuous: how.promiscuous, snaplen: how.snaplen, ...(how.ring_mib > 0 ? { ring_mib: how.ring_mib } : {}) };
}

/** "keeps not port 5000 · whole packets · also packets for others": what holds while the options are folded. */
export function options_words(filter: string, how: CaptureOptions): string {
  const parts = [filter === '' ? 'everything is kept' : `keeps ${filter}`, how.snaplen === 0 ? 'whole packets' : `first ${how.snaplen} bytes of each`];
  parts.push(whose_words(how.promiscuous));
  if (how.ring_mib > 0) parts.push(`${how.ring_mib} MiB buffer`);
  return parts.join(' · ');
}

/** A preset put in place of the text; the clause that leaves out this page's own port stays, except for "everything". */
export function with_preset(bpf: string, now: string, own_port: string): string {
  const own = `not port ${own_port}`;
  if (bpf === '' || !now.includes(own)) return bpf;
  return `(${bpf}) and ${own}`;
}

export function preset_of(text: string, presets: readonly FilterPreset[], own_port: string): FilterPreset | null {
  const said = text.trim();
  return presets.find((p) => p.bpf === said || (p.bpf !== '' && said === with_preset(p.bpf, `not port ${own_port}`, own_port))) ?? null;
}

export const own_port = (): string => location.port || '80';
export const filter_words = computed(() => options_words(capture_filter.value.trim(), options.value));
