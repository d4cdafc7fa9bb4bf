import { effect } from '@preact/signals';
import { chosen_line, wanted_field } from '../inspector/state';
import { fetch_interfaces, interfaces } from '../live/capture_control';
import * as session from '../live/session';

/** The address says what is looked at: `/?c=<capture>&f=<filter>&t=<from>,<to>#p<number>:<field>`, or `/?view=settings`. */

const kWrite_ms = 400;
const kShown = 'sp3ctra.demo_shown';

export function take_token(): string | null {
  const match = /^#token=(.+)$/.exec(location.hash);
  if (!match) return null;
  // The token must not stay in the address bar or the history.
  history.replaceState(null, '', location.pathname + location.search);
  return decodeURIComponent(match[1] ?? '');
}

async function follow_address(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const capture = query.get('c');
  const wanted = /^#p(\d+)(?::([\w.-]+))?$/.exec(location.hash);
  if (capture === null) {
    session.place.value = query.get('view') === 'settings' ? 'settings' : 'captures';
    return;
  }
  if (!session.captures.value.some((c) => c.id === capture)) {
    session.place.value = 'captures';
    session.say('The capture of this link is not open any more. What is kept is listed here.');
    return;
  }
  if (session.current.value !== capture) session.open_capture(capture);
  session.place.value = 'live';
  const times = /^(\d+),(\d+)$/.exec(query.get('t') ?? '');
  const next_span = times ? { from_ns: times[1] ?? '0', to_ns: times[2] ?? '0' } : null;
  const text = query.get('f') ?? '';
  if (text !== session.filter.value.text || (next_span === null) !== (session.span.value === null)) {
    session.span.value = next_span;
    await session.apply_filter(text);
  }
  if (wanted) {
    wanted_field.value = wanted[2] ?? '';
    const number = Number(wanted[1]);
    if (session.selected.value?.number !== number) await session.go_to_packet(number);
  }
}

function address(): string {
  const query = new URLSearchParams();
  let hash = '';
  if (session.place.value === 'live' && session.current.value !== null) {
    query.set('c', session.current.value);
    if (session.filter.value.text !== '') query.set('f', session.filter.value.text);
    if (session.span.value) query.set('t', `${session.span.value.from_ns},${session.span.value.to_ns}`);
    if (session.selected.value) {
      hash = `#p${session.selected.value.number}`;
      if (chosen_line.value) hash += `:${chosen_line.value.node.field}`;
    }
  }
  if (session.place.value === 'settings') query.set('view', 'settings');
  const text = query.toString();
  return `/${text === '' ? '' : '?' + text}${hash}`;
}

/** A newcomer without the right to listen, or without an interface, finds the server's demo open: that is shown first. */
async function show_demo_first(): Promise<void> {
  const [only, more] = session.captures.value;
  const plain = location.search === '' && location.hash === '';
  if (!plain || only === undefined || more !== undefined || !only.demo || !first_time()) return;
  if (session.program.value?.rights.can_capture) {
    await fetch_interfaces();
    if (interfaces.value.some((i) => i.capturable)) return;
  }
  session.open_capture(only.id, false);
}

/** Once a tab: whoever leaves the demo for Captures finds Captures again after a reload. */
function first_time(): boolean {
  try {
    if (sessionStorage.getItem(kShown) !== null) return false;
    sessionStorage.setItem(kShown, '1');
  } catch {
    // A browser without storage shows the demo once more.
  }
  return true;
}

/** Reads the address once and keeps it true from then on. */
export async function keep_address(): Promise<void> {
  await follow_address();
  await show_demo_first().catch(session.say_problem);
  let timer = 0;
  effect(() => {
    const next = address();
    window.clearTimeout(timer);
    // Browsers stop a page that writes its address too often.
    timer = window.setTimeout(() => {
      if (next !== location.pathname + location.search + location.hash) history.replaceState(null, '', next);
    }, kWrite_ms);
  });
  window.addEventListener('popstate', () => void follow_address());
}
