import { kFlagDuplicate } from '../api/rows';
import type { Packet } from '../api/types';
import * as session from '../live/session';
import { Icon } from '../shell/icons';
import { plain_text } from '../shell/plain_text';
import { Runs } from './evidence';

const kVerdicts = { normal: 'Normal.', look: 'Worth a look.', bad: 'Not normal.' } as const;

/** The chosen row is one of two sightings of the same packet. */
function Twice() {
  // The flag stands in the row; rows may come after the packet.
  void session.on_screen.value;
  const row = session.selected.value?.row ?? -1;
  const at = row < 0 ? null : session.cache.find(row);
  if (at === null || ((at.batch.flags[at.index] ?? 0) & kFlagDuplicate) === 0) return null;
  return (
    <p class="twice-note">
      <Icon name="copy" size={14} />
      <span>
        <b>Seen twice.</b> The same packet passed on another captured interface within a millisecond, as on a bridge and its member. It counts once in
        totals and is no retransmission.
      </span>
    </p>
  );
}

export function Words({ packet }: { packet: Packet }) {
  const { lead, facts, verdict, reason, basis } = packet.words;
  return (
    <div class="pane words" data-number={packet.number} role="region" aria-label="In plain words" data-region="words" tabIndex={0}>
      <p class="lead">
        <Runs runs={lead} />
      </p>
      <ul>
        {facts.map((fact, index) => (
          <li key={index}>
            <Runs runs={fact} />
          </li>
        ))}
      </ul>
      {lead.length === 0 ? <p class="dim">Nothing is said about this packet yet. Its fields stand beside.</p> : null}
      <Twice />
      {reason.length === 0 ? null : (
      <div class={`norm ${verdict}`}>
        <Icon name={verdict === 'normal' ? 'check' : 'warn'} size={14} />
        <span>
          <b>{kVerdicts[verdict] ?? kVerdicts.look}</b> <Runs runs={reason} />
        </span>
      </div>
      )}
      <p class="basis">{plain_text(basis)}</p>
    </div>
  );
}
