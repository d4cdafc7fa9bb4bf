import { check, kShots, open_capture, settled } from './browser.mjs';

const dataset = (page, name) => page.evaluate((key) => document.documentElement.dataset[key], name);
const colour = (page, name) => page.evaluate((key) => getComputedStyle(document.documentElement).getPropertyValue(key).trim(), name);
const setting = (page, name) => page.locator(`.setting[data-setting="${name}"]`);
const radio = (page, name, choice) => setting(page, name).getByRole('radio', { name: choice, exact: true });

async function open_settings(page) {
  await page.locator('.side').getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
}
async function reload(page) {
  await page.waitForFunction(() => location.search === '?view=settings');
  await page.reload();
  await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
}

const shots = [
  [1024, 768],
  [1440, 900],
  [1920, 1080],
].flatMap(([width, height]) =>
  ['dark', 'light'].map((scheme) => ({
    name: `every setting says what it does and fits: ${scheme}, ${width} px`,
    page: { viewport: { width, height }, colorScheme: scheme },
    async run({ page }) {
      await open_settings(page);
      await page.locator('.store-line').waitFor();
      await page.screenshot({ path: `${kShots}settings-${scheme}-${width}.png` });
      const found = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth > innerWidth || document.querySelector('.settings').scrollWidth > document.querySelector('.settings').clientWidth,
        mute: [...document.querySelectorAll('.setting')].filter((s) => s.querySelector('.about p').textContent.trim().length < 30).map((s) => s.dataset.setting),
        cut: [...document.querySelectorAll('.setting .control, .setting .back')].filter((e) => e.scrollWidth > e.clientWidth + 8).map((e) => e.textContent),
        // Neither controls nor words of one setting lie over those of another.
        over: [...document.querySelectorAll('.setting')].filter((s) => [...s.children].some((e) => e.getBoundingClientRect().bottom > s.getBoundingClientRect().bottom + 1)).map((s) => s.dataset.setting),
        names: [...document.querySelectorAll('.setting')].map((s) => s.dataset.setting),
      }));
      check(!found.wide, 'the settings scroll sideways');
      check(found.mute.length === 0, `settings without words: ${found.mute}`);
      check(found.cut.length === 0, `cut: ${found.cut}`);
      check(found.over.length === 0, `one over the other: ${found.over}`);
      for (const name of ['Theme', 'Contrast', 'Row height', 'Motion', 'Time as', 'Zone', 'Digits', 'Disk', 'Kept here']) check(found.names.includes(name), `${name} is no setting`);
    },
  })),
);

export const tests = [
  ...shots,
  {
    name: 'theme and contrast hold at once, are kept over a reload and can be reset',
    async run({ page }) {
      await open_settings(page);
      check((await page.title()) === 'Settings · sp3ctra', 'the title does not say where one is');
      await radio(page, 'Theme', 'Light').click();
      check((await dataset(page, 'theme')) === 'light', 'light does not hold');
      const usual = [await colour(page, '--line'), await colour(page, '--text-3')];
      await radio(page, 'Contrast', 'High').click();
      const high = [await colour(page, '--line'), await colour(page, '--text-3')];
      check(usual[0] !== high[0] && usual[1] !== high[1], `high contrast changes nothing: ${usual} and ${high}`);
      await reload(page);
      check((await dataset(page, 'theme')) === 'light' && (await dataset(page, 'contrast')) === 'more', 'the choice is forgotten');
      check((await radio(page, 'Theme', 'Light').getAttribute('aria-checked')) === 'true', 'the page does not say what holds');
      await setting(page, 'Theme').getByRole('button').click();
      await setting(page, 'Contrast').getByRole('button').click();
      check((await dataset(page, 'theme')) === 'dark' && (await dataset(page, 'contrast')) === 'usual', 'the reset does not go back to the system');
      check(await setting(page, 'Theme').getByRole('button').isDisabled(), 'a default can be reset again');
    },
  },
  {
    name: 'the system asks for more contrast or less motion: both are followed and said',
    async run({ page }) {
      await open_settings(page);
      const usual = await colour(page, '--line');
      await page.emulateMedia({ contrast: 'more', reducedMotion: 'reduce' });
      await page.waitForFunction(() => document.documentElement.dataset.contrast === 'more');
      check((await colour(page, '--line')) !== usual, 'the lines stay faint');
      check(Number.parseFloat(await colour(page, '--move')) === 0, 'something still moves');
      await setting(page, 'Motion').getByText('nothing moves').waitFor();
    },
  },
  {
    name: 'row height and times hold in the list, are kept and can be reset',
    async run({ page, server }) {
      await open_settings(page);
      const before = await page.locator('.example').innerText();
      await radio(page, 'Row height', 'Comfortable').click();
      await setting(page, 'Time as').locator('select').selectOption('date');
      await radio(page, 'Zone', 'UTC').click();
      await radio(page, 'Digits', 'Nanoseconds').click();
      check(/2023-11-14 22:13:20\.123456789/.test(await page.locator('.example').innerText()), `the example says ${await page.locator('.example').innerText()}`);
      await reload(page);
      await page.locator('.side').getByRole('button', { name: 'Captures' }).click();
      await open_capture(page, server);
      await settled(page);
      const row = page.locator('.rowpane .gr').first();
      check((await row.boundingBox()).height === 32, 'the rows are not comfortable');
      check(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}$/.test(await row.locator('.c-time').innerText()), `the time is ${await row.locator('.c-time').innerText()}`);
      await open_settings(page);
      for (const name of ['Row height', 'Time as', 'Zone', 'Digits']) await setting(page, name).getByRole('button').click();
      check((await page.locator('.example').innerText()) === before, 'the times are not reset');
      check((await radio(page, 'Row height', 'Dense').getAttribute('aria-checked')) === 'true', 'the row height is not reset');
    },
  },
  {
    name: 'by keys alone: g and comma, the palette, arrows choose, single letters off',
    async run({ page }) {
      await page.keyboard.press('g');
      await page.keyboard.press(',');
      await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
      await radio(page, 'Theme', 'Follow the system').focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      check((await dataset(page, 'theme')) === 'light', 'arrows do not choose');
      check((await page.evaluate(() => document.activeElement.textContent)) === 'Light', 'the focus does not follow the choice');
      await page.keyboard.press('Tab');
      check((await page.evaluate(() => document.activeElement.getAttribute('aria-label'))).startsWith('Theme: reset to default'), 'the choices of one setting are more than one tab stop');
      await page.keyboard.press('Enter');
      check((await dataset(page, 'theme')) === 'dark', 'the reset does not work by keys');
      await radio(page, 'Single letters act', 'Off').click();
      await page.locator('body').click({ position: { x: 700, y: 5 } });
      await page.keyboard.press('g');
      await page.keyboard.press('c');
      check(await page.getByRole('heading', { name: 'Settings', exact: true }).isVisible(), 'letters act although they are off');
      await page.locator('.side').getByRole('button', { name: 'Captures' }).click();
      await page.keyboard.press('Control+k');
      await page.locator('.palette input').fill('settings');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
    },
  },
  {
    name: 'what captures may take can be changed here, and the default is shown before it holds',
    needs_mock: 'a store of its own',
    async run({ page }) {
      await open_settings(page);
      await page.getByRole('button', { name: 'Change', exact: true }).click();
      await page.getByRole('radio', { name: '10 GB' }).click();
      await page.getByRole('button', { name: 'Keep it so' }).click();
      await page.locator('.store-line', { hasText: 'at most 10 GB' }).waitFor();
      await setting(page, 'Disk').getByRole('button', { name: /reset to default/ }).click();
      check(/10 GB/.test(await page.locator('.store-line').innerText()), 'the default holds unasked');
      check((await page.getByRole('radio', { name: '2 GB', exact: true }).getAttribute('aria-checked')) === 'true', 'the default is not shown');
      await page.getByRole('button', { name: 'Keep it so' }).click();
      await page.locator('.store-line', { hasText: 'at most 2 GB' }).waitFor();
      check(await setting(page, 'Disk').getByRole('button', { name: /reset to default/ }).isDisabled(), 'the default can be reset');
    },
  },
  {
    name: 'what the page keeps is named and can be forgotten without losing the login',
    async run({ page }) {
      await open_settings(page);
      await radio(page, 'Theme', 'Light').click();
      await radio(page, 'Row height', 'Comfortable').click();
      await reload(page);
      const words = await setting(page, 'Kept here').innerText();
      check(/that this browser was let in/.test(words) && /the theme/.test(words) && /the row height/.test(words), `it says ${words}`);
      check(!/the columns/.test(words), 'it names what is not kept');
      await page.getByRole('button', { name: 'Forget all settings…' }).click();
      check((await dataset(page, 'theme')) === 'light', 'it forgets before it asks');
      await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Forget it now' }).click()]);
      await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
      check((await dataset(page, 'theme')) === 'dark', 'the theme is not forgotten');
      check((await radio(page, 'Row height', 'Dense').getAttribute('aria-checked')) === 'true', 'the row height is not forgotten');
    },
  },
];
