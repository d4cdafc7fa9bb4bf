import { signal } from '@preact/signals';
import { current_info, place, program, type Place } from '../live/session';
import { stream } from '../api/stream';
import { Brand, Icon } from './icons';
import { bytes_text, count_text } from './numbers';
import { plain_text } from './plain_text';
import { Popover } from './popover';
import { next_theme, theme } from './theme';
import { copy } from './clipboard';

export const health_open = signal(false);

export function lost_packets(): number {
  const c = program.value?.capture;
  return c ? c.kernel_drops + c.not_written : 0;
}

function Entry(props: { to: Place; words: string; icon: 'live' | 'captures' }) {
  const here = place.value === props.to;
  return (
    <button class="nav" aria-current={here ? 'page' : undefined} title={props.words} onClick={() => (place.value = props.to)}>
      <Icon name={props.icon} />
      <span class="t">{props.words}</span>
    </button>
  );
}

function to_fix(): number {
  const state = program.value;
  if (state === null) return 0;
  const disk_low = state.disk.quota > 0 && state.disk.used > state.disk.quota * 0.95;
  return Number(!state.rights.can_capture) + Number(lost_packets() > 0) + Number(disk_low) + Number(stream.status.value === 'lost');
}

function HealthPopover() {
  const state = program.value;
  const c = state?.capture;
  return (
    <Popover label="Health" class="menu health" close={() => (health_open.value = false)}>
      <div class="h3">Health</div>
      {state === null || !c ? (
        <p class="dim">sp3ctra has not answered yet.</p>
      ) : (
        <dl>
          <dt>Listening</dt>
          <dd class={state.rights.can_capture ? '' : 'warn'}>{state.rights.can_capture ? 'allowed' : plain_text(state.rights.why) || 'not allowed'}</dd>
          {state.rights.can_capture || !state.rights.fix ? null : (
            <dd class="fix-line">
              <code class="mono">{plain_text(state.rights.fix)}</code>
              <button class="btn sm" onClick={() => copy(plain_text(state.rights.fix), 'Command')}>
                Copy
              </button>
            </dd>
          )}
          <dt>Lost by the system</dt>
          <dd class={c.kernel_drops > 0 ? 'warn num' : 'num'}>{count_text(c.kernel_drops)} packets</dd>
          <dt>Not kept, disk or quota full</dt>
          <dd class={c.not_written > 0 ? 'warn num' : 'num'}>{count_text(c.not_written)} packets</dd>
          <dt>Kept, not analysed</dt>
          <dd class={c.not_analysed > 0 ? 'warn num' : 'num'}>{count_text(c.not_analysed)} packets</dd>
          {(current_info.value?.given_up ?? []).map((g) => (
            <dd key={g.name} class="wide">
              <b class="num">{count_text(g.count)}</b> {plain_text(g.words)}.
            </dd>
          ))}
          <dt>Disk</dt>
          <dd class="num">
            {bytes_text(state.disk.used)} of {bytes_text(state.disk.quota)}, {bytes_text(state.disk.free)} free
          </dd>
          <dt>Link to sp3ctra</dt>
          <dd class={stream.status.value === 'lost' ? 'warn' : ''}>{stream.status.value === 'open' ? 'good' : stream.status.value}</dd>
          <dt>Version</dt>
          <dd>{plain_text(state.version)}</dd>
        </dl>
      )}
    </Popover>
  );
}

export function Side() {
  const fixes = to_fix();
  const theme_words = { system: 'Theme: system', dark: 'Theme: dark', light: 'Theme: light' }[theme.value];
  return (
    <nav class="side" aria-label="Main" data-region="side">
      <div class="brand">
        <Brand />
        <span class="t">sp3ctra</span>
      </div>
      <Entry to="live" words="Live" icon="live" />
      <div class="cap">Kept</div>
      <Entry to="captures" words="Captures" icon="captures" />
      <div class="gap" />
      <span class="anchor">
        <button class="nav" title="Health" data-opens="health" aria-expanded={health_open.value} onClick={() => (health_open.value = !health_open.value)}>
          <Icon name="health" />
          <span class="t">Health</span>
          {program.value === null ? null : fixes > 0 ? <span class="n warn">{fixes} to fix</span> : <span class="n ok">good</span>}
        </button>
        {health_open.value ? <HealthPopover /> : null}
      </span>
      <button class="nav" title={theme_words} onClick={next_theme}>
        <Icon name={theme.value === 'dark' ? 'moon' : theme.value === 'light' ? 'sun' : 'theme'} />
        <span class="t">{theme_words}</span>
      </button>
    </nav>
  );
}
