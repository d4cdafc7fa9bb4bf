import { effect } from '@preact/signals';
import Choices from 'choices.js/search-kmp';
import { useEffect, useRef } from 'preact/hooks';
import type { InterfaceInfo } from '../api/types';
import { interfaces } from '../live/capture_control';
import { plain_text } from '../shell/plain_text';
import { choose_names, chosen_names } from './choice';
import { option_words } from './interface_words';

/** What the list of the selector is made of; equal text = nothing to redraw. */
function options_of(list: readonly InterfaceInfo[], chosen: readonly string[]) {
  const known = new Set(list.map((i) => i.name));
  const there = list.map((i) => ({
    value: i.name,
    label: plain_text(i.name),
    labelDescription: plain_text(option_words(i)),
    disabled: !i.capturable && !chosen.includes(i.name),
    selected: chosen.includes(i.name),
  }));
  // A chosen one that was unplugged stays chosen: it comes back under its name.
  const gone = chosen.filter((name) => !known.has(name)).map((name) => ({ value: name, label: plain_text(name), labelDescription: 'not here now', disabled: false, selected: true }));
  return [...there, ...gone];
}

const highlighted = (host: HTMLElement): HTMLElement | null => host.querySelector('.choices__list--dropdown .is-highlighted');

/** Puts a new list in place: selection, focus, typed search and the highlighted option stay as they were. */
function renew(choices: Choices, host: HTMLElement, next: ReturnType<typeof options_of>): void {
  const input = host.querySelector<HTMLInputElement>('input.choices__input');
  const typed = input?.value ?? '';
  const caret = input?.selectionStart ?? typed.length;
  const at = highlighted(host)?.dataset['value'];
  choices.setChoices(next, 'value', 'label', true, false, true);
  if (input && typed !== '') {
    // The search knows the old list only: it starts anew with the same words.
    input.value = '';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    input.value = typed;
    input.dispatchEvent(new Event('input', { bubbles: true }));
    input.setSelectionRange(caret, caret);
  }
  if (at !== undefined) {
    const again = [...host.querySelectorAll<HTMLElement>('.choices__list--dropdown [data-choice-selectable]')].find((option) => option.dataset['value'] === at);
    again?.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
  }
}

/** The selector for several interfaces; its signals are the truth, the widget follows them. */
export function InterfacePicker() {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const host = place.current;
    if (host === null) return;
    const select = document.createElement('select');
    select.multiple = true;
    host.append(select);
    const choices = new Choices(select, {
      allowHTML: false,
      allowHtmlUserInput: false,
      removeItemButton: true,
      removeItemLabelText: (name) => `Take out ${String(name)}`,
      shouldSort: false,
      shouldSortItems: false,
      placeholderValue: 'Choose interfaces',
      itemSelectText: '',
      searchFields: ['label', 'value', 'labelDescription'],
      // What cannot be captured is found, too: with its reason.
      searchDisabledChoices: true,
      searchResultLimit: 50,
      renderSelectedChoices: false,
      closeDropdownOnSelect: false,
      resetScrollPosition: false,
      noResultsText: 'No interface is called that.',
      noChoicesText: 'No further interface.',
      labelId: 'pick-label',
      callbackOnInit: null,
    });
    let shown = '';
    let busy = false;
    const stop = effect(() => {
      const next = options_of(interfaces.value, chosen_names.value);
      const text = JSON.stringify(next);
      if (text === shown) return;
      shown = text;
      busy = true;
      renew(choices, host, next);
      busy = false;
    });
    const take = (): void => {
      if (busy) return;
      const value = choices.getValue(true);
      choose_names(Array.isArray(value) ? value.map(String) : []);
    };
    select.addEventListener('change', take);
    // A key that the open list takes must not also act on the page.
    const keep_keys = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && host.querySelector('.choices.is-open')) event.stopPropagation();
    };
    host.addEventListener('keydown', keep_keys);
    return () => {
      stop();
      host.removeEventListener('keydown', keep_keys);
      choices.destroy();
      host.replaceChildren();
    };
  }, []);
  return (
    <div class="pick">
      <span id="pick-label" class="t12 dimmer nowrap">
        Interfaces
      </span>
      <div ref={place} class="grow" />
    </div>
  );
}
