#!/usr/bin/env node
// Runs every browser test, or those whose "file: name" holds one of the given words: tests/e2e/run [word…].
// Files whose name begins with real_ are shown the real program (build/release/sp3ctra, or $SP3CTRA_PROGRAM); all others the
// mock server, or BASE=http://127.0.0.1:PORT/#token=… . What the page or the program is built from is built first when it
// is newer. A test that fails is run a second time; passing only then is said. A file that exports `own_network = true` runs in a network namespace of its own, where nothing leaves.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = here + '../../';
const web = root + 'web/';
const kLimit_ms = 60_000;
const kPause_ms = 2_000;
const inside = process.argv[2] === '--inside';
const wanted = process.argv.slice(inside ? 3 : 2);
const total = { passed: 0, failed: 0, skipped: 0 };

function end() {
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exit(total.failed > 0 ? 1 : 0);
}
function give_up(words) {
  console.log(words);
  total.failed += 1;
  end();
}

/** True when a file under web/ is newer than the built page. */
function page_is_stale() {
  const built = statSync(web + 'dist/index.html', { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newest = (folder) =>
    readdirSync(folder, { withFileTypes: true }).reduce((most, entry) => {
      if (['node_modules', 'dist', 'mock'].includes(entry.name)) return most;
      const path = `${folder}/${entry.name}`;
      return Math.max(most, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
    }, 0);
  return newest(web.slice(0, -1)) > built;
}

const names = readdirSync(here).filter((name) => name.endsWith('_test.mjs')).sort();
if (!existsSync(web + 'node_modules/playwright-core')) give_up('run `npm ci` in web/ first');
const files = [];
for (const name of names) {
  const { tests, own_network = false } = await import('./' + name);
  const chosen = tests
    .map((test) => ({ ...test, full_name: `${name.replace('_test.mjs', '')}: ${test.name}` }))
    .filter((test) => wanted.length === 0 || wanted.some((word) => test.full_name.includes(word)));
  if (chosen.length > 0 && inside === own_network) files.push({ name, tests: chosen, real: name.startsWith('real_') });
  else if (chosen.length > 0 && own_network) files.push({ name, tests: chosen, elsewhere: true });
}
// A link instead of a build folder belongs to whoever made it, and so does what lies behind it.
const built_elsewhere = process.env.SP3CTRA_PROGRAM || lstatSync(root + 'build/release', { throwIfNoEntry: false })?.isSymbolicLink();
const needs_program = !inside && files.some((file) => file.real || file.elsewhere);
try {
  if (needs_program && !built_elsewhere) execFileSync(root + 'tools/build_program', { stdio: ['ignore', 'ignore', 'inherit'] });
  else if (!inside && !process.env.BASE && page_is_stale()) execFileSync('npm', ['run', '--silent', 'build'], { cwd: web, stdio: 'ignore' });
} catch (problem) {
  give_up(`the build failed: ${problem.message}`);
}

const { open_browser, start_server, watched_page, enter } = await import('./browser.mjs');
const { start_real } = await import('./real.mjs');

/** A browser on a busy machine may be late once. What fails is shown and run a second time; passing then is said, never hidden. */
async function run_test(browser, file, test) {
  const words = await attempt(browser, file, test);
  if (words === null) return;
  console.log(`FAIL  ${test.full_name}: ${words}`);
  // Where a feature is switched off on purpose the second failure would only cost time.
  const is_last = Boolean(process.env.SP3CTRA_E2E_WAIT_MS);
  if (!is_last) await new Promise((done) => setTimeout(done, kPause_ms));
  const again = is_last ? words : await attempt(browser, file, test);
  if (again === null) {
    console.log(`UNSTEADY: ${test.full_name}: failed first: ${words.split('\n')[0]}`);
    return;
  }
  if (!is_last) console.log(`FAIL  ${test.full_name}: the second time: ${again}`);
  total.failed += 1;
}

/** Runs a test once; answers null, or why it failed. */
async function attempt(browser, file, test) {
  const started = Date.now();
  let server;
  let visit;
  let timer;
  try {
    const skip = await test.skip?.();
    if (skip) {
      total.skipped += 1;
      console.log(`SKIP: ${test.full_name}: ${skip}`);
      return null;
    }
    server = file.real ? await start_real(typeof test.serve === 'function' ? test.serve() : test.serve) : await start_server(...(test.flags ?? []));
    visit = await watched_page(browser, test.page ?? {});
    const { page, context, messages } = visit;
    if (!test.cold) await enter(page, server.address);
    const limit_ms = test.limit_ms ?? kLimit_ms;
    const late = new Promise((_, no) => (timer = setTimeout(() => no(new Error(`took longer than ${limit_ms / 1000} s`)), limit_ms)));
    const note = await Promise.race([test.run({ page, context, server, browser, messages }), late]);
    if (messages.length > 0) throw new Error('the console must stay silent');
    total.passed += 1;
    console.log(`pass  ${test.full_name} (${Date.now() - started} ms)${note ? ` ${note}` : ''}`);
    return null;
  } catch (problem) {
    const said = visit?.messages.length > 0 ? `\n  console: ${visit.messages.join('\n  ')}` : '';
    return `${problem.message ?? problem}${said}`;
  } finally {
    clearTimeout(timer);
    await visit?.context.close().catch(() => {});
    await server?.end();
  }
}

async function run_here(chosen) {
  if (chosen.length === 0) return;
  const browser = await open_browser();
  for (const file of chosen) {
    for (const test of file.tests) {
      if (process.env.BASE && test.needs_mock) {
        total.skipped += 1;
        console.log(`SKIP: ${test.full_name}: needs the mock: ${test.needs_mock}`);
      } else {
        await run_test(browser, file, test);
      }
    }
  }
  await browser.close();
}

/** The same program again where there is only a loopback device. */
async function run_elsewhere() {
  const network = process.getuid() === 0 ? ['-n'] : ['-r', '-n'];
  if (spawnSync('unshare', [...network, 'ip', 'link', 'set', 'lo', 'up']).status !== 0) {
    console.log('SKIP: live: this system gives no network namespace');
    total.skipped += 1;
    return;
  }
  const command = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, here + 'run.mjs', '--inside', ...wanted];
  const child = spawn('unshare', [...network, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  const code = await new Promise((done) => child.once('close', done));
  const sum = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(text);
  process.stdout.write(sum ? text.replace(sum[0] + '\n', '') : text);
  const [passed, failed, skipped] = sum ? sum.slice(1).map(Number) : [0, 1, 0];
  total.passed += passed;
  total.failed += failed === 0 && code !== 0 ? 1 : failed;
  total.skipped += skipped;
}

await run_here(files.filter((file) => !file.elsewhere));
if (files.some((file) => file.elsewhere)) await run_elsewhere();
if (total.passed + total.failed + total.skipped === 0) give_up(`no test is called ${wanted.join(' or ')}`);
end();
