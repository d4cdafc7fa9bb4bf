import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { copy } from '../shell/clipboard';
import { Icon } from '../shell/icons';
import { plain_text } from '../shell/plain_text';
import { filter_draft } from '../live/session';
import * as session from '../live/session';
import { chosen_line, choose_line, open_all, open_paths, set_open, shown_lines } from './state';
import type { TreeLine } from './tree_model';

/** Lines drawn at once; a longer tree says how many more there are. */
const kMaxDrawn = 1500;

export type FilterUse = 'only' | 'hide' | 'and' | 'or';

/** Puts a field's filter to use: alone, negated, or added to the one in force. */
export function use_filter(text: string, use: FilterUse): void {
  if (text === '') return;
  const now = session.filter.value.text;
  const grouped = now.includes(' or ') || now.includes('||') ? `(${now})` : now;
  const negated = `not (${text})`;
  const next =
    use === 'only' ? text : use === 'hide' ? (now === '' ? negated : `${grouped} and ${negated}`) : now === '' ? text : use === 'and' ? `${grouped} and ${text}` : `${now} or ${text}`;
  filter_draft.value = next;
  void session.apply_filter(next);
}

const menu_for = signal<{ line: TreeLine; x: number; y: number } | null>(null);

function FieldMenu() {
  const ref = useRef<HTMLDivElement>(null);
  const at = menu_for.value;
  useEffect(() => {
    const box = ref.current;
    if (!box || !at) return;
    box.style.left = `${Math.max(4, Math.min(at.x, innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${Math.max(4, Math.min(at.y, innerHeight - box.offsetHeight - 8))}px`;
    box.querySelector<HTMLElement>('button')?.focus();
    const outside = (event: PointerEvent): void => {
      if (!box.contains(event.target as Node)) menu_for.value = null;
    };
    document.addEventListener('pointerdown', outside, true);
    return () => document.removeEventListener('pointerdown', outside, true);
  }, [at]);
  if (!at) return null;
  const close = (): void => {
    menu_for.value = null;
    document.getElementById('field-tree')?.focus();
  };
  const { node } = at.line;
  const items: { words: string; key: string; run: () => void }[] = [
    { words: 'Show only these', key: 'f', run: () => use_filter(node.filter, 'only') },
    { words: 'Hide these', key: 'Shift F', run: () => use_filter(node.filter, 'hide') },
    { words: 'And this', key: 'a', run: () => use_filter(node.filter, 'and') },
    { words: 'Or this', key: '', run: () => use_filter(node.filter, 'or') },
    { words: 'Copy value', key: 'c', run: () => copy(plain_text(node.value || node.label), 'Value') },
    { words: 'Copy filter', key: '', run: () => copy(node.filter, 'Filter') },
  ];
  return (
    <div
      ref={ref}
      class="pop menu field-menu"
      role="menu"
      aria-label={`What to do with ${node.field}`}
      onKeyDown={(event) => {
        const buttons = [...(ref.current?.querySelectorAll('button') ?? [])];
        const now = buttons.indexOf(document.activeElement as HTMLButtonElement);
        if (event.key === 'ArrowDown') buttons[(now + 1) % buttons.length]?.focus();
        else if (event.key === 'ArrowUp') buttons[(now + buttons.length - 1) % buttons.length]?.focus();
        else if (event.key === 'Escape') close();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <div class="hd mono cut">{plain_text(node.filter || node.field)}</div>
      {items.map((item) => (
        <button
          key={item.words}
          role="menuitem"
          class="opt"
          disabled={node.filter === '' && !item.words.startsWith('Copy value')}
          onClick={() => {
            close();
            item.run();
          }}
        >
          {item.words}
          {item.key ? <span class="n kbd">{item.key}</span> : null}
        </button>
      ))}
    </div>
  );
}

function on_key(event: KeyboardEvent): void {
  const shown = shown_lines.value;
  const chosen = chosen_line.value;
  const at = chosen ? shown.findIndex((line) => line.path === chosen.path) : -1;
  const line = shown[at];
  const go = (to: number): void => {
    const next = shown[Math.max(0, Math.min(shown.length - 1, to))];
    if (!next) return;
    choose_line(next);
    document.getElementById(`field-${next.index}`)?.scrollIntoView({ block: 'nearest' });
  };
  switch (event.key) {
    case 'ArrowDown':
      go(at + 1);
      break;
    case 'ArrowUp':
      go(at - 1);
      break;
    case 'Home':
      go(0);
      break;
    case 'End':
      go(shown.length - 1);
      break;
    case 'ArrowRight':
      if (line?.has_children && !open_paths.value.has(line.path)) set_open(line.path, true);
      else if (line?.has_children) go(at + 1);
      break;
    case 'ArrowLeft':
      if (line?.has_children && open_paths.value.has(line.path)) set_open(line.path, false);
      else if (line && line.parent >= 0) go(shown.findIndex((l) => l.index === line.parent));
      break;
    case '*':
      open_all(true);
      break;
    case '-':
      open_all(false);
      break;
    case ' ':
      if (line?.has_children) set_open(line.path, !open_paths.value.has(line.path));
      break;
    case 'Enter':
    case 'ContextMenu': {
      const box = line ? document.getElementById(`field-${line.index}`)?.getBoundingClientRect() : null;
      if (line && box) menu_for.value = { line, x: box.left + 40, y: box.bottom };
      break;
    }
    default:
      return;
  }
  event.preventDefault();
  event.stopPropagation();
}

function Line({ line }: { line: TreeLine }) {
  const { node } = line;
  const open = open_paths.value.has(line.path);
  const chosen = chosen_line.value?.path === line.path;
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    ref.current?.style.setProperty('--d', String(Math.min(line.depth, 16)));
  }, [line.depth]);
  return (
    <div
      ref={ref}
      id={`field-${line.index}`}
      class={`fr${node.anomaly ? ' odd' : ''}`}
      role="treeitem"
      aria-level={line.depth + 1}
      aria-expanded={line.has_children ? open : undefined}
      aria-selected={chosen}
      title={node.words ? plain_text(node.words) : undefined}
      onClick={() => choose_line(line)}
      onDblClick={() => line.has_children && set_open(line.path, !open)}
      onContextMenu={(event) => {
        event.preventDefault();
        choose_line(line);
        menu_for.value = { line, x: event.clientX, y: event.clientY };
      }}
    >
      {line.has_children ? (
        <span
          class="tw"
          onClick={(event) => {
            event.stopPropagation();
            set_open(line.path, !open);
          }}
        >
          <Icon name={open ? 'open' : 'right'} size={12} />
        </span>
      ) : (
        <span class="tw" />
      )}
      <span class="fl cut">{node.anomaly ? <Icon name="warn" size={12} /> : null}{plain_text(node.label)}</span>
      <span
        class="fv cut"
        onClick={(event) => {
          if (!chosen || node.filter === '') return;
          event.stopPropagation();
          menu_for.value = { line, x: event.clientX, y: event.clientY + 8 };
        }}
      >
        <bdi>{plain_text(node.value)}</bdi>
      </span>
      <span class="fn mono">{plain_text(node.field)}</span>
    </div>
  );
}

export function Tree() {
  const shown = shown_lines.value;
  const drawn = shown.length > kMaxDrawn ? shown.slice(0, kMaxDrawn) : shown;
  const chosen = chosen_line.value;
  return (
    <>
      <div
        class="pane tree"
        id="field-tree"
        role="tree"
        aria-label="Fields"
        data-region="fields"
        tabIndex={0}
        aria-activedescendant={chosen ? `field-${chosen.index}` : undefined}
        onKeyDown={on_key}
      >
        {drawn.map((line) => (
          <Line key={line.path} line={line} />
        ))}
        {shown.length > drawn.length ? <p class="basis">{shown.length - drawn.length} more fields: close some branches to see them.</p> : null}
      </div>
      <FieldMenu />
    </>
  );
}
