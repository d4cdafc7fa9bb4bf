import { effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { current_info, program } from '../live/session';
import { Sparkline } from '../start/sparkline';
import { Icon } from './icons';
import { keys_open } from './keys_overlay';
import { seconds_of } from '../charts/series_model';
import { bits_text, bytes_text, count_text, duration_text } from './numbers';
import { plain_text } from './plain_text';
import { lost_packets } from './side';
import { health_open } from './status_panel';
import { count_words, cpu_text, fullest_ring, kInterfaceWords, not_looked_into, percent_text } from './status_words';

const rates = signal<readonly number[]>([]);
const kKept = 48;

export function Status() {
  useEffect(() => {
    const timer = window.setInterval(() => {
      const c = program.peek()?.capture;
      if (c?.state === 'RUNNING') rates.value = [...rates.peek(), c.packets_per_s].slice(-kKept);
    }, 1000);
    const stop = effect(() => {
      if (program.value?.capture.state === 'STARTING') rates.value = [];
    });
    return () => {
      window.clearInterval(timer);
      stop();
    };
  }, []);
  const state = program.value;
  const c = state?.capture;
  const lost = lost_packets();
  const running = c?.state === 'RUNNING' || c?.state === 'STOPPING';
  const disk = state?.disk;
  const info = current_info.value;
  const oldest_s = c ? seconds_of(c.store.oldest_ns) : 0;
  const holds_s = running && oldest_s > 0 ? Date.now() / 1000 - oldest_s : 0;
  const away = running ? c.interfaces.filter((i) => i.state !== 'running' && i.state !== 'removed') : [];
  const [rate, unit] = bits_text(c?.bits_per_s ?? 0).split(' ');
  return (
    <footer class="status" aria-label="Capture status" data-region="status">
      <button class={`facts${lost > 0 || away.length > 0 || c?.store.paused || (c && not_looked_into(c) > 0) ? ' full' : ''}`} data-opens="health" title="Health: what is captured, lost and kept" aria-haspopup="dialog" aria-expanded={health_open.value} onClick={() => (health_open.value = !health_open.value)}>
        {running && c ? (
          <>
            <span class="item">
              <span class="mini">
                <Sparkline values={rates.value} width={72} height={16} slots={kKept} />
              </span>
              <b>{count_text(c.packets_per_s)}</b> packets/s
            </span>
            <span class="item">
              <b>{rate}</b> {unit}
            </span>
          </>
        ) : (
          <span class="item">
            <Icon name="stop" size={14} />
            <b>Not capturing</b>
          </span>
        )}
        {c && (running || lost > 0) ? (
          <span class={`item lost${lost > 0 ? ' warn' : ''}`}>
            <Icon name={lost > 0 ? 'close' : 'check'} size={14} />
            <b>{count_text(lost)}</b> lost
          </span>
        ) : null}
        {away.length > 0 ? (
          <span class="item warn">
            <Icon name="warn" size={14} />
            <b class="cut">{away.map((i) => `${plain_text(i.name)} ${kInterfaceWords[i.state]}`).join(', ')}</b>
          </span>
        ) : null}
        {c && c.duplicates > 0 && running ? (
          <span class="item wide-only" title={count_words(c.packets, c.duplicates)}>
            <b>{count_text(c.duplicates)}</b> seen twice
          </span>
        ) : null}
        {c && not_looked_into(c) > 0 ? (
          <span class="item warn wide-only">
            <b>{count_text(not_looked_into(c))}</b> kept, not analysed
          </span>
        ) : null}
        {disk && (disk.quota > 0 || disk.used > 0) ? (
          <span class={`item${c?.store.paused ? ' warn' : ''}`}>
            <Icon name="disk" size={14} />
            <b>{bytes_text(disk.used)}</b> {disk.quota > 0 ? `of ${bytes_text(disk.quota)}` : 'kept'}
            {disk.quota > 0 ? <meter class="meter" min={0} max={disk.quota} value={disk.used} aria-label="Disk used for captures" /> : null}
            {c?.store.paused ? <b>paused</b> : null}
          </span>
        ) : null}
        {holds_s >= 60 ? (
          <span class="item wide-only">
            holds <b>{duration_text(holds_s)}</b>
          </span>
        ) : null}
        {running && c ? (
          <>
            <span class={`item${fullest_ring(c) >= 0.8 ? ' warn' : ''}`}>
              buffer <b>{percent_text(fullest_ring(c))}</b>
            </span>
            <span class="item" title="Of one CPU: several busy threads make it more than 100 %">
              CPU <b>{cpu_text(state?.process.cpu_percent ?? 0)}</b>
            </span>
          </>
        ) : null}
      </button>
      {info && !running ? <span class="item wide-only">{bytes_text(info.bytes)} of packets</span> : null}
      <span class="grow" />
      <span class="item widest-only">
        <Icon name="lock" size={14} />
        only this computer can see this page
      </span>
      <button class="item" onClick={() => (keys_open.value = true)}>
        <span class="kbd">?</span> keys
      </button>
    </footer>
  );
}
