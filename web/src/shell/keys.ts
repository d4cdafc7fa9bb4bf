import { signal } from '@preact/signals';
import { chosen_line } from '../inspector/state';
import { use_filter } from '../inspector/tree';
import { list_on_screen } from '../list/packet_list';
import { choose_dense, dense } from '../list/columns';
import { start_or_stop } from '../live/running';
import { export_open } from '../live/export_dialog';
import { find_open, find, open_find } from '../live/find_bar';
import { filter_input } from '../live/filter_bar';
import * as session from '../live/session';
import { copy } from './clipboard';
import { keep, kept } from './kept';
import { keys_open } from './keys_overlay';
import { palette_open } from './palette';
import { plain_text } from './plain_text';

/** Single letters can be switched off (WCAG 2.1.4). */
export const letters_on = signal(kept<boolean>('letters', true));
export const focus_mode = signal(false);

export function choose_letters(on: boolean): void {
  letters_on.value = on;
  keep('letters', on);
}

let after_g = 0;

export function focus_filter(): void {
  const take = () => {
    filter_input.element?.focus();
    filter_input.element?.select();
  };
  // At once when the field is there: the next key typed belongs to it.
  if (session.place.value === 'live') return take();
  session.place.value = 'live';
  requestAnimationFrame(take);
}

function next_region(back: boolean): void {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter((r) => r.offsetParent !== null);
  const now = regions.findIndex((r) => r.contains(document.activeElement));
  for (let i = 1; i <= regions.length; i++) {
    const region = regions[(now + (back ? -i : i) + regions.length * 2) % regions.length];
    const target = region?.tabIndex === 0 ? region : region?.querySelector<HTMLElement>('input:not([hidden]), button:not([disabled]), select, [tabindex="0"]');
    if (target) {
      target.focus();
      return;
    }
  }
}

function escape(): void {
  if (session.inspector_open.value && session.selected.value) {
    session.inspector_open.value = false;
    list_on_screen.scroller?.focus();
  } else if (session.selected.value) {
    session.selected.value = null;
    session.inspector_open.value = true;
  }
}

function go_to_place(key: string): boolean {
  if (key === 'l') session.place.value = 'live';
  else if (key === 'c') session.place.value = 'captures';
  else if (key === ',') session.place.value = 'settings';
  else return false;
  return true;
}

function copy_value(): void {
  const line = chosen_line.value;
  if (line) copy(plain_text(line.node.value || line.node.label), 'Value');
  else if (session.packet.value) copy(String(session.packet.value.number), 'Packet number');
}

/** Keys of the list: true when the key was used. */
function list_key(event: KeyboardEvent): boolean {
  if (session.place.value !== 'live') return false;
  switch (event.key) {
    case 'ArrowDown':
      session.step(1);
      return true;
    case 'ArrowUp':
      session.step(-1);
      return true;
    case 'PageDown':
      session.step(list_on_screen.view?.page_rows() ?? 20);
      return true;
    case 'PageUp':
      session.step(-(list_on_screen.view?.page_rows() ?? 20));
      return true;
    case 'Home':
      session.select_row(session.count.value.first_row);
      return true;
    case 'End':
      if (session.current_info.value?.state === 'live') session.set_following(true);
      else session.select_row(Math.max(0, session.count.value.rows - 1));
      return true;
    case 'Enter':
      session.inspector_open.value = true;
      requestAnimationFrame(() => document.getElementById('field-tree')?.focus());
      return true;
    case 'Escape':
      escape();
      return true;
  }
  return false;
}

function letter(event: KeyboardEvent): boolean {
  const key = event.key;
  if (performance.now() - after_g < 1200 && go_to_place(key)) {
    after_g = 0;
    return true;
  }
  if (key === '?') {
    keys_open.value = !keys_open.value;
    return true;
  }
  if (key === 'g') {
    after_g = performance.now();
    return true;
  }
  if (session.place.value !== 'live') return false;
  const chosen = chosen_line.value?.node.filter ?? '';
  switch (key) {
    case '/':
      focus_filter();
      return true;
    case 'j':
      session.step(1);
      return true;
    case 'k':
      session.step(-1);
      return true;
    case '[':
      void session.conversation('prev');
      return true;
    case ']':
      void session.conversation('next');
      return true;
    case 'f':
      use_filter(chosen, 'only');
      return true;
    case 'F':
      use_filter(chosen, 'hide');
      return true;
    case 'a':
      use_filter(chosen, 'and');
      return true;
    case 'x':
      if (session.selected.value) session.toggle_mark(session.selected.value.number);
      return true;
    case 'n':
      void find('next');
      return true;
    case 'N':
      void find('prev');
      return true;
    case 't':
      open_find('time');
      return true;
    case '#':
      open_find('number');
      return true;
    case 'e':
      if (session.current.value) export_open.value = true;
      return true;
    case 'z':
      focus_mode.value = !focus_mode.value;
      return true;
    case 'd':
      choose_dense(!dense.value);
      return true;
    case 'c':
      copy_value();
      return true;
    case 'C':
      if (session.packet.value) copy(session.packet.value.command, 'Command');
      return true;
  }
  return false;
}

function on_key(event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  if (event.key === 'F6') {
    next_region(event.shiftKey);
    event.preventDefault();
    return;
  }
  if (document.querySelector('dialog[open]')) return;
  const target = event.target as HTMLElement | null;
  const typing = target?.matches('input:not([type=checkbox]):not([type=radio]), textarea, select') ?? false;
  if ((event.ctrlKey || event.metaKey) && !event.altKey) {
    const key = event.key.toLowerCase();
    if (key === 'k') palette_open.value = true;
    else if (key === 'e') void start_or_stop();
    else if (key === 'f' && session.place.value === 'live') {
      if (find_open.value) open_find('text');
      else open_find('text');
    } else if (key === 'g' && session.place.value === 'live') open_find('number');
    else return;
    event.preventDefault();
    return;
  }
  if (typing || event.altKey || event.metaKey || event.ctrlKey) return;
  const on_control = target?.matches('button, a, summary, input, [role=separator]') ?? false;
  if (on_control && (event.key === 'Enter' || event.key === ' ')) return;
  if (list_key(event) || (letters_on.value && letter(event)) || (event.key === '?' && letter(event))) event.preventDefault();
}

export function listen_to_keys(): void {
  document.addEventListener('keydown', on_key);
}
