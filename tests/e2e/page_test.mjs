import { check, kShots, open_capture, start_mock } from './browser.mjs';

const sizes = [
  [1024, 768],
  [1440, 900],
  [1920, 1080],
];

async function no_overlap(page) {
  return page.evaluate(() => ({
    wide: document.documentElement.scrollWidth > innerWidth,
    nameless: [...document.querySelectorAll('button, input:not([type=file]), select')].filter((e) => e.offsetParent !== null && !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length || e.title)).map((e) => e.outerHTML.slice(0, 120)),
    small: [...document.querySelectorAll('button:not(.ev)')].filter((e) => e.offsetParent !== null && e.getBoundingClientRect().height < 16).map((e) => e.outerHTML.slice(0, 120)),
  }));
}

const shots = sizes.flatMap(([width, height]) =>
  ['dark', 'light'].map((scheme) => ({
    name: `looks right: ${scheme}, ${width} px`,
    page: { viewport: { width, height }, colorScheme: scheme },
    async run({ page, server }) {
      await page.waitForTimeout(1500);
      check((await page.evaluate(() => document.documentElement.dataset.theme)) === scheme, 'the theme does not follow the system');
      await page.screenshot({ path: `${kShots}start-${scheme}-${width}.png` });
      const start = await no_overlap(page);
      await open_capture(page, server);
      await page.locator('.rowpane .gr').nth(6).click();
      await page.waitForSelector('.insp .lead');
      await page.locator('.fr').last().click();
      await page.waitForTimeout(300);
      await page.screenshot({ path: `${kShots}live-${scheme}-${width}.png` });
      const live = await no_overlap(page);
      for (const found of [start, live]) {
        check(!found.wide, 'the page scrolls sideways');
        check(found.nameless.length === 0, `controls without a name: ${found.nameless.join(' ')}`);
        check(found.small.length === 0, `targets too small: ${found.small.join(' ')}`);
      }
      const box = await page.locator('.insp').boundingBox();
      check(width < 1680 ? box.width > width / 2 : box.x > width / 2, 'the packet is not where this width wants it');
    },
  })),
);

export const tests = [
  ...shots,
  {
    name: 'the theme can be chosen and is kept',
    async run({ page }) {
      await page.getByRole('button', { name: /^Theme/ }).click();
      await page.getByRole('button', { name: /^Theme/ }).click();
      check((await page.evaluate(() => document.documentElement.dataset.theme)) === 'light', 'light was chosen');
      await page.reload();
      await page.waitForSelector('.app');
      check((await page.evaluate(() => document.documentElement.dataset.theme)) === 'light', 'the choice was forgotten');
    },
  },
  {
    name: 'keys: overlay, places, palette, focus mode, regions, letters off',
    async run({ page, server }) {
      await page.keyboard.press('?');
      await page.getByRole('heading', { name: 'All keys' }).waitFor();
      await page.keyboard.press('Escape');
      await open_capture(page, server);
      await page.keyboard.press('g');
      await page.keyboard.press('c');
      await page.getByRole('heading', { name: 'Recent captures' }).waitFor();
      await page.keyboard.press('g');
      await page.keyboard.press('l');
      await page.waitForSelector('.listgrid');
      await page.keyboard.press('Control+k');
      await page.locator('.palette input').fill('12');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.querySelector('.insp .title')?.textContent === '#12');
      await page.waitForSelector('.insp .lead');
      await page.keyboard.press('z');
      check((await page.locator('.side').isVisible()) === false, 'focus mode keeps the side');
      await page.keyboard.press('z');
      const seen = new Set();
      for (let i = 0; i < 12; i++) {
        await page.keyboard.press('F6');
        seen.add(await page.evaluate(() => document.activeElement.closest('[data-region]')?.dataset.region));
      }
      for (const region of ['side', 'top', 'filter', 'time', 'list', 'fields', 'bytes']) check(seen.has(region), `F6 never reaches ${region}`);
      await page.locator('#packet-rows').focus();
      await page.keyboard.press('?');
      await page.getByLabel('Single letters act').uncheck();
      await page.keyboard.press('Escape');
      await page.keyboard.press('z');
      check(await page.locator('.side').isVisible(), 'a letter acts although letters are off');
    },
  },
  {
    name: 'an address opened cold shows the same thing',
    async run({ page, context, server }) {
      await open_capture(page, server);
      await page.locator('#filter').fill('dns');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.querySelector('.read .count').textContent.includes(' of '));
      await page.locator('.rowpane .gr').nth(3).click();
      await page.waitForSelector('.insp .lead');
      const number = await page.locator('.insp .title').innerText();
      await page.waitForFunction((n) => new URL(location.href).searchParams.get('f') === 'dns' && location.hash.split(':')[0] === `#p${n.slice(1).replaceAll(',', '')}`, number);
      const second = await context.newPage();
      await second.goto(page.url());
      await second.waitForFunction((n) => document.querySelector('.insp .title')?.textContent === n, number);
      check((await second.locator('#filter').inputValue()) === 'dns', 'the filter is not there');
    },
  },
  {
    name: 'a lost link is said, the last view stays, and the page comes back by itself',
    needs_mock: 'a server that may be ended',
    async run({ page, server, messages }) {
      await open_capture(page, server);
      const port = new URL(server.address).port;
      const token = server.address.split('token=')[1];
      server.end();
      await page.getByText('Connection to sp3ctra lost.').waitFor();
      check((await page.locator('.rowpane .c-number').first().innerText()) !== '', 'the rows are gone');
      const again = await start_mock('--port', port, '--token', token);
      try {
        await page.getByText('Connection to sp3ctra lost.').waitFor({ state: 'detached' });
      } finally {
        again.end();
      }
      // The browser itself writes refused connections to the console; no page can prevent that.
      const own = messages.filter((m) => !/ERR_CONNECTION_REFUSED|WebSocket connection to/.test(m));
      messages.length = 0;
      messages.push(...own);
    },
  },
];
