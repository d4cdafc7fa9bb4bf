import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { stream } from '../api/stream';
import type { CapturedInterface, CaptureStatus, ProgramState } from '../api/types';
import { clock_text } from '../charts/time_axis';
import { seconds_of } from '../charts/series_model';
import { current_info, place, program } from '../live/session';
import { Icon } from './icons';
import { bits_text, bytes_text, count_of, count_text, duration_text, mebi_text } from './numbers';
import { plain_text } from './plain_text';
import { Popover } from './popover';
import { whole_sentence } from './sentence';
import './status.css';
import { count_words, cpu_text, drop_words, expired_words, how_words, kInterfaceWords, not_looked_into, percent_text, type Trouble } from './status_words';
import { copy } from './clipboard';

export const health_open = signal(false);
/** Seconds of this computer's clock; ticks while the panel is open. */
const now_s = signal(Date.now() / 1000);

/** To the settings of what is kept, on the start page. */
export function go_to_store(): void {
  health_open.value = false;
  place.value = 'captures';
  requestAnimationFrame(() => {
    // Folded, the settings are one line with a button.
    document.querySelector<HTMLElement>('.store-line button')?.click();
    requestAnimationFrame(show_store);
  });
}
function show_store(): void {
  const title = document.getElementById('store-title') ?? document.querySelector<HTMLElement>('.st0 h2');
  if (title === null) return;
  title.tabIndex = -1;
  title.scrollIntoView({ block: 'center' });
  title.focus();
}

function Bar({ share, label }: { share: number; label: string }) {
  return <meter class={`meter${share >= 0.8 ? ' high' : ''}`} min={0} max={1} value={Math.min(1, Math.max(0, share))} aria-label={label} />;
}

function TroubleLine({ packets, means, fix }: Trouble) {
  return (
    <p class="trouble">
      <b class="num">{count_text(packets)}</b> {means} <span class="dim">{fix}</span>
    </p>
  );
}

function since_text(ns: string): string {
  const at = seconds_of(ns);
  return at > 0 ? clock_text(at) : '';
}

function InterfaceRow({ info }: { info: CapturedInterface }) {
  const troubles = drop_words(info);
  const since = since_text(info.since_ns);
  const tone = info.state === 'running' ? 'running' : info.state === 'failed' ? 'failed' : info.state === 'removed' ? 'stopped' : 'waiting';
  const ring = percent_text(info.ring_fill);
  return (
    <li class="captured" data-interface={info.name} data-state={info.state}>
      <div class="row">
        <span class={`lamp ${tone}`} />
        <b class="cut">
          <bdi>{plain_text(info.name)}</bdi>
        </b>
        <span class={info.state === 'running' ? 'dim nowrap' : info.state === 'failed' ? 'bad-text nowrap' : 'warn nowrap'}>
          {kInterfaceWords[info.state]} {since ? `since ${since}` : ''}
        </span>
        <span class="grow" />
        {info.state === 'running' ? (
          <span class="num nowrap">
            {count_text(info.packets_per_s)} <span class="dim">packets/s</span> · {bits_text(info.bits_per_s)}
          </span>
        ) : null}
      </div>
      {info.words !== '' ? <p class={info.state === 'running' ? 'dim' : 'warn'}>{plain_text(info.words)}</p> : null}
      <dl class="facts num">
        <div>
          <dt>received</dt>
          <dd>{count_text(info.received)}</dd>
        </div>
        <div>
          <dt>lost</dt>
          <dd class={troubles.length > 0 ? 'warn' : ''}>{count_text(info.kernel_drops + info.card_drops)}</dd>
        </div>
        <div>
          <dt>seen twice</dt>
          <dd>{count_text(info.duplicates)}</dd>
        </div>
      </dl>
      {troubles.map((t) => (
        <TroubleLine {...t} key={t.key} />
      ))}
      <p class="row dimmer t12 num">
        <span>{how_words(info)}</span>
        <span class="grow" />
        {info.state === 'running' || info.state === 'down' ? (
          <span class="ring nowrap">
            buffer <Bar share={info.ring_fill} label={`Buffer of ${info.name}`} /> <span class="dim">{ring} of {mebi_text(info.ring_bytes)}</span>
          </span>
        ) : null}
      </p>
    </li>
  );
}

function CaptureLines({ c }: { c: CaptureStatus }) {
  const words = { STOPPED: 'Not capturing', STARTING: 'Starting', RUNNING: 'Capturing', STOPPING: 'Stopping' }[c.state];
  const since_s = seconds_of(c.since_ns);
  const running = c.state === 'RUNNING' || c.state === 'STOPPING';
  return (
    <section aria-label="Capture">
      <div class="row headline-row">
        <span class={`lamp ${c.state.toLowerCase()}`} />
        <b>{words}</b>
        {running && since_s > 0 ? (
          <span class="dim num">
            since {clock_text(since_s)} · {duration_text(now_s.value - since_s)}
          </span>
        ) : null}
      </div>
      {running ? (
        <p class="num">
          <b>{count_text(c.packets_per_s)}</b> packets/s · <b>{bits_text(c.bits_per_s)}</b>
        </p>
      ) : null}
      {c.id !== '' ? <p class="num">{count_words(c.packets, c.duplicates)}{c.bpf ? <span class="dim"> · kept: <code class="mono">{plain_text(c.bpf)}</code></span> : null}</p> : null}
      {c.words ? <p class="dim">{plain_text(c.words)}</p> : null}
    </section>
  );
}

function Losses({ c }: { c: CaptureStatus }) {
  const skipped = not_looked_into(c);
  return (
    <dl>
      <dt>Lost by the system</dt>
      <dd class={c.kernel_drops > 0 ? 'warn num' : 'num'}>{count_of(c.kernel_drops, 'packet')}</dd>
      <dt>Not kept, disk full or limit reached</dt>
      <dd class={c.not_written > 0 ? 'warn num' : 'num'}>{count_of(c.not_written, 'packet')}</dd>
      <dt>Kept, not analysed</dt>
      <dd class={skipped > 0 ? 'warn num' : 'num'}>{count_of(skipped, 'packet')}</dd>
      {skipped > 0 ? <dd class="wide t12">They are in the list and in the file, but nothing looked into them: what they would have told is missing. A capture filter that keeps less helps.</dd> : null}
      {c.id !== '' && c.state !== 'STOPPED' ? (
        <>
          <dt>Waiting for analysis</dt>
          <dd class="num">
            <Bar share={c.queue_fill} label="Queue" /> {percent_text(c.queue_fill)} of the queue
          </dd>
        </>
      ) : null}
      {(current_info.value?.given_up ?? []).map((g) => (
        <dd key={g.name} class="wide">
          <b class="num">{count_text(g.count)}</b> {plain_text(g.words)}.
        </dd>
      ))}
    </dl>
  );
}

function Disk({ state }: { state: ProgramState }) {
  const { disk, capture } = state;
  const { store } = capture;
  const oldest_s = seconds_of(store.oldest_ns);
  const gone = expired_words(store);
  return (
    <section aria-label="Disk">
      <dl>
        <dt>Disk</dt>
        <dd class="num">
          {disk.quota > 0 ? <Bar share={disk.used / disk.quota} label="Disk used for captures" /> : null} {bytes_text(disk.used)}
          {disk.quota > 0 ? ` of ${bytes_text(disk.quota)}` : ''}, {bytes_text(disk.free)} free
        </dd>
        {store.segments > 0 ? (
          <>
            <dt>Files of this capture</dt>
            <dd class="num">
              {count_text(store.segments)}, {bytes_text(store.bytes)}
              {oldest_s > 0 ? `, oldest packet ${clock_text(oldest_s)}` : ''}
            </dd>
          </>
        ) : null}
        {gone ? <dd class="wide num">{gone}.</dd> : null}
      </dl>
      {store.paused ? (
        <p class="trouble">
          <b>Paused.</b> {whole_sentence(plain_text(store.words)) || 'Packets are counted but not kept until there is room.'} <span class="dim">Delete captures, free the disk, or let the oldest packets go.</span>
        </p>
      ) : null}
      <button class="btn sm" onClick={go_to_store}>
        What is kept …
      </button>
    </section>
  );
}

/** The state of the program: capture, interfaces, losses, disk, machine. Opened from the status bar and from the side. */
export function StatusPanel() {
  useEffect(() => {
    now_s.value = Date.now() / 1000;
    const timer = window.setInterval(() => (now_s.value = Date.now() / 1000), 1000);
    return () => window.clearInterval(timer);
  }, []);
  const state = program.value;
  const c = state?.capture;
  return (
    <Popover label="Health" class="menu health" close={() => (health_open.value = false)}>
      <button class="btn quiet icon sm close" aria-label="Close health" onClick={() => (health_open.value = false)}>
        <Icon name="close" size={14} />
      </button>
      {state === null || !c ? (
        <p class="dim">sp3ctra has not answered yet.</p>
      ) : (
        <>
          <CaptureLines c={c} />
          {c.interfaces.length > 0 && c.state !== 'STOPPED' ? (
            <ul class="captured-list" aria-label="Interfaces">
              {c.interfaces.map((i) => (
                <InterfaceRow key={i.name} info={i} />
              ))}
            </ul>
          ) : null}
          <Losses c={c} />
          <Disk state={state} />
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
            <dt>This program</dt>
            <dd class="num">
              {cpu_text(state.process.cpu_percent)} of one CPU{state.process.memory_bytes > 0 ? `, ${bytes_text(state.process.memory_bytes)} memory` : ''}
            </dd>
            <dt>Link to sp3ctra</dt>
            <dd class={stream.status.value === 'lost' ? 'warn' : ''}>{stream.status.value === 'open' ? 'good' : stream.status.value}</dd>
            <dt>Version</dt>
            <dd>{plain_text(state.version)}</dd>
          </dl>
        </>
      )}
    </Popover>
  );
}
