import { signal } from '@preact/signals';
import { as_interfaces, as_state } from './shapes';
import type { CapturesMessage, CaptureWish, Completion, FilterPreset, Found, Job, Packet, Series, StoreChoice } from './types';

const kBase = '/api/v1';
const kSecretKey = 'sp3ctra.secret';
/** Body of one upload call: the server accepts at most 4 MiB. */
export const kChunkBytes = 4 * 1024 * 1024;

/** What the server refused or could not do. `position` and `length` are bytes of the text that was sent. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly position: number | null = null,
    readonly length: number = 0,
    /** The interface it is about, where it is about one. */
    readonly interface_name: string = '',
  ) {
    super(message);
  }
}

function read_secret(): string | null {
  try {
    return localStorage.getItem(kSecretKey);
  } catch {
    return null;
  }
}

/** The second half of the login; null shows how to get in. */
export const secret = signal<string | null>(read_secret());

export function forget_login(): void {
  try {
    localStorage.removeItem(kSecretKey);
  } catch {
    // A browser without storage forgets by itself.
  }
  secret.value = null;
}

async function send(method: string, path: string, body?: unknown, abort?: AbortSignal): Promise<unknown> {
  // Browsers write every 4xx answer to the console; this header asks for the error in a 200 body instead.
  const headers: Record<string, string> = { 'X-Sp3ctra-Errors': 'body' };
  if (secret.value !== null) headers['X-Sp3ctra-Secret'] = secret.value;
  let payload: BodyInit | undefined;
  if (body instanceof Blob) {
    headers['Content-Type'] = 'application/octet-stream';
    payload = body;
  } else if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
    payload = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(kBase + path, {
      method,
      headers,
      body: payload,
      signal: abort,
      credentials: 'same-origin',
      cache: 'no-store',
    });
  } catch (cause) {
    if (abort?.aborted) throw cause;
    throw new ApiError('sp3ctra does not answer. Is it still running?', 0);
  }
  let answer: Record<string, unknown> = {};
  try {
    answer = (await response.json()) as Record<string, unknown>;
  } catch {
    if (abort?.aborted) throw new DOMException('aborted', 'AbortError');
  }
  const said = typeof answer['error'] === 'string' ? answer['error'] : '';
  const told = typeof answer['status'] === 'number' ? answer['status'] : response.status;
  const is_job = typeof answer['state'] === 'string' && 'done' in answer;
  if (!response.ok || (said !== '' && !is_job)) {
    if (told === 401 && path !== '/login') forget_login();
    const position = typeof answer['position'] === 'number' ? answer['position'] : null;
    const length = typeof answer['length'] === 'number' ? answer['length'] : 0;
    const interface_name = typeof answer['interface'] === 'string' ? answer['interface'] : '';
    throw new ApiError(said || `The answer was ${told}.`, told, position, length, interface_name);
  }
  return answer;
}

function query(values: Record<string, string | number | null | undefined>): string {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '') parts.set(key, String(value));
  }
  const text = parts.toString();
  return text === '' ? '' : `?${text}`;
}

/** Every call of docs/api.md the page makes. All reject with ApiError. */
export const api = {
  async login(token: string): Promise<void> {
    const answer = (await send('POST', '/login', { token })) as { secret: string };
    try {
      localStorage.setItem(kSecretKey, answer.secret);
    } catch {
      // Without storage the login holds for this tab only.
    }
    secret.value = answer.secret;
  },
  state: async () => as_state(await send('GET', '/state')),
  interfaces: async () => as_interfaces(await send('GET', '/interfaces')),
  start: (want: CaptureWish) => send('POST', '/capture/start', want) as Promise<{ capture: string }>,
  /** While a capture runs; what is not there waits for nothing: it is refused. */
  add_interface: (name: string) => send('POST', '/capture/interfaces', { name }),
  /** Refused for the last one: stop instead. */
  remove_interface: (name: string) => send('DELETE', `/capture/interfaces/${encodeURIComponent(name)}`),
  capture_filter: (bpf: string) => send('POST', '/capture/filter', { bpf }),
  presets: async () => ((await send('GET', '/capture/presets')) as { presets?: FilterPreset[] }).presets ?? [],
  store: () => send('GET', '/capture/store') as Promise<StoreChoice>,
  choose_store: (choice: Partial<StoreChoice>) => send('PUT', '/capture/store', choice) as Promise<unknown>,
  stop: () => send('POST', '/capture/stop', {}),
  captures: () => send('GET', '/captures') as Promise<CapturesMessage>,
  open_stored: (capture: string) => send('POST', `/captures/${capture}/open`, {}) as Promise<{ capture: string }>,
  remove_capture: (capture: string) => send('DELETE', `/captures/${capture}`) as Promise<{ deleted: boolean; words: string }>,
  demo: () => send('POST', '/captures/demo', {}) as Promise<{ capture: string }>,
  cancel_reading: (capture: string) => send('POST', `/captures/${capture}/cancel`, {}),
  upload: (name: string, size: number) =>
    send('POST', '/uploads', { name, size }) as Promise<{ upload: string }>,
  upload_chunk: (upload: string, offset: number, chunk: Blob, abort: AbortSignal) =>
    send('PUT', `/uploads/${upload}?offset=${offset}`, chunk, abort) as Promise<{ received: number; capture?: string }>,
  upload_finish: (upload: string) =>
    send('POST', `/uploads/${upload}/finish`, {}) as Promise<{ capture: string }>,
  filter: (capture: string, text: string, abort?: AbortSignal) =>
    send('POST', `/captures/${capture}/filters`, { text }, abort) as Promise<{
      filter: string;
      reading: string;
    }>,
  async packet(capture: string, number: number, abort?: AbortSignal): Promise<Packet> {
    const got = (await send('GET', `/captures/${capture}/packets/${number}`, undefined, abort)) as Partial<Packet>;
    const words = { lead: [], facts: [], verdict: 'normal' as const, reason: [], basis: '', ...got.words };
    return { ...(got as Packet), sources: got.sources ?? [], tree: got.tree ?? [], words };
  },
  find: (
    capture: string,
    want: { kind: string; q: string; from: number; dir: string; filter: string | null },
    abort?: AbortSignal,
  ) => send('GET', `/captures/${capture}/find${query(want)}`, undefined, abort) as Promise<Found>,
  conversation: (capture: string, n: number, dir: 'next' | 'prev', filter: string | null) =>
    send('GET', `/captures/${capture}/conversation${query({ n, dir, filter })}`) as Promise<Found>,
  row: (capture: string, n: number, filter: string | null) =>
    send('GET', `/captures/${capture}/row${query({ n, filter })}`) as Promise<{ row: number }>,
  series: (capture: string, bins: number, filter: string | null, abort?: AbortSignal, span?: { from_ns: string; to_ns: string }) =>
    send('GET', `/captures/${capture}/series${query({ bins, filter, ...span })}`, undefined, abort) as Promise<Series>,
  export_start: (capture: string, want: Record<string, unknown>) =>
    send('POST', `/captures/${capture}/exports`, want) as Promise<{ job: string }>,
  job: (job: string) => send('GET', `/jobs/${job}`) as Promise<Job>,
  job_cancel: (job: string) => send('DELETE', `/jobs/${job}`),
  job_ticket: (job: string) => send('POST', `/jobs/${job}/ticket`, {}) as Promise<{ ticket: string }>,
  job_url: (job: string, ticket: string) => `${kBase}/jobs/${job}/file${query({ ticket })}`,
  complete: (capture: string, text: string, pos: number, abort?: AbortSignal) =>
    send('GET', `/complete${query({ capture, pos })}&text=${encodeURIComponent(text)}`, undefined, abort) as Promise<Completion>,
};
