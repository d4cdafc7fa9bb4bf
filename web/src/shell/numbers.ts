/** Numbers as people read them: thousands split, units after a space. */

const kCount = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export function count_text(value: number): string {
  return Number.isFinite(value) ? kCount.format(Math.max(0, Math.floor(value))) : '–';
}

/** "1 packet", "1,204 packets". */
export const count_of = (value: number, what: string): string => `${count_text(value)} ${what}${Math.floor(value) === 1 ? '' : 's'}`;

/** Memory that is chosen in MiB, as it was chosen: "64 MiB", "21.3 MiB". */
export const mebi_text = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1).replace('.0', '')} MiB`;

function scaled(value: number, step: number, units: readonly string[]): string {
  let rest = Math.max(0, value);
  let unit = 0;
  while (rest >= step && unit < units.length - 1) {
    rest /= step;
    unit += 1;
  }
  const digits = unit === 0 || rest >= 100 ? 0 : 1;
  return `${rest.toFixed(digits)} ${units[unit] ?? ''}`;
}

export const bytes_text = (bytes: number): string => scaled(bytes, 1000, ['bytes', 'KB', 'MB', 'GB', 'TB']);
export const bits_text = (bits: number): string => scaled(bits, 1000, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s']);

export function duration_text(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}
