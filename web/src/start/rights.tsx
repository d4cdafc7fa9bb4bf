import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ProgramState, RightsState } from '../api/types';
import { Command, check_again } from '../shell/banners';
import { Icon } from '../shell/icons';
import { duration_text } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';
import { whole_sentence } from '../shell/sentence';

interface Words {
  title: string;
  /** Shown when the server says no reason. */
  why: string;
  /** What stays true, in one line beside the button. */
  note: string;
  /** A few words for "Checked 3 s ago: …". */
  short: string;
}

/** Each state in its own words: what is wrong, not which call failed. */
export const kRightsWords: Record<Exclude<RightsState, 'ready'>, Words> = {
  no_capd: {
    title: 'Allow listening: one command',
    why: 'This computer does not let sp3ctra read live packets yet.',
    note: 'Only the small capture helper gets the right; everything else runs without.',
    short: 'right missing',
  },
  no_right: {
    title: 'The capture helper has lost its right',
    why: 'It is installed, but its file no longer carries the right to read packets.',
    note: 'Copying a file, or a file system without such rights, takes it away.',
    short: 'right lost',
  },
  other_version: {
    title: 'The capture helper is of another version',
    why: 'It was installed by another sp3ctra, and only two of one version work together.',
    note: 'The command puts this version’s helper in its place.',
    short: 'other version',
  },
  other_user: {
    title: 'The capture helper serves another user',
    why: 'It was installed for somebody else on this computer.',
    note: 'The command adds you; nobody loses anything.',
    short: 'not your helper',
  },
  broken_capd: {
    title: 'The capture helper does not answer',
    why: 'It was started, but did not say what it can.',
    note: 'Installing it again usually heals this. Files and the demo work meanwhile.',
    short: 'no answer',
  },
  no_interface: {
    title: 'Nothing to capture on',
    why: 'The right is there, but no interface can be captured on.',
    note: 'As soon as one is up it shows below, without asking.',
    short: 'no interface',
  },
};

const checked_ms = signal(0);
const now_ms = signal(Date.now());

async function check(): Promise<void> {
  await check_again();
  checked_ms.value = now_ms.value = Date.now();
}

/** What stands between this computer and live packets, and the one command that changes it. */
export function RightsCard({ state }: { state: ProgramState }) {
  useEffect(() => {
    checked_ms.value = now_ms.value = Date.now();
    const timer = window.setInterval(() => (now_ms.value = Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, []);
  const { why, fix } = state.rights;
  const word = state.rights.state === 'ready' ? 'no_interface' : state.rights.state;
  const words = kRightsWords[word];
  return (
    <section class="card main-card fix" aria-labelledby="fx" data-rights={word}>
      <h2 id="fx">
        <Icon name={word === 'no_interface' ? 'wired' : word === 'broken_capd' || word === 'other_version' ? 'warn' : 'lock'} size={18} />
        {words.title}
      </h2>
      <p>{whole_sentence(plain_text(why)) || words.why}</p>
      {fix ? <Command text={plain_text(fix)} /> : null}
      <div class="end">
        <button class="btn primary lg" onClick={() => void check()}>
          Check again
        </button>
        <span class="t12 dimmer">
          <span class="num">
            Checked {duration_text((now_ms.value - checked_ms.value) / 1000)} ago: {words.short}.
          </span>{' '}
          {words.note}
        </span>
      </div>
    </section>
  );
}
