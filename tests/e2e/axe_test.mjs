// What axe-core finds wrong for people who use a screen reader, keys alone or other colours: nothing serious or critical, in any view and theme.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { check, open_capture, settled } from './browser.mjs';

/** Read when first needed: without the package only these tests fail. */
const axe_source = () => readFileSync(fileURLToPath(new URL('../../web/node_modules/axe-core/axe.min.js', import.meta.url)), 'utf8');
const kRefused = ['serious', 'critical'];
const bare = (address) => address.split('#')[0];

/** Runs axe on what is on screen now. Evaluated from outside, so the page's policy against foreign scripts stays in force. */
async function findings(page) {
  // Colours are measured as they stay, not while something fades in.
  await page.waitForFunction(() => document.getAnimations().every((a) => a.playState !== 'running'));
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe_source());
  const { violations, passes } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations', 'passes'] }));
  check(passes.length > 10, `axe looked at ${passes.length} rules only`);
  return violations;
}
const words_of = (finding) => `${finding.impact} ${finding.id}: ${finding.help}: ${finding.nodes.slice(0, 6).map((n) => `${n.target.join(' ')}${n.any[0] ? ` (${n.any[0].message})` : ''}`).join(' | ')}${finding.nodes.length > 6 ? ` and ${finding.nodes.length - 6} more` : ''}`;

/** Looks at one view in the theme that is on; answers the lesser findings in words. */
async function look(page, view, said) {
  const all = await findings(page);
  const bad = all.filter((f) => kRefused.includes(f.impact));
  check(bad.length === 0, `${view}:\n  ${bad.map(words_of).join('\n  ')}`);
  said.push(...all.map((f) => `\n  ${view}: ${words_of(f)}`));
}

async function open_packet(page, server) {
  await open_capture(page, server);
  await page.locator('.rowpane .gr').nth(6).click();
  await page.waitForSelector('.insp .lead');
  await page.locator('.fr').last().click();
  await settled(page);
}

const views = [
  {
    name: 'start page',
    async open(page) {
      await page.getByRole('heading', { name: 'Recent captures' }).waitFor();
      await page.locator('.if').first().waitFor();
    },
  },
  {
    name: 'start page, options and store open',
    flags: ['--rights', '--first-start'],
    async open(page) {
      await page.getByRole('button', { name: /^Options/ }).click();
      await page.locator('.presets button').first().waitFor();
      await page.getByRole('heading', { name: /How much of the disk/ }).waitFor();
    },
  },
  { name: 'packets with the inspector', open: open_packet },
  {
    name: 'Health panel',
    flags: ['--rights', '--drops'],
    async open(page) {
      await page.getByRole('button', { name: 'Capture on eth0' }).click();
      await page.waitForFunction(() => [...document.querySelectorAll('.rowpane .c-number')].some((c) => Number(c.textContent.replaceAll(',', '')) > 20));
      await page.getByRole('button', { name: 'Pause list' }).or(page.getByRole('button', { name: /^Stop/ })).first().click();
      await page.getByRole('button', { name: /^Health/ }).first().click();
      await page.locator('.health').waitFor();
    },
  },
  {
    name: 'charts',
    async open(page, server) {
      await open_capture(page, server);
      await page.locator('.charts-button').click();
      await page.locator('.charts .legend .proto').first().waitFor();
      await page.locator('.charts canvas').first().waitFor();
    },
  },
  {
    name: 'charts as a table',
    async open(page, server) {
      await open_capture(page, server);
      await page.locator('.charts-button').click();
      await page.locator('.charts').getByRole('button', { name: 'Table' }).click();
      await page.locator('.chart-table td').first().waitFor();
    },
  },
  {
    name: 'filter completion',
    async open(page, server) {
      await open_capture(page, server);
      await page.locator('#filter').fill('ip');
      await page.locator('.complete .opt').first().waitFor();
    },
  },
  {
    name: 'a wrong filter',
    async open(page, server) {
      await open_capture(page, server);
      await page.locator('#filter').fill('ip = 1');
      await page.keyboard.press('Enter');
      await page.locator('.read .problem').waitFor();
    },
  },
  {
    name: 'columns menu',
    async open(page, server) {
      await open_capture(page, server);
      await page.getByRole('button', { name: 'Columns and times' }).click();
      await page.locator('.columns-menu').waitFor();
    },
  },
  {
    name: 'keys overlay',
    async open(page) {
      await page.keyboard.press('?');
      await page.getByRole('heading', { name: 'All keys' }).waitFor();
    },
  },
  {
    name: 'find or do',
    async open(page) {
      await page.keyboard.press('Control+k');
      await page.locator('.palette .opt').first().waitFor();
    },
  },
  {
    name: 'settings',
    async open(page) {
      await page.locator('.side').getByRole('button', { name: 'Settings' }).click();
      await page.locator('.store-line').waitFor();
      await page.getByRole('radio', { name: 'Comfortable' }).click();
      await page.getByRole('button', { name: 'Forget all settings…' }).click();
    },
  },
  {
    name: 'settings with high contrast',
    async open(page) {
      await page.locator('.side').getByRole('button', { name: 'Settings' }).click();
      await page.getByRole('radio', { name: 'High' }).click();
    },
  },
  {
    name: 'tour',
    async open(page) {
      await page.getByRole('button', { name: /^Take the tour/ }).click();
      for (const step of ['1', '2', '3']) {
        await page.locator('.tour-card', { hasText: `step ${step} of 5` }).waitFor();
        if (step !== '3') await page.locator('.tour-card .next').click();
      }
      await page.waitForSelector('.insp .lead');
    },
  },
  {
    name: 'login page',
    cold: true,
    async open(page, server) {
      await page.goto(bare(server.address));
      await page.getByRole('heading', { name: 'How to get in' }).waitFor();
    },
  },
];

export const tests = views.map((view) => ({
  name: `nothing serious: ${view.name}`,
  flags: view.flags,
  cold: view.cold,
  needs_mock: view.flags ? 'a server in a chosen state' : undefined,
  async run({ page, server }) {
    const said = [];
    await view.open(page, server);
    for (const scheme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, scheme);
      await look(page, `${view.name}, ${scheme}`, said);
    }
    return said.join('');
  },
}));
