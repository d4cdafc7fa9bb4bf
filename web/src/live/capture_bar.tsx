import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { CapturedInterface, InterfaceInfo } from '../api/types';
import { left_out, start_names, toggle_name } from '../start/choice';
import { friendly_of, icon_of } from '../start/interface_words';
import { Icon, type IconName } from '../shell/icons';
import { plain_text } from '../shell/plain_text';
import { Popover } from '../shell/popover';
import { kInterfaceWords } from '../shell/status_words';
import './capture_bar.css';
import { capture_filter, capture_problem, choose_capture_filter, interfaces } from './capture_control';
import { characters_before } from './filter_text';
import { add_interface, change_filter, changing, filter_typed, forget_typed_filter, is_locked, remove_interface } from './running';
import * as session from './session';

/** Interfaces and capture filter in the top bar: chosen for the next capture, or changed while one runs. */

export const add_open = signal(false);
const kTokens = 3;

interface Chosen {
  name: string;
  icon: IconName;
  info: InterfaceInfo | null;
  captured: CapturedInterface | null;
}

function chosen(): Chosen[] {
  const find = (name: string): InterfaceInfo | null => interfaces.value.find((i) => i.name === name) ?? null;
  const icon = (info: InterfaceInfo | null): IconName => (info ? icon_of(info) : 'wired');
  if (is_locked()) {
    const running = (session.program.value?.capture.interfaces ?? []).filter((i) => i.state !== 'removed');
    return running.map((captured) => ({ name: captured.name, info: find(captured.name), icon: icon(find(captured.name)), captured }));
  }
  return start_names.value.map((name) => ({ name, info: find(name), icon: icon(find(name)), captured: null }));
}

const is_away = (one: Chosen): boolean => one.captured !== null && one.captured.state !== 'running';
const can_change = (): boolean => ['STOPPED', 'RUNNING'].includes(session.program.value?.capture.state ?? 'STOPPED');

function take_out(name: string): void {
  if (is_locked()) void remove_interface(name);
  else toggle_name(name);
}
function add(name: string): void {
  if (is_locked()) void add_interface(name);
  else toggle_name(name);
}

/** The last one of a running capture stays: stopping is what is meant then. */
const may_take_out = (list: readonly Chosen[]): boolean => can_change() && (is_locked() ? list.length > 1 : list.length > 1 || left_out.value.length > 0);

function Token({ one, list }: { one: Chosen; list: readonly Chosen[] }) {
  const words = one.captured && is_away(one) ? kInterfaceWords[one.captured.state] : one.info ? friendly_of(one.info) : '';
  const title = one.captured?.words ? plain_text(one.captured.words) : undefined;
  return (
    <span class={`token if-token${is_away(one) ? ' away' : ''}`} title={title}>
      <Icon name={is_away(one) ? 'warn' : one.icon} size={12} />
      <bdi class="cut">{plain_text(one.name)}</bdi>
      <span class="dimmer cut wide-only">{plain_text(words)}</span>
      {may_take_out(list) ? (
        <button class="x" aria-label={`Take out ${plain_text(one.name)}`} disabled={changing.value !== ''} onClick={() => take_out(one.name)}>
          <Icon name="close" size={12} />
        </button>
      ) : null}
    </span>
  );
}

function Choice({ list }: { list: readonly Chosen[] }) {
  const names = new Set(list.map((one) => one.name));
  const others = interfaces.value.filter((i) => !names.has(i.name));
  const able = others.filter((i) => i.capturable);
  const unable = others.filter((i) => !i.capturable);
  const busy = changing.value !== '' || !can_change();
  return (
    <Popover label="Interfaces" class="menu if-menu" close={() => (add_open.value = false)}>
      <div class="h3">{is_locked() ? 'Captured now' : 'Chosen for the next capture'}</div>
      {list.map((one) => (
        <div key={one.name} class="line">
          <Icon name={one.icon} size={14} />
          <span class="grow">
            <b>
              <bdi>{plain_text(one.name)}</bdi>
            </b>{' '}
            <span class={is_away(one) ? 'warn' : 'dim'}>{one.captured && is_away(one) ? plain_text(one.captured.words) || kInterfaceWords[one.captured.state] : one.info ? plain_text(friendly_of(one.info)) : ''}</span>
          </span>
          <button class="btn sm" disabled={busy || !may_take_out(list)} title={may_take_out(list) ? undefined : 'The only one: stop the capture instead'} onClick={() => take_out(one.name)}>
            Take out<span class="sr"> {plain_text(one.name)}</span>
          </button>
        </div>
      ))}
      <div class="rule" />
      <div class="h3">Add</div>
      {able.length === 0 ? <p class="dim">No further interface can be captured.</p> : null}
      {able.map((i) => (
        <div key={i.name} class="line">
          <Icon name={icon_of(i)} size={14} />
          <span class="grow">
            <b>
              <bdi>{plain_text(i.name)}</bdi>
            </b>{' '}
            <span class="dim">{plain_text(friendly_of(i))}</span>
          </span>
          <button class="btn sm" disabled={busy} onClick={() => add(i.name)}>
            Add<span class="sr"> {plain_text(i.name)}</span>
          </button>
        </div>
      ))}
      {unable.map((i) => (
        <p key={i.name} class="t12 dim">
          <bdi>{plain_text(i.name)}</bdi>: {plain_text(i.why) || 'cannot be captured'}
        </p>
      ))}
    </Popover>
  );
}

export function CaptureInterfaces() {
  const list = chosen();
  if (list.length === 0 && interfaces.value.every((i) => !i.capturable)) return null;
  return (
    <div class="field ifs-field" role="group" aria-label={is_locked() ? 'Interfaces captured now' : 'Interfaces for the next capture'}>
      {list.slice(0, kTokens).map((one) => (
        <Token key={one.name} one={one} list={list} />
      ))}
      {list.length > kTokens ? <span class="t12 dim more-wide">+{list.length - kTokens}</span> : null}
      {list.length > 1 ? <span class="t12 dim more-narrow">+{list.length - 1}</span> : null}
      <span class="anchor">
        <button class="add" data-opens="if-menu" aria-expanded={add_open.value} aria-haspopup="dialog" title="Add or take out an interface" onClick={() => (add_open.value = !add_open.value)}>
          <Icon name="plus" size={14} />
          <span class="t">Add</span>
        </button>
        {add_open.value ? <Choice list={list} /> : null}
      </span>
    </div>
  );
}

/** The wrong text with what is wrong in it marked. */
function Wrong({ text }: { text: string }) {
  const problem = capture_problem.value;
  if (problem === null) return null;
  const start = characters_before(text, problem.position ?? 0);
  const end = Math.max(start + 1, characters_before(text, (problem.position ?? 0) + Math.max(1, problem.length)));
  return (
    <div class="pop bpf-wrong" role="alert">
      <code class="mono">
        {plain_text(text.slice(0, start))}
        <span class="wrong">{plain_text(text.slice(start, end)) || ' '}</span>
        {plain_text(text.slice(end))}
      </code>
      <span class="bpf-problem">
        Character {start + 1}: {plain_text(problem.message)}
      </span>
      {is_locked() ? <span class="t12 dim">The capture goes on with the filter it had.</span> : null}
    </div>
  );
}

export function CaptureFilter() {
  const input = useRef<HTMLInputElement>(null);
  const locked = is_locked();
  const running = session.program.value?.capture;
  const in_force = locked ? (running?.bpf ?? '') : capture_filter.value;
  const text = locked ? (filter_typed.value ?? in_force) : in_force;
  const changed = locked && filter_typed.value !== null && filter_typed.value.trim() !== in_force;
  const problem = capture_problem.value;
  useEffect(() => {
    // What was typed for a capture that ended belongs to no other.
    if (!locked) filter_typed.value = null;
  }, [locked]);
  useEffect(() => {
    const at = problem?.position;
    if (at === null || at === undefined || document.activeElement !== input.current) return;
    const start = characters_before(text, at);
    input.current?.setSelectionRange(start, characters_before(text, at + Math.max(1, problem?.length ?? 0)));
  }, [problem]);
  if (interfaces.value.every((i) => !i.capturable) && !locked) return null;
  return (
    <span class="cf-box">
      <label class={`field cf${problem ? ' bad' : ''}`} title="Capture filter: decides what is kept at all">
        <Icon name="funnel" size={14} />
        <span class="t12 dimmer nowrap wide-only">Keep only</span>
        <input
          ref={input}
          class="mono"
          aria-label="Capture filter: decides what is kept at all"
          aria-invalid={problem !== null}
          placeholder="everything"
          spellcheck={false}
          autocomplete="off"
          disabled={locked && running?.state !== 'RUNNING'}
          value={text}
          onInput={(event) => {
            if (!locked) return choose_capture_filter(event.currentTarget.value);
            capture_problem.value = null;
            filter_typed.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (!locked) return;
            if (event.key === 'Enter' && changed) void change_filter(filter_typed.value ?? '');
            else if (event.key === 'Escape' && filter_typed.value !== null) forget_typed_filter();
            else return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        {changed ? (
          <button class="btn sm apply" title="Keep only this from now on (Enter)" onClick={() => void change_filter(filter_typed.value ?? '')}>
            Apply
          </button>
        ) : null}
      </label>
      <Wrong text={text} />
    </span>
  );
}
