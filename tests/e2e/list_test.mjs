import { check, numbers, open_capture, rising, scroll_beside_blank, settled_box, until_loaded } from './browser.mjs';

/** Waits until the first row on screen is a number that `fits`. */
async function first_number(page, words, fits) {
  let first = 0;
  for (const end = Date.now() + 10_000; Date.now() < end; await page.waitForTimeout(50)) {
    first = (await numbers(page))[0];
    if (first > 0 && fits(first)) return;
  }
  check(false, `${words}: the first row is ${first}`);
}

export const tests = [
  {
    name: 'ten million rows: the scrollbar reaches every end and the rows are in order',
    needs_mock: 'a capture of ten million packets',
    async run({ page, server }) {
      await open_capture(page, server);
      check(rising(await numbers(page)), 'rows are not in order at the top');
      await page.evaluate(() => (document.getElementById('packet-rows').scrollTop = 1e9));
      await page.waitForFunction(() => [...document.querySelectorAll('.c-number')].some((c) => c.textContent === '10,000,000'));
      await until_loaded(page);
      const end = await numbers(page);
      check(rising(end) && end.at(-1) === 10_000_000, `the end shows ${end.at(-1)}`);
      await page.evaluate(() => { const e = document.getElementById('packet-rows'); e.scrollTop = e.scrollHeight / 2; });
      await first_number(page, 'the middle is not in the middle', (n) => Math.abs(n - 5_000_000) < 20_000);
      const height = await page.evaluate(() => document.getElementById('packet-rows').scrollHeight);
      check(height < 33_000_000, `the scroller is ${height} px tall`);
    },
  },
  {
    name: 'one notch of the wheel moves a few rows, also in ten million',
    needs_mock: 'a capture of ten million packets',
    async run({ page, server }) {
      await open_capture(page, server);
      await page.locator('#packet-rows').hover();
      await page.mouse.wheel(0, 120);
      await first_number(page, 'one notch leads nowhere', (n) => n >= 4);
      await page.waitForTimeout(300);
      await first_number(page, 'one notch leads too far', (n) => n >= 4 && n <= 8);
      await page.mouse.wheel(0, -1000);
      await first_number(page, 'the wheel does not lead back to the first row', (n) => n === 1);
    },
  },
  {
    name: 'rows are chosen by arrows, pages, Home and End, and the chosen row is named to assistive tools',
    async run({ page, server }) {
      await open_capture(page, server);
      await page.locator('.rowpane .gr').first().click();
      await page.waitForSelector('.insp .lead');
      await page.keyboard.press('j');
      await page.keyboard.press('ArrowDown');
      await page.waitForFunction(() => document.querySelector('.insp .title').textContent === '#3');
      await page.keyboard.press('k');
      await page.waitForFunction(() => document.querySelector('.insp .title').textContent === '#2');
      const active = await page.evaluate(() => document.getElementById(document.getElementById('packet-rows').getAttribute('aria-activedescendant'))?.getAttribute('aria-selected'));
      check(active === 'true', 'the grid does not name its active row');
      await page.keyboard.press('End');
      await page.waitForFunction(() => Number(document.querySelector('.insp .title').textContent.slice(1).replaceAll(',', '')) > 100);
      await page.keyboard.press('Home');
      await page.waitForFunction(() => document.querySelector('.insp .title').textContent === '#1');
      await page.keyboard.press('Escape');
      check((await page.locator('.insp').count()) === 0, 'Escape does not close the packet');
    },
  },
  {
    name: 'jump to a number and to a time, find text and bytes, follow the conversation',
    async run({ page, server }) {
      await open_capture(page, server);
      await page.keyboard.press('#');
      await page.locator('#find').fill('77');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.querySelector('.insp .title')?.textContent === '#77');
      await page.getByRole('radio', { name: 'Bytes' }).click();
      await page.locator('#find').fill('4');
      await page.keyboard.press('Enter');
      await page.getByText('whole bytes in hex').waitFor();
      if (!server.real) {
        await page.getByRole('radio', { name: 'Text', exact: true }).click();
        await page.locator('#find').fill('porch/motion');
        await page.keyboard.press('Enter');
        await page.getByText('Found in packet').waitFor();
        const at = await page.locator('.insp .title').innerText();
        await page.locator('#packet-rows').focus();
        await page.keyboard.press(']');
        await page.waitForFunction((before) => document.querySelector('.insp .title').textContent !== before, at);
        await page.keyboard.press('[');
        await page.waitForFunction((before) => document.querySelector('.insp .title').textContent === before, at);
        await page.keyboard.press('t');
        await page.locator('#find').fill('1700000600');
        await page.keyboard.press('Enter');
        await page.waitForFunction(() => document.querySelector('.insp .title').textContent === '#5,000,000');
      }
    },
  },
  {
    name: 'columns are chosen, resized and kept; time has formats and zones',
    async run({ page, server }) {
      await open_capture(page, server);
      await page.getByRole('button', { name: 'Columns and times' }).click();
      await page.getByLabel('From port', { exact: true }).check();
      await page.locator('.columns-menu select').first().selectOption('epoch');
      await page.getByRole('radio', { name: 'UTC' }).click();
      await page.keyboard.press('Escape');
      await page.waitForFunction(() => /^\d{10}\.\d{6}$/.test(document.querySelector('.rowpane .c-time').textContent));
      check((await page.locator('.head .hc', { hasText: 'From port' }).count()) === 1, 'the column does not show');
      const grip = page.locator('.head .grip').nth(1);
      const box = await settled_box(grip);
      const before = await page.locator('.head .hc').nth(1).evaluate((e) => e.getBoundingClientRect().width);
      await page.mouse.move(box.x + 4, box.y + 8);
      await page.mouse.down();
      await page.mouse.move(box.x + 54, box.y + 8, { steps: 5 });
      await page.mouse.up();
      const after = (await settled_box(page.locator('.head .hc').nth(1))).width;
      check(Math.abs(after - before - 50) < 4, `dragging 50 px changed the width by ${after - before}`);
      await page.reload();
      await page.waitForSelector('.rowpane .c-source_port');
    },
  },
  {
    name: 'frame time p99 while scrolling stays within 4 ms of a blank page',
    async run({ page, context, server }) {
      await open_capture(page, server);
      return scroll_beside_blank(page, context);
    },
  },
];
