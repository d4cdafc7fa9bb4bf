import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import {
  choose_dense,
  choose_digits,
  choose_time_format,
  choose_zone,
  chosen,
  dense,
  reset_columns,
  time_digits,
  time_format,
  time_zone,
} from '../list/columns';
import { kTimeFormats, TimeFormatter, type TimeFormat } from '../list/time_format';
import { place } from '../live/session';
import { names_text } from '../api/shapes';
import { choose_letters, letters_on } from '../shell/keys';
import { choose_contrast, choose_theme, contrast, theme, type Contrast, type Theme } from '../shell/theme';
import { is_default_store, offer_default_store, store, StoreLine, StorePanel } from '../start/store_panel';
import { begin_tour } from '../tour/steps';
import { SettingRow, Segments } from './choice_row';
import { forget_all, kept_words } from './page_data';
import './settings.css';

const kThemes: readonly { id: Theme; words: string }[] = [
  { id: 'system', words: 'Follow the system' },
  { id: 'dark', words: 'Dark' },
  { id: 'light', words: 'Light' },
];
const kContrasts: readonly { id: Contrast; words: string }[] = [
  { id: 'system', words: 'Follow the system' },
  { id: 'more', words: 'High' },
];
const kRows = [
  { id: 'dense', words: 'Dense' },
  { id: 'comfortable', words: 'Comfortable' },
] as const;
const kZones = [
  { id: 'local', words: 'This computer' },
  { id: 'utc', words: 'UTC' },
] as const;
const kDigits = [
  { id: '3', words: 'Milliseconds' },
  { id: '6', words: 'Microseconds' },
  { id: '9', words: 'Nanoseconds' },
] as const;
const kOnOff = [
  { id: 'on', words: 'On' },
  { id: 'off', words: 'Off' },
] as const;

const kStill = matchMedia('(prefers-reduced-motion: reduce)');
const still = signal(kStill.matches);
kStill.addEventListener('change', () => (still.value = kStill.matches));

/** A moment as the list would write it; the two relative ways are shown with a made-up start. */
function example(): string {
  const seconds = 1_700_000_000;
  const formatter = new TimeFormatter(time_format.value, time_zone.value, time_digits.value, seconds - 12, 250_000_000);
  return formatter.text(seconds, 123_456_789, { seconds, nanos: 119_000_000 });
}

function Looks() {
  return (
    <section aria-labelledby="set-looks">
      <h2 id="set-looks">How it looks</h2>
      <SettingRow
        name="Theme"
        words="Dark or light colours. Following the system changes with your desktop, at night too."
        now={theme.value === 'system' ? `Now: ${document.documentElement.dataset['theme'] ?? 'dark'}.` : undefined}
        reset={{ is_default: theme.value === 'system', words: 'follow the system', run: () => choose_theme('system') }}
      >
        {(ids) => <Segments options={kThemes} value={theme.value} choose={choose_theme} labelled={ids.name} described={ids.words} />}
      </SettingRow>
      <SettingRow
        name="Contrast"
        words="High draws every line as an edge and gives quiet text more ink, in both themes."
        now={contrast.value === 'system' ? `The system now asks for ${document.documentElement.dataset['contrast'] === 'more' ? 'more' : 'the usual'} contrast.` : undefined}
        reset={{ is_default: contrast.value === 'system', words: 'follow the system', run: () => choose_contrast('system') }}
      >
        {(ids) => <Segments options={kContrasts} value={contrast.value} choose={choose_contrast} labelled={ids.name} described={ids.words} />}
      </SettingRow>
      <SettingRow
        name="Row height"
        words="Dense shows a third more packets on the same screen; comfortable is easier to hit and to read. In the list, the key d changes it."
        reset={{ is_default: dense.value, words: 'dense', run: () => choose_dense(true) }}
      >
        {(ids) => <Segments options={kRows} value={dense.value ? 'dense' : 'comfortable'} choose={(id) => choose_dense(id === 'dense')} labelled={ids.name} described={ids.words} />}
      </SettingRow>
      <SettingRow name="Motion" words="Menus fade in for a sixth of a second; lists and charts never move by themselves. This follows the system and cannot be chosen here.">
        {() => <span class="dim">{still.value ? 'The system asks for none: nothing moves' : 'The system allows it'}</span>}
      </SettingRow>
    </section>
  );
}

function Times() {
  return (
    <section aria-labelledby="set-times">
      <h2 id="set-times">
        Times in the list <span class="example num">for example {example()}</span>
      </h2>
      <SettingRow
        name="Time as"
        words="What the column Time says. The packet itself is not changed, and every packet can still show its full time."
        reset={{ is_default: time_format.value === 'clock', words: 'time of day', run: () => choose_time_format('clock') }}
      >
        {(ids) => (
          <select aria-labelledby={ids.name} value={time_format.value} onChange={(event) => choose_time_format(event.currentTarget.value as TimeFormat)}>
            {kTimeFormats.map((format) => (
              <option key={format.id} value={format.id}>
                {format.words}
              </option>
            ))}
          </select>
        )}
      </SettingRow>
      <SettingRow
        name="Zone"
        words="Whose clock: this computer’s, or UTC, which is the same everywhere and makes notes comparable."
        reset={{ is_default: time_zone.value === 'local', words: 'this computer', run: () => choose_zone('local') }}
      >
        {(ids) => <Segments options={kZones} value={time_zone.value} choose={choose_zone} labelled={ids.name} described={ids.words} />}
      </SettingRow>
      <SettingRow
        name="Digits"
        words="How finely times are written. A narrow list writes milliseconds at most."
        reset={{ is_default: time_digits.value === 6, words: 'microseconds', run: () => choose_digits(6) }}
      >
        {(ids) => <Segments options={kDigits} value={time_digits.value === 3 ? '3' : time_digits.value === 9 ? '9' : '6'} choose={(id) => choose_digits(Number(id))} labelled={ids.name} described={ids.words} />}
      </SettingRow>
    </section>
  );
}

function Handling() {
  const changed = Object.keys(chosen.value.shown).length + Object.keys(chosen.value.widths).length;
  return (
    <section aria-labelledby="set-handling">
      <h2 id="set-handling">How it is used</h2>
      <SettingRow
        name="Single letters act"
        words="j, k, f and others act without Ctrl while no text field has the focus. Switch it off if you speak to your computer or often hit keys by chance."
        reset={{ is_default: letters_on.value, words: 'on', run: () => choose_letters(true) }}
      >
        {(ids) => <Segments options={kOnOff} value={letters_on.value ? 'on' : 'off'} choose={(id) => choose_letters(id === 'on')} labelled={ids.name} described={ids.words} />}
      </SettingRow>
      <SettingRow
        name="Columns"
        words="Which columns the list shows and how wide. They are chosen over the list, under Columns and times."
        reset={{ is_default: changed === 0, words: 'the usual columns', run: reset_columns }}
      >
        {() => <span class="dim">{changed === 0 ? 'The usual columns' : 'Your own choice'}</span>}
      </SettingRow>
      <SettingRow name="Tour" words="Five steps over the page, about a minute: what to look at, the list, one packet, the filter, and what is lost. Esc ends it.">
        {() => (
          <button class="btn" onClick={begin_tour}>
            Take the tour
          </button>
        )}
      </SettingRow>
    </section>
  );
}

function Kept() {
  const now = store.value;
  return (
    <section aria-labelledby="set-kept">
      <h2 id="set-kept">What is kept of captures</h2>
      <SettingRow
        name="Disk"
        words="How much of the disk captures may take, and what happens when it is full. This belongs to sp3ctra on this computer, not to this browser: every page follows."
        reset={now === null ? undefined : { is_default: is_default_store(now), words: 'at most 2 GB, the oldest make room; shown below before it holds', run: offer_default_store }}
      >
        {() => <StoreLine />}
      </SettingRow>
      <StorePanel />
    </section>
  );
}

const asked = signal(false);
const to_safety = (button: HTMLButtonElement | null): void => button?.focus();
function OwnData() {
  const words = kept_words();
  useEffect(() => () => void (asked.value = false), []);
  return (
    <section aria-labelledby="set-own">
      <h2 id="set-own">What this page keeps in this browser</h2>
      <SettingRow
        name="Kept here"
        words={`${words.length === 0 ? 'Nothing yet.' : `Only ${names_text(words, 20)}.`} Apart from what you typed into filters and the interfaces you chose, nothing of a capture is stored in the browser, and nothing is sent anywhere.`}
      >
        {() =>
          asked.value ? (
            <div class="row" role="group" aria-label="Forget what is kept here?">
              <button
                class="btn danger"
                onClick={() => {
                  forget_all();
                  location.reload();
                }}
              >
                Forget it now
              </button>
              <button class="btn" ref={to_safety} onClick={() => (asked.value = false)}>
                Keep it
              </button>
            </div>
          ) : (
            <button class="btn" onClick={() => (asked.value = true)}>
              Forget all settings…
            </button>
          )
        }
      </SettingRow>
      {asked.value ? (
        <p class="t12 dim" role="status">
          Every setting of this browser goes back to its default and the page loads anew. You stay logged in; captures and what is kept of them are not touched.
        </p>
      ) : null}
    </section>
  );
}

/** Every choice the page remembers, in one place. */
export function Settings() {
  return (
    <section class="st0 settings" data-region="settings" data-place={place.value} aria-labelledby="settings-title">
      <div class="hello">
        <h1 id="settings-title">Settings</h1>
        <p>All of them hold at once and are kept by this browser, unless it says otherwise.</p>
      </div>
      <Looks />
      <Times />
      <Handling />
      <Kept />
      <OwnData />
    </section>
  );
}
