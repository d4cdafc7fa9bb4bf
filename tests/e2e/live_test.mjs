import { check, open_capture } from './browser.mjs';

const kNeeds = 'the right to capture and steady traffic';

export const tests = [
  {
    name: 'one primary button starts; the list follows, pauses without loss and follows again; stop',
    flags: ['--rights'],
    needs_mock: kNeeds,
    async run({ page }) {
      check((await page.locator('.btn.primary').count()) === 1, 'there must be one primary button');
      await page.getByRole('button', { name: 'Capture on eth0' }).click();
      await page.getByText('Capturing', { exact: false }).first().waitFor();
      await page.getByText('Following').waitFor();
      await page.waitForFunction(() => [...document.querySelectorAll('.rowpane .c-number')].some((c) => Number(c.textContent.replaceAll(',', '')) > 500));
      await page.locator('.rowpane .gr[aria-rowindex]').nth(4).click();
      await page.locator('.newer b').waitFor();
      const chosen = await page.locator('.insp .title').innerText();
      await page.waitForFunction(() => Number(document.querySelector('.newer b').textContent.replaceAll(',', '')) > 300);
      check((await page.locator('.insp .title').innerText()) === chosen, 'the chosen row moved');
      check((await page.locator('.gr[aria-selected="true"]').count()) === 1, 'the chosen row left the screen');
      await page.locator('#packet-rows').focus();
      await page.keyboard.press('End');
      await page.getByText('Following').waitFor();
      await page.keyboard.press('Control+e');
      await page.locator('.state', { hasText: 'Stopped' }).waitFor();
    },
  },
  {
    name: 'overload: drawing is thinned and said',
    flags: ['--rights'],
    needs_mock: kNeeds,
    async run({ page }) {
      await page.locator('.main-card input').fill('flood');
      await page.getByRole('button', { name: 'Capture on eth0' }).click();
      await page.getByText(/The list draws 1 in \d+/).waitFor();
      await page.getByRole('button', { name: 'Pause list' }).click();
      await page.locator('.newer b').waitFor();
    },
  },
  {
    name: 'a wrong capture filter says where',
    flags: ['--rights'],
    needs_mock: kNeeds,
    async run({ page }) {
      await page.locator('.main-card input').fill('not bogus');
      await page.getByRole('button', { name: 'Capture on eth0' }).click();
      await page.getByText('Character 5:').waitFor();
    },
  },
  {
    name: 'without the right: the command that grants it, and the demo',
    needs_mock: 'a server without rights',
    async run({ page, server }) {
      await page.getByRole('heading', { name: 'Allow listening: one command' }).waitFor();
      check((await page.locator('.cmd code').innerText()).startsWith('sudo '), 'the command is missing');
      check((await page.locator('.btn.primary').count()) === 1, 'there must be one primary button');
      await page.getByRole('button', { name: 'Health' }).click();
      await page.getByText('Lost by the system').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Start demo' }).click();
      await page.waitForFunction(() => [...document.querySelectorAll('.rowpane .c-number')].some((c) => c.textContent !== ''));
      void server;
    },
  },
  {
    name: 'what following the conversations had to give up is told with its number',
    needs_mock: 'a capture with stretches that are missing',
    async run({ page, server }) {
      await open_capture(page, server, 'cut-short');
      await page.getByRole('button', { name: 'Health' }).click();
      await page.getByText('stretches of connections were never captured').waitFor();
      check((await page.locator('.health .wide b').innerText()) === '12', 'the number is missing');
    },
  },
];
