import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Icon } from '../shell/icons';
import { duration_text } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';
import { palette_open } from '../shell/palette';
import { busy, fetch_interfaces, stop_capture } from './capture_control';
import { CaptureFilter, CaptureInterfaces } from './capture_bar';
import { ColumnsMenu } from './columns_menu';
import { names_text } from '../api/shapes';
import { export_open } from './export_dialog';
import { find_open } from './find_bar';
import { start_wanted } from './running';
import * as session from './session';
import { start_names } from '../start/choice';

export const columns_open = signal(false);
const now_s = signal(Date.now() / 1000);

function CaptureState() {
  const capture = session.program.value?.capture;
  const state = capture?.state ?? 'STOPPED';
  const since = capture && state === 'RUNNING' ? now_s.value - Number(capture.since_ns.slice(0, -9) || 0) : 0;
  const words = {
    STOPPED: 'Stopped',
    STARTING: `Starting ${plain_text(names_text((capture?.interfaces ?? []).map((i) => i.name)))}`,
    RUNNING: 'Capturing',
    STOPPING: 'Stopping',
  }[state];
  return (
    <span class="state" role="status" title={capture ? plain_text(capture.words) : undefined}>
      <span class={`lamp ${state.toLowerCase()}`} />
      <span>
        {words} {state === 'RUNNING' && capture?.since_ns ? <span class="dim num" aria-hidden="true">{duration_text(since)}</span> : null}
      </span>
    </span>
  );
}

export function CaptureButton({ large }: { large?: boolean }) {
  const state = session.program.value?.capture.state ?? 'STOPPED';
  const rights = session.program.value?.rights.can_capture ?? false;
  const size = large ? ' lg' : '';
  if (state !== 'STOPPED') {
    return (
      <button class={`btn${size}`} disabled={state === 'STOPPING'} aria-keyshortcuts="Control+E" onClick={() => void stop_capture()}>
        <Icon name="stop" size={14} />
        {state === 'STARTING' ? 'Cancel' : 'Stop'}
      </button>
    );
  }
  const able = rights && start_names.value.length > 0 && !busy.value;
  return (
    <button
      class={`btn${able ? ' primary' : ''}${size}`}
      disabled={!able}
      aria-keyshortcuts="Control+E"
      title={rights ? undefined : 'sp3ctra may not listen yet: see Captures'}
      onClick={() => void start_wanted()}
    >
      <Icon name="play" size={14} />
      Start
    </button>
  );
}

export function TopBar() {
  useEffect(() => {
    void fetch_interfaces().catch(() => {});
    const timer = window.setInterval(() => (now_s.value = Date.now() / 1000), 1000);
    return () => window.clearInterval(timer);
  }, []);
  const info = session.current_info.value;
  const running = session.program.value?.capture;
  const looks_live = running !== undefined && running.state !== 'STOPPED' && running.id === info?.id;
  const locked = running !== undefined && running.state !== 'STOPPED';
  return (
    <header class="top" data-region="top">
      <h1 class="sr">Packets</h1>
      {info && !looks_live ? (
        <span class="token name" title={plain_text(info.name)}>
          <Icon name="file" size={14} />
          <bdi class="cut">{plain_text(info.name)}</bdi>
        </span>
      ) : null}
      <CaptureInterfaces />
      <CaptureFilter />
      <span class="grow" />
      {locked && running.id !== '' && running.id !== info?.id ? (
        <button class="btn quiet" onClick={() => session.open_capture(running.id, true)}>
          Show what is captured
        </button>
      ) : null}
      <CaptureState />
      <CaptureButton />
      <span class="sep" />
      <button class="btn quiet icon" aria-label="Find in packets" title="Find in packets (Ctrl F)" onClick={() => (find_open.value = !find_open.value)}>
        <Icon name="search" />
      </button>
      <button class="btn quiet icon" aria-label="Export" title="Export (e)" disabled={info === null} onClick={() => (export_open.value = true)}>
        <Icon name="export" />
      </button>
      <span class="anchor">
        <button
          class="btn quiet icon"
          data-opens="columns"
          aria-label="Columns and times"
          title="Columns and times"
          aria-expanded={columns_open.value}
          onClick={() => (columns_open.value = !columns_open.value)}
        >
          <Icon name="columns" />
        </button>
        {columns_open.value ? <ColumnsMenu close={() => (columns_open.value = false)} /> : null}
      </span>
      <button class="btn quiet wide-only" onClick={() => (palette_open.value = true)}>
        <span class="dimmer">Find or do</span>
        <span class="kbd">Ctrl K</span>
      </button>
    </header>
  );
}
