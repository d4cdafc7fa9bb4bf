import { api } from '../api/client';
import type { CaptureInfo } from '../api/types';
import { split_ns } from '../list/time_format';
import { captures, captures_known, open_capture, say_problem } from '../live/session';
import { Icon } from '../shell/icons';
import { bytes_text, count_text, duration_text } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';
import { Progress } from '../shell/progress';

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
  if (info.state === 'live') return <span class="state-word ok">capturing</span>;
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
  return <span class="dim">complete</span>;
}

export function Recent() {
  const list = captures.value;
  return (
    <section aria-labelledby="rec-title">
      <div class="hd2">
        <h2 id="rec-title">Recent captures</h2>
      </div>
      {list.length === 0 ? (
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
          </div>
          {list.slice(0, 100).map((info) => {
            const length_s = Math.max(0, split_ns(info.last_ns).seconds - split_ns(info.first_ns).seconds);
            return (
              <div class="gr" role="row" key={info.id} onClick={() => open_capture(info.id)}>
                <span role="cell" class="row">
                  <Icon name={info.state === 'live' ? 'live' : 'file'} size={14} />
                  <button class="name cut" onClick={(event) => { event.stopPropagation(); open_capture(info.id); }}>
                    <bdi>{plain_text(info.name)}</bdi>
                  </button>
                  {info.demo ? <span class="tag">demo</span> : null}
                </span>
                <span role="cell" class="dim">{when(info.first_ns)}</span>
                <span role="cell" class="r dim">{info.packets > 0 ? duration_text(length_s) : ''}</span>
                <span role="cell" class="r">{count_text(info.packets)}</span>
                <span role="cell" class="r dim">{bytes_text(info.total_bytes || info.bytes)}</span>
                <span role="cell"><State info={info} /></span>
              </div>
            );
          })}
        </div>
      )}
    </section>
  );
}
