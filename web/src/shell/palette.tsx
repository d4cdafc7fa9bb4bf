import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { charts_open, show_charts } from '../charts/chart_data';
import { start_or_stop } from '../live/running';
import { export_open } from '../live/export_dialog';
import { open_find } from '../live/find_bar';
import { clear_filter } from '../live/filter_bar';
import * as session from '../live/session';
import { choose_dense, dense } from '../list/columns';
import { focus_filter, focus_mode } from './keys';
import { keys_open } from './keys_overlay';
import { count_text } from './numbers';
import { plain_text } from './plain_text';
import { Sheet } from './popover';
import { choose_theme } from './theme';
import { begin_tour } from '../tour/steps';

export const palette_open = signal(false);
const text = signal('');
const at = signal(0);

interface Act {
  words: string;
  key?: string;
  run: () => void;
}

function acts(): Act[] {
  const live = session.current.value !== null;
  const running = session.program.value?.capture.state === 'RUNNING';
  const number = /^#?\s*([\d,]+)$/.exec(text.value.trim())?.[1]?.replace(/,/g, '');
  const list: Act[] = [];
  if (number && live) list.push({ words: `Go to packet ${count_text(Number(number))}`, run: () => void session.go_to_packet(Number(number), true) });
  list.push({ words: running ? 'Stop capturing' : 'Start capturing', key: 'Ctrl E', run: () => void start_or_stop() });
  if (live) {
    list.push(
      { words: 'Filter', key: '/', run: focus_filter },
      { words: 'Clear the filter', run: clear_filter },
      { words: 'Find text', key: 'Ctrl F', run: () => open_find('text') },
      { words: 'Find bytes', run: () => open_find('hex') },
      { words: 'Jump to a packet number', key: '#', run: () => open_find('number') },
      { words: 'Jump to a time', key: 't', run: () => open_find('time') },
      { words: charts_open.value ? 'Close the charts' : 'Charts: rate and protocol mix', run: () => show_charts(!charts_open.value) },
      { words: 'Export packets', key: 'e', run: () => (export_open.value = true) },
      { words: dense.value ? 'Comfortable rows' : 'Dense rows', key: 'd', run: () => choose_dense(!dense.value) },
      { words: focus_mode.value ? 'Leave focus mode' : 'Focus mode', key: 'z', run: () => (focus_mode.value = !focus_mode.value) },
    );
  }
  list.push(
    { words: 'Go to Live', key: 'g l', run: () => (session.place.value = 'live') },
    { words: 'Go to Captures', key: 'g c', run: () => (session.place.value = 'captures') },
    { words: 'Settings', key: 'g ,', run: () => (session.place.value = 'settings') },
    { words: 'Theme: follow the system', run: () => choose_theme('system') },
    { words: 'Theme: dark', run: () => choose_theme('dark') },
    { words: 'Theme: light', run: () => choose_theme('light') },
    { words: 'Take the tour (1 min)', run: begin_tour },
    { words: 'All keys', key: '?', run: () => (keys_open.value = true) },
  );
  for (const c of session.captures.value.slice(0, 50)) list.push({ words: `Open ${plain_text(c.name)}`, run: () => session.open_capture(c.id) });
  const wanted = text.value.trim().toLowerCase();
  if (wanted === '' || number) return list;
  return list.filter((act) => wanted.split(/\s+/).every((word) => act.words.toLowerCase().includes(word)));
}

function Box() {
  useEffect(() => {
    text.value = '';
    at.value = 0;
  }, []);
  const list = acts().slice(0, 10);
  const close = (): void => void (palette_open.value = false);
  const run = (act: Act | undefined): void => {
    if (!act) return;
    close();
    // The sheet gives the focus back first; an action may then move it on.
    requestAnimationFrame(() => act.run());
  };
  return (
    <Sheet label="Find or do" class="palette" close={close}>
      <input
        role="combobox"
        aria-expanded={true}
        aria-controls="palette-list"
        aria-activedescendant={`palette-${at.value}`}
        aria-label="Find or do"
        placeholder="A packet number, or what to do"
        autocomplete="off"
        spellcheck={false}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          at.value = 0;
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') at.value = (at.value + 1) % Math.max(1, list.length);
          else if (event.key === 'ArrowUp') at.value = (at.value + list.length - 1) % Math.max(1, list.length);
          else if (event.key === 'Enter') run(list[at.value]);
          else return;
          event.preventDefault();
        }}
      />
      <div id="palette-list" role="listbox" aria-label="Actions">
        {list.map((act, index) => (
          <div
            key={act.words}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === at.value}
            class={`opt${index === at.value ? ' on' : ''}`}
            onPointerMove={() => (at.value = index)}
            onClick={() => run(act)}
          >
            <span class="cut">{act.words}</span>
            {act.key ? <span class="n kbd">{act.key}</span> : null}
          </div>
        ))}
        {list.length === 0 ? <p class="dim none">Nothing by that name.</p> : null}
      </div>
    </Sheet>
  );
}

export function Palette() {
  return palette_open.value ? <Box /> : null;
}
