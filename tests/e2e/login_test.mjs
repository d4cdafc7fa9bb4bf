import { check } from './browser.mjs';

const bare = (address) => address.split('#')[0];

export const tests = [
  {
    name: 'the bare address says how to get in',
    cold: true,
    async run({ page, server }) {
      await page.goto(bare(server.address));
      await page.getByRole('heading', { name: 'How to get in' }).waitFor();
      check((await page.locator('code').innerText()).includes('--url'), 'the command that prints the address is missing');
      check((await page.locator('.app').count()) === 0, 'the program shows without a login');
      // The fragment added to the open page lets in without a reload.
      await page.goto(server.address);
      await page.waitForSelector('.app');
    },
  },
  {
    name: 'a wrong token is refused in words',
    cold: true,
    async run({ page, server }) {
      await page.goto(bare(server.address) + '#token=wrong');
      await page.getByText('no longer valid').waitFor();
    },
  },
  {
    name: 'the token leaves the address and the login holds for reloads and new tabs',
    async run({ page, context, server }) {
      check(!page.url().includes('token'), `the token stays in the address: ${page.url()}`);
      await page.goto(bare(server.address));
      await page.waitForSelector('.app');
      const second = await context.newPage();
      await second.goto(bare(server.address));
      await second.waitForSelector('.app');
    },
  },
  {
    name: 'a pasted address lets in',
    cold: true,
    async run({ page, server }) {
      await page.goto(bare(server.address));
      await page.locator('#token').fill(server.address);
      await page.getByRole('button', { name: 'Open' }).click();
      await page.waitForSelector('.app');
    },
  },
];
