import { api } from '../api/client';
import type { CaptureInfo, StoredCapture } from '../api/types';
import { split_ns } from '../list/time_format';
import { captures, captures_known, open_capture, open_stored, say_problem, stored } from '../live/session';
import { Icon } from '../shell/icons';
import { bytes_text, count_of, count_text, duration_text } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';
import { Progress } from '../shell/progress';
import { RemoveSheet, ask_to_remove, type Removal } from './remove';

/** More rows than anyone reads would only make the page slow. */
const kRows = 300;

function when(ns: string): string {
  const { seconds } = split_ns(ns);
  if (seconds === 0) return '';
  const day = new Date(seconds * 1000);
  const today = new Date();
  const clock = day.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const days = Math.round((new Date(today).setHours(0, 0, 0, 0) - new Date(day).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return `today ${clock}`;
  if (days === 1) return `yesterday ${clock}`;
  return day.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: days > 300 ? 'numeric' : undefined });
}

function State({ info }: { info: CaptureInfo }) {
  const expired = info.expired_packets ?? 0;
  if (info.state === 'live') return <span class="state-word ok cut">capturing{expired > 0 ? <span class="dim">, oldest {count_text(expired)} not kept</span> : null}</span>;
  if (info.state === 'stopped') return <span class="state-word cut" title={plain_text(info.damage)}>{plain_text(info.damage)}</span>;
  if (info.state === 'damaged') return <span class="state-word warn cut" title={plain_text(info.damage)}>{plain_text(info.damage) || 'damaged'}</span>;
  if (info.state === 'reading') {
    const left_s = info.rate_bytes_per_s > 0 ? (info.total_bytes - info.done_bytes) / info.rate_bytes_per_s : 0;
    return (
      <span class="row reading-cell">
        <Progress share={info.total_bytes > 0 ? info.done_bytes / info.total_bytes : 0} label={`Reading ${plain_text(info.name)}`} />
        <span class="num nowrap">{duration_text(left_s)} left</span>
        <button
          class="btn quiet sm"
          onClick={(event) => {
            event.stopPropagation();
            void api.cancel_reading(info.id).catch(say_problem);
          }}
        >
          Cancel
        </button>
      </span>
    );
  }
  if (info.ended) return <span class="state-word cut" title={plain_text(info.ended)}>ended early</span>;
  if (expired > 0) return <span class="dim cut" title={expired === 1 ? 'The first packet is no longer kept' : `The first ${count_of(expired, 'packet')} are no longer kept`}>oldest {count_text(expired)} not kept</span>;
  return <span class="dim">complete</span>;
}

function Remove({ what, running }: { what: Removal; running?: boolean }) {
  const verb = what.deletes ? 'Delete' : 'Close';
  return (
    <span role="cell" class="r">
      <button
        class="btn quiet sm"
        aria-label={`${verb} ${plain_text(what.name)}`}
        aria-haspopup="dialog"
        disabled={running}
        title={running ? 'Stop the capture first' : undefined}
        onClick={(event) => {
          event.stopPropagation();
          ask_to_remove(what);
        }}
      >
        {verb}
      </button>
    </span>
  );
}

function Name(props: { name: string; icon: 'live' | 'file'; demo?: boolean; files: number; open: () => void }) {
  return (
    <span role="cell" class="row">
      <Icon name={props.icon} size={14} />
      <button class="name cut" onClick={(event) => { event.stopPropagation(); props.open(); }}>
        <bdi>{plain_text(props.name)}</bdi>
      </button>
      {props.demo ? <span class="tag">demo</span> : null}
      {props.files > 1 ? <span class="dimmer t12 nowrap">{count_text(props.files)} files</span> : null}
    </span>
  );
}

function OpenRow({ info }: { info: CaptureInfo }) {
  const length_s = Math.max(0, split_ns(info.last_ns).seconds - split_ns(info.first_ns).seconds);
  const open = () => open_capture(info.id);
  const bytes = info.total_bytes || info.bytes;
  return (
    <div class="gr" role="row" onClick={open}>
      <Name name={info.name} icon={info.state === 'live' ? 'live' : 'file'} demo={info.demo} files={info.segments ?? 1} open={open} />
      <span role="cell" class="dim">{when(info.first_ns)}</span>
      <span role="cell" class="r dim">{info.packets > 0 ? duration_text(length_s) : ''}</span>
      <span role="cell" class="r">{count_text(info.packets)}</span>
      <span role="cell" class="r dim">{bytes_text(bytes)}</span>
      <span role="cell"><State info={info} /></span>
      <Remove what={{ id: info.id, name: info.name, bytes, deletes: info.deletable === true, demo: info.demo }} running={info.state === 'live'} />
    </div>
  );
}

function StoredRow({ info }: { info: StoredCapture }) {
  const open = () => void open_stored(info.id);
  return (
    <div class="gr" role="row" onClick={open}>
      <Name name={info.name} icon="file" files={info.segments ?? 1} open={open} />
      <span role="cell" class="dim">{when(info.modified_ns)}</span>
      <span role="cell" class="r dim" />
      <span role="cell" class="r" />
      <span role="cell" class="r dim">{bytes_text(info.bytes)}</span>
      <span role="cell"><span class="dim">kept, not open</span></span>
      <Remove what={{ id: info.id, name: info.name, bytes: info.bytes, deletes: true, demo: false }} />
    </div>
  );
}

export function Recent() {
  const list = captures.value;
  const shown = stored.value.slice(0, kRows);
  const more = stored.value.length - shown.length;
  return (
    <section aria-labelledby="rec-title">
      <div class="hd2">
        <h2 id="rec-title" tabIndex={-1}>Recent captures</h2>
      </div>
      {list.length + shown.length === 0 ? (
        <p class="dim">{captures_known.value ? 'None yet. The demo, a file or an interface makes the first.' : 'Asking for the list.'}</p>
      ) : (
        <div class="rec grid" role="table" aria-label="Recent captures">
          <div class="gr head" role="row">
            <span role="columnheader">Name</span>
            <span role="columnheader">When</span>
            <span role="columnheader" class="r">Length</span>
            <span role="columnheader" class="r">Packets</span>
            <span role="columnheader" class="r">Size</span>
            <span role="columnheader">State</span>
            <span role="columnheader"><span class="sr">Action</span></span>
          </div>
          {list.map((info) => <OpenRow key={info.id} info={info} />)}
          {shown.map((info) => <StoredRow key={info.id} info={info} />)}
        </div>
      )}
      {more > 0 ? <p class="dim">{count_text(more)} older ones are kept, too; delete some of these to see them.</p> : null}
      <RemoveSheet />
    </section>
  );
}
