// The start page against the mock: interfaces and their selector, what is kept, the states of the rights, recent captures.
import { check } from './browser.mjs';

const kNeeds = 'interfaces that come and go at will';

/** What happens to the mock's machine: see web/mock/scenes.mjs. */
const happen = (server, what) => fetch(new URL('/mock', server.address), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(what) });

const card = (page, name) => page.locator(`.if[data-name="${name}"]`);
const picker = (page) => page.locator('.pick input');
const chips = (page) => page.locator('.pick .choices__list--multiple .choices__item').evaluateAll((items) => items.map((item) => item.dataset.value));
const listed = (page) => page.locator('.pick .choices__list--dropdown [data-choice]').evaluateAll((items) => items.map((item) => item.dataset.value));
const until_chips = (page, names) => page.waitForFunction((want) => [...document.querySelectorAll('.pick .choices__list--multiple .choices__item')].map((item) => item.dataset.value).sort().join() === want, [...names].sort().join());

/** Bodies of the calls whose address ends so. */
function calls(page, path, method = 'POST') {
  const seen = [];
  page.on('request', (request) => {
    if (request.method() === method && new URL(request.url()).pathname.endsWith(path)) seen.push(JSON.parse(request.postData() ?? '{}'));
  });
  return seen;
}

/** The numbers of a sparkline's line; none for a flat one. */
const points = (page, name) => card(page, name).locator('.spark .line').evaluateAll((lines) => lines.map((line) => line.getAttribute('d').split('L').length)[0] ?? 0);

const kStates = {
  no_capd: [/Allow listening: one command/, /does not let sp3ctra read live packets yet/, /^sudo install/],
  no_right: [/capture helper has lost its right/, /its file lacks the right/, /^sudo setcap/],
  other_version: [/of another version/, /version 0\.0\.9, this program is 0\.1\.0/, /^sudo .*--allow-capture$/],
  other_user: [/serves another user/, /installed for another user/, /^sudo .*--user/],
  broken_capd: [/does not answer/, /killed by signal 11/, /^sudo /],
  no_interface: [/Nothing to capture on/, /There is no interface to capture on/, /^sudo ip link set/],
};

export const tests = [
  {
    name: 'each interface is a card: names, addresses, speed, what it is, and why one cannot be captured with the command to copy',
    flags: ['--rights'],
    needs_mock: kNeeds,
    async run({ page, context, server }) {
      const text = async (name) => (await card(page, name).innerText()).replace(/\s+/g, ' ');
      await card(page, 'eth0').waitFor();
      check(/eth0 Ethernet cable default route .*192\.168\.1\.23 · 2001:db8:5::23 up · 1\.0 Gbit\/s/.test(await text('eth0')), `eth0 says ${await text('eth0')}`);
      check(/wlan0 Wi-Fi “Attic” .*192\.168\.1\.24 up · 433 Mbit\/s · wireless/.test(await text('wlan0')), `wlan0 says ${await text('wlan0')}`);
      check(/10\.8\.0\.2 up · virtual/.test(await text('wg0')), `wg0 says ${await text('wg0')}`);
      check(/USB adapter switched off no address switched off · USB Cannot be captured: it is switched off\. \$ sudo ip link set enx00e04c68 up Copy/.test(await text('enx00e04c68')), `the adapter says ${await text('enx00e04c68')}`);
      check((await card(page, 'enx00e04c68').getByRole('button', { name: /^Choose/ }).count()) === 0, 'what cannot be captured can be chosen');
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      await card(page, 'enx00e04c68').getByRole('button', { name: 'Copy' }).click();
      await page.waitForFunction(async () => (await navigator.clipboard.readText()) === 'sudo ip link set enx00e04c68 up');
      await happen(server, { extra: [{ name: 'evil0', friendly: '<img src=x onerror=alert(1)>\u202e', addresses: [] }] });
      await card(page, 'evil0').waitFor();
      check((await text('evil0')).includes('<img src=x onerror=alert(1)>'), 'a hostile name is not shown as text');
      await picker(page).click();
      check((await page.locator('.pick').innerText()).includes('<img src=x onerror=alert(1)>'), 'the selector does not show the name as text');
      check((await page.locator('.if img, .pick img').count()) === 0, 'a name became an element');
    },
  },
  {
    name: 'every interface has its sparkline before anything is captured, from pushed counters only',
    flags: ['--rights'],
    needs_mock: kNeeds,
    async run({ page }) {
      await card(page, 'eth0').waitFor();
      await page.waitForTimeout(1200);
      let asked = 0;
      page.on('request', (request) => (asked += Number(request.url().includes('/interfaces'))));
      await page.waitForFunction(() => [...document.querySelectorAll('.if')].filter((c) => (c.querySelector('.spark .line')?.getAttribute('d').split('L').length ?? 0) >= 4).length >= 4);
      for (const name of ['eth0', 'wlan0', 'wg0', 'lo']) check((await points(page, name)) >= 4, `${name} has no sparkline`);
      check((await card(page, 'docker0').innerText()).includes('quiet'), 'a quiet interface is not called quiet');
      check(asked === 0, 'the page asks for the list although it is pushed');
      const rate = await card(page, 'eth0').locator('.num.strong').innerText();
      check(/^\d[\d.]* Mbit\/s$/.test(rate), `the rate of eth0 is ${rate}`);
    },
  },
  {
    name: 'several are chosen by search and keyboard alone; the one primary button names them and the call has them all',
    flags: ['--rights'],
    needs_mock: kNeeds,
    async run({ page }) {
      const started = calls(page, '/capture/start');
      check((await page.locator('.btn.primary').count()) === 1, 'there must be one primary button');
      await page.getByRole('button', { name: 'Capture on eth0', exact: true }).waitFor();
      await picker(page).focus();
      await page.keyboard.type('attic');
      await page.waitForFunction(() => document.querySelectorAll('.pick .choices__list--dropdown [data-choice]').length === 1);
      await page.keyboard.press('Enter');
      await until_chips(page, ['wlan0']);
      await page.getByRole('button', { name: 'Capture on wlan0', exact: true }).waitFor();
      await page.keyboard.type('192.168.1.23');
      await page.waitForFunction(() => [...document.querySelectorAll('.pick .choices__list--dropdown [data-choice]')].map((c) => c.dataset.value).join() === 'eth0');
      await page.keyboard.press('Enter');
      await until_chips(page, ['eth0', 'wlan0']);
      await page.getByRole('button', { name: 'Capture on eth0 and wlan0', exact: true }).waitFor();
      check((await card(page, 'wlan0').getByRole('button', { name: 'Choose wlan0' }).getAttribute('aria-pressed')) === 'true', 'the card does not say that it is chosen');
      // What cannot be captured is shown with its reason and cannot be taken.
      await page.keyboard.type('enx');
      await page.waitForFunction(() => document.querySelector('.pick .choices__list--dropdown')?.textContent.includes('it is switched off'));
      await page.keyboard.press('Enter');
      await page.waitForTimeout(200);
      check((await chips(page)).length === 2, `chosen is ${await chips(page)}`);
      await picker(page).fill('');
      // Backspace takes the last one out; the cards choose, too.
      await page.keyboard.press('Backspace');
      await page.waitForFunction(() => document.querySelectorAll('.pick .choices__list--multiple .choices__item').length === 1);
      await card(page, 'lo').getByRole('button', { name: 'Choose lo' }).click();
      await page.waitForFunction(() => document.querySelectorAll('.pick .choices__list--multiple .choices__item').length === 2);
      const names = (await chips(page)).sort();
      const label = await page.locator('.btn.primary').innerText();
      check(names.every((name) => label.includes(name)), `the button says ${label} for ${names}`);
      await page.reload();
      await page.waitForSelector('.app');
      await until_chips(page, names);
      await page.locator('.btn.primary').click();
      await page.locator('.top .state', { hasText: 'Capturing' }).waitFor();
      check(started.length === 1 && [...started[0].interfaces].sort().join() === names.join(), `the call was ${JSON.stringify(started)}`);
    },
  },
  {
    name: 'the list renews itself within two seconds: selection, focus, typed search and highlight stay',
    flags: ['--rights'],
    needs_mock: kNeeds,
    async run({ page, server }) {
      await card(page, 'wlan0').getByRole('button', { name: 'Choose wlan0' }).click();
      await picker(page).focus();
      await page.keyboard.type('virt');
      await page.waitForFunction(() => document.querySelectorAll('.pick .choices__list--dropdown [data-choice]').length === 2);
      await page.keyboard.press('ArrowDown');
      const before = await page.locator('.pick .choices__list--dropdown .is-highlighted').getAttribute('data-value');
      await picker(page).evaluate((input) => input.setSelectionRange(2, 2));
      await happen(server, { extra: [{ name: 'veth7', virtual: true, kind: 'veth', friendly: 'virtual cable' }], down: ['eth0'], friendly: { lo: 'loopback' } });
      await page.waitForFunction(() => document.querySelector('.if[data-name="veth7"]') !== null, undefined, { timeout: 2000 });
      await page.waitForFunction(() => document.querySelectorAll('.pick .choices__list--dropdown [data-choice]').length === 3, undefined, { timeout: 2000 });
      check((await listed(page)).includes('veth7'), `the search finds ${await listed(page)}`);
      check((await picker(page).inputValue()) === 'virt', `typed is ${await picker(page).inputValue()}`);
      check(await picker(page).evaluate((input) => document.activeElement === input && input.selectionStart === 2), 'the focus or the caret moved');
      check((await chips(page)).join() === 'wlan0', `chosen is ${await chips(page)}`);
      check((await page.locator('.pick .choices__list--dropdown .is-highlighted').getAttribute('data-value')) === before, 'another option is highlighted');
      check(/eth0\s.*switched off/s.test(await card(page, 'eth0').innerText()), 'eth0 is not called switched off');
      // One that is unplugged stays chosen, is left out and said so, and is back by itself.
      await page.keyboard.press('Escape');
      await happen(server, { gone: ['wlan0'] });
      await page.getByText('wlan0 cannot be captured now and is left out.').waitFor({ timeout: 2000 });
      check((await chips(page)).join() === 'wlan0', 'the unplugged one is forgotten');
      check(await page.locator('.btn.primary').isDisabled(), 'nothing can be captured and the button acts');
      await happen(server, { gone: [] });
      await page.getByRole('button', { name: 'Capture on wlan0', exact: true }).waitFor({ timeout: 2000 });
    },
  },
  {
    name: 'presets show their text and words; promiscuous, bytes and buffer go with the call',
    flags: ['--rights'],
    needs_mock: kNeeds,
    async run({ page }) {
      const started = calls(page, '/capture/start');
      const toggle = page.getByRole('button', { name: /^Options/ });
      check(/keeps not port \d+ · whole packets · also packets for others/.test(await toggle.innerText()), `folded it says ${await toggle.innerText()}`);
      await toggle.click();
      const presets = page.locator('.presets li');
      const words = (await presets.allInnerTexts()).map((t) => t.replace(/\s+/g, ' '));
      for (const [name, bpf] of [['Everything on the wire', 'no filter'], ['Only internet traffic', 'ip6 and net 2000::/3'], ['TCP', 'tcp'], ['UDP', 'udp'], ['DNS', 'port 53'], ['HTTP', 'tcp port 80']]) {
        const row = words.find((w) => w.startsWith(name));
        check(row?.includes(bpf) && row.length > name.length + bpf.length + 8, `the preset ${name} says ${row}`);
      }
      const filter = page.getByLabel('Capture filter');
      const port = new URL(page.url()).port;
      await presets.filter({ hasText: 'Which names are looked up' }).getByRole('button').click();
      check((await filter.inputValue()) === `(port 53 or udp port 5353 or tcp port 853) and not port ${port}`, `the filter is ${await filter.inputValue()}`);
      check((await page.locator('.presets [aria-pressed="true"]').innerText()).includes('DNS'), 'the preset in force is not marked');
      await presets.filter({ hasText: 'Nothing is left out' }).getByRole('button').click();
      check((await filter.inputValue()) === '', 'everything is not everything');
      await presets.filter({ hasText: 'Datagrams' }).getByRole('button').click();
      await page.getByLabel(/Also packets for others/).uncheck();
      await page.getByLabel('Bytes kept of each packet').fill('96');
      await page.getByLabel('Buffer').selectOption('128');
      check(/keeps udp · first 96 bytes of each · only packets for this computer · 128 MiB buffer/.test(await toggle.innerText()), `now it says ${await toggle.innerText()}`);
      await page.getByRole('button', { name: 'Capture on eth0', exact: true }).click();
      await page.locator('.top .state', { hasText: 'Capturing' }).waitFor();
      check(JSON.stringify(started) === JSON.stringify([{ interfaces: ['eth0'], bpf: 'udp', promiscuous: false, snaplen: 96, ring_mib: 128 }]), `the call was ${JSON.stringify(started)}`);
    },
  },
  {
    name: 'the first start asks once what to keep, in nobody’s way; the choice is reached again',
    flags: ['--rights', '--first-start'],
    needs_mock: kNeeds,
    async run({ page }) {
      const chosen = calls(page, '/capture/store', 'PUT');
      const panel = page.locator('.store-panel');
      await panel.getByRole('heading', { name: 'How much of the disk may captures take?' }).waitFor();
      check((await panel.getByRole('radio', { name: '2 GB', exact: true }).getAttribute('aria-checked')) === 'true', '2 GB is not the default');
      check((await page.locator('dialog[open], [aria-modal="true"]').count()) === 0, 'the question blocks the page');
      check(await page.locator('.btn.primary').isEnabled(), 'the question blocks the start');
      check((await panel.getByRole('switch').count()) === 1, 'always on is not one switch');
      await panel.getByRole('radio', { name: '10 GB', exact: true }).click();
      await panel.getByRole('radio', { name: 'Pause' }).click();
      await panel.getByText('All captures together take at most 10 GB; then capture pauses until there is room. 1 GB of the disk stays free.').waitFor();
      await panel.getByRole('button', { name: 'Keep it so' }).click();
      await panel.waitFor({ state: 'detached' });
      check(chosen.length === 1 && chosen[0].bytes === 1e10 && chosen[0].when_full === 'pause' && chosen[0].always_on === false, `the call was ${JSON.stringify(chosen)}`);
      await page.reload();
      await page.getByText('All captures together take at most 10 GB').waitFor();
      check((await panel.count()) === 0, 'it asks again');
      await page.getByRole('button', { name: 'Change', exact: true }).click();
      await panel.getByRole('radio', { name: 'Overwrite the oldest' }).click();
      await panel.getByRole('button', { name: 'Cancel' }).click();
      await page.getByText('then capture pauses until there is room').waitFor();
      check(chosen.length === 1, 'what was cancelled was sent');
    },
  },
  {
    name: 'always on is one switch: the last 24 h, by keyboard',
    flags: ['--rights'],
    needs_mock: kNeeds,
    async run({ page }) {
      const chosen = calls(page, '/capture/store', 'PUT');
      await page.getByRole('button', { name: 'Change', exact: true }).click();
      const knob = page.getByRole('switch', { name: 'Always on: keep the last 24 h' });
      await knob.focus();
      await page.keyboard.press('Space');
      check((await knob.getAttribute('aria-checked')) === 'true', 'the switch does not switch');
      check(await page.getByRole('radio', { name: '2 GB', exact: true }).isDisabled(), 'a size is offered beside the last 24 h');
      await page.getByRole('button', { name: 'Keep it so' }).click();
      await page.getByText('Always on: the last 24 h are kept, and capture starts with sp3ctra.').waitFor();
      check(chosen.length === 1 && chosen[0].always_on === true, `the call was ${JSON.stringify(chosen)}`);
    },
  },
  {
    name: 'who starts before answering has what the question showed',
    flags: ['--rights', '--first-start'],
    needs_mock: kNeeds,
    async run({ page }) {
      const order = [];
      page.on('request', (request) => {
        if (request.method() !== 'GET' && /capture\/(store|start)$/.test(request.url())) order.push([new URL(request.url()).pathname.split('/').at(-1), JSON.parse(request.postData())]);
      });
      await page.locator('.store-panel').getByRole('radio', { name: '500 MB', exact: true }).click();
      await page.getByRole('button', { name: 'Capture on eth0', exact: true }).click();
      await page.locator('.top .state', { hasText: 'Capturing' }).waitFor();
      check(order.map(([name]) => name).join() === 'store,start' && order[0][1].bytes === 5e8, `the calls were ${JSON.stringify(order)}`);
    },
  },
  ...Object.entries(kStates).map(([word, [title, why, fix]]) => ({
    name: `rights: ${word} is a state of its own with its fix`,
    flags: ['--rights-state', word],
    needs_mock: kNeeds,
    async run({ page, context, server }) {
      const main = page.locator(`.main-card[data-rights="${word}"]`);
      await main.waitFor();
      check(title.test(await main.getByRole('heading').innerText()), `the heading is ${await main.getByRole('heading').innerText()}`);
      check(why.test(await main.innerText()), `it says ${await main.innerText()}`);
      const command = await main.locator('code').innerText();
      check(fix.test(command), `the command is ${command}`);
      check((await page.locator('.btn.primary').count()) === 1, 'there must be one primary button');
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      await main.getByRole('button', { name: 'Copy' }).click();
      await page.waitForFunction(async (text) => (await navigator.clipboard.readText()) === text, command);
      await page.waitForTimeout(2100);
      check(/Checked [2-9] s ago: /.test(await main.innerText()), `when it was checked is not said: ${await main.innerText()}`);
      await main.getByRole('button', { name: 'Check again' }).click();
      await page.getByText(word === 'no_interface' ? 'Checked: there is still no interface to capture on.' : 'Checked: the right is still missing.').waitFor();
      await page.waitForFunction(() => /Checked [01] s ago/.test(document.querySelector('.main-card')?.textContent ?? ''));
      // Once the command has run, the way to start is there without a reload.
      await happen(server, { rights: 'ready' });
      await page.getByRole('button', { name: 'Capture on eth0', exact: true }).waitFor();
    },
  })),
  {
    name: 'recent captures: files of one capture are one row, and what is no longer kept is said',
    flags: ['--rights', '--segments'],
    needs_mock: kNeeds,
    async run({ page }) {
      const row = page.locator('.rec .gr', { hasText: 'eth0 and wlan0, always on' });
      const text = (await row.innerText()).replace(/\s+/g, ' ');
      check((await row.count()) === 1, 'a capture of several files is several rows');
      check(/31 files 14 Nov 2023 9 min 37 s 4,812,000 3\.0 GB oldest 1,204,881 not kept Delete/.test(text), `the row says ${text}`);
      const heads = await page.locator('.rec [role=columnheader]').allInnerTexts();
      check(heads.slice(0, 6).join() === 'Name,When,Length,Packets,Size,State', `the columns are ${heads}`);
    },
  },
];
