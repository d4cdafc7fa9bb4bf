import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { InterfaceInfo } from '../api/types';
import { best_interface, choose_interface, fetch_interfaces, interfaces, start_capture } from '../live/capture_control';
import { program } from '../live/session';
import { Icon, type IconName } from '../shell/icons';
import { bits_text } from '../shell/numbers';
import { plain_text } from '../shell/plain_text';
import { Sparkline } from './sparkline';

const kPoll_ms = 1000;
const kKept = 60;

interface Speeds {
  last_bytes: number;
  at_ms: number;
  bits: number[];
}
const speeds = signal<ReadonlyMap<string, Speeds>>(new Map());

function learn(list: readonly InterfaceInfo[]): void {
  const now = performance.now();
  const next = new Map<string, Speeds>();
  for (const i of list) {
    const bytes = i.rx_bytes + i.tx_bytes;
    const old = speeds.value.get(i.name);
    const gone_s = old ? (now - old.at_ms) / 1000 : 0;
    const bits = old && gone_s > 0 ? [...old.bits, (Math.max(0, bytes - old.last_bytes) * 8) / gone_s].slice(-kKept) : [];
    next.set(i.name, { last_bytes: bytes, at_ms: now, bits });
  }
  speeds.value = next;
}

function kind(i: InterfaceInfo): { icon: IconName; words: string } {
  if (i.loopback) return { icon: 'loop', words: 'this computer only' };
  if (i.wireless) return { icon: 'wifi', words: 'Wi-Fi' };
  if (/^(wg|tun|tap|ppp)/.test(i.name)) return { icon: 'tunnel', words: 'VPN tunnel' };
  if (i.virtual) return { icon: 'chip', words: 'virtual' };
  return { icon: 'wired', words: 'wired' };
}

function Card({ info }: { info: InterfaceInfo }) {
  const bits = speeds.value.get(info.name)?.bits ?? [];
  const now = bits[bits.length - 1] ?? 0;
  const { icon, words } = kind(info);
  const quiet = bits.length > 3 && bits.every((v) => v === 0);
  const speed = !info.up ? 'down' : quiet ? 'quiet' : bits.length === 0 ? 'measuring' : bits_text(now);
  const friendly = info.friendly && info.friendly !== info.name ? plain_text(info.friendly) : words;
  const idle = program.value?.capture.state === 'STOPPED';
  const is_best = best_interface()?.name === info.name;
  return (
    <li class={`card if${info.up && !quiet ? '' : ' off'}`}>
      <div class="row">
        <Icon name={icon} />
        <b class="cut">{plain_text(info.name)}</b>
        <span class="dim cut">{friendly}</span>
        {info.default_route ? <span class="tag">default route</span> : null}
        <span class="grow" />
        <span class={info.up && !quiet ? 'num strong' : 'dimmer'}>{speed}</span>
      </div>
      <div class="spk">
        <Sparkline values={info.up ? bits : []} />
      </div>
      <div class="row t12 dimmer num foot">
        <span class="cut">{info.addresses.length > 0 ? info.addresses.map(plain_text).join(' · ') : info.up ? 'no address' : 'not connected'}</span>
        <span class="grow" />
        {info.speed_mbps > 0 ? <span class="nowrap">{bits_text(info.speed_mbps * 1e6)}</span> : null}
        {info.capturable && idle && !is_best ? (
          <button
            class="btn sm"
            onClick={() => {
              choose_interface(info.name);
              void start_capture(info.name);
            }}
          >
            Capture<span class="sr"> on {plain_text(info.name)}</span>
          </button>
        ) : null}
      </div>
      {!info.capturable && info.why && program.value?.rights.can_capture ? <p class="t12 dim">{plain_text(info.why)}</p> : null}
    </li>
  );
}

export function InterfaceCards() {
  useEffect(() => {
    let gone = false;
    const ask = (): void => {
      if (document.hidden) return;
      fetch_interfaces().then(
        () => {
          if (!gone) learn(interfaces.value);
        },
        () => {
          // The lost-link banner says it; the last speeds stay.
        },
      );
    };
    ask();
    const timer = window.setInterval(ask, kPoll_ms);
    return () => {
      gone = true;
      window.clearInterval(timer);
    };
  }, []);
  const rights = program.value?.rights.can_capture ?? true;
  return (
    <section aria-labelledby="ifs-title">
      <div class="hd2">
        <h2 id="ifs-title">Interfaces</h2>
        <span>
          Speeds come from the system’s counters and need no rights.
          {rights ? '' : ' Capture starts once the command above has run.'}
        </span>
      </div>
      {interfaces.value.length === 0 ? (
        <p class="dim">No interface was found. A capture file or the demo works without one.</p>
      ) : (
        <ul class="ifs">
          {interfaces.value.map((info) => (
            <Card key={info.name} info={info} />
          ))}
        </ul>
      )}
    </section>
  );
}
