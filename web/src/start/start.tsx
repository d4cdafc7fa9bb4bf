import { signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { api } from '../api/client';
import { names_text } from '../api/shapes';
import { best_interface, capture_filter, capture_problem, choose_capture_filter, start_capture, busy } from '../live/capture_control';
import { open_capture, place, program, refresh, say_problem } from '../live/session';
import { Command, check_again } from '../shell/banners';
import { Icon } from '../shell/icons';
import { bytes_text, duration_text } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';
import { Progress } from '../shell/progress';
import { InterfaceCards } from './interface_cards';
import { Recent } from './recent';
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

function ListenCard() {
  const state = program.value;
  const target = best_interface();
  if (state === null) return <section class="card main-card" aria-busy="true" />;
  if (!state.rights.can_capture) {
    return (
      <section class="card main-card fix" aria-labelledby="fx">
        <h2 id="fx">
          <Icon name="lock" size={18} />
          Allow listening: one command
        </h2>
        <p>{plain_text(state.rights.why) || 'This computer does not let sp3ctra read live packets yet.'}</p>
        {state.rights.fix ? <Command text={plain_text(state.rights.fix)} /> : null}
        <div class="end">
          <button class="btn primary lg" onClick={() => void check_again()}>
            Check again
          </button>
          <span class="t12 dimmer">Only the small capture helper gets the right; everything else runs without.</span>
        </div>
      </section>
    );
  }
  const capture = state.capture;
  if (capture.state !== 'STOPPED') {
    return (
      <section class="card main-card" aria-labelledby="fx">
        <h2 id="fx">
          <Icon name="live" size={18} />
          Capturing on {plain_text(names_text(capture.interfaces.map((i) => i.name)))}
        </h2>
        <p>{plain_text(capture.words) || 'Packets are kept from now on, whether this page is open or not.'}</p>
        <div class="end">
          <button class="btn primary lg" onClick={() => open_capture(capture.id, true)}>
            Show the packets
          </button>
        </div>
      </section>
    );
  }
  return (
    <section class="card main-card" aria-labelledby="fx">
      <h2 id="fx">
        <Icon name="live" size={18} />
        Listen now
      </h2>
      <p>
        {target
          ? `${plain_text(target.name)}${target.default_route ? ' is how this computer reaches the rest of the world' : ' can be listened to'}. Everything it sends and receives is kept until you stop.`
          : 'No interface can be listened to at the moment.'}
      </p>
      <label class={`field cf wide${capture_problem.value ? ' bad' : ''}`}>
        <Icon name="funnel" size={14} />
        <span class="t12 dimmer nowrap">Keep only</span>
        <input
          class="mono"
          aria-label="Capture filter: decides what is kept at all"
          placeholder="everything"
          spellcheck={false}
          autocomplete="off"
          value={capture_filter.value}
          onInput={(event) => choose_capture_filter(event.currentTarget.value)}
        />
      </label>
      {capture_problem.value ? (
        <p class="problem" role="alert">
          Character {(capture_problem.value.position ?? 0) + 1}: {plain_text(capture_problem.value.message)}
        </p>
      ) : null}
      <div class="end">
        <button class="btn primary lg" disabled={target === null || busy.value} onClick={() => target && void start_capture(target.name)}>
          <Icon name="play" size={14} />
          {target ? `Capture on ${plain_text(target.name)}` : 'Capture'}
        </button>
        <span class="t12 dimmer">The filter leaves out this page’s own traffic. Clear it to see that, too.</span>
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
      </div>
      <div class="trio">
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
      <InterfaceCards />
      <Recent />
    </section>
  );
}
