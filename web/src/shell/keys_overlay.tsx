import { signal } from '@preact/signals';
import { choose_letters, letters_on } from './keys';
import { Sheet } from './popover';

export const keys_open = signal(false);

const kKeys: readonly { group: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    group: 'Anywhere',
    keys: [
      ['?', 'all keys'],
      ['Ctrl K', 'find or do anything'],
      ['Ctrl E', 'start or stop the capture'],
      ['g then l', 'Live'],
      ['g then c', 'Captures'],
      ['g then ,', 'Settings'],
      ['F6', 'next region'],
      ['Esc', 'close popup, then packet, then selection'],
    ],
  },
  {
    group: 'Packets',
    keys: [
      ['j k ↓ ↑', 'next, previous row'],
      ['Page, Home', 'by pages, to the first'],
      ['End', 'follow live again, or to the last'],
      ['[ ]', 'previous, next packet of this conversation'],
      ['Enter', 'into the fields'],
      ['x', 'mark'],
      ['d', 'dense or comfortable rows'],
      ['z', 'focus mode'],
    ],
  },
  {
    group: 'Find',
    keys: [
      ['/', 'filter'],
      ['Ctrl F', 'find text or bytes'],
      ['n  Shift N', 'next, previous hit'],
      ['#  Ctrl G', 'jump to a number'],
      ['t', 'jump to a time'],
      ['e', 'export'],
    ],
  },
  {
    group: 'Fields',
    keys: [
      ['→ ←', 'open, close a branch'],
      ['* −', 'open, close all'],
      ['Enter', 'what can be done with a field'],
      ['f  Shift F', 'show only, hide'],
      ['a', 'add with “and”'],
      ['c  Shift C', 'copy value, copy as command'],
    ],
  },
];

export function KeysOverlay() {
  if (!keys_open.value) return null;
  const close = (): void => void (keys_open.value = false);
  return (
    <Sheet label="All keys" class="keys" close={close}>
      <div class="row">
        <h2>All keys</h2>
        <span class="grow" />
        <label class="row">
          <input type="checkbox" checked={letters_on.value} onChange={(event) => choose_letters(event.currentTarget.checked)} />
          Single letters act
        </label>
        <button class="btn" onClick={close}>
          Close
        </button>
      </div>
      <div class="keycols">
        {kKeys.map((group) => (
          <section key={group.group}>
            <div class="h3">{group.group}</div>
            <dl>
              {group.keys.map(([key, does]) => (
                <div key={key + does}>
                  <dt>
                    {key.split('  ').map((k) => (
                      <span class="kbd" key={k}>
                        {k}
                      </span>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Sheet>
  );
}
