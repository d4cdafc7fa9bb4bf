import { computed, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError, api } from '../api/client';
import type { StoreChoice } from '../api/types';
import { program, say, say_problem } from '../live/session';
import { Icon } from '../shell/icons';
import { bytes_text } from '../shell/numbers';
import { kAlwaysHours, kDefaultBytes, limit_of, size_choices, size_text, store_words } from './store_choice';

/** What is kept of captures, as the program has it; null until it has told. */
export const store = signal<StoreChoice | null>(null);
/** What stands in the panel, not yet taken. */
const draft = signal<StoreChoice | null>(null);
export const store_open = signal(false);
const saving = signal(false);
/** Nobody has chosen yet: the panel shows by itself, and starting takes what it says. */
export const must_ask = computed(() => store.value !== null && !store.value.asked);

async function fetch_store(): Promise<void> {
  try {
    store.value = await api.store();
    draft.value ??= store.value;
  } catch (problem) {
    if (!(problem instanceof ApiError) || problem.status !== 404) say_problem(problem);
  }
}

async function save(): Promise<boolean> {
  const next = draft.value;
  if (next === null) return true;
  saving.value = true;
  try {
    const { asked: _asked, ...choice } = next;
    await api.choose_store(choice);
    store.value = draft.value = { ...next, asked: true };
    store_open.value = false;
    return true;
  } catch (problem) {
    say_problem(problem);
    return false;
  } finally {
    saving.value = false;
  }
}

/** A capture that starts before anybody has chosen takes what the panel says; what was chosen meanwhile elsewhere stays. */
export async function settle_store(): Promise<boolean> {
  if (!must_ask.value) return true;
  await fetch_store();
  if (must_ask.value) return save();
  draft.value = store.value;
  return true;
}

const change = (part: Partial<StoreChoice>): void => {
  if (draft.value !== null) draft.value = { ...draft.value, ...part };
};

function Limit(props: { label: string; unit: string; value: number; set: (value: number) => void }) {
  return (
    <label class="row">
      <span>{props.label}</span>
      <span class="field num-field">
        <input class="num r" type="number" min="0" step="any" value={props.value === 0 ? '' : props.value} placeholder="any" onChange={(event) => props.set(limit_of(event.currentTarget.value))} />
        <span class="hint t12">{props.unit}</span>
      </span>
    </label>
  );
}

function Sizes({ now }: { now: StoreChoice }) {
  return (
    <div class="row sizes">
      <span id="keep-label">Keep at most</span>
      <div class="seg" role="radiogroup" aria-labelledby="keep-label">
        {size_choices(now.bytes).map((bytes) => (
          <button key={bytes} role="radio" aria-checked={now.bytes === bytes && !now.always_on} disabled={now.always_on} onClick={() => change({ bytes })}>
            {size_text(bytes)}
          </button>
        ))}
      </div>
      <span class="dimmer t12 num">{program.value && program.value.disk.free > 0 ? `${bytes_text(program.value.disk.free)} free` : ''}</span>
    </div>
  );
}

function WhenFull({ now }: { now: StoreChoice }) {
  return (
    <div class="row sizes">
      <span id="full-label">When full</span>
      <div class="seg" role="radiogroup" aria-labelledby="full-label">
        <button role="radio" aria-checked={now.when_full === 'overwrite'} onClick={() => change({ when_full: 'overwrite' })}>
          Overwrite the oldest
        </button>
        <button role="radio" aria-checked={now.when_full === 'pause'} onClick={() => change({ when_full: 'pause' })}>
          Pause
        </button>
      </div>
    </div>
  );
}

function AlwaysOn({ now }: { now: StoreChoice }) {
  return (
    <div class="row">
      <button class="switch" role="switch" aria-checked={now.always_on} aria-labelledby="always-label" aria-describedby="always-words" onClick={() => change({ always_on: !now.always_on })}>
        <span />
      </button>
      <span>
        <span id="always-label">Always on: keep the last {kAlwaysHours} h</span>
        <span id="always-words" class="dimmer t12">
          Capture starts with sp3ctra, on the interfaces used last.
        </span>
      </span>
    </div>
  );
}

export const is_default_store = (s: StoreChoice): boolean => Math.abs(s.bytes - kDefaultBytes) <= kDefaultBytes * 0.1 && s.when_full === 'overwrite' && !s.always_on && s.hours === 0 && s.files === 0;

/** Puts the usual choice into the panel; nothing holds until it is kept. What must stay free is the disk's own matter. */
export function offer_default_store(): void {
  const now = store.value;
  if (now === null) return;
  draft.value = { ...now, bytes: kDefaultBytes, when_full: 'overwrite', always_on: false, hours: 0, files: 0 };
  store_open.value = true;
}

/** The choice itself: between the cards and the interfaces, in nobody's way. */
export function StorePanel() {
  const now = draft.value;
  if (store.value === null || now === null || !(store_open.value || must_ask.value)) return null;
  return (
    <section class="card store-panel" aria-labelledby="store-title">
      <h2 id="store-title">
        <Icon name="disk" />
        {must_ask.value ? 'How much of the disk may captures take?' : 'What is kept of a capture'}
      </h2>
      <div class="halves">
        <div>
          <Sizes now={now} />
          <WhenFull now={now} />
        </div>
        <div>
          <AlwaysOn now={now} />
          <details class="limits">
            <summary>More limits</summary>
            <div class="knobs">
              <Limit label="Not older than" unit="h" value={now.hours} set={(hours) => change({ hours: Math.round(hours) })} />
              <Limit label="Not more than" unit="files" value={now.files} set={(files) => change({ files: files === 0 ? 0 : Math.max(2, Math.round(files)) })} />
              <Limit label="Leave free" unit="GB" value={Math.round(now.min_free_bytes / 1e8) / 10} set={(gb) => change({ min_free_bytes: Math.round(gb * 1e9) })} />
            </div>
          </details>
        </div>
      </div>
      <div class="row">
        <button class="btn" disabled={saving.value} onClick={() => void save().then((done) => done && say('Kept from now on as chosen.'))}>
          Keep it so
        </button>
        {must_ask.value ? null : (
          <button
            class="btn quiet"
            onClick={() => {
              draft.value = store.value;
              store_open.value = false;
            }}
          >
            Cancel
          </button>
        )}
        <p class="t12 dim">
          <span role="status">{store_words(now)}</span>
          {must_ask.value ? <span class="dimmer"> Asked once: starting a capture takes what stands here, and it can be changed at any time.</span> : null}
        </p>
      </div>
    </section>
  );
}

/** One line that says what is kept, and the way to change it. */
export function StoreLine() {
  useEffect(() => void fetch_store(), []);
  if (store.value === null || must_ask.value) return null;
  return (
    <p class="row t12 dim store-line">
      <Icon name="disk" size={14} />
      <span>{store_words(store.value)}</span>
      <button
        class="btn quiet sm"
        aria-expanded={store_open.value}
        onClick={() => {
          draft.value = store.value;
          store_open.value = !store_open.value;
        }}
      >
        Change
      </button>
    </p>
  );
}
