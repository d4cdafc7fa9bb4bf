/** Small settings kept per browser. A browser without storage simply forgets them. */

export const kPrefix = 'sp3ctra.';

export function kept<T>(name: string, fallback: T): T {
  try {
    const text = localStorage.getItem(kPrefix + name);
    if (text === null) return fallback;
    if (typeof fallback === 'string') return text as T;
    const value = JSON.parse(text) as unknown;
    return typeof value === typeof fallback && Array.isArray(value) === Array.isArray(fallback) ? (value as T) : fallback;
  } catch {
    return fallback;
  }
}

export function keep(name: string, value: unknown): void {
  try {
    localStorage.setItem(kPrefix + name, typeof value === 'string' ? value : JSON.stringify(value));
  } catch {
    // Nothing to do: the setting holds until the page closes.
  }
}
