// What the page says of a running capture: interfaces, losses, disk, charts, packets seen twice or no longer kept.
import { check, enter, numbers, open_capture, settled, settled_box, until_loaded } from './browser.mjs';

const kNeeds = 'the right to capture and steady traffic';

async function start(page) {
  await page.getByRole('button', { name: 'Capture on eth0' }).click();
  await page.getByText('Following').waitFor();
}
async function add(page, name) {
  await page.locator('.ifs-field .add').click();
  await page.getByRole('button', { name: `Add ${name}`, exact: true }).click();
  await page.locator('.if-token', { hasText: name }).waitFor();
  await page.keyboard.press('Escape');
}
/** Chooses a row of a list that moves on: a pointer would miss it. */
async function choose_row(page) {
  await page.locator('#packet-rows').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.locator('.gr[aria-selected="true"]').waitFor();
}
/** Plays something that happens outside of the page. */
const happen = (page, server, changes) => page.request.post(new URL('/mock', server.address).href, { data: changes });
const visible = (page, selector) => page.locator(selector).filter({ visible: true });
/** How long until `locator` is there, in ms. */
async function ms_until(locator) {
  const from = Date.now();
  await locator.waitFor();
  return Date.now() - from;
}

/** Waits until `look`, run in the page, finds it so: a layout is not final at once. */
const comes_true = (page, words, look) => page.waitForFunction(look, undefined, { timeout: 5000 }).catch(() => check(false, words));
/** A click in the middle of what stands still by now, `from_top` of its height below its upper edge. */
async function click_inside(locator, from_top) {
  const { width, height } = await settled_box(locator);
  await locator.click({ position: { x: width / 2, y: from_top(height) } });
}

const two_pages = {
  name: 'two pages show the same state within half a second, whichever of them acts',
  flags: ['--rights'],
  needs_mock: kNeeds,
  async run({ page, context, server }) {
    const other = await context.newPage();
    await enter(other, server.address);
    await other.getByRole('button', { name: 'Capture on eth0' }).waitFor();
    await start(page);
    check((await ms_until(other.locator('.status', { hasText: 'packets/s' }))) < 500, 'the other page does not know of the start');
    await other.locator('.rec .name', { hasText: 'now' }).click();
    await other.locator('.state', { hasText: 'Capturing' }).waitFor();
    await add(page, 'wlan0');
    check((await ms_until(other.locator('.if-token', { hasText: 'wlan0' }))) < 500, 'the other page does not know of the interface');
    await page.locator('.cf input').fill('tcp');
    await page.keyboard.press('Enter');
    await page.locator('.cf .apply').waitFor({ state: 'detached' });
    const from = Date.now();
    await other.waitForFunction(() => document.querySelector('.cf input').value === 'tcp');
    check(Date.now() - from < 500, 'the other page shows the filter that was');
    await other.getByRole('button', { name: 'Take out eth0' }).first().click();
    check((await ms_until(page.locator('.ifs-field:not(:has-text("eth0"))'))) < 500, 'the page shows an interface that was taken out');
    check((await page.locator('.if-token .x').count()) === 0, 'the last interface can be taken out');
    await other.getByRole('button', { name: 'Stop', exact: true }).click();
    check((await ms_until(page.locator('.state', { hasText: 'Stopped' }))) < 500, 'the page that started does not know of the stop');
    check((await page.getByRole('button', { name: 'Start', exact: true }).count()) === 1, 'the button does not hold the next action');
  },
};

const filter_change = {
  name: 'while running a wrong capture filter says where, and the one in force stays',
  flags: ['--rights'],
  needs_mock: kNeeds,
  async run({ page }) {
    await start(page);
    const field = page.locator('.cf input');
    const before = await field.inputValue();
    await field.fill('not bogus');
    await page.keyboard.press('Enter');
    const said = page.locator('.bpf-wrong');
    await said.getByText('Character 5:').waitFor();
    check((await said.locator('.wrong').innerText()) === 'bogus', 'the wrong word is not marked');
    check((await field.evaluate((e) => e.value.slice(e.selectionStart, e.selectionEnd))) === 'bogus', 'the caret is elsewhere');
    check(/goes on with the filter it had/.test(await said.innerText()), 'what is in force is not said');
    await page.keyboard.press('Escape');
    await page.waitForFunction((text) => document.querySelector('.cf input').value === text, before);
    check((await said.count()) === 0, 'the problem stays');
  },
};

const paused_store = {
  name: 'a full disk: paused is said in banner, status bar and Health, with the way to the limit; and that it goes on',
  flags: ['--rights'],
  needs_mock: kNeeds,
  async run({ page, server }) {
    await start(page);
    await happen(page, server, { paused: true });
    const banner = page.locator('[data-news="store"]');
    await banner.waitFor();
    check(/Capture is paused\. The disk is full: packets are counted but not kept/.test(await banner.innerText()), `the banner says ${await banner.innerText()}`);
    check(/paused/.test(await page.locator('.status').innerText()), 'the status bar does not say it');
    await page.locator('.status .facts').click();
    await page.locator('.health .trouble', { hasText: 'Paused.' }).waitFor();
    await page.keyboard.press('Escape');
    await happen(page, server, { paused: false });
    await page.locator('[data-news="over store"]', { hasText: 'There is room again' }).waitFor();
    check((await banner.count()) === 0, 'paused is still said');
    await happen(page, server, { paused: true });
    await banner.getByRole('button', { name: 'Change limit' }).click();
    await page.locator('#store-title').waitFor();
    await page.waitForFunction(() => document.activeElement?.id === 'store-title');
  },
};

const panel = {
  name: 'Health: state since, rates, each interface with what it lost in words, buffer, queue, disk, CPU',
  flags: ['--rights', '--drops', '--segments'],
  needs_mock: kNeeds,
  async run({ page }) {
    await start(page);
    await add(page, 'wlan0');
    const bar = await page.locator('.status').innerText();
    for (const word of [/1,284\s*packets\/s/, /9\.6\s*Mbit\/s/, /1,204\s*lost/, /912 MB\s*of 2\.0 GB/, /buffer\s*97 %/, /CPU\s*4 %/]) check(word.test(bar), `the status bar lacks ${word}: ${bar}`);
    check((await visible(page, '.status .item.lost.warn').count()) === 1, 'losses are not set apart');
    await page.locator('.status .facts').click();
    const health = page.locator('.health');
    await health.waitFor();
    const text = (await health.innerText()).replaceAll('\n', ' ');
    for (const word of [/Capturing since \d\d:\d\d:\d\d/, /packets, [\d,]+ of them seen twice/, /Waiting for analysis\s+90 % of the queue/, /31, .*oldest packet \d/, /1,204,881 packets in 9 files made room/, /4 % of one CPU, 148 MB memory/]) check(word.test(text), `Health lacks ${word}: ${text}`);
    const eth0 = health.locator('[data-interface="eth0"]');
    const about = (await eth0.innerText()).replaceAll('\n', ' ');
    for (const word of [/capturing since \d\d:/, /received\s+[\d,]+/, /lost\s+1,204/, /buffer\s+97 % of \d+ MiB/, /1,204 lost by the system: they came faster/, /Start with a larger buffer/, /whole packets · also packets for others/]) check(word.test(about), `eth0 lacks ${word}: ${about}`);
    const wlan0 = await health.locator('[data-interface="wlan0"]').innerText();
    check(/lost\s+0/.test(wlan0) && !/lost by/.test(wlan0), 'wlan0 lost nothing');
    check((await eth0.locator('meter').evaluate((m) => m.value)) > 0.9, 'the bar is not the fill');
    await page.keyboard.press('Escape');
    check((await health.count()) === 0, 'Escape must close it');
    check(await page.evaluate(() => document.activeElement.classList.contains('facts')), 'the focus is lost');
    await page.getByRole('button', { name: /Health/ }).first().click();
    await health.waitFor();
  },
};

const charts = {
  name: 'charts: closed at first, kept open; a family filters, a time is the span, the table says the same',
  async run({ page, server }) {
    await open_capture(page, server);
    check((await page.locator('.charts').count()) === 0, 'the charts take room unasked');
    const rows_before = (await numbers(page)).length;
    const button = page.getByRole('button', { name: 'Charts', exact: true });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('.chart canvas').length === 2);
    check((await button.getAttribute('aria-expanded')) === 'true', 'the button does not say that it is open');
    check(rows_before > 5 && (await numbers(page)).length > 5, 'the list has no room left');
    check(/at most [\d,]+ packets a second, at \d\d:\d\d:\d\d$/.test(await page.locator('.chart.rate').getAttribute('aria-label')), 'the rate chart does not say what it shows');
    check(/Encrypted \d+ %/.test(await page.locator('.chart.mix').getAttribute('aria-label')), 'the mix chart does not say what it shows');
    const names = page.locator('.legend .names');
    await names.click();
    await page.waitForFunction(() => /dns or mdns or llmnr/.test(document.getElementById('filter').value));
    await page.locator('.legend .names[aria-pressed="true"]').waitFor();
    await names.click();
    await page.waitForFunction(() => document.getElementById('filter').value === '');
    // The lowest band of the mix is what belongs to no family.
    await click_inside(page.locator('.chart.mix .u-over'), (height) => height - 3);
    await page.waitForFunction(() => /^not \(/.test(document.getElementById('filter').value));
    await page.getByRole('button', { name: 'Clear filter' }).first().click();
    await page.waitForFunction(() => document.getElementById('filter').value === '');
    await click_inside(page.locator('.chart.rate .u-over'), () => 10);
    await page.getByRole('button', { name: 'Whole time' }).first().waitFor();
    await page.waitForFunction(() => /t=\d+/.test(location.search));
    await page.getByRole('button', { name: 'Whole time' }).first().click();
    await page.getByRole('button', { name: 'Table', exact: true }).click();
    const table = page.locator('.chart-table');
    await table.locator('tbody tr').nth(5).waitFor();
    await table.getByRole('button', { name: 'Names' }).click();
    await page.waitForFunction(() => /dns/.test(document.getElementById('filter').value));
    await page.getByRole('button', { name: 'Clear filter' }).first().click();
    await page.waitForFunction(() => document.getElementById('filter').value === '');
    await table.locator('tbody button').nth(2).click();
    await page.waitForFunction(() => /t=\d+/.test(location.search));
    await page.reload();
    await page.locator('.chart-table').waitFor();
  },
};

const live_charts = {
  name: 'charts of a running capture: minutes can be chosen, data come at most four times a second, losses are said',
  flags: ['--rights'],
  needs_mock: kNeeds,
  async run({ page, server }) {
    const asked = [];
    page.on('request', (r) => r.url().includes('/series') && r.url().includes('from_ns') && asked.push(Date.now()));
    await start(page);
    await page.getByRole('button', { name: 'Charts', exact: true }).click();
    await page.waitForFunction(() => document.querySelectorAll('.chart canvas').length === 2);
    await page.getByRole('radio', { name: '1 min' }).first().click();
    const from = asked.length;
    await page.waitForTimeout(2500);
    check(asked.length - from >= 1 && asked.length - from <= 11, `${asked.length - from} questions in 2.5 s`);
    await happen(page, server, { drops: true });
    await page.locator('.charts .gaps', { hasText: /packets were lost from \d/ }).waitFor();
  },
};

const twice = {
  name: 'a packet seen twice: a quiet mark with words in row and packet, counted once in the status',
  flags: ['--rights'],
  needs_mock: kNeeds,
  async run({ page }) {
    await start(page);
    await add(page, 'wlan0');
    await page.waitForFunction(() => [...document.querySelectorAll('.gr.twice')].some((row) => !row.hidden));
    await page.locator('#packet-rows').focus();
    await page.keyboard.press('Home');
    await until_loaded(page);
    // Number 53 is the first that the mock sends twice.
    await page.keyboard.press('#');
    await page.locator('.findbar input').first().fill('53');
    await page.keyboard.press('Enter');
    await page.locator('.insp .title', { hasText: '#53' }).waitFor();
    const row = page.locator('.gr[aria-selected="true"]');
    await row.locator('.twice-mark').waitFor();
    check((await row.locator('.twice-mark').innerText()) === 'seen twice', 'the mark has no words');
    check(/^Seen twice: the same packet passed on another captured interface/.test(await row.getAttribute('title')), 'the row does not say why');
    await page.locator('.twice-note', { hasText: 'counts once in totals and is no retransmission' }).waitFor();
    check((await visible(page, '.gr:not(.twice) .twice-mark').count()) === 0, 'others are marked, too');
    await page.locator('.status .facts').click();
    await page.locator('.health', { hasText: /[\d,]+ packets, [\d,]+ of them seen twice/ }).waitFor();
  },
};

const happenings = {
  name: 'gone, back, renamed, down, slept: one calm banner a cause, dismissible, never over the chosen row',
  flags: ['--rights'],
  needs_mock: kNeeds,
  async run({ page, server }) {
    await start(page);
    await add(page, 'wlan0');
    await choose_row(page);
    const chosen = page.locator('.gr[aria-selected="true"]');
    await chosen.waitFor();
    await happen(page, server, { gone: ['eth0'] });
    const banner = page.locator('[data-news="if eth0"]');
    await banner.waitFor();
    check(/eth0 is gone\.\s*It is taken up again by itself/.test(await banner.innerText()), `the banner says ${await banner.innerText()}`);
    check(await banner.evaluate((e) => e.classList.contains('warn')), 'it looks like good news');
    await comes_true(page, 'the banner covers the chosen row', () => {
      const row = [...document.querySelectorAll('.gr[aria-selected="true"]')].find((r) => !r.hidden)?.getBoundingClientRect();
      const said = document.querySelector('[data-news="if eth0"]').getBoundingClientRect();
      return row !== undefined && (row.top >= said.bottom || row.bottom <= said.top);
    });
    check(/eth0 gone/.test(await page.locator('.status').innerText()), 'the status bar does not say it');
    check((await page.locator('.if-token.away', { hasText: 'eth0' }).count()) === 1, 'the token does not say it');
    await page.waitForTimeout(1200);
    check((await banner.count()) === 1, 'one cause must be one banner');
    await happen(page, server, { gone: [], words: { eth0: 'eth0 was gone from 14:31:50 to 14:32:10: nothing was seen in between' } });
    await page.locator('[data-news="if eth0"].info', { hasText: 'eth0 was gone from 14:31:50 to 14:32:10.' }).waitFor();
    await page.locator('[data-news="if eth0"]').getByRole('button', { name: 'Dismiss' }).click();
    check((await page.locator('[data-news="if eth0"]').count()) === 0, 'it cannot be dismissed');
    await happen(page, server, { down: ['wlan0'] });
    const down = page.locator('[data-news="if wlan0"]', { hasText: 'wlan0 is switched off' });
    await down.getByRole('button', { name: 'Dismiss' }).click();
    await page.waitForTimeout(1200);
    check((await down.count()) === 0, 'what was dismissed comes back');
    await happen(page, server, { down: [], words: {}, renamed: { wlan0: 'attic0' } });
    await page.locator('.if-token', { hasText: 'attic0' }).waitFor();
    await happen(page, server, { words: { wlan0: 'wlan0 is called attic0 since 14:40:00; the capture follows it' } });
    await page.locator('.bann', { hasText: 'wlan0 is called attic0' }).waitFor();
    const slept = 'the computer slept from 14:00:02 to 14:20:11: nothing was seen in between';
    await happen(page, server, { notice: slept, words: { eth0: slept, wlan0: slept } });
    await page.locator('.bann', { hasText: 'The computer slept from 14:00:02 to 14:20:11.' }).waitFor();
    check((await page.locator('.bann', { hasText: 'The computer slept' }).count()) === 1, 'every interface says that the computer slept');
  },
};

const follows_on = {
  name: 'charts and banners that come and go do not pause the list',
  flags: ['--rights'],
  needs_mock: kNeeds,
  async run({ page, server }) {
    await start(page);
    await page.waitForTimeout(500);
    for (const paused of [true, false]) {
      await page.getByRole('button', { name: 'Charts', exact: true }).click();
      await happen(page, server, { paused });
      await page.waitForTimeout(700);
    }
    await page.locator('[data-news="over store"]').getByRole('button', { name: 'Dismiss' }).click();
    await page.waitForTimeout(500);
    check((await page.getByText('Following').count()) === 1, 'the list was paused by nobody');
  },
};

const many = {
  name: 'however much there is to say, the chosen row stays in sight',
  flags: ['--rights'],
  needs_mock: kNeeds,
  page: { viewport: { width: 1440, height: 900 } },
  async run({ page, server }) {
    await start(page);
    await add(page, 'wlan0');
    await choose_row(page);
    await page.getByRole('button', { name: 'Charts', exact: true }).click();
    await happen(page, server, { gone: ['wlan0'], paused: true, drops: true, notice: 'the computer slept from 14:00 to 14:20: nothing was seen in between' });
    await page.locator('[data-news="capture"]').waitFor();
    // What comes later must not push it out again.
    await settled(page);
    await comes_true(page, 'the list has no height, or the chosen row is out of sight', () => {
      const row = [...document.querySelectorAll('.gr[aria-selected="true"]')].find((r) => !r.hidden)?.getBoundingClientRect();
      const list = document.getElementById('packet-rows').getBoundingClientRect();
      return list.height >= 72 && row !== undefined && row.top >= list.top - 1 && row.bottom <= list.bottom + 1;
    });
  },
};

const expired = {
  name: 'packets no longer kept: the list begins with the first kept, says so, and an old link says so too',
  flags: ['--expired'],
  needs_mock: 'a capture whose first packets made room',
  async run({ page, server }) {
    await open_capture(page, server);
    await page.getByText('The first 5,000 packets are no longer kept.').waitFor();
    await until_loaded(page);
    check((await numbers(page))[0] === 5001, `the list begins with ${(await numbers(page))[0]}`);
    check(/9,995,000\s*packets/.test(await page.locator('.read .count').innerText()), 'packets are counted that are gone');
    await page.locator('#packet-rows').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowUp');
    check((await page.locator('.insp .title').innerText()) === '#5,001', 'a row before the first can be chosen');
    // What was there goes while it is looked at: the rows stay where they are.
    await settled(page);
    await page.locator('.rowpane .gr', { hasText: '5,008' }).click();
    await page.waitForFunction(() => document.querySelector('.insp .title')?.textContent === '#5,008');
    await settled(page);
    const y = (await page.locator('.gr[aria-selected="true"]').boundingBox()).y;
    const title = await page.locator('.insp .title').innerText();
    await happen(page, server, { expired: 5004 });
    await page.getByText('The first 5,004 packets are no longer kept.').waitFor();
    await settled(page);
    check((await page.locator('.insp .title').innerText()) === title, 'another packet is chosen');
    check(Math.abs((await page.locator('.gr[aria-selected="true"]').boundingBox()).y - y) <= 4 * 24 + 1, `the chosen row ran away from ${y}`);
    await page.goto(new URL('/?c=c1#p12', server.address).href);
    await page.reload();
    const said = page.locator('[data-news="gone packet"]');
    await said.waitFor();
    check(/^Packet 12 is no longer kept: newer packets took its place\. The oldest kept is 5,005\.$/.test((await said.innerText()).trim()), `it says ${await said.innerText()}`);
  },
};

export const tests = [two_pages, filter_change, paused_store, panel, charts, live_charts, twice, happenings, follows_on, many, expired];
