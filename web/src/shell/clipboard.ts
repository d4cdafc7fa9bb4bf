import { say } from '../live/session';

/** Copies text and says so; a browser that refuses is told about, too. */
export function copy(text: string, what: string): void {
  navigator.clipboard.writeText(text).then(
    () => say(`${what} copied.`),
    () => say('The browser did not allow copying.'),
  );
}

/** One word for a POSIX shell. */
export function shell_word(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;
}
