import { effect, signal } from '@preact/signals';
import { stream } from '../api/stream';
import type { InterfaceInfo } from '../api/types';
import { fetch_interfaces, interfaces } from '../live/capture_control';
import { learn_speeds, type Speeds } from './speeds';

/** The list of interfaces as the server pushes it, and the speeds its counters tell. */
export const speeds = signal<ReadonlyMap<string, Speeds>>(new Map());
export const interfaces_known = signal(false);

function take(list: InterfaceInfo[]): void {
  interfaces.value = list;
  interfaces_known.value = true;
}
stream.on_interfaces = take;
effect(() => {
  const list = interfaces.value;
  if (list.length === 0) return;
  interfaces_known.value = true;
  speeds.value = learn_speeds(speeds.peek(), list, performance.now());
});

/** Asks for counters while the page is looked at; answers how to stop. */
export function watch_counters(): () => void {
  const follow = (): void => stream.want_counters(!document.hidden);
  follow();
  document.addEventListener('visibilitychange', follow);
  // The stream tells changes only: what was there before it was open is asked for once.
  fetch_interfaces().then(
    () => (interfaces_known.value = true),
    () => {
      // The lost-link banner says it; the last list stays.
    },
  );
  return () => {
    document.removeEventListener('visibilitychange', follow);
    stream.want_counters(false);
  };
}
