import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { list_width_px, time_zone } from '../list/columns';
import { TimeFormatter, split_ns } from '../list/time_format';
import * as session from '../live/session';
import { copy } from '../shell/clipboard';
import { Icon, family_icon } from '../shell/icons';
import { keep, kept } from '../shell/kept';
import { count_of, count_text } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';
import { Hex } from './hex';
import { Tree } from './tree';
import { Words } from './words';

const kMin_px = 160;
const bottom_px = signal(kept<number>('inspector.bottom', 308));
const side_px = signal(kept<number>('inspector.side', 556));
export const inspector_tab = signal<'fields' | 'bytes'>('fields');

const is_beside = (): boolean => matchMedia('(min-width: 1680px)').matches;

function resize(px: number): void {
  if (is_beside()) {
    side_px.value = Math.min(innerWidth - 760, Math.max(420, px));
    keep('inspector.side', side_px.value);
  } else {
    bottom_px.value = Math.min(innerHeight - 320, Math.max(kMin_px, px));
    keep('inspector.bottom', bottom_px.value);
  }
}

function Divider() {
  const start = useRef<{ at: number; px: number } | null>(null);
  return (
    <div
      class="divider"
      role="separator"
      tabIndex={0}
      aria-label="Size of the packet pane"
      aria-orientation={is_beside() ? 'vertical' : 'horizontal'}
      aria-valuenow={is_beside() ? side_px.value : bottom_px.value}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = is_beside() ? { at: event.clientX, px: side_px.value } : { at: event.clientY, px: bottom_px.value };
      }}
      onPointerMove={(event) => {
        if (start.current) resize(start.current.px + start.current.at - (is_beside() ? event.clientX : event.clientY));
      }}
      onPointerUp={() => (start.current = null)}
      onDblClick={() => resize(is_beside() ? 556 : 308)}
      onKeyDown={(event) => {
        const now = is_beside() ? side_px.value : bottom_px.value;
        if (event.key === 'ArrowUp' || event.key === 'ArrowLeft') resize(now + 24);
        else if (event.key === 'ArrowDown' || event.key === 'ArrowRight') resize(now - 24);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}

function Head() {
  const packet = session.packet.value;
  const number = session.selected.value?.number ?? 0;
  const marked = session.marks.value.has(number);
  const t = packet ? split_ns(packet.ts_ns) : null;
  const time = t ? new TimeFormatter('clock', time_zone.value, 9, 0, 0).text(t.seconds, t.nanos, null) : '';
  return (
    <header>
      <b class="num title">#{count_text(number)}</b>
      {packet ? (
        <span class={`proto ${packet.family}`}>
          <Icon name={family_icon(packet.family, packet.protocol)} />
          <bdi>{plain_text(packet.protocol)}</bdi>
        </span>
      ) : null}
      <span class="seg ptabs" role="tablist" aria-label="What to show">
        <button role="tab" aria-selected={inspector_tab.value === 'fields'} onClick={() => (inspector_tab.value = 'fields')}>
          Words and fields
        </button>
        <button role="tab" aria-selected={inspector_tab.value === 'bytes'} onClick={() => (inspector_tab.value = 'bytes')}>
          Bytes
        </button>
      </span>
      {packet ? (
        <span class="dim num cut about">
          {count_of(packet.len, 'byte')}{packet.interface ? ` on ${plain_text(packet.interface)}` : ''} · {time}
        </span>
      ) : null}
      <span class="grow" />
      <button class="btn quiet icon sm" aria-label="Previous in this conversation" title="Previous in this conversation ([)" disabled={!packet?.previous} onClick={() => void session.conversation('prev')}>
        <Icon name="up" size={14} />
      </button>
      <button class="btn quiet icon sm" aria-label="Next in this conversation" title="Next in this conversation (])" disabled={!packet?.next} onClick={() => void session.conversation('next')}>
        <Icon name="open" size={14} />
      </button>
      <button class="btn quiet sm" aria-pressed={marked} title="Mark this packet (x)" onClick={() => session.toggle_mark(number)}>
        <Icon name="mark" size={14} />
        <span class="act">{marked ? 'Marked' : 'Mark'}</span>
      </button>
      <button class="btn quiet sm" title="Copy as command (Shift C)" disabled={!packet} onClick={() => packet && copy(packet.command, 'Command')}>
        <Icon name="copy" size={14} />
        <span class="act">Copy as command</span>
      </button>
      <button class="btn quiet icon sm" aria-label="Copy link to this packet" title="Copy link to this packet" onClick={() => copy(location.href, 'Link')}>
        <Icon name="link" size={14} />
      </button>
      <button class="btn quiet icon sm" aria-label="Close packet" title="Close (Esc)" onClick={() => (session.inspector_open.value = false)}>
        <Icon name="close" size={14} />
      </button>
    </header>
  );
}

/** The chosen packet in words, fields and bytes. */
export function Inspector() {
  const box = useRef<HTMLElement>(null);
  const packet = session.packet.value;
  useEffect(() => {
    box.current?.style.setProperty('--insp-h', `${bottom_px.value}px`);
    box.current?.style.setProperty('--insp-w', `${side_px.value}px`);
    void list_width_px.value;
  });
  return (
    <section class="insp" ref={box} aria-label={`Packet ${count_text(session.selected.value?.number ?? 0)}`} data-tab={inspector_tab.value}>
      <Divider />
      <Head />
      {packet ? (
        <div class="panes">
          <Words packet={packet} />
          <Tree />
          <Hex packet={packet} />
        </div>
      ) : (
        <div class="panes empty">{session.packet_problem.value ? <p>{plain_text(session.packet_problem.value)}</p> : null}</div>
      )}
    </section>
  );
}
