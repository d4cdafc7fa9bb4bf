import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api } from '../api/client';
import { kMostSnaplen, type FilterPreset } from '../api/types';
import { capture_filter, capture_problem, choose_capture_filter } from '../live/capture_control';
import { Icon } from '../shell/icons';
import { plain_text } from '../shell/plain_text';
import { choose_options, filter_words, kLeastSnaplen, options, own_port, preset_of, with_preset } from './choice';

const presets = signal<readonly FilterPreset[]>([]);
export const options_open = signal(false);
/** A filter with more characters gets the whole width. */
const kLongFilter = 90;
const kRings_mib = [16, 32, 64, 128, 256];

async function fetch_presets(): Promise<void> {
  if (presets.value.length > 0) return;
  try {
    presets.value = await api.presets();
  } catch {
    // Without presets the filter is still a text to type.
  }
}

function Presets() {
  const chosen = preset_of(capture_filter.value, presets.value, own_port());
  if (presets.value.length === 0) return null;
  return (
    <ul class="presets" aria-label="Filters with a name">
      {presets.value.map((preset) => (
        <li key={preset.bpf} class={preset.bpf.length > kLongFilter ? 'long' : ''}>
          <button aria-pressed={chosen === preset} onClick={() => choose_capture_filter(with_preset(preset.bpf, capture_filter.value, own_port()))}>
            <b>{plain_text(preset.name)}</b>
            <code>{preset.bpf === '' ? 'no filter' : plain_text(preset.bpf)}</code>
            <span>{plain_text(preset.words)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Filter() {
  const problem = capture_problem.value;
  return (
    <>
      <label class={`field cf wide${problem ? ' bad' : ''}`}>
        <Icon name="funnel" size={14} />
        <span class="t12 dimmer nowrap">Keep only</span>
        <input
          class="mono"
          aria-label="Capture filter: decides what is kept at all"
          aria-invalid={problem !== null}
          aria-describedby="bpf-words"
          placeholder="everything"
          spellcheck={false}
          autocomplete="off"
          value={capture_filter.value}
          onInput={(event) => choose_capture_filter(event.currentTarget.value)}
        />
        {capture_filter.value === '' ? null : (
          <button class="btn quiet sm" onClick={() => choose_capture_filter('')}>
            Clear
          </button>
        )}
      </label>
      <p id="bpf-words" class="t12 dimmer">
        {capture_filter.value.includes(`not port ${own_port()}`) ? 'This page’s own traffic is left out. ' : ''}What the filter drops is gone for good: nothing can bring it back later.
      </p>
    </>
  );
}

function Buffer() {
  const { promiscuous, snaplen, ring_mib } = options.value;
  return (
    <div class="knobs">
      <label class="row">
        <input type="checkbox" checked={promiscuous} onChange={(event) => choose_options({ promiscuous: event.currentTarget.checked })} />
        <span>
          Also packets for others <span class="dimmer t12">“promiscuous”: the card hands over what is addressed to other computers, too</span>
        </span>
      </label>
      <label class="row">
        <span>Bytes kept of each packet</span>
        <span class="field num-field">
          <input
            class="num r"
            type="number"
            min="0"
            max={kMostSnaplen}
            step="1"
            aria-describedby="snap-words"
            value={snaplen}
            onInput={(event) => {
              // "9" on the way to "96" is not meant: what is too small counts once the field is left.
              const bytes = event.currentTarget.valueAsNumber;
              if (bytes === 0 || bytes >= kLeastSnaplen) choose_options({ snaplen: bytes });
            }}
            onChange={(event) => {
              choose_options({ snaplen: Number(event.currentTarget.value) });
              event.currentTarget.value = String(options.value.snaplen);
            }}
          />
        </span>
        <span id="snap-words" class="dimmer t12">
          0 = all; otherwise 64 or more
        </span>
      </label>
      <label class="row">
        <span>Buffer</span>
        <span class="field">
          <select value={String(ring_mib)} onChange={(event) => choose_options({ ring_mib: Number(event.currentTarget.value) })}>
            <option value="0">as usual</option>
            {kRings_mib.map((mib) => (
              <option key={mib} value={String(mib)}>
                {mib} MiB
              </option>
            ))}
          </select>
        </span>
        <span class="dimmer t12">larger loses less in bursts</span>
      </label>
    </div>
  );
}

/** How to capture, folded away behind the words that say what holds. */
export function CaptureOptionsPanel() {
  useEffect(() => void fetch_presets(), []);
  const open = options_open.value || capture_problem.value !== null;
  return (
    <div class="opts">
      <button class="disclose" aria-expanded={open} aria-controls="capture-options" onClick={() => (options_open.value = !open)}>
        <Icon name={open ? 'open' : 'right'} size={14} />
        <span class="strong">Options</span>
        <span class="dimmer t12 cut">{plain_text(filter_words.value)}</span>
      </button>
      {capture_problem.value ? (
        <p class="problem" role="alert">
          Character {(capture_problem.value.position ?? 0) + 1}: {plain_text(capture_problem.value.message)}
        </p>
      ) : null}
      {open ? (
        <div id="capture-options" class="opts-body">
          <Filter />
          <Presets />
          <Buffer />
        </div>
      ) : null}
    </div>
  );
}
