import { describe, expect, it } from 'vitest';
import { as_state } from '../api/shapes';
import type { CaptureStatus, CapturedInterface } from '../api/types';
import { kNoNews, lead_and_rest, learn_news } from './news';

type Part = Partial<CaptureStatus>;
const on = (name: string, part: Partial<CapturedInterface> = {}): CapturedInterface => ({ name, state: 'running', words: '', ...part }) as CapturedInterface;
const status = (part: Part): CaptureStatus => as_state({ capture: { state: 'RUNNING', id: 'c1', interfaces: [on('eth0'), on('lo')], ...part } }).capture;
const words = (s: typeof kNoNews): string[] => s.items.map((i) => i.words);

describe('news', () => {
  it('an interface that is gone, and back', () => {
    let s = learn_news(kNoNews, status({}), 0);
    expect(s.items).toEqual([]);
    s = learn_news(s, status({ interfaces: [on('eth0', { state: 'waiting', words: 'eth0 is gone since 14:31:50' }), on('lo')] }), 1);
    s = learn_news(s, status({ interfaces: [on('eth0', { state: 'waiting', words: 'eth0 is gone since 14:31:50' }), on('lo')] }), 100);
    expect(words(s)).toEqual(['eth0 is gone since 14:31:50']);
    s = learn_news(s, status({ interfaces: [on('eth0', { words: 'eth0 was gone from 14:31:50 to 14:33' }), on('lo')] }), 101);
    expect(s.items.map((i) => [i.tone, i.words])).toEqual([['info', 'eth0 was gone from 14:31:50 to 14:33']]);
    s = learn_news(s, status({ interfaces: [on('eth0', { words: 'eth0 was gone from 14:31:50 to 14:33' }), on('lo')] }), 140);
    expect(s.items).toEqual([]);
  });
  it('says that it is back when the program does not', () => {
    let s = learn_news(kNoNews, status({ interfaces: [on('eth0', { state: 'down' })] }), 0);
    expect(words(s)).toEqual(['eth0 has no connection']);
    s = learn_news(s, status({ interfaces: [on('eth0')] }), 1);
    expect(words(s)).toEqual(['eth0 is back: its packets are captured again.']);
    s = learn_news(s, status({ interfaces: [on('eth0')] }), 20);
    expect(s.items.length).toBe(1);
    s = learn_news(s, status({ interfaces: [on('eth0')] }), 32);
    expect(s.items).toEqual([]);
  });
  it('one cause is one item, however many interfaces say it', () => {
    const slept = 'the computer slept from 14:00 to 15:00: nothing was seen in between';
    let s = learn_news(kNoNews, status({}), 0);
    s = learn_news(s, status({ words: slept, interfaces: [on('eth0', { words: slept }), on('lo', { words: slept })] }), 1);
    expect(words(s)).toEqual([slept]);
  });
  it('what the capture says as a whole, standing where no interface is left', () => {
    const left = 'no interface is left: the capture waits for one';
    const away = [on('eth0', { state: 'waiting', words: 'eth0 is gone since 14:31:50' })];
    let s = learn_news(kNoNews, status({ interfaces: away }), 0);
    s = learn_news(s, status({ words: left, interfaces: away }), 1);
    expect(s.items.map((i) => [i.tone, i.words, i.stays])).toContainEqual(['warn', left, true]);
    s = learn_news(kNoNews, status({}), 0);
    s = learn_news(s, status({ words: 'the filter was changed' }), 1);
    expect(s.items.map((i) => [i.tone, i.words, i.stays])).toEqual([['info', 'the filter was changed', false]]);
  });
  it('a page that comes later is not told what is over', () => {
    expect(learn_news(kNoNews, status({ interfaces: [on('eth0', { words: 'eth0 is called lan0 since 14:00' })] }), 0).items).toEqual([]);
  });
  it('storage paused and resumed', () => {
    const store = (paused: boolean, text = '') => ({ ...status({}).store, paused, words: text });
    let s = learn_news(kNoNews, status({ store: store(true, 'the disk is full') }), 0);
    expect(s.items[0]).toMatchObject({ key: 'store', action: 'store', words: 'Capture is paused: the disk is full' });
    s = learn_news(s, status({ store: store(false) }), 1);
    expect(words(s)).toEqual(['There is room again: packets are kept as before.']);
    expect(learn_news(s, status({ state: 'STOPPED' }), 2)).toEqual(kNoNews);
  });
  it('the first part of a sentence is its lead', () => {
    expect(lead_and_rest('eth0 is gone since 14:31:50; wlan0 goes on')).toEqual(['eth0 is gone since 14:31:50.', 'wlan0 goes on.']);
    expect(lead_and_rest('the computer slept: nothing was seen')).toEqual(['The computer slept.', 'Nothing was seen.']);
    expect(lead_and_rest('It is back')).toEqual(['It is back.', '']);
  });
});
