import type { Run } from '../api/types';
import { go_to_packet, pointed } from '../live/session';
import { count_text } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';

/** A packet number that can be pointed at and gone to. */
export function Evidence({ number }: { number: number }) {
  const point = (): void => void (pointed.value = new Set([number]));
  const leave = (): void => void (pointed.value = new Set());
  return (
    <button
      class={`ev${pointed.value.has(number) ? ' on' : ''}`}
      title={`Go to packet ${count_text(number)}`}
      onPointerEnter={point}
      onPointerLeave={leave}
      onFocus={point}
      onBlur={leave}
      onClick={() => {
        leave();
        void go_to_packet(number, true);
      }}
    >
      #{count_text(number)}
    </button>
  );
}

/** A sentence made of runs. Everything is text. */
export function Runs({ runs }: { runs: readonly Run[] }) {
  return (
    <>
      {runs.map((run, index) => {
        if (typeof run.packet === 'number') return <Evidence key={index} number={run.packet} />;
        const text = plain_text(run.t ?? '');
        return run.b ? <b key={index}><bdi>{text}</bdi></b> : <span key={index}>{text}</span>;
      })}
    </>
  );
}
