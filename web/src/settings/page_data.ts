import { kPrefix } from '../shell/kept';

/** What this page keeps in this browser, in words, so that nobody has to guess. */

const kWords: readonly (readonly [prefix: string, words: string])[] = [
  ['secret', 'that this browser was let in'],
  ['theme', 'the theme'],
  ['contrast', 'the contrast'],
  ['dense', 'the row height'],
  ['time.', 'how times are shown'],
  ['letters', 'whether single letters act'],
  ['columns', 'the columns of the list'],
  ['inspector.', 'the size of the packet pane'],
  ['charts.', 'the charts'],
  ['interfaces', 'the interfaces chosen last'],
  ['bpf', 'the capture filter used last'],
  ['capture-options', 'the capture options used last'],
  ['tour.', 'that the tour was offered'],
];
/** Forgetting the settings must not lock the person out. */
const kLogin = 'secret';

function names(storage: Storage): string[] {
  return Object.keys(storage).filter((key) => key.startsWith(kPrefix));
}

/** "the theme, the row height and how times are shown": each once, in the order above. */
export function words_of(keys: readonly string[]): string[] {
  const bare = keys.map((key) => key.slice(kPrefix.length));
  const known = kWords.filter(([prefix]) => bare.some((name) => name.startsWith(prefix))).map(([, words]) => words);
  const is_other = bare.some((name) => !kWords.some(([prefix]) => name.startsWith(prefix)));
  return is_other ? [...known, 'smaller things'] : known;
}

export function kept_words(): string[] {
  try {
    return words_of(names(localStorage));
  } catch {
    return [];
  }
}

/** Removes everything but the login; the page then has to load anew. */
export function forget_all(): void {
  try {
    for (const key of names(localStorage)) if (key !== kPrefix + kLogin) localStorage.removeItem(key);
    for (const key of names(sessionStorage)) sessionStorage.removeItem(key);
  } catch {
    // A browser without storage has nothing to forget.
  }
}
