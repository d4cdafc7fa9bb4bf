import { signal } from '@preact/signals';
import { ApiError, api } from '../api/client';
import { options, start_names, wish_of } from '../start/choice';
import { settle_store } from '../start/store_panel';
import { busy, capture_problem, start_capture, stop_capture } from './capture_control';
import { program, say_problem } from './session';

/** What can be changed while a capture runs. What is in force is never kept here: the program pushes it to every page. */

/** What is typed into the running capture's filter; null = what is in force. */
export const filter_typed = signal<string | null>(null);
/** The interface that is being added or taken out. */
export const changing = signal('');

export const is_locked = (): boolean => (program.value?.capture.state ?? 'STOPPED') !== 'STOPPED';

export async function start_wanted(): Promise<void> {
  if (start_names.value.length === 0 || !(await settle_store())) return;
  await start_capture(start_names.value, wish_of(options.value));
}

export async function start_or_stop(): Promise<void> {
  const state = program.value?.capture.state;
  if (state === 'RUNNING') await stop_capture();
  else if (state === 'STOPPED' && program.value?.rights.can_capture) await start_wanted();
}

async function change(name: string, act: () => Promise<unknown>): Promise<void> {
  if (changing.value !== '') return;
  changing.value = name;
  try {
    await act();
  } catch (problem) {
    say_problem(problem);
  } finally {
    changing.value = '';
  }
}
export const add_interface = (name: string): Promise<void> => change(name, () => api.add_interface(name));
export const remove_interface = (name: string): Promise<void> => change(name, () => api.remove_interface(name));

/** Puts another filter in force while the capture goes on; a wrong one changes nothing and says where it is wrong. */
export async function change_filter(text: string): Promise<boolean> {
  if (busy.value) return false;
  busy.value = true;
  capture_problem.value = null;
  try {
    await api.capture_filter(text.trim());
    // A second page may type on: only this one's words are done.
    if (filter_typed.value === text) filter_typed.value = null;
    return true;
  } catch (problem) {
    if (problem instanceof ApiError && problem.position !== null) {
      capture_problem.value = { message: problem.message, position: problem.position, length: problem.length };
    } else say_problem(problem);
    return false;
  } finally {
    busy.value = false;
  }
}

export function forget_typed_filter(): void {
  filter_typed.value = null;
  capture_problem.value = null;
}
