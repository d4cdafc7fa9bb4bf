import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api } from '../api/client';
import { stream } from '../api/stream';
import type { Job } from '../api/types';
import { bytes_text, count_of, count_text, duration_text } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';
import { Sheet } from '../shell/popover';
import { Progress } from '../shell/progress';
import * as session from './session';

type What = 'all' | 'filtered' | 'marked' | 'span';

export const export_open = signal(false);
const what = signal<What>('all');
const format = signal<'pcapng' | 'pcap'>('pcapng');
const job = signal<Job | null>(null);
const problem = signal('');
const kPoll_ms = 300;

async function start(): Promise<void> {
  const capture = session.current.value;
  if (capture === null) return;
  problem.value = '';
  const want: Record<string, unknown> = { format: format.value };
  if (what.value === 'filtered' && session.filter.value.id) want['filter'] = session.filter.value.id;
  if (what.value === 'marked') want['numbers'] = [...session.marks.value].sort((a, b) => a - b);
  if (what.value === 'span' && session.span.value) Object.assign(want, session.span.value);
  try {
    const { job: id } = await api.export_start(capture, want);
    job.value = { id, state: 'running', done: 0, total: 0, rate: 0, left_s: 0, error: '', bytes: 0 };
  } catch (failed) {
    problem.value = failed instanceof Error ? failed.message : 'The export did not start.';
  }
}

async function save(id: string): Promise<void> {
  try {
    const { ticket } = await api.job_ticket(id);
    const link = document.createElement('a');
    link.href = api.job_url(id, ticket);
    link.download = '';
    document.body.append(link);
    link.click();
    link.remove();
  } catch (failed) {
    problem.value = failed instanceof Error ? failed.message : 'The file could not be fetched.';
  }
}

function Running({ now }: { now: Job }) {
  const share = now.total > 0 ? now.done / now.total : 0;
  const line =
    now.state === 'running'
      ? `${count_text(now.done)} of ${now.total > 0 ? count_text(now.total) : '…'} packets · ${count_text(now.rate)} a second`
      : now.state === 'done'
        ? `${count_of(now.done, 'packet')} · ${bytes_text(now.bytes)}`
        : now.state === 'cancelled'
          ? 'Cancelled. Nothing was saved.'
          : `It did not work: ${plain_text(now.error)}`;
  return (
    <div class="job">
      <Progress share={now.state === 'done' ? 1 : share} label="Export" />
      <div class="row t12 dim num">
        <span>{line}</span>
        <span class="grow" />
        {now.state === 'running' ? <span>{duration_text(now.left_s)} left</span> : null}
      </div>
    </div>
  );
}

function Choice(props: { id: What; words: string; count: string; able: boolean }) {
  return (
    <label class={`line choice${props.able ? '' : ' off'}`}>
      <input
        type="radio"
        name="what"
        checked={what.value === props.id}
        disabled={!props.able}
        onChange={() => (what.value = props.id)}
      />
      <span class="grow">{props.words}</span>
      <span class="num dim">{props.count}</span>
    </label>
  );
}

function Dialog() {
  useEffect(() => {
    what.value = session.span.value ? 'span' : session.filter.value.id ? 'filtered' : 'all';
    stream.on_job = (next) => {
      if (job.value?.id === next.id) job.value = next;
    };
    const timer = window.setInterval(() => {
      const id = job.value?.state === 'running' ? job.value.id : null;
      if (id === null) return;
      api.job(id).then(
        (next) => {
          if (job.value?.id === id) job.value = next;
        },
        () => {
          // A lost link answers again later; the job goes on without this page.
        },
      );
    }, kPoll_ms);
    return () => {
      window.clearInterval(timer);
      stream.on_job = () => {};
    };
  }, []);
  const close = (): void => {
    if (job.value?.state !== 'running') job.value = null;
    export_open.value = false;
  };
  const { rows, of } = session.count.value;
  const now = job.value;
  return (
    <Sheet label="Export packets" close={close}>
      <h2>Export packets</h2>
      {now === null ? (
        <>
          <Choice id="all" words="All packets" count={count_text(of)} able={true} />
          <Choice id="filtered" words="What the filter shows" count={session.filter.value.id ? count_text(rows) : 'no filter'} able={session.filter.value.id !== null} />
          <Choice id="marked" words="Marked packets" count={session.marks.value.size > 0 ? count_text(session.marks.value.size) : 'none marked'} able={session.marks.value.size > 0} />
          <Choice id="span" words="The chosen time window" count={session.span.value ? '' : 'none chosen'} able={session.span.value !== null} />
          <div class="line">
            <span class="h3">Format</span>
            <span class="seg" role="radiogroup" aria-label="Format">
              <button role="radio" aria-checked={format.value === 'pcapng'} onClick={() => (format.value = 'pcapng')}>pcapng</button>
              <button role="radio" aria-checked={format.value === 'pcap'} onClick={() => (format.value = 'pcap')}>pcap</button>
            </span>
            <span class="t12 dimmer">{format.value === 'pcapng' ? 'keeps interfaces and comments' : 'for old programs'}</span>
          </div>
        </>
      ) : (
        <Running now={now} />
      )}
      {problem.value ? <p class="problem">{plain_text(problem.value)}</p> : null}
      <div class="row end">
        <span class="grow" />
        {now === null ? (
          <>
            <button class="btn" onClick={close}>Close</button>
            <button class="btn primary" onClick={() => void start()}>Export</button>
          </>
        ) : now.state === 'running' ? (
          <>
            <button class="btn quiet" onClick={close}>Go on in the background</button>
            <button class="btn" onClick={() => void api.job_cancel(now.id).catch(session.say_problem)}>Cancel</button>
          </>
        ) : (
          <>
            <button class="btn" onClick={() => (job.value = null)}>Back</button>
            {now.state === 'done' ? <button class="btn primary" onClick={() => void save(now.id)}>Save the file</button> : null}
          </>
        )}
      </div>
    </Sheet>
  );
}

export function ExportDialog() {
  return export_open.value ? <Dialog /> : null;
}
