import type { CaptureStatus } from '../api/types';
import { whole_sentence, with_capital } from './sentence';

/** What happened to interfaces, disk and computer while a capture runs, one item a cause. Pure functions. */

export interface NewsItem {
  key: string;
  tone: 'warn' | 'info';
  /** The program's words, whole; the first sentence part is set strong. */
  words: string;
  /** Seconds (of the page's clock) since when it is said. */
  at_s: number;
  /** Bad news stands until it is over; good news goes by itself. */
  stays: boolean;
  action: 'store' | 'none';
  /** The interface it is about. */
  name: string;
}

export interface NewsState {
  capture: string;
  /** Words by key as they were told last, so that only what changed is news. */
  told: ReadonlyMap<string, string>;
  items: readonly NewsItem[];
}

export const kNoNews: NewsState = { capture: '', told: new Map(), items: [] };
export const kGoodNews_s = 30;

const has_words = (words: string): boolean => words.trim() !== '';

/** Everything the program says now, by cause. */
function said_now(c: CaptureStatus): Omit<NewsItem, 'at_s'>[] {
  const out: Omit<NewsItem, 'at_s'>[] = [];
  const captured = c.interfaces.filter((i) => i.state !== 'removed');
  for (const i of captured) {
    if (i.state !== 'running') {
      const plain = { waiting: `${i.name} is gone`, down: `${i.name} has no connection`, failed: `${i.name} failed`, removed: '' }[i.state];
      out.push({ key: `if ${i.name}`, tone: 'warn', words: has_words(i.words) ? i.words : plain, stays: true, action: 'none', name: i.name });
    } else if (has_words(i.words)) {
      out.push({ key: `if ${i.name}`, tone: 'info', words: i.words, stays: false, action: 'none', name: i.name });
    }
  }
  if (c.store.paused) {
    const words = has_words(c.store.words) ? c.store.words : 'the disk is full: packets are counted but not kept until there is room';
    out.push({ key: 'store', tone: 'warn', words: `Capture is paused: ${words}`, stays: true, action: 'store', name: '' });
  }
  if (has_words(c.words)) {
    const all_away = captured.length > 0 && captured.every((i) => i.state !== 'running');
    out.push({ key: 'capture', tone: all_away ? 'warn' : 'info', words: c.words, stays: all_away, action: 'none', name: '' });
  }
  return out;
}

/** One cause, one item: a sleeping computer says the same of each interface. */
function without_repeats(list: Omit<NewsItem, 'at_s'>[]): Omit<NewsItem, 'at_s'>[] {
  const seen = new Set<string>();
  return list.filter((item) => {
    if (seen.has(item.words)) return false;
    seen.add(item.words);
    return true;
  });
}

export function learn_news(before: NewsState, c: CaptureStatus, now_s: number): NewsState {
  if (c.state === 'STOPPED' || c.id === '') return before.items.length === 0 && before.capture === '' ? before : kNoNews;
  const is_first = before.capture !== c.id;
  const old = is_first ? kNoNews : before;
  const said = without_repeats(said_now(c));
  const told = new Map(said.map((item) => [item.key, item.words]));
  const items: NewsItem[] = [];
  for (const item of said) {
    const same = old.items.find((o) => o.key === item.key && o.words === item.words);
    if (same) {
      if (item.stays || now_s - same.at_s < kGoodNews_s) items.push(same);
      continue;
    }
    // Words of something that is over are news only to a page that was there when they changed.
    if (!item.stays && (is_first || old.told.get(item.key) === item.words)) continue;
    items.push({ ...item, at_s: now_s });
  }
  for (const o of old.items) {
    const is_over = o.stays && !items.some((item) => item.key === o.key) && !said.some((item) => item.key === o.key);
    if (is_over) items.push({ ...o, ...over(o, c), at_s: now_s, stays: false, tone: 'info', action: 'none' });
    else if (!o.stays && o.key.startsWith('over ') && now_s - o.at_s < kGoodNews_s && !said.some((item) => `over ${item.key}` === o.key)) items.push(o);
  }
  return { capture: c.id, told, items: items.filter((item) => has_words(item.words)) };
}

/** What to say where the program says nothing once it is over. */
function over(item: NewsItem, c: CaptureStatus): { key: string; words: string } {
  if (item.key === 'store') return { key: 'over store', words: 'There is room again: packets are kept as before.' };
  const now = c.interfaces.find((i) => i.name === item.name);
  return { key: `over ${item.key}`, words: now?.state === 'running' ? `${item.name} is back: its packets are captured again.` : '' };
}

/** "eth0 is gone since 14:31:50" and the rest. */
export function lead_and_rest(words: string): [string, string] {
  const cut = /[;:.] /.exec(words);
  if (!cut) return [whole_sentence(words), ''];
  return [with_capital(words.slice(0, cut.index)) + '.', whole_sentence(words.slice(cut.index + 2))];
}
