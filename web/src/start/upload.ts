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
}

export const upload = signal<Upload | null>(null);

export async function send_file(file: File): Promise<void> {
  if (upload.value !== null) {
    say('One file at a time: the first is still on its way.');
    return;
  }
  const abort = new AbortController();
  upload.value = { name: file.name, size: file.size, sent: 0, started_ms: performance.now(), cancel: () => abort.abort() };
  try {
    const { upload: id } = await api.upload(file.name, file.size);
    let sent = 0;
    while (sent < file.size) {
      const chunk = file.slice(sent, Math.min(file.size, sent + kChunkBytes));
      await api.upload_chunk(id, sent, chunk, abort.signal);
      sent += chunk.size;
      upload.value = { ...upload.value, sent };
    }
    if (abort.signal.aborted) throw new DOMException('aborted', 'AbortError');
    const { capture } = await api.upload_finish(id);
    await refresh();
    open_capture(capture);
  } catch (problem) {
    if (abort.signal.aborted) say('The upload was cancelled.');
    else if (problem instanceof ApiError && problem.status === 413) say(problem.message || 'The file is larger than the space left for captures.');
    else say_problem(problem);
  } finally {
    upload.value = null;
  }
}
