#!/usr/bin/env node
// Runs every browser test: tests/e2e/run [name…]. BASE=http://127.0.0.1:PORT/#token=… tests a real server, otherwise the mock.
import { readdirSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const web = here + '../../web/';
if (!existsSync(web + 'node_modules/playwright-core') || (!process.env.BASE && !existsSync(web + 'dist/index.html'))) {
  console.log('run `npm ci && npm run build` in web/ first');
  console.log('0 passed, 1 failed, 0 skipped');
  process.exit(1);
}
const { open_browser, start_server, watched_page, enter } = await import('./browser.mjs');
const wanted = process.argv.slice(2);
const files = readdirSync(here).filter((name) => name.endsWith('_test.mjs')).sort();
let passed = 0;
let failed = 0;
let skipped = 0;
const kLimit_ms = 60_000;

const browser = await open_browser();
for (const file of files) {
  const { tests } = await import('./' + file);
  for (const test of tests) {
    const name = `${file.replace('_test.mjs', '')}: ${test.name}`;
    if (wanted.length > 0 && !wanted.some((w) => name.includes(w))) continue;
    if (process.env.BASE && test.needs_mock) {
      skipped += 1;
      console.log(`skip  ${name} (needs the mock: ${test.needs_mock})`);
      continue;
    }
    const started = Date.now();
    const server = await start_server(...(test.flags ?? []));
    const { page, context, messages } = await watched_page(browser, test.page ?? {});
    let timer;
    try {
      if (!test.cold) await enter(page, server.address);
      const late = new Promise((_, no) => (timer = setTimeout(() => no(new Error('took longer than 60 s')), kLimit_ms)));
      const note = await Promise.race([test.run({ page, context, server, browser, messages }), late]);
      if (messages.length > 0) throw new Error(`the console must stay silent:\n  ${messages.join('\n  ')}`);
      passed += 1;
      console.log(`pass  ${name} (${Date.now() - started} ms)${note ? ` ${note}` : ''}`);
    } catch (problem) {
      failed += 1;
      console.log(`FAIL  ${name}: ${problem.message ?? problem}`);
      if (messages.length > 0) console.log(`  console: ${messages.join('\n  ')}`);
    } finally {
      clearTimeout(timer);
      await context.close().catch(() => {});
      server.end();
    }
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);
