import { signal } from '@preact/signals';
import { stream } from '../api/stream';
import { api } from '../api/client';
import { fetch_interfaces, interfaces } from '../live/capture_control';
import * as session from '../live/session';
import { copy } from './clipboard';
import { upload } from '../start/upload';
import { Icon } from './icons';
import { bytes_text, count_of, count_text, duration_text } from './numbers';
import { plain_text } from './plain_text';
import { whole_sentence } from './sentence';
import { card_drops, loss_sentences } from './status_words';
import { Progress } from './progress';
import { lost_packets } from './side';

export function Command({ text }: { text: string }) {
  return (
    <div class="cmd">
      <span class="p" aria-hidden="true">$</span>
      <code>{text}</code>
      <button class="btn sm" onClick={() => copy(text, 'Command')}>
        <Icon name="copy" size={14} />
        Copy
      </button>
    </div>
  );
}

export async function check_again(): Promise<void> {
  try {
    await Promise.all([session.refresh(), fetch_interfaces()]);
    const rights = session.program.value?.rights;
    const still = rights?.state === 'no_interface' ? 'there is still no interface to capture on' : 'the right is still missing';
    session.say(rights?.can_capture ? 'sp3ctra may listen now.' : `Checked: ${still}.`);
  } catch (problem) {
    session.say_problem(problem);
  }
}

export function LostLink() {
  if (stream.status.value !== 'lost') return null;
  const capturing = session.program.value?.capture.state === 'RUNNING';
  return (
    <div class="bann info" role="status">
      <Icon name="loop" />
      <div class="grow">
        <b>Connection to sp3ctra lost.</b>{' '}
        <span aria-live="off">
          {capturing ? 'Capture goes on without this page. ' : ''}Trying again in {stream.retry_s.value} s.
        </span>
      </div>
      <button class="btn sm" onClick={() => stream.connect()}>
        Now
      </button>
    </div>
  );
}

/** Drawing thinned: said with its factor. */
export function Overload() {
  if (session.thinning.value <= 1) return null;
  const capture = session.program.value?.capture;
  const pps = capture?.packets_per_s ?? 0;
  const all_kept = lost_packets() === 0 && !capture?.store.paused;
  return (
    <div class="bann info" role="status">
      <Icon name="live" />
      <div class="grow">
        <b>{count_of(pps, 'packet')} per second.</b> The list draws 1 in {count_text(session.thinning.value)} until it calms down.{all_kept ? ' All packets are kept.' : ''}
      </div>
      <button class="btn sm" onClick={() => session.set_following(false)}>
        Pause list
      </button>
    </div>
  );
}

/** The capture whose losses somebody has read. */
const loss_dismissed = signal('');

export function Loss() {
  const c = session.program.value?.capture;
  if (!c || c.id !== session.current.value) return null;
  const { kernel_drops: missed, not_written } = c;
  const by_card = card_drops(c);
  if (missed + not_written + by_card === 0) return null;
  const lost = missed + not_written + by_card;
  if (loss_dismissed.value === c.id) return null;
  return (
    <div class="bann warn" role="status">
      <Icon name="warn" />
      <div class="grow">
        <b>
          {count_of(lost, 'packet')} {lost === 1 ? 'is' : 'are'} missing.
        </b>{' '}
        {loss_sentences(c).join(' ')} {c.state === 'STOPPED' ? 'Up to the end of the capture, what' : 'What'} is listed is complete except for these.
      </div>
      <button class="btn quiet icon sm" aria-label="Dismiss" title="Dismiss: the number stays in the status bar" onClick={() => (loss_dismissed.value = c.id)}>
        <Icon name="close" size={14} />
      </button>
    </div>
  );
}

/** The capture ended before anybody stopped it, and its file is whole. */
export function EndedEarly() {
  const info = session.current_info.value;
  const ended = info?.ended;
  if (!ended) return null;
  // A file that could not be ended well is damaged: the other banner says so with the same words.
  if (info.damage !== '') return null;
  return (
    <div class="bann warn" role="status">
      <Icon name="disk" />
      <div class="grow">
        <b>This capture ended early</b>, and its file is whole: {plain_text(ended)}.
      </div>
    </div>
  );
}

/** No right to listen: what is missing and the command that grants it, above the demo shown instead. */
export function MissingRight() {
  const state = session.program.value;
  if (!session.current_info.value?.demo || state === null) return null;
  const { can_capture, why, fix } = state.rights;
  const none = can_capture && interfaces.value.length > 0 && !interfaces.value.some((i) => i.capturable);
  if (can_capture && !none) return null;
  return (
    <div class="bann info missing-right" role="status">
      <Icon name="lock" />
      <div class="grow">
        <b>This is the demo.</b>{' '}
        {none ? 'This computer has no interface to capture on.' : plain_text(why) || 'This computer does not let sp3ctra read live packets yet.'}
        {!none && fix ? <Command text={plain_text(fix)} /> : null}
      </div>
      <button class="btn sm" onClick={() => void check_again()}>
        Check again
      </button>
    </div>
  );
}

function cancel(capture: string): void {
  if (upload.value?.capture === capture) upload.value.cancel();
  else void api.cancel_reading(capture).catch(session.say_problem);
}

export function ReadingProgress() {
  const info = session.current_info.value;
  if (info === null) return null;
  if (info.state === 'damaged') {
    return (
      <div class="bann warn" role="status">
        <Icon name="warn" />
        <div class="grow">
          <b>{plain_text(info.damage) || 'The file is damaged.'}</b> {info.packets === 1 ? 'The one packet before it is' : `The ${count_of(info.packets, 'packet')} before it are`} shown.
        </div>
      </div>
    );
  }
  if (info.state === 'stopped') {
    return (
      <div class="bann info" role="status">
        <Icon name="stop" />
        <div class="grow">
          <b>{whole_sentence(plain_text(info.damage))}</b> What was read up to there is shown.
        </div>
      </div>
    );
  }
  if (info.state !== 'reading') return null;
  const left_s = info.rate_bytes_per_s > 0 ? (info.total_bytes - info.done_bytes) / info.rate_bytes_per_s : 0;
  return (
    <div class="bann reading">
      <div class="row">
        <b class="cut">Reading {plain_text(info.name)}</b>
        <Progress share={info.total_bytes > 0 ? info.done_bytes / info.total_bytes : 0} label="Reading the file" />
        <span class="num t12 dim nowrap">
          {bytes_text(info.done_bytes)} of {bytes_text(info.total_bytes)} · {count_of(info.packets, 'packet')}
          {info.rate_bytes_per_s > 0 ? ` · ${bytes_text(info.rate_bytes_per_s)}/s · ${duration_text(left_s)} left` : ''}
        </span>
        <button class="btn sm" onClick={() => cancel(info.id)}>
          Cancel, keep what is read
        </button>
      </div>
    </div>
  );
}
