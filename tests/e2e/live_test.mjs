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
      await page.locator('.top .state', { hasText: 'Capturing' }).waitFor();
      await page.getByText('Following').waitFor();
      await page.waitForFunction(() => [...document.querySelectorAll('.rowpane .c-number')].some((c) => Number(c.textContent.replaceAll(',', '')) > 500));
      // A row that runs away under the pointer is clicked again, as anybody would.
      for (let i = 0; i < 10 && (await page.locator('.newer b').count()) === 0; i++) {
        await page.locator('.rowpane .gr[aria-rowindex]').nth(4).click();
        await page.locator('.newer b').waitFor({ timeout: 2000 }).catch(() => {});
      }
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
      await page.getByRole('button', { name: /^Options/ }).click();
      await page.getByLabel('Capture filter').fill('flood');
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
      await page.getByRole('button', { name: /^Options/ }).click();
      await page.getByLabel('Capture filter').fill('not bogus');
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
    name: 'nothing may be listened to: the page opens on the demo, with the missing right and its command',
    flags: ['--demo-open'],
    needs_mock: 'a server without rights',
    async run({ page, context }) {
      await page.waitForFunction(() => [...document.querySelectorAll('.rowpane .c-number')].some((c) => c.textContent !== ''));
      const banner = page.locator('.bann.missing-right');
      check(/^This is the demo\. .*Give that one right to its small capture helper/.test(await banner.innerText()), `the banner says ${await banner.innerText()}`);
      const command = await banner.locator('code').innerText();
      check(command.startsWith('sudo '), 'the command is missing');
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      await banner.getByRole('button', { name: 'Copy' }).click();
      await page.waitForFunction(async (text) => (await navigator.clipboard.readText()) === text, command);
      await page.getByRole('button', { name: 'Captures' }).first().click();
      await page.waitForFunction(() => location.search === '');
      await page.reload();
      await page.getByRole('heading', { name: 'Recent captures' }).waitFor();
      await page.waitForTimeout(500);
      check((await page.locator('.listgrid').count()) === 0, 'who left the demo is taken back to it');
    },
  },
  {
    name: 'with the right the page opens on Captures although the demo is open',
    flags: ['--demo-open', '--rights'],
    needs_mock: 'a server with an open demo',
    async run({ page }) {
      await page.getByRole('button', { name: 'Capture on eth0' }).waitFor();
      await page.waitForTimeout(500);
      check((await page.locator('.listgrid').count()) === 0, 'the demo hides the way to start');
      await page.locator('.rec .name').click();
      await page.waitForSelector('.listgrid');
      check((await page.locator('.missing-right').count()) === 0, 'a right is called missing that is there');
    },
  },
  {
    name: 'a full disk: the capture ended early, its file is whole, and what is not kept is counted',
    flags: ['--rights', '--disk-full'],
    needs_mock: 'a full disk',
    async run({ page }) {
      await page.getByRole('button', { name: 'Capture on eth0' }).click();
      const ended = page.locator('.bann', { hasText: 'This capture ended early' });
      await ended.waitFor();
      const words = await ended.innerText();
      check(/file is whole: the disk is full: .* packets up to then are kept/.test(words), `the banner says ${words}`);
      const loss = page.locator('.bann', { hasText: 'packets are missing' });
      await loss.waitFor();
      const lost = await loss.innerText();
      check(/^37 packets are missing\. 37 were not kept: the disk was full or the limit for captures reached\. Up to the end of the capture, what is listed is complete except for these\.$/.test(lost.trim()), `the banner says ${lost}`);
      check(!/faster/.test(lost), 'the loss is blamed on speed');
      check((await page.getByText(/damaged/).count()) === 0, 'the file is called damaged');
      check(/37\s+lost/.test(await page.locator('.status').innerText()), 'the status line does not count them');
      await page.getByRole('button', { name: /Health/ }).click();
      await page.locator('.health dt', { hasText: 'Not kept, disk full or limit reached' }).waitFor();
      check((await page.locator('.health').innerText()).includes('37 packets'), 'Health does not count them');
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
