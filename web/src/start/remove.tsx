import { signal } from '@preact/signals';
import { remove_capture } from '../live/session';
import { bytes_text } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';
import { Sheet } from '../shell/popover';

/** A capture somebody asked to take off the list, and what that does to its file. */
export interface Removal {
  id: string;
  name: string;
  bytes: number;
  /** True: the file is deleted. False: the capture is only closed. */
  deletes: boolean;
  demo: boolean;
}

export const removal = signal<Removal | null>(null);
let opener: HTMLElement | null = null;

export function ask_to_remove(next: Removal): void {
  opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  removal.value = next;
}

function close(): void {
  removal.value = null;
  // The row may be gone by now; then the list's heading takes the focus.
  requestAnimationFrame(() => (opener?.isConnected ? opener : document.getElementById('rec-title'))?.focus());
}

async function confirm(what: Removal): Promise<void> {
  await remove_capture(what.id);
  close();
}

export function RemoveSheet() {
  const what = removal.value;
  if (what === null) return null;
  const name = plain_text(what.name);
  const verb = what.deletes ? 'Delete' : 'Close';
  return (
    <Sheet label={`${verb} ${name}`} class="remove" close={close}>
      <h2>{what.deletes ? 'Delete this capture?' : 'Close this capture?'}</h2>
      <p>
        {what.deletes ? (
          <>
            <b><bdi>{name}</bdi></b> ({bytes_text(what.bytes)}) is deleted from sp3ctra’s data directory. It cannot be brought back.
          </>
        ) : (
          <>
            <b><bdi>{name}</bdi></b> is only closed: {what.demo ? 'the demo can be opened again at any time.' : 'its file was opened from elsewhere and stays there.'}
          </>
        )}
      </p>
      <div class="row end">
        <button class="btn" onClick={close}>
          Keep it
        </button>
        <button class={`btn${what.deletes ? ' danger' : ''}`} onClick={() => void confirm(what)}>
          {what.deletes ? 'Delete the file' : 'Close it'}
        </button>
      </div>
    </Sheet>
  );
}
