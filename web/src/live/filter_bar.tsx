import { effect, signal, useComputed } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ApiError, api } from '../api/client';
import type { Completion } from '../api/types';
import { Icon } from '../shell/icons';
import { count_of, count_text } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';
import { bytes_before, characters_before, filter_pieces } from './filter_text';
import * as session from './session';

const kCheck_ms = 250;
const kComplete_ms = 90;

const options = signal<Completion | null>(null);
const chosen_option = signal(0);
const draft_reading = signal('');
const announced = signal('');
export const filter_input: { element: HTMLInputElement | null } = { element: null };

function Ink() {
  const text = session.filter_draft.value;
  const problem = session.filter_problem.value;
  const start = problem?.position != null ? characters_before(text, problem.position) : -1;
  const end = start < 0 ? -1 : Math.max(start + 1, characters_before(text, (problem?.position ?? 0) + Math.max(1, problem?.length ?? 1)));
  let at = 0;
  return (
    <>
      {filter_pieces(text).map((piece, index) => {
        const from = at;
        at += piece.text.length;
        const wrong = start >= 0 && from < end && at > start;
        return (
          <span key={index} class={`k-${piece.kind}${wrong ? ' wrong' : ''}`}>
            {piece.text}
          </span>
        );
      })}
      {start >= text.length && problem ? <span class="wrong">{'\u00a0\u00a0'}</span> : null}
    </>
  );
}

function Reading() {
  const problem = session.filter_problem.value;
  const draft = session.filter_draft.value.trim();
  const in_force = session.filter.value;
  if (problem) {
    const at = problem.position !== null ? `Character ${characters_before(session.filter_draft.value, problem.position) + 1}: ` : '';
    return (
      <span class="problem">
        <Icon name="close" size={12} />
        <span class="cut">
          {at}
          {plain_text(problem.message)}
          <span class="dim">
            {' '}
            {in_force.text ? 'The list keeps showing the last filter that worked.' : 'The list keeps showing all packets.'}
          </span>
        </span>
      </span>
    );
  }
  if (draft !== in_force.text) {
    return (
      <span class="cut">
        {draft === '' ? 'Press Enter to show all packets' : plain_text(draft_reading.value) || 'Checking'}
        {draft !== '' && draft_reading.value ? <span class="dimmer"> · Enter to use it</span> : null}
      </span>
    );
  }
  if (session.span.value !== null && !session.span_only_scrolls.value) {
    return <span class="cut">{in_force.reading ? `${plain_text(in_force.reading)}, only` : 'Showing only'} the chosen time window</span>;
  }
  return <span class="cut">{in_force.text === '' ? 'Showing all packets' : plain_text(in_force.reading) || 'Showing what matches'}</span>;
}

function CountLine() {
  const { first_row, of, complete, scanned, ms, known } = session.count.value;
  const rows = session.count.value.rows - first_row;
  if (!known) return <span class="count">counting</span>;
  if (session.filter.value.id === null) return <span class="count"><b>{count_text(rows)}</b> {rows === 1 ? 'packet' : 'packets'}</span>;
  const percent = of > 0 ? Math.floor((scanned / of) * 100) : 0;
  return (
    <span class="count">
      <b>
        {complete ? '' : '≥ '}
        {count_text(rows)}
      </b>{' '}
      of {count_of(of, 'packet')} · {complete ? `${count_text(Math.max(1, ms))} ms` : `${percent} % searched`}
    </span>
  );
}

function take(option: { text: string }, completion: Completion): void {
  const input = filter_input.element;
  const text = session.filter_draft.value;
  const from = characters_before(text, completion.from);
  const to = characters_before(text, completion.to);
  const next = text.slice(0, from) + option.text + text.slice(to);
  session.filter_draft.value = next;
  options.value = null;
  if (input) {
    input.value = next;
    const caret = from + option.text.length;
    input.setSelectionRange(caret, caret);
  }
}

function Completions() {
  const list = options.value;
  if (list === null || list.options.length === 0) return null;
  return (
    <div class="pop complete" id="completions" role="listbox" aria-label="Completions">
      <div class="hd">In this capture</div>
      {list.options.map((option, index) => (
        <div
          key={option.text}
          id={`completion-${index}`}
          role="option"
          aria-selected={index === chosen_option.value}
          class={`opt${index === chosen_option.value ? ' on' : ''}`}
          onPointerDown={(event) => {
            event.preventDefault();
            take(option, list);
          }}
        >
          <span class="w mono">{plain_text(option.text)}</span>
          <span class="dim cut">{plain_text(option.words)}</span>
          {option.count > 0 ? <span class="n">{count_of(option.count, 'packet')}</span> : null}
        </div>
      ))}
      <div class="ft">
        <span><span class="kbd">Tab</span> take</span>
        <span><span class="kbd">↑</span> <span class="kbd">↓</span> choose</span>
        <span><span class="kbd">Esc</span> close</span>
      </div>
    </div>
  );
}

let check_abort: AbortController | null = null;
let complete_abort: AbortController | null = null;
let check_timer = 0;
let complete_timer = 0;

function stop_asking(): void {
  window.clearTimeout(check_timer);
  window.clearTimeout(complete_timer);
  check_abort?.abort();
  complete_abort?.abort();
  options.value = null;
}

function check_soon(text: string): void {
  window.clearTimeout(check_timer);
  check_abort?.abort();
  session.filter_problem.value = null;
  draft_reading.value = '';
  const capture = session.current.value;
  if (text.trim() === '' || capture === null) return;
  const abort = new AbortController();
  check_abort = abort;
  check_timer = window.setTimeout(() => {
    api.filter(capture, text.trim(), abort.signal).then(
      (answer) => {
        if (!abort.signal.aborted) draft_reading.value = answer.reading;
      },
      (problem: unknown) => {
        if (abort.signal.aborted || !(problem instanceof ApiError)) return;
        session.filter_problem.value = { message: problem.message, position: problem.position, length: problem.length };
      },
    );
  }, kCheck_ms);
}

function complete_soon(text: string, caret: number): void {
  window.clearTimeout(complete_timer);
  complete_abort?.abort();
  const capture = session.current.value;
  if (capture === null) return;
  const abort = new AbortController();
  complete_abort = abort;
  complete_timer = window.setTimeout(() => {
    api.complete(capture, text, bytes_before(text, caret), abort.signal).then(
      (answer) => {
        if (abort.signal.aborted) return;
        chosen_option.value = 0;
        options.value = { ...answer, options: answer.options.slice(0, 9) };
      },
      () => {
        // Completion is a help, not a promise: without it the field still works.
      },
    );
  }, kComplete_ms);
}

function on_key(event: KeyboardEvent): void {
  const list = options.value;
  const count = list?.options.length ?? 0;
  if (list && count > 0) {
    const option = list.options[chosen_option.value];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      chosen_option.value = (chosen_option.value + (event.key === 'ArrowDown' ? 1 : count - 1)) % count;
      return;
    }
    if (event.key === 'Tab' && !event.shiftKey && option) {
      event.preventDefault();
      take(option, list);
      check_soon(session.filter_draft.value);
      return;
    }
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      options.value = null;
      return;
    }
  }
  if (event.key === 'Enter') {
    event.preventDefault();
    stop_asking();
    void session.apply_filter(session.filter_draft.value);
  } else if (event.key === 'Escape') {
    event.stopPropagation();
    stop_asking();
    session.filter_draft.value = session.filter.value.text;
    session.filter_problem.value = null;
    filter_input.element?.blur();
    document.getElementById('packet-rows')?.focus();
  }
}

export function clear_filter(): void {
  stop_asking();
  void session.apply_filter('');
}

export function FilterBar() {
  const input = useRef<HTMLInputElement>(null);
  const ink = useRef<HTMLDivElement>(null);
  useEffect(() => {
    filter_input.element = input.current;
    let timer = 0;
    let said = '';
    const stop = effect(() => {
      const { rows, first_row, of, complete, known } = session.count.value;
      const words = known && complete && session.filter.value.id !== null ? `${count_text(rows - first_row)} of ${count_of(of, 'packet')} match` : '';
      window.clearTimeout(timer);
      if (words === '' || session.is_growing(session.current_info.value)) return;
      // At most one announcement in two seconds.
      timer = window.setTimeout(() => {
        if (words !== said) announced.value = words;
        said = words;
      }, 2000);
    });
    return () => {
      stop();
      window.clearTimeout(timer);
      stop_asking();
      filter_input.element = null;
    };
  }, []);
  const follow_scroll = (): void => {
    if (ink.current && input.current) ink.current.scrollLeft = input.current.scrollLeft;
  };
  const open = useComputed(() => (options.value?.options.length ?? 0) > 0);
  return (
    <section class="fbar" aria-label="Show only" data-region="filter">
      <div class={`field${session.filter_problem.value ? ' bad' : ''}`}>
        <Icon name="search" />
        <div class="q">
          <div class="ink" aria-hidden="true" ref={ink}>
            {session.filter_draft.value === '' ? <span class="hint">Show only, for example dns or tcp.port == 443</span> : <Ink />}
          </div>
          <input
            ref={input}
            id="filter"
            role="combobox"
            aria-label="Show only packets that match"
            aria-expanded={open.value}
            aria-controls="completions"
            aria-autocomplete="list"
            aria-activedescendant={open.value ? `completion-${chosen_option.value}` : undefined}
            aria-invalid={session.filter_problem.value !== null}
            aria-describedby="filter-reading"
            autocomplete="off"
            spellcheck={false}
            value={session.filter_draft.value}
            onInput={(event) => {
              const text = event.currentTarget.value;
              session.filter_draft.value = text;
              check_soon(text);
              complete_soon(text, event.currentTarget.selectionStart ?? text.length);
              requestAnimationFrame(follow_scroll);
            }}
            onScroll={follow_scroll}
            onKeyUp={follow_scroll}
            onKeyDown={on_key}
            onBlur={() => (options.value = null)}
          />
        </div>
        {session.filter_draft.value !== '' ? (
          <button class="btn quiet icon sm" aria-label="Clear filter" onClick={clear_filter}>
            <Icon name="close" size={14} />
          </button>
        ) : null}
        <span class="kbd" aria-hidden="true">/</span>
      </div>
      <div class="read" id="filter-reading">
        <Reading />
        <CountLine />
      </div>
      <span class="sr" role="status">
        {announced.value}
      </span>
      <Completions />
    </section>
  );
}
