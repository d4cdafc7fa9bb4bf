import { effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { current_info, program } from '../live/session';
import { Sparkline } from '../start/sparkline';
import { Icon } from './icons';
import { keys_open } from './keys_overlay';
import { bits_text, bytes_text, count_text } from './numbers';
import { lost_packets } from './side';

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
  return (
    <footer class="status" aria-label="Capture status" data-region="status">
      {running && c ? (
        <>
          <span class="item">
            <span class="mini">
              <Sparkline values={rates.value} width={72} height={16} slots={kKept} />
            </span>
            <b>{count_text(c.packets_per_s)}</b> packets/s
          </span>
          <span class="item">
            <b>{bits_text(c.bits_per_s).split(' ')[0]}</b> {bits_text(c.bits_per_s).split(' ')[1]}
          </span>
        </>
      ) : (
        <span class="item">
          <Icon name="stop" size={14} />
          <b>Not capturing</b>
        </span>
      )}
      {c && (running || lost > 0) ? (
        <span class={`item${lost > 0 ? ' warn' : ''}`}>
          <Icon name={lost > 0 ? 'close' : 'check'} size={14} />
          <b>{count_text(lost)}</b> lost
        </span>
      ) : null}
      {c && c.not_analysed > 0 ? (
        <span class="item warn">
          <b>{count_text(c.not_analysed)}</b> kept, not analysed
        </span>
      ) : null}
      {disk && disk.quota > 0 ? (
        <span class="item">
          <Icon name="disk" size={14} />
          <b>{bytes_text(disk.used)}</b> of {bytes_text(disk.quota)}
          <meter class="meter" min={0} max={disk.quota} value={disk.used} aria-label="Disk used for captures" />
        </span>
      ) : null}
      {info && !running ? <span class="item wide-only">{bytes_text(info.bytes)} of packets</span> : null}
      <span class="grow" />
      <span class="item wide-only">
        <Icon name="lock" size={14} />
        only this computer can see this page
      </span>
      <button class="item" onClick={() => (keys_open.value = true)}>
        <span class="kbd">?</span> keys
      </button>
    </footer>
  );
}
