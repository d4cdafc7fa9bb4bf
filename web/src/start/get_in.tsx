import { signal } from '@preact/signals';
import { ApiError, api } from '../api/client';
import { Brand, Icon } from '../shell/icons';
import { Command } from '../shell/banners';

const problem = signal('');
const busy = signal(false);

export async function log_in(token: string): Promise<boolean> {
  busy.value = true;
  problem.value = '';
  try {
    await api.login(token);
    return true;
  } catch (failed) {
    problem.value =
      failed instanceof ApiError && failed.status === 0
        ? failed.message
        : 'This address is no longer valid: its token was used already or belongs to another start. Ask for a new one as below.';
    return false;
  } finally {
    busy.value = false;
  }
}

/** Reads the token out of a whole address or a bare token. */
export function token_of(text: string): string {
  const said = text.trim();
  const match = /[#&]token=([^&\s]+)/.exec(said);
  return match?.[1] ?? said;
}

/** Shown to a browser that has not been let in. */
export function GetIn() {
  return (
    <main class="getin">
      <div class="card">
        <div class="brand-line">
          <Brand />
          <span>sp3ctra</span>
        </div>
        <h1>How to get in</h1>
        <p>
          This page shows network traffic, so it opens only for who started it. The full address, with its key after <span class="mono">#token=</span>, stands in the
          terminal where sp3ctra runs.
        </p>
        <p>To see it again:</p>
        <Command text="./run --url" />
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const box = event.currentTarget.querySelector('input');
            if (box && box.value.trim() !== '') void log_in(token_of(box.value));
          }}
        >
          <label class="h3" for="token">
            Or paste the address or its token here
          </label>
          <div class="row">
            <div class="field grow">
              <Icon name="lock" size={14} />
              <input id="token" class="mono" autocomplete="off" spellcheck={false} aria-describedby="token-problem" />
            </div>
            <button class="btn primary" disabled={busy.value}>
              Open
            </button>
          </div>
        </form>
        <p id="token-problem" class="problem" role="alert">
          {problem.value}
        </p>
        <p class="t12 dimmer">Once let in, this browser stays in: a new tab or a restart of sp3ctra needs no new token.</p>
      </div>
    </main>
  );
}
