import { check, open_capture } from './browser.mjs';

export const tests = [
  {
    name: 'script in packet text, names and files stays text',
    async run({ page, server }) {
      if (!server.real) check((await page.locator('.rec').innerText()).includes('<b>sunday</b>'), 'a capture name is not shown as written');
      await open_capture(page, server);
      if (!server.real) {
        for (const n of [5, 102, 199, 296]) {
          await page.keyboard.press('#');
          await page.locator('#find').fill(String(n));
          await page.keyboard.press('Enter');
          await page.waitForFunction((number) => document.querySelector('.insp .title')?.textContent === `#${number}`, n);
          await page.waitForTimeout(150);
        }
        const shown = await page.locator('.rowpane').innerText();
        check(shown.includes('⟨202E⟩') || shown.includes('onerror') || shown.includes('onload'), 'hostile rows are not on screen');
      }
      const harm = await page.evaluate(() => ({
        ran: '__pwned' in window,
        nodes: document.querySelectorAll('#app script, #app img, #app iframe, #app svg[onload], #app [onerror]').length,
        bidi: /[\u202a-\u202e\u2066-\u2069]/.test(document.body.innerText),
      }));
      check(!harm.ran, 'script from a packet ran');
      check(harm.nodes === 0, `${harm.nodes} nodes came out of packet text`);
      check(!harm.bidi, 'a direction override reached the page');
    },
  },
  {
    name: 'the page holds no inline script or style and lives under the strict policy',
    async run({ page, server }) {
      const answer = await page.request.get(server.address.split('#')[0]);
      const policy = answer.headers()['content-security-policy'] ?? '';
      check(policy.includes("default-src 'none'") && !policy.includes('unsafe'), `the policy is "${policy}"`);
      const html = await answer.text();
      check(!/<style|style=|<script>(?!<)|\son\w+=/.test(html), 'the document carries inline parts');
      check(!/https?:\/\//.test(html), 'the document names another host');
    },
  },
];
