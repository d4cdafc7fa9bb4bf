import { signal } from '@preact/signals';
import { ApiError, api, kChunkBytes } from '../api/client';
import { open_capture, refresh, say, say_problem } from '../live/session';

/** A capture file on its way into the data directory, in chunks. */
export interface Upload {
  name: string;
  size: number;
  sent: number;
  started_ms: number;
  cancel: () => void;
  /** Its capture, once the first bytes have come. */
  capture: string | null;
}

export const upload = signal<Upload | null>(null);

/** Rows are listed while the rest of the file is still on its way. */
async function show(capture: string): Promise<void> {
  await refresh();
  open_capture(capture);
}

export async function send_file(file: File): Promise<void> {
  if (upload.value !== null) {
    say('One file at a time: the first is still on its way.');
    return;
  }
  const abort = new AbortController();
  upload.value = { name: file.name, size: file.size, sent: 0, started_ms: performance.now(), cancel: () => abort.abort(), capture: null };
  try {
    const { upload: id } = await api.upload(file.name, file.size);
    let sent = 0;
    while (sent < file.size) {
      const chunk = file.slice(sent, Math.min(file.size, sent + kChunkBytes));
      const { capture: early } = await api.upload_chunk(id, sent, chunk, abort.signal);
      sent += chunk.size;
      const is_new = early !== undefined && upload.value.capture === null;
      upload.value = { ...upload.value, sent, capture: early ?? upload.value.capture };
      if (is_new) void show(early);
    }
    if (abort.signal.aborted) throw new DOMException('aborted', 'AbortError');
    const { capture } = await api.upload_finish(id);
    if (upload.value.capture === null) await show(capture);
  } catch (problem) {
    if (abort.signal.aborted) {
      say(upload.value?.capture ? 'The upload was cancelled. What had come is shown.' : 'The upload was cancelled.');
      if (upload.value?.capture) void api.cancel_reading(upload.value.capture).catch(say_problem);
    }
    else if (problem instanceof ApiError && problem.status === 413) say(problem.message || 'The file is larger than the space left for captures.');
    else say_problem(problem);
  } finally {
    upload.value = null;
  }
}
