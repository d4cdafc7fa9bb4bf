import { signal } from '@preact/signals';
import { ApiError, api } from '../api/client';
import type { CaptureWish, InterfaceInfo } from '../api/types';
import { keep, kept } from '../shell/kept';
import { open_capture, refresh, say_problem } from './session';

/** What may be captured and the one action that is possible now. */
export const interfaces = signal<InterfaceInfo[]>([]);
/** The page's own port is left out by a filter everyone can see and remove. */
export const capture_filter = signal(kept<string>('bpf', `not port ${location.port || '80'}`));
export const capture_problem = signal<{ message: string; position: number | null; length: number } | null>(null);
export const busy = signal(false);

export function choose_capture_filter(text: string): void {
  capture_filter.value = text;
  capture_problem.value = null;
  keep('bpf', text);
}

/** The interface the primary button stands for: the server ranks them. */
export function best_interface(): InterfaceInfo | null {
  return interfaces.value.find((i) => i.preferred) ?? null;
}

export async function start_capture(name: string | readonly string[], more: Partial<CaptureWish> = {}): Promise<void> {
  if (busy.value) return;
  busy.value = true;
  capture_problem.value = null;
  try {
    const { capture } = await api.start({ interfaces: typeof name === 'string' ? [name] : name, bpf: capture_filter.value.trim(), ...more });
    await refresh();
    open_capture(capture, true);
  } catch (problem) {
    if (problem instanceof ApiError && problem.position !== null) {
      capture_problem.value = { message: problem.message, position: problem.position, length: problem.length };
    } else say_problem(problem);
  } finally {
    busy.value = false;
  }
}

export async function stop_capture(): Promise<void> {
  busy.value = true;
  try {
    await api.stop();
    await refresh();
  } catch (problem) {
    say_problem(problem);
  } finally {
    busy.value = false;
  }
}

export async function fetch_interfaces(): Promise<void> {
  interfaces.value = await api.interfaces();
}
