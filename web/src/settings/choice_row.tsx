import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** One setting: its name, what it does in plain words, its control, and the way back to how it came. */
export function SettingRow(props: {
  name: string;
  words: string;
  /** What is in force now, where the choice alone does not say it. */
  now?: string;
  /** Absent where there is nothing to go back to. */
  reset?: { is_default: boolean; words: string; run: () => void };
  children: (ids: { name: string; words: string }) => ComponentChildren;
}) {
  const id = useId();
  const ids = { name: `${id}-name`, words: `${id}-words` };
  const { reset } = props;
  return (
    <div class="setting" data-setting={props.name}>
      <div class="about">
        <h3 id={ids.name}>{props.name}</h3>
        <p id={ids.words}>
          {props.words}
          {props.now ? <span class="now"> {props.now}</span> : null}
        </p>
      </div>
      <div class="control">{props.children(ids)}</div>
      <div class="back">
        {reset ? (
          <button
            class="btn quiet sm"
            disabled={reset.is_default}
            aria-label={`${props.name}: reset to default, ${reset.words}`}
            title={reset.is_default ? `This is the default: ${reset.words}` : `Back to: ${reset.words}`}
            onClick={reset.run}
          >
            {reset.is_default ? 'Default' : 'Reset to default'}
          </button>
        ) : null}
      </div>
    </div>
  );
}

/** A few choices of which one holds: one tab stop, arrow keys choose. */
export function Segments<T extends string>(props: { options: readonly { id: T; words: string }[]; value: T; choose: (id: T) => void; labelled: string; described: string }) {
  const at = Math.max(
    0,
    props.options.findIndex((option) => option.id === props.value),
  );
  const move = (event: KeyboardEvent & { currentTarget: HTMLElement }): void => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const to = (at + by + props.options.length) % props.options.length;
    const option = props.options[to];
    if (option) props.choose(option.id);
    (event.currentTarget.children[to] as HTMLElement | undefined)?.focus();
  };
  return (
    <div class="seg" role="radiogroup" aria-labelledby={props.labelled} aria-describedby={props.described} onKeyDown={move}>
      {props.options.map((option, i) => (
        <button key={option.id} role="radio" aria-checked={option.id === props.value} tabIndex={i === at ? 0 : -1} onClick={() => props.choose(option.id)}>
          {option.words}
        </button>
      ))}
    </div>
  );
}
