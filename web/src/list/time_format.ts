export type TimeFormat = 'clock' | 'date' | 'start' | 'delta' | 'epoch';
export type Zone = 'local' | 'utc';

export const kTimeFormats: { id: TimeFormat; words: string }[] = [
  { id: 'clock', words: 'Time of day' },
  { id: 'date', words: 'Date and time' },
  { id: 'start', words: 'Seconds since the first packet' },
  { id: 'delta', words: 'Seconds since the row above' },
  { id: 'epoch', words: 'Seconds since 1970' },
];

const two = (value: number): string => (value < 10 ? '0' + value : String(value));

/** Splits a string of nanoseconds into whole seconds and nanoseconds without losing digits. */
export function split_ns(ns: string): { seconds: number; nanos: number } {
  if (!/^\d{1,20}$/.test(ns)) return { seconds: 0, nanos: 0 };
  const padded = ns.padStart(10, '0');
  return { seconds: Number(padded.slice(0, -9)), nanos: Number(padded.slice(-9)) };
}

/** Formats row times; keeps the last minute's words because neighbours share them. */
export class TimeFormatter {
  private minute = NaN;
  private words = '';
  constructor(
    readonly format: TimeFormat,
    readonly zone: Zone,
    /** Digits after the dot: 3, 6 or 9. */
    readonly digits: number,
    private readonly start_seconds: number,
    private readonly start_nanos: number,
  ) {}

  text(seconds: number, nanos: number, above: { seconds: number; nanos: number } | null): string {
    switch (this.format) {
      case 'epoch':
        return `${seconds}.${this.fraction(nanos)}`;
      case 'start':
        return this.difference(seconds, nanos, this.start_seconds, this.start_nanos);
      case 'delta':
        return above === null ? '' : this.difference(seconds, nanos, above.seconds, above.nanos);
      default:
        return `${this.minute_words(seconds)}:${two(((seconds % 60) + 60) % 60)}.${this.fraction(nanos)}`;
    }
  }

  private fraction(nanos: number): string {
    return String(nanos).padStart(9, '0').slice(0, this.digits);
  }

  private difference(seconds: number, nanos: number, from_seconds: number, from_nanos: number): string {
    let whole = seconds - from_seconds;
    let rest = nanos - from_nanos;
    const negative = whole < 0 || (whole === 0 && rest < 0);
    if (negative) {
      whole = -whole;
      rest = -rest;
    }
    if (rest < 0) {
      whole -= 1;
      rest += 1_000_000_000;
    }
    return `${negative ? '−' : ''}${whole}.${this.fraction(rest)}`;
  }

  private minute_words(seconds: number): string {
    const minute = Math.floor(seconds / 60);
    if (minute !== this.minute) {
      this.minute = minute;
      const d = new Date(seconds * 1000);
      const utc = this.zone === 'utc';
      const clock = utc
        ? `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`
        : `${two(d.getHours())}:${two(d.getMinutes())}`;
      this.words =
        this.format === 'date'
          ? `${utc ? d.getUTCFullYear() : d.getFullYear()}-${two((utc ? d.getUTCMonth() : d.getMonth()) + 1)}-${two(utc ? d.getUTCDate() : d.getDate())} ${clock}`
          : clock;
    }
    return this.words;
  }
}

/** Reads what a person types as a time: seconds since 1970, a clock of the capture's first day, or a full date. Gives ns text or null. */
export function parse_time(text: string, zone: Zone, day_seconds: number): string | null {
  const said = text.trim();
  const epoch = /^(\d{9,12})(?:\.(\d{1,9}))?$/.exec(said);
  if (epoch) return epoch[1] + (epoch[2] ?? '').padEnd(9, '0');
  const full = /^(?:(\d{4})-(\d\d)-(\d\d)[ T])?(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?$/.exec(said);
  if (!full) return null;
  const day = new Date(day_seconds * 1000);
  const utc = zone === 'utc';
  const year = full[1] ? Number(full[1]) : utc ? day.getUTCFullYear() : day.getFullYear();
  const month = full[2] ? Number(full[2]) - 1 : utc ? day.getUTCMonth() : day.getMonth();
  const date = full[3] ? Number(full[3]) : utc ? day.getUTCDate() : day.getDate();
  const parts = [year, month, date, Number(full[4]), Number(full[5]), Number(full[6] ?? 0)] as const;
  const ms = utc ? Date.UTC(...parts) : new Date(...parts).getTime();
  if (!Number.isFinite(ms) || ms < 0) return null;
  return String(Math.floor(ms / 1000)) + (full[7] ?? '').padEnd(9, '0');
}
