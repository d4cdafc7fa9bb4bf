import { useEffect } from 'preact/hooks';
import type { CapturedInterface, InterfaceInfo } from '../api/types';
import { interfaces } from '../live/capture_control';
import { add_interface, changing, remove_interface } from '../live/running';
import { program } from '../live/session';
import { Command } from '../shell/banners';
import { Icon } from '../shell/icons';
import { bits_text } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';
import { chosen_names, start_names, toggle_name } from './choice';
import { interfaces_known, speeds, watch_counters } from './interface_feed';
import { facts_of, friendly_of, icon_of, link_word } from './interface_words';
import { Sparkline } from './sparkline';

/** What can be done with this interface now: choose it, or take it in or out of the running capture. */
function Act({ info, running }: { info: InterfaceInfo; running: readonly CapturedInterface[] | null }) {
  const name = plain_text(info.name);
  if (running !== null) {
    const on = running.some((i) => i.name === info.name);
    if (on && running.length === 1) return null;
    if (!on && !info.capturable) return null;
    return (
      <button class="btn sm" disabled={changing.value !== ''} onClick={() => void (on ? remove_interface : add_interface)(info.name)}>
        {on ? 'Take out' : 'Add'}
        <span class="sr"> {name} {on ? 'of' : 'to'} the capture</span>
      </button>
    );
  }
  if (!info.capturable || program.value?.rights.can_capture !== true) return null;
  const on = chosen_names.value.includes(info.name);
  return (
    <button class="btn sm" aria-pressed={on} aria-label={`Choose ${name}`} onClick={() => toggle_name(info.name)}>
      {on ? 'Chosen' : 'Choose'}
    </button>
  );
}

function Card({ info }: { info: InterfaceInfo }) {
  const bits = speeds.value.get(info.name)?.bits ?? [];
  const now = bits[bits.length - 1] ?? 0;
  const link = link_word(info);
  const quiet = bits.length > 3 && bits.every((v) => v === 0);
  const passing = link === 'up' && !quiet;
  const rate = link !== 'up' ? link : quiet ? 'quiet' : bits.length === 0 ? 'measuring' : bits_text(now);
  const state = program.value;
  const running = state && state.capture.state !== 'STOPPED' ? state.capture.interfaces.filter((i) => i.state !== 'removed') : null;
  const captured = running?.some((i) => i.name === info.name) ?? false;
  // Without the right every card would say the same: the card above says it once.
  const says_why = !info.capturable && info.why !== '' && (state?.rights.state === 'ready' || state?.rights.state === 'no_interface');
  const taken = running === null && chosen_names.value.length > 0 && start_names.value.includes(info.name);
  return (
    <li class={`card if${passing ? '' : ' off'}${taken || captured ? ' taken' : ''}`} data-name={info.name}>
      <div class="row">
        <Icon name={icon_of(info)} />
        <b class="cut">{plain_text(info.name)}</b>
        <span class="dim cut">{plain_text(friendly_of(info))}</span>
        {info.default_route ? <span class="tag">default route</span> : null}
        <span class="grow" />
        {captured ? <span class="state-word ok">capturing</span> : null}
        <span class={passing ? 'num strong' : 'dimmer'}>{rate}</span>
      </div>
      <div class="spk">
        <Sparkline values={bits} />
      </div>
      <div class="row t12 dimmer num">
        <span class="addresses">{info.addresses.length > 0 ? info.addresses.map(plain_text).join(' · ') : 'no address'}</span>
      </div>
      <div class="row t12 dimmer num foot">
        <span class="cut">{facts_of(info).join(' · ')}</span>
        <span class="grow" />
        <Act info={info} running={running} />
      </div>
      {says_why ? (
        <div class="why">
          <p class="t12 dim">Cannot be captured: {plain_text(info.why)}.</p>
          {info.fix === '' ? null : <Command text={plain_text(info.fix)} />}
        </div>
      ) : null}
    </li>
  );
}

export function InterfaceCards() {
  useEffect(watch_counters, []);
  const rights = program.value?.rights.can_capture ?? true;
  return (
    <section aria-labelledby="ifs-title">
      <div class="hd2">
        <h2 id="ifs-title">Interfaces</h2>
        <span>
          Speeds come from the system’s counters and need no rights.
          {rights ? '' : ' Capture starts once the command above has run.'}
        </span>
      </div>
      {interfaces.value.length === 0 ? (
        <p class="dim">{interfaces_known.value ? 'No interface was found. A capture file or the demo works without one.' : 'Asking for the interfaces.'}</p>
      ) : (
        <ul class="ifs">
          {interfaces.value.map((info) => (
            <Card key={info.name} info={info} />
          ))}
        </ul>
      )}
    </section>
  );
}
