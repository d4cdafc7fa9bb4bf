import { computed, effect, signal } from '@preact/signals';
import { current_info, gone_packet, program } from '../live/session';
import { Icon, type IconName } from './icons';
import { learn_news, lead_and_rest, kNoNews, type NewsItem } from './news';
import { plain_text } from './plain_text';
import { remove_interface } from '../live/running';
import { go_to_store } from './status_panel';

/** Banners of what happens to a running capture: one a cause, calm, and gone when it is over or dismissed. */

const news = signal(kNoNews);
const dismissed = signal<ReadonlySet<string>>(new Set());
const kMost = 3;

const id_of = (item: NewsItem): string => `${news.value.capture} ${item.key} ${item.words}`;
const shown = computed(() => news.value.items.filter((item) => !dismissed.value.has(id_of(item))));

effect(() => {
  const c = program.value?.capture;
  if (!c) return;
  const next = learn_news(news.peek(), c, performance.now() / 1000);
  if (next.items.length > 0 || next.capture !== news.peek().capture || news.peek().items.length > 0) news.value = next;
});

function icon_of(item: NewsItem): IconName {
  if (item.key.endsWith('store')) return 'disk';
  if (!item.key.includes('if ')) return 'moon';
  return item.tone === 'warn' ? 'warn' : 'check';
}

function Item({ item }: { item: NewsItem }) {
  const [lead, rest] = lead_and_rest(plain_text(item.words));
  const others = (program.value?.capture.interfaces ?? []).filter((i) => i.state !== 'removed').length > 1;
  return (
    <div class={`bann ${item.tone}`} data-news={item.key}>
      <Icon name={icon_of(item)} />
      <div class="grow">
        <b>{lead}</b> {rest}
      </div>
      {item.action === 'store' ? (
        <button class="btn sm" onClick={go_to_store}>
          Change limit
        </button>
      ) : null}
      {item.stays && item.name !== '' && others ? (
        <button class="btn sm" onClick={() => void remove_interface(item.name)}>
          Take out {plain_text(item.name)}
        </button>
      ) : null}
      <button class="btn quiet icon sm" aria-label="Dismiss" title="Dismiss: the state stays in Health" onClick={() => (dismissed.value = new Set([...dismissed.value, id_of(item)]))}>
        <Icon name="close" size={14} />
      </button>
    </div>
  );
}

export function News() {
  const list = shown.value;
  return (
    <div role="status" class="news">
      {list.slice(0, kMost).map((item) => (
        <Item key={item.key} item={item} />
      ))}
      {list.length > kMost ? <p class="bann info">and {list.length - kMost} more in Health</p> : null}
    </div>
  );
}

/** A packet that a link or a person asked for, and that is gone. */
export function GonePacket() {
  const said = gone_packet.value;
  if (said === null || said.capture !== current_info.value?.id) return null;
  return (
    <div class="bann info" role="status" data-news="gone packet">
      <Icon name="link" />
      <div class="grow">{said.words}</div>
      <button class="btn quiet icon sm" aria-label="Dismiss" onClick={() => (gone_packet.value = null)}>
        <Icon name="close" size={14} />
      </button>
    </div>
  );
}
