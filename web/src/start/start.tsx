import { signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { api } from '../api/client';
import { names_text } from '../api/shapes';
import type { CaptureStatus } from '../api/types';
import { best_interface, busy } from '../live/capture_control';
import { start_wanted } from '../live/running';
import { open_capture, place, program, refresh, say_problem } from '../live/session';
import { Icon } from '../shell/icons';
import { bytes_text, duration_text } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';
import { Progress } from '../shell/progress';
import { CaptureOptionsPanel, options_open } from './capture_options';
import { chosen_names, left_out, start_label, start_names } from './choice';
import { InterfaceCards } from './interface_cards';
import { InterfacePicker } from './interface_picker';
import { Recent } from './recent';
import { RightsCard } from './rights';
import './start.css';
import { TourOffer } from '../tour/tour';
import { StoreLine, StorePanel } from './store_panel';
import { send_file, upload } from './upload';

const demo_busy = signal(false);

async function open_demo(): Promise<void> {
  demo_busy.value = true;
  try {
    const { capture } = await api.demo();
    await refresh();
    open_capture(capture, false);
  } catch (problem) {
    say_problem(problem);
  } finally {
    demo_busy.value = false;
  }
}

function RunningCard({ capture }: { capture: CaptureStatus }) {
  const names = capture.interfaces.filter((i) => i.state !== 'removed').map((i) => i.name);
  return (
    <section class="card main-card" aria-labelledby="fx">
      <h2 id="fx">
        <Icon name="live" size={18} />
        <span>{capture.state === 'STOPPING' ? 'Stopping' : capture.state === 'STARTING' ? 'Starting' : 'Capturing'} on {plain_text(names_text(names))}</span>
      </h2>
      <p>{plain_text(capture.words) || 'Packets are captured whether this page is open or not.'}</p>
      {capture.store.paused ? <p class="warn">{plain_text(capture.store.words) || 'The disk is full: packets are counted, not kept, until there is room.'}</p> : null}
      <StoreLine />
      <div class="end">
        <button class="btn primary lg" onClick={() => open_capture(capture.id, true)}>
          Show the packets
        </button>
      </div>
    </section>
  );
}

function target_words(names: readonly string[]): string {
  const best = best_interface();
  if (names.length === 0) return chosen_names.value.length > 0 ? 'None of the chosen interfaces can be captured at the moment.' : 'No interface can be captured at the moment.';
  if (chosen_names.value.length === 0 && best !== null) {
    return `${plain_text(best.name)}${best.default_route ? ' is how this computer reaches the rest of the world' : ' can be captured'}. Everything it sends and receives is captured until you stop.`;
  }
  return `Everything ${plain_text(names_text(names))} ${names.length === 1 ? 'sends and receives' : 'send and receive'} is captured${names.length > 1 ? ' in one list' : ''} until you stop.`;
}

function ListenCard() {
  const state = program.value;
  if (state === null) return <section class="card main-card" aria-busy="true" />;
  if (state.capture.state !== 'STOPPED') return <RunningCard capture={state.capture} />;
  if (!state.rights.can_capture) return <RightsCard state={state} />;
  const names = start_names.value;
  const missing = left_out.value;
  return (
    <section class="card main-card" aria-labelledby="fx">
      <h2 id="fx">
        <Icon name="live" size={18} />
        Listen now
      </h2>
      <p>{target_words(names)}</p>
      <InterfacePicker />
      {missing.length > 0 ? (
        <p class="t12 warn" role="status">
          {plain_text(names_text(missing))} cannot be captured now and {missing.length === 1 ? 'is' : 'are'} left out.
        </p>
      ) : null}
      <CaptureOptionsPanel />
      <StoreLine />
      <div class="end">
        <button class="btn primary lg" disabled={names.length === 0 || busy.value} onClick={() => void start_wanted()}>
          <Icon name="play" size={14} />
          <span class="cut">{plain_text(start_label(names))}</span>
        </button>
      </div>
    </section>
  );
}

function UploadLine() {
  const now = upload.value;
  if (now === null) return null;
  const gone_s = Math.max(0.001, (performance.now() - now.started_ms) / 1000);
  const rate = now.sent / gone_s;
  return (
    <div class="job">
      <Progress share={now.size > 0 ? now.sent / now.size : 0} label={`Uploading ${plain_text(now.name)}`} />
      <div class="row t12 dim num">
        <span class="cut">
          {bytes_text(now.sent)} of {bytes_text(now.size)}
          {rate > 0 ? ` · ${bytes_text(rate)}/s · ${duration_text((now.size - now.sent) / rate)} left` : ''}
        </span>
      </div>
    </div>
  );
}

function FileCard() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <section class="card drop" aria-labelledby="drop-title">
      <h2 id="drop-title">
        <Icon name="file" size={18} />
        Drop a capture here
      </h2>
      {upload.value ? (
        <UploadLine />
      ) : (
        <>
          <p>First rows appear while the rest is still being read.</p>
          <p class="fmt">pcapng, pcap; also inside gz, zst, xz, lz4, bz2</p>
        </>
      )}
      <div class="end">
        {upload.value ? (
          <button class="btn lg" onClick={() => upload.value?.cancel()}>
            Cancel
          </button>
        ) : (
          <button class="btn lg" onClick={() => input.current?.click()}>
            Choose a file…
          </button>
        )}
        <input
          ref={input}
          type="file"
          hidden
          aria-label="Capture file"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            event.currentTarget.value = '';
            if (file) void send_file(file);
          }}
        />
      </div>
    </section>
  );
}

export function Start() {
  const demo = program.value?.demo.available ?? false;
  return (
    <section class="st0" data-region="start" data-place={place.value}>
      <div class="hello">
        <h1>Who talks on your network, and what about?</h1>
        <p>sp3ctra answers in plain words and shows the packets that prove it. Nothing leaves this computer.</p>
        <TourOffer />
      </div>
      <div class={`trio${options_open.value ? ' tall' : ''}`}>
        <ListenCard />
        <section class="card" aria-labelledby="demo-title">
          <h2 id="demo-title">
            <Icon name="play" size={18} />
            Try the demo
          </h2>
          <p>
            A few minutes of a small network, made by real programs: <b>web pages</b>, <b>name look-ups</b>, <b>mail</b>, and a <b>scan</b> to find.
          </p>
          <p class="fmt">{demo || program.value === null ? 'Needs no rights.' : 'The demo is not part of this installation.'}</p>
          <div class="end">
            <button class="btn lg" disabled={!demo || demo_busy.value} onClick={() => void open_demo()}>
              Start demo
            </button>
          </div>
        </section>
        <FileCard />
      </div>
      <StorePanel />
      <InterfaceCards />
      <Recent />
    </section>
  );
}
