import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ApiError, api } from '../api/client';
import { time_zone } from '../list/columns';
import { parse_time, split_ns } from '../list/time_format';
import { Icon } from '../shell/icons';
import { count_text } from '../shell/numbers';
import * as session from './session';

type Kind = 'text' | 'hex' | 'number' | 'time';

export const find_open = signal(false);
const kind = signal<Kind>('text');
const wanted = signal('');
const result = signal('');
const running = signal<AbortController | null>(null);

export function open_find(next: Kind): void {
  kind.value = next;
  result.value = '';
  find_open.value = true;
  requestAnimationFrame(() => document.getElementById('find')?.focus());
}

function question(): { q: string; problem: string } {
  const text = wanted.value.trim();
  if (kind.value === 'hex') {
    const bytes = text.replace(/0x|[\s:.-]/gi, '');
    if (bytes === '' || bytes.length % 2 !== 0 || /[^0-9a-f]/i.test(bytes)) {
      return { q: '', problem: 'Write whole bytes in hex, for example 47 45 54.' };
    }
    return { q: bytes.toLowerCase(), problem: '' };
  }
  if (kind.value === 'number') {
    const digits = text.replace(/[\s,#]/g, '');
    return /^\d{1,15}$/.test(digits) ? { q: digits, problem: '' } : { q: '', problem: 'Write a packet number, for example 48190.' };
  }
  if (kind.value === 'time') {
    const day = split_ns(session.current_info.value?.first_ns ?? '0').seconds;
    const ns = parse_time(text, time_zone.value, day);
    return ns === null ? { q: '', problem: 'Write a time, for example 14:32:07 or 2026-01-31 14:32:07.122.' } : { q: session.seconds_text(ns), problem: '' };
  }
  return text === '' ? { q: '', problem: 'Write what to find.' } : { q: wanted.value, problem: '' };
}

export async function find(dir: 'next' | 'prev'): Promise<void> {
  const capture = session.current.value;
  if (capture === null) return;
  const { q, problem } = question();
  result.value = problem;
  if (problem !== '') return;
  running.value?.abort();
  const abort = new AbortController();
  running.value = abort;
  try {
    const from = session.selected.value?.number ?? 0;
    const hit = await api.find(capture, { kind: kind.value, q, from, dir, filter: session.filter.value.id }, abort.signal);
    session.select(hit.number, hit.row, false);
    session.list_port.scroll_to(hit.row, true);
    result.value = `Found in packet ${count_text(hit.number)}.`;
  } catch (problem_found) {
    if (abort.signal.aborted) return;
    if (problem_found instanceof ApiError && problem_found.status === 404) {
      result.value = dir === 'next' ? 'Nothing more below.' : 'Nothing more above.';
    } else result.value = problem_found instanceof Error ? problem_found.message : 'The search did not work.';
  } finally {
    if (running.value === abort) running.value = null;
  }
}

export function FindBar() {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (find_open.value) input.current?.select();
  }, [find_open.value]);
  if (!find_open.value) return null;
  const kinds: { id: Kind; words: string }[] = [
    { id: 'text', words: 'Text' },
    { id: 'hex', words: 'Bytes' },
    { id: 'number', words: 'Number' },
    { id: 'time', words: 'Time' },
  ];
  const hints = { text: 'text anywhere in a packet', hex: '47 45 54 20', number: '48190', time: '14:32:07' };
  return (
    <section
      class="findbar"
      aria-label="Find"
      data-region="find"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        running.value?.abort();
        find_open.value = false;
        document.getElementById('packet-rows')?.focus();
      }}
    >
      <span class="seg" role="radiogroup" aria-label="What to find">
        {kinds.map((k) => (
          <button key={k.id} role="radio" aria-checked={kind.value === k.id} onClick={() => open_find(k.id)}>
            {k.words}
          </button>
        ))}
      </span>
      <div class="field">
        <Icon name="search" size={14} />
        <input
          ref={input}
          id="find"
          aria-label={`Find ${hints[kind.value]}`}
          class={kind.value === 'hex' ? 'mono' : ''}
          placeholder={hints[kind.value]}
          spellcheck={false}
          autocomplete="off"
          value={wanted.value}
          onInput={(event) => (wanted.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            void find(event.shiftKey ? 'prev' : 'next');
          }}
        />
      </div>
      <button class="btn sm" onClick={() => void find('prev')} title="Shift Enter">
        <Icon name="up" size={14} />
        Previous
      </button>
      <button class="btn sm" onClick={() => void find('next')} title="Enter">
        <Icon name="open" size={14} />
        Next
      </button>
      <span class="t12 dim cut grow" role="status">
        {running.value ? 'Searching' : result.value}
      </span>
      {running.value ? (
        <button class="btn quiet sm" onClick={() => running.value?.abort()}>
          Cancel
        </button>
      ) : null}
      <button class="btn quiet icon sm" aria-label="Close find" onClick={() => (find_open.value = false)}>
        <Icon name="close" size={14} />
      </button>
    </section>
  );
}
