import type { InterfaceInfo } from '../api/types';
import type { IconName } from '../shell/icons';
import { bits_text } from '../shell/numbers';

/** What an interface is, in the words of cards and of the selector. */

export function icon_of(i: InterfaceInfo): IconName {
  if (i.loopback) return 'loop';
  if (i.wireless) return 'wifi';
  if (i.usb) return 'usb';
  if (i.kind === 'tunnel' || /^(wg|tun|tap|ppp)/.test(i.name)) return 'tunnel';
  if (i.virtual) return 'chip';
  return 'wired';
}

export function friendly_of(i: InterfaceInfo): string {
  if (i.friendly !== '' && i.friendly !== i.name) return i.friendly;
  if (i.loopback) return 'this computer only';
  if (i.wireless) return 'Wi-Fi';
  if (i.usb) return 'USB adapter';
  return i.virtual ? 'virtual' : 'wired';
}

/** One word for whether packets can pass at all. */
export function link_word(i: InterfaceInfo): 'up' | 'switched off' | 'no connection' {
  if (!i.up) return 'switched off';
  return i.carrier === false && !i.loopback ? 'no connection' : 'up';
}

/** "up · 1.0 Gbit/s · wireless · USB": what else is known, shortest first. */
export function facts_of(i: InterfaceInfo): string[] {
  const facts: string[] = [link_word(i)];
  if (i.speed_mbps > 0) facts.push(bits_text(i.speed_mbps * 1e6));
  if (i.wireless) facts.push('wireless');
  if (i.usb) facts.push('USB');
  if (i.virtual && !i.loopback) facts.push('virtual');
  if (i.loopback) facts.push('loopback');
  return facts;
}

/** The second line of an option in the selector; also what a search finds. */
export function option_words(i: InterfaceInfo): string {
  const parts = [friendly_of(i), ...i.addresses.slice(0, 2), ...facts_of(i)];
  if (!i.capturable) parts.push(i.why === '' ? 'cannot be captured' : i.why);
  return parts.join(' · ');
}
