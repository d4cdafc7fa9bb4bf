import { effect, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import * as session from '../live/session';
import { Icon } from '../shell/icons';
import { count_text } from '../shell/numbers';
import {
  dense,
  laid_columns,
  set_column_width,
  shown_digits,
  time_format,
  time_zone,
  type LaidColumn,
} from './columns';
import { ListView } from './list_view';

/** The list on screen, for keys that move by pages. */
export const list_on_screen: { view: ListView | null; scroller: HTMLElement | null } = { view: null, scroller: null };

function HeadCell({ column, index }: { column: LaidColumn; index: number }) {
  const start = useRef<{ x: number; px: number } | null>(null);
  const resize = (px: number | null): void => set_column_width(column.id, px);
  return (
    <span role="columnheader" aria-colindex={index + 1} class={`hc${column.right ? ' r' : ''}`}>
      <span class="cut">{column.label}</span>
      <span
        class="grip"
        role="separator"
        aria-orientation="vertical"
        aria-label={`Width of ${column.label}`}
        aria-valuenow={column.px}
        tabIndex={-1}
        onPointerDown={(event) => {
          event.preventDefault();
          event.currentTarget.setPointerCapture(event.pointerId);
          start.current = { x: event.clientX, px: column.px };
        }}
        onPointerMove={(event) => {
          if (start.current) resize(start.current.px + event.clientX - start.current.x);
        }}
        onPointerUp={() => (start.current = null)}
        onDblClick={() => resize(null)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowLeft') resize(column.px - 8);
          else if (event.key === 'ArrowRight') resize(column.px + 8);
        }}
      />
    </span>
  );
}

function WayBack() {
  const info = session.current_info.value;
  if (info?.state !== 'live') return null;
  if (session.following.value) return <span class="newer dim">Following</span>;
  const newer = session.newer.value;
  return (
    <button class="newer" aria-keyshortcuts="End" onClick={() => session.set_following(true)}>
      <Icon name="down" size={14} />
      <span>
        <span class="wide-only">Paused · </span>
        <b class="num">{count_text(newer)}</b> newer
      </span>
      <span class="kbd">End</span>
    </button>
  );
}

/** The rows before the first are told, not drawn. */
function NoLongerKept() {
  const gone = (session.current_info.value?.first_number ?? 1) - 1;
  if (gone <= 0) return null;
  return (
    <p class="no-longer num" title="Newer packets took their place; numbers never change">
      The first {gone === 1 ? 'packet is' : <><b>{count_text(gone)}</b> packets are</>} no longer kept.
    </p>
  );
}

function Head() {
  const columns = laid_columns.value;
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    ref.current?.style.setProperty('--cols', columns.map((c) => `${c.px}px`).join(' '));
  }, [columns]);
  return (
    <div class="headline">
      <div class="gr head" id="packet-head" role="row" aria-rowindex={1} ref={ref}>
        {columns.map((column, index) => (
          <HeadCell key={column.id} column={column} index={index} />
        ))}
      </div>
      <WayBack />
      <NoLongerKept />
    </div>
  );
}

export function PacketList() {
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const view = new ListView(element);
    list_on_screen.view = view;
    list_on_screen.scroller = element;
    const stop = effect(() => {
      // Reading these here makes every change of layout or highlight a repaint, at most one a frame.
      void [laid_columns.value, dense.value, time_format.value, time_zone.value, shown_digits.value];
      void [session.selected.value, session.marks.value, session.pointed.value, session.following.value];
      void [session.count.value, session.current_info.value?.first_ns];
      view.schedule();
    });
    return () => {
      stop();
      view.dispose();
      list_on_screen.view = null;
      list_on_screen.scroller = null;
    };
  }, []);
  useSignalEffect(() => {
    scroller.current?.setAttribute('aria-rowcount', String(session.count.value.rows + 1));
  });
  return (
    <div class={`grid listgrid${dense.value ? '' : ' comfortable'}`}>
      <Head />
      {/* What has the focus must be the grid: only a grid may name its active row. */}
      <div
        class="rows"
        id="packet-rows"
        role="grid"
        aria-label="Packets"
        aria-owns="packet-head"
        aria-colcount={laid_columns.value.length}
        tabIndex={0}
        data-region="list"
        ref={scroller}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          const hit = list_on_screen.view?.row_of(event.target) ?? null;
          if (hit) session.select(hit.number, hit.row, false);
        }}
        onDblClick={() => (session.inspector_open.value = true)}
      />
    </div>
  );
}
