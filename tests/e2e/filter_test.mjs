import { check, open_capture, settled_box } from './browser.mjs';

const count = (page) => page.locator('.read .count').innerText();

export const tests = [
  {
    name: 'a filter is read back in words and counts its rows; clearing shows all again',
    async run({ page, server }) {
      await open_capture(page, server);
      const all = await count(page);
      await page.keyboard.press('/');
      await page.locator('#filter').fill('dns');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.querySelector('.read .count').textContent.includes(' of '));
      check((await page.locator('#filter-reading').innerText()).includes('Showing'), 'the reading line is missing');
      await page.waitForFunction(() => [...document.querySelectorAll('.rowpane .gr')].filter((r) => !r.hidden).every((r) => r.querySelector('.proto').textContent === 'DNS'));
      await page.waitForFunction(() => new URL(location.href).searchParams.get('f') === 'dns');
      await page.getByRole('button', { name: 'Clear filter' }).click();
      await page.waitForFunction((before) => document.querySelector('.read .count').textContent === before, all);
    },
  },
  {
    name: 'a wrong filter says where, keeps the last good one, and marks the place',
    async run({ page, server }) {
      await open_capture(page, server);
      const before = await count(page);
      await page.locator('#filter').fill('ip.addr = 192.168.1.10');
      await page.keyboard.press('Enter');
      await page.locator('.read .problem').waitFor();
      const said = await page.locator('.read .problem').innerText();
      check(/^Character 9:/.test(said.trim()), `it says "${said}"`);
      check(said.includes('keeps showing'), 'it does not say what the list shows');
      check((await page.locator('.q .wrong').innerText()).includes('='), 'the wrong place is not marked');
      check((await count(page)) === before, 'the list changed');
    },
  },
  {
    name: 'completion offers, Tab takes, Escape closes',
    async run({ page, server }) {
      await open_capture(page, server);
      await page.locator('#filter').pressSequentially('dn', { delay: 30 });
      await page.locator('#completions [role=option]').first().waitFor();
      const first = await page.locator('#completions [role=option] .w').first().innerText();
      await page.keyboard.press('Tab');
      check((await page.locator('#filter').inputValue()) === first, 'Tab did not take the option');
      await page.locator('#filter').fill('');
      await page.locator('#filter').pressSequentially('tc', { delay: 30 });
      await page.locator('#completions').waitFor();
      await page.keyboard.press('Escape');
      check((await page.locator('#completions').count()) === 0, 'Escape did not close the list');
    },
  },
  {
    name: 'nothing matches: says so and offers the way out',
    async run({ page, server }) {
      await open_capture(page, server);
      await page.locator('#filter').fill(server.real ? 'tcp.port == 1 and udp' : 'nothing');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'No packet matches' }).waitFor();
      await page.locator('.empty-note').getByRole('button', { name: 'Clear filter' }).click();
      await page.waitForFunction(() => [...document.querySelectorAll('.rowpane .c-number')].some((c) => c.textContent !== ''));
    },
  },
  {
    name: 'a span dragged on the time strip narrows the list',
    async run({ page, server }) {
      await open_capture(page, server, 'sunday');
      await page.waitForSelector('.time canvas');
      const box = await settled_box(page.locator('.time .plot'));
      await page.mouse.move(box.x + box.width * 0.3, box.y + 15);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, box.y + 15, { steps: 6 });
      await page.mouse.up();
      await page.waitForFunction(() => document.querySelector('.read .count').textContent.includes(' of '));
      await page.getByRole('radio', { name: 'All' }).click();
      await page.waitForFunction(() => !document.querySelector('.read .count').textContent.includes(' of '));
    },
  },
];
