import { signal } from '@preact/signals';
import { api } from '../api/client';
import * as session from '../live/session';
import { keep, kept } from '../shell/kept';

/** The tour: five steps over the page as it is. It opens and chooses what a step needs and changes nothing else. */

export interface Step {
  title: string;
  words: string;
  /** What the step speaks about: the first of these that is on screen. */
  targets: readonly string[];
  /** Brings the page to where the step can be shown. */
  prepare: () => void | Promise<void>;
}

const kRowWait_ms = 5000;

function show_live(): void {
  session.place.value = 'live';
}

/** Waits until the list holds a row, so that there is a packet to speak about; gives up quietly. */
async function rows_there(): Promise<boolean> {
  const until_ms = performance.now() + kRowWait_ms;
  while (performance.now() < until_ms) {
    const { rows, first_row, known } = session.count.value;
    if (known && rows > first_row && session.cache.find(session.list_port.first_row()) !== null) return true;
    await new Promise(requestAnimationFrame);
  }
  return false;
}

async function show_packet(): Promise<void> {
  show_live();
  session.inspector_open.value = true;
  if (session.selected.value === null && (await rows_there())) session.select_row(session.list_port.first_row() + 2);
}

export const kSteps: readonly Step[] = [
  {
    title: 'Choose what to look at',
    words: 'Here you listen to an interface of this computer. Nothing to listen to yet? The demo beside it is a ready capture of a small network and needs no rights. “Next” goes on with it if no capture is open.',
    targets: ['.trio'],
    prepare: () => void (session.place.value = 'captures'),
  },
  {
    title: 'The list: one row, one packet',
    words: 'Who spoke to whom, in which protocol, and what happens in plain words. j and k or the arrow keys move; choosing a row holds the list still while capture goes on.',
    targets: ['.listbox'],
    prepare: show_live,
  },
  {
    title: 'One packet: words, fields, bytes',
    words: 'First what it means in a sentence, with links to the packets that prove it; then its fields and its bytes, in a narrow window under “Bytes”. Choose one and the others light up together.',
    targets: ['.insp', '.listbox'],
    prepare: show_packet,
  },
  {
    title: 'Show only what you look for',
    words: 'Type dns, an address, or tcp.port == 443: while you type, what this capture holds is offered. The line below says how it was understood. / brings you here from anywhere.',
    targets: ['.fbar'],
    prepare: show_live,
  },
  {
    title: 'What is lost, and what is kept',
    words: 'This line says what is captured, lost and kept at every moment; press it for Health, which says why and what helps. If a packet is missing, sp3ctra says so beside the number it makes less true.',
    targets: ['.status .facts', '.status'],
    prepare: show_live,
  },
];

/** Index of the step on screen; null = no tour. */
export const tour_at = signal<number | null>(null);
/** A step waits for what it shows. */
export const tour_waits = signal(false);
/** Nobody has taken the tour or said no to it yet. */
export const tour_offered = signal(!kept<boolean>('tour.seen', false));

export function no_tour(): void {
  tour_offered.value = false;
  keep('tour.seen', true);
}

let turn = 0;
/** The first step needs no capture, all others do: without one the demo is opened. */
async function open_something(): Promise<boolean> {
  if (session.current.value !== null) return true;
  try {
    const { capture } = await api.demo();
    await session.refresh();
    session.open_capture(capture, false);
    return true;
  } catch (problem) {
    session.say_problem(problem);
    return false;
  }
}

export async function go_to_step(index: number): Promise<void> {
  const step = kSteps[index];
  if (step === undefined) return end_tour();
  const mine = ++turn;
  tour_waits.value = true;
  try {
    if (index > 0 && !(await open_something())) return;
    if (mine !== turn) return;
    await step.prepare();
    if (mine === turn) tour_at.value = index;
  } finally {
    if (mine === turn) tour_waits.value = false;
  }
}

export function begin_tour(): void {
  no_tour();
  void go_to_step(0);
}

export function end_tour(): void {
  turn += 1;
  tour_waits.value = false;
  tour_at.value = null;
}
