import { stream } from '../api/stream';
import { place, program, type Place } from '../live/session';
import { Brand, Icon } from './icons';
import { health_open } from './status_panel';
import { lost_in_all } from './status_words';
import { next_theme, theme } from './theme';

export function lost_packets(): number {
  const c = program.value?.capture;
  return c ? lost_in_all(c) : 0;
}

function Entry(props: { to: Place; words: string; icon: 'live' | 'captures' | 'settings' }) {
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
  // A used-up limit is no fault: the oldest packets make room, or the store is paused, which counts by itself.
  const disk_low = state.disk.free > 0 && state.disk.free < 200_000_000;
  const away = state.capture.state === 'STOPPED' ? 0 : state.capture.interfaces.filter((i) => i.state !== 'running' && i.state !== 'removed').length;
  return away + Number(state.capture.store.paused) + Number(!state.rights.can_capture) + Number(lost_packets() > 0) + Number(disk_low) + Number(stream.status.value === 'lost');
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
      <Entry to="settings" words="Settings" icon="settings" />
      <span class="anchor">
        <button class="nav" title="Health" data-opens="health" aria-expanded={health_open.value} onClick={() => (health_open.value = !health_open.value)}>
          <Icon name="health" />
          <span class="t">Health</span>
          {program.value === null ? null : fixes > 0 ? <span class="n warn">{fixes} to fix</span> : <span class="n ok">good</span>}
        </button>
      </span>
      <button class="nav" title={theme_words} onClick={next_theme}>
        <Icon name={theme.value === 'dark' ? 'moon' : theme.value === 'light' ? 'sun' : 'theme'} />
        <span class="t">{theme_words}</span>
      </button>
    </nav>
  );
}
