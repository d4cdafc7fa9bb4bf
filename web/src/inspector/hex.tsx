import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Packet } from '../api/types';
import { count_of } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';
import { choose_byte, chosen_line, inked_layer, source_index } from './state';
import { hex_bytes } from './tree_model';

const kLine_px = 20;
const kMargin_lines = 6;

const kHex = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'));
const kAscii = Array.from({ length: 256 }, (_, value) => (value > 0x20 && value < 0x7f ? String.fromCharCode(value) : '·'));

interface Ink {
  layer_from: number;
  layer_to: number;
  mark_from: number;
  mark_to: number;
}

function class_of(offset: number, ink: Ink): string {
  if (offset >= ink.mark_from && offset < ink.mark_to) {
    const first = offset === ink.mark_from || offset % 16 === 0 ? ' a' : '';
    const last = offset === ink.mark_to - 1 || offset % 16 === 15 ? ' z' : '';
    return `m${first}${last}`;
  }
  return offset >= ink.layer_from && offset < ink.layer_to ? 'l' : '';
}

function HexLine({ bytes, line, ink }: { bytes: Uint8Array; line: number; ink: Ink }) {
  const start = line * 16;
  const row = [...bytes.subarray(start, start + 16)];
  return (
    <div class="hx">
      <span class="o">{start.toString(16).padStart(4, '0')}</span>
      <span class="h">
        {row.map((byte, i) => (
          <i key={i} data-at={start + i} class={`${class_of(start + i, ink)}${i === 8 ? ' half' : ''}`}>
            {kHex[byte]}
          </i>
        ))}
      </span>
      <span class="c">
        {row.map((byte, i) => (
          <i key={i} data-at={start + i} class={class_of(start + i, ink)}>
            {kAscii[byte]}
          </i>
        ))}
      </span>
    </div>
  );
}

export function Hex({ packet }: { packet: Packet }) {
  const scroller = useRef<HTMLDivElement>(null);
  const window_ref = useRef<HTMLDivElement>(null);
  const sizer = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(400);
  const source = Math.min(source_index.value, Math.max(0, packet.sources.length - 1));
  const hex = packet.sources[source]?.hex ?? '';
  const bytes = useMemo(() => hex_bytes(hex), [hex]);
  const chosen = chosen_line.value;
  const layer = inked_layer.value;
  const on_source = (line: typeof layer): boolean => line !== null && line.node.source === source && line.node.length > 0;
  const ink: Ink = {
    layer_from: layer && on_source(layer) ? layer.node.offset : 0,
    layer_to: layer && on_source(layer) ? layer.node.offset + layer.node.length : bytes.length,
    mark_from: chosen && on_source(chosen) ? chosen.node.offset : -1,
    mark_to: chosen && on_source(chosen) ? chosen.node.offset + chosen.node.length : -1,
  };
  const line_count = Math.ceil(bytes.length / 16);
  const first = Math.max(0, Math.floor(top.value / kLine_px) - kMargin_lines);
  const last = Math.min(line_count, Math.ceil((top.value + height.value) / kLine_px) + kMargin_lines);
  useEffect(() => {
    if (sizer.current) sizer.current.style.height = `${line_count * kLine_px}px`;
    if (window_ref.current) window_ref.current.style.transform = `translateY(${first * kLine_px}px)`;
  }, [line_count, first]);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() => (height.value = element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const element = scroller.current;
    if (!element || ink.mark_from < 0) return;
    const y = Math.floor(ink.mark_from / 16) * kLine_px;
    if (y < element.scrollTop || y + kLine_px > element.scrollTop + element.clientHeight) element.scrollTop = Math.max(0, y - element.clientHeight / 3);
  }, [chosen?.index, packet.number, source]);
  const move = (by: number): void => {
    const from = ink.mark_from < 0 ? -1 : by > 0 ? ink.mark_to - 1 : ink.mark_from;
    const next = Math.max(0, Math.min(bytes.length - 1, from + by));
    choose_byte(next);
  };
  return (
    <div class="pane hex" role="region" aria-label="Bytes">
      {packet.sources.length > 1 ? (
        <div class="tabs" role="tablist" aria-label="Where the bytes come from">
          {packet.sources.map((s, index) => (
            <button key={index} role="tab" aria-selected={index === source} onClick={() => (source_index.value = index)}>
              {plain_text(s.name)}
            </button>
          ))}
        </div>
      ) : null}
      <div
        class="hexscroll"
        id="hex"
        tabIndex={0}
        data-region="bytes"
        aria-label="Bytes of the packet; arrow keys choose a field by its bytes"
        role="application"
        ref={scroller}
        onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
        onClick={(event) => {
          const at = event.target instanceof HTMLElement ? event.target.dataset['at'] : undefined;
          if (at !== undefined) choose_byte(Number(at));
        }}
        onKeyDown={(event) => {
          const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 16, ArrowUp: -16 }[event.key];
          if (by === undefined) return;
          event.preventDefault();
          event.stopPropagation();
          move(by);
        }}
      >
        <div ref={sizer}>
          <div ref={window_ref}>
            {Array.from({ length: Math.max(0, last - first) }, (_, i) => (
              <HexLine key={first + i} bytes={bytes} line={first + i} ink={ink} />
            ))}
          </div>
        </div>
      </div>
      <div class="hexnote">
        {ink.mark_from >= 0 && chosen ? (
          <span class="cut">
            <span class="sw mark" />
            <b>
              {ink.mark_to - ink.mark_from === 1 ? `byte ${ink.mark_from}` : `bytes ${ink.mark_from}–${ink.mark_to - 1}`}
            </b>{' '}
            {plain_text(chosen.node.label)}
          </span>
        ) : (
          <span>{count_of(bytes.length, 'byte')}</span>
        )}
        {layer && on_source(layer) ? (
          <span class="cut">
            <span class="sw ink" />
            {plain_text(layer.node.label)}
          </span>
        ) : null}
        <span>
          <span class="sw rest" />
          the rest
        </span>
      </div>
    </div>
  );
}
