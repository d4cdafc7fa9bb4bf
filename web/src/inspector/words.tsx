import type { Packet } from '../api/types';
import { Icon } from '../shell/icons';
import { plain_text } from '../shell/plain_text';
import { Runs } from './evidence';

const kVerdicts = { normal: 'Normal.', look: 'Worth a look.', bad: 'Not normal.' } as const;

export function Words({ packet }: { packet: Packet }) {
  const { lead, facts, verdict, reason, basis } = packet.words;
  return (
    <div class="pane words" role="region" aria-label="In plain words" data-region="words" tabIndex={0}>
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
