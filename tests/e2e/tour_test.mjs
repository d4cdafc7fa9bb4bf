import { check, kShots, settled } from './browser.mjs';

const kTitles = ['Choose what to look at', 'The list: one row, one packet', 'One packet: words, fields, bytes', 'Show only what you look for', 'What is lost, and what is kept'];
const kTargets = ['.trio', '.listbox', '.insp', '.fbar', '.status .facts'];

const on_step = (page, i) => page.locator('.tour-card h2', { hasText: kTitles[i] }).waitFor();
const take = (page) => page.getByRole('button', { name: /^Take the tour/ }).click();
const next = (page) => page.locator('.tour-card .next').click();

/** Places once nothing moves any more: the card follows on the next frame. */
async function places(page, target) {
  await settled(page);
  return page.evaluate((selector) => {
    const box = (s) => {
      const e = document.querySelector(s);
      if (!e || e.hidden) return null;
      const r = e.getBoundingClientRect();
      return { x: r.x, y: r.y, right: r.right, bottom: r.bottom };
    };
    return { card: box('.tour-card'), ring: box('.tour-ring'), target: box(selector), row: box('.rowpane .gr[aria-selected="true"]'), width: innerWidth, height: innerHeight };
  }, target);
}
const meet = (a, b) => a !== null && b !== null && a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom;
const words = (box) => (box ? `${Math.round(box.x)},${Math.round(box.y)} to ${Math.round(box.right)},${Math.round(box.bottom)}` : 'nothing');

function check_places(at, name) {
  check(at.card.x >= 0 && at.card.y >= 0 && at.card.right <= at.width && at.card.bottom <= at.height, `${name}: the card leaves the window: ${words(at.card)}`);
  check(at.target !== null && at.ring !== null, `${name}: nothing is shown: ${words(at.target)}, ring ${words(at.ring)}`);
  const near = (a, b) => Math.abs(a - b) <= 5;
  check(near(at.ring.x, at.target.x) && near(at.ring.y, at.target.y) && near(at.ring.right, at.target.right) && near(at.ring.bottom, at.target.bottom), `${name}: the ring is at ${words(at.ring)}, what it shows at ${words(at.target)}`);
  check(!meet(at.card, at.row), `${name}: the card lies over the chosen row`);
}

const walks = [
  [1024, 768, 'dark'],
  [1440, 900, 'light'],
  [1920, 1080, 'dark'],
].map(([width, height, scheme]) => ({
  name: `five steps over the demo, each beside what it speaks about: ${scheme}, ${width} px`,
  page: { viewport: { width, height }, colorScheme: scheme },
  async run({ page }) {
    await page.locator('.if').first().waitFor();
    await page.screenshot({ path: `${kShots}tour-offer-${width}.png` });
    await take(page);
    for (let i = 0; i < 5; i++) {
      await on_step(page, i);
      check((await page.locator('.tour-card').innerText()).includes(`step ${i + 1} of 5`), 'the step is not told');
      const at = await places(page, kTargets[i]);
      await page.screenshot({ path: `${kShots}tour-${i + 1}-${width}.png` });
      check_places(at, kTitles[i]);
      // Only the list and the whole packet are too large to stand beside.
      if (i !== 1 && i !== 2) check(!meet(at.card, at.target), `${kTitles[i]}: the card lies over what it speaks about`);
      if (i < 4) await next(page);
    }
    check((await page.locator('.rowpane .gr[aria-selected="true"]').count()) === 1, 'no packet was chosen to speak about');
    await page.getByRole('button', { name: 'Done' }).click();
    check((await page.locator('.tour-card, .tour-ring').count()) === 0, 'the tour does not end');
  },
}));

export const tests = [
  {
    name: 'offered once in a quiet line; refused it stays away, from settings and palette it begins all the same',
    async run({ page }) {
      const offer = page.locator('.tour-offer');
      await offer.waitFor();
      check((await page.locator('.tour-card').count()) === 0, 'the tour begins by itself');
      await offer.getByRole('button', { name: 'No, thanks' }).click();
      await page.reload();
      await page.getByRole('heading', { name: 'Recent captures' }).waitFor();
      check((await offer.count()) === 0, 'the tour is offered again');
      await page.locator('.side').getByRole('button', { name: 'Settings' }).click();
      await page.getByRole('button', { name: 'Take the tour' }).click();
      await on_step(page, 0);
      await page.keyboard.press('Escape');
      await page.locator('.tour-card').waitFor({ state: 'detached' });
      await page.keyboard.press('Control+k');
      await page.locator('.palette input').fill('tour');
      await page.keyboard.press('Enter');
      await on_step(page, 0);
    },
  },
  ...walks,
  {
    name: 'by keys alone: Enter and arrows go on and back, it is read aloud, Esc ends and gives the focus back',
    async run({ page }) {
      await page.getByRole('button', { name: /^Take the tour/ }).focus();
      await page.keyboard.press('Enter');
      await on_step(page, 0);
      check((await page.evaluate(() => document.activeElement.textContent)) === 'Next', 'the focus is not on the way on');
      await page.keyboard.press('Enter');
      await on_step(page, 1);
      await page.keyboard.press('ArrowRight');
      await on_step(page, 2);
      await page.keyboard.press('ArrowLeft');
      await on_step(page, 1);
      const live = page.locator('.tour-card [aria-live="polite"]');
      check((await live.innerText()).includes(kTitles[1]), 'the step is not read aloud');
      await page.keyboard.press('Escape');
      await page.locator('.tour-card').waitFor({ state: 'detached' });
      check((await page.evaluate(() => document.activeElement.id)) === 'packet-rows', 'the focus is lost');
    },
  },
  {
    name: 'the page stays usable: whichever row is chosen stays free, and a popup closes before the tour',
    async run({ page }) {
      await take(page);
      await on_step(page, 0);
      await next(page);
      await on_step(page, 1);
      await page.locator('#packet-rows').focus();
      await page.keyboard.press('Home');
      await page.waitForSelector('.insp .lead');
      for (let i = 0; i < 14; i++) {
        await page.keyboard.press('j');
        const at = await places(page, '.listbox');
        check(at.row !== null && !meet(at.card, at.row), `row ${i + 2} lies under the card: ${words(at.card)}, row ${words(at.row)}`);
      }
      await page.keyboard.press('?');
      await page.getByRole('heading', { name: 'All keys' }).waitFor();
      await page.keyboard.press('Escape');
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
      check((await page.locator('.tour-card').count()) === 1, 'Esc ends the tour behind a popup');
      await page.keyboard.press('Escape');
      await page.locator('.tour-card').waitFor({ state: 'detached' });
      check((await page.locator('.rowpane .gr[aria-selected="true"]').count()) === 1, 'ending the tour takes the chosen row away');
    },
  },
];
