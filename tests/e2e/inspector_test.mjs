import { check, open_capture } from './browser.mjs';

async function open_packet(page, server, row = 2) {
  await open_capture(page, server);
  await page.locator('.rowpane .gr').nth(row).click();
  await page.waitForSelector('.insp .lead');
}

export const tests = [
  {
    name: 'a field marks its bytes and a byte chooses its field',
    async run({ page, server }) {
      await open_packet(page, server);
      await page.locator('.fr .tw').nth(1).click();
      await page.locator('.fr[aria-level="2"]').last().click();
      await page.locator('.hx .h i.m').first().waitFor();
      check((await page.locator('.hx .h i[data-at="0"].m').count()) === 0, 'byte 0 belongs to another field');
      await page.locator('.hx .h i[data-at="0"]').click();
      await page.waitForFunction(() => document.querySelector('.hx .h i[data-at="0"]').classList.contains('m'));
      const chosen = await page.locator('.fr[aria-selected="true"] .fn').innerText();
      check(chosen.startsWith('eth'), `byte 0 chooses ${chosen}`);
      check((await page.locator('.hexnote b').innerText()).includes('byte'), 'the note does not name the bytes');
    },
  },
  {
    name: 'the tree opens and closes by keys alone',
    async run({ page, server }) {
      await open_packet(page, server);
      await page.locator('#packet-rows').focus();
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.activeElement.id === 'field-tree');
      await page.keyboard.press('Home');
      check((await page.locator('.fr[aria-selected="true"]').getAttribute('aria-expanded')) === 'false', 'the first layer should be closed');
      await page.keyboard.press('ArrowRight');
      check((await page.locator('.fr[aria-selected="true"]').getAttribute('aria-expanded')) === 'true', 'ArrowRight does not open');
      await page.keyboard.press('ArrowRight');
      check((await page.locator('.fr[aria-selected="true"]').getAttribute('aria-level')) === '2', 'ArrowRight does not enter');
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('ArrowLeft');
      check((await page.locator('.fr[aria-selected="true"]').getAttribute('aria-expanded')) === 'false', 'ArrowLeft does not close');
      await page.keyboard.press('*');
      check((await page.locator('.fr[aria-expanded="false"]').count()) === 0, '* does not open all');
    },
  },
  {
    name: 'evidence leads to its packet and Back returns',
    needs_mock: 'a packet with evidence in a known place',
    async run({ page, server }) {
      await open_packet(page, server, 6);
      const number = await page.locator('.insp .title').innerText();
      const evidence = page.locator('.words .ev').first();
      await evidence.hover();
      await page.locator('.gr.marked').waitFor();
      const told = (number) => page.waitForFunction((n) => location.hash.split(':')[0] === `#p${n.slice(1).replaceAll(',', '')}`, number);
      await told(number);
      await evidence.click();
      await page.waitForFunction((before) => document.querySelector('.insp .title').textContent !== before, number);
      await told(await page.locator('.insp .title').innerText());
      await page.goBack();
      await page.waitForFunction((before) => document.querySelector('.insp .title').textContent === before, number);
    },
  },
  {
    name: 'several byte sources are tabs',
    needs_mock: 'a packet with reassembled bytes',
    async run({ page, server }) {
      await open_packet(page, server, 2);
      await page.getByRole('tab', { name: 'Reassembled TCP' }).click();
      await page.waitForFunction(() => document.querySelector('.hx .h').textContent.startsWith('00010203'));
      await page.locator('#hex').evaluate((e) => (e.scrollTop = e.scrollHeight));
      await page.waitForFunction(() => [...document.querySelectorAll('.hx .o')].some((o) => o.textContent === '11160'));
      check((await page.locator('.hx').count()) < 80, 'all lines are drawn at once');
    },
  },
  {
    name: 'the field menu makes a filter; the command and the link are copied',
    page: { permissions: ['clipboard-read', 'clipboard-write'] },
    async run({ page, server }) {
      await open_packet(page, server);
      await page.keyboard.press('C');
      await page.getByText('Command copied.').waitFor();
      check((await page.evaluate(() => navigator.clipboard.readText())).startsWith('sp3ctra read'), 'the command is not in the clipboard');
      const line = page.locator('.fr', { has: page.locator('.fn', { hasText: /^ip$/ }) }).first();
      await line.click({ button: 'right' });
      await page.getByRole('menuitem', { name: 'Show only these' }).click();
      await page.waitForFunction(() => document.getElementById('filter').value === 'ip');
      await page.waitForFunction(() => document.querySelector('.read .count').textContent.includes(' of '));
    },
  },
  {
    name: 'marks are kept and can be exported',
    async run({ page, server }) {
      await open_packet(page, server);
      await page.keyboard.press('x');
      await page.keyboard.press('j');
      await page.keyboard.press('x');
      await page.locator('.gr.kept-mark').nth(1).waitFor({ timeout: 5000 });
      check((await page.locator('.gr.kept-mark').count()) === 2, 'two rows should be marked');
      await page.keyboard.press('e');
      await page.getByLabel('Marked packets').check();
      await page.getByRole('button', { name: 'Export', exact: true }).last().click();
      await page.getByRole('button', { name: 'Save the file' }).waitFor({ timeout: 20000 });
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save the file' }).click()]);
      check(/\.pcapng$/.test(download.suggestedFilename()), `the file is called ${download.suggestedFilename()}`);
    },
  },
];
