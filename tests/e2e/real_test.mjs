// The page in front of the real program: what a user does with a capture, checked against tshark.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, numbers, settled_box, until_loaded } from './browser.mjs';
import { call, capture, first_rows, kDemo, kFolder, open_named, packet_count, packets_of, pick, read_to_end, set_filter, tshark } from './real.mjs';

const needs_tshark = () => {
  try {
    tshark('--version');
    return '';
  } catch {
    return 'tshark is not installed';
  }
};

async function start_demo(page) {
  // Without the right to capture the page opens on the demo.
  await page.waitForFunction(() => document.querySelector('.listgrid') || [...document.querySelectorAll('button:enabled')].some((b) => b.textContent.trim() === 'Start demo'));
  if ((await page.locator('.listgrid').count()) === 0) await page.getByRole('button', { name: 'Start demo' }).click();
  await first_rows(page);
}
const settled = (page) => page.waitForFunction(() => /\d ms$/.test(document.querySelector('.read .count')?.textContent.trim() ?? ''));
async function shown_count(page) {
  const text = await page.locator('.read .count').innerText();
  return Number(text.trim().split(' ')[0].replaceAll(',', ''));
}
const cells = (page, column) =>
  page.evaluate(
    (c) =>
      [...document.querySelectorAll('.rowpane .gr')]
        .filter((row) => !row.hidden)
        .sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top))
        .map((row) => row.querySelector(`.c-${c}`).textContent),
    column,
  );

/** Exports through the dialog; the bytes of the downloaded file. */
async function exported(page, choice, format = 'pcapng') {
  await page.locator('#packet-rows').focus();
  await page.keyboard.press('e');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(choice).check();
  await dialog.getByRole('radio', { name: format, exact: true }).click();
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  const save = page.getByRole('button', { name: 'Save the file' });
  await save.waitFor({ timeout: 20_000 });
  const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
  check(download.suggestedFilename().endsWith(`.${format}`), `the file is called ${download.suggestedFilename()}`);
  const path = join(kFolder, `export-${Math.random().toString(36).slice(2)}`);
  await download.saveAs(path);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  return path;
}
/** Fails unless both hold the same packets with the same times and bytes. */
function same_packets(path, wanted, what) {
  const got = packets_of(path);
  check(packet_count(got) === packet_count(wanted), `${what}: ${packet_count(got)} packets instead of ${packet_count(wanted)}`);
  check(got.equals(wanted), `${what}: the packets differ from those of the original`);
}

export const tests = [
  {
    name: 'the printed address lets in and the demo opens',
    cold: true,
    async run({ page, server }) {
      await page.goto(server.address.split('#')[0]);
      await page.getByRole('heading', { name: 'How to get in' }).waitFor();
      await page.goto(server.address);
      await page.waitForSelector('.app');
      await start_demo(page);
      await until_loaded(page);
      const list = await numbers(page);
      check(list[0] === 1 && list.length > 10 && list.every((n, i) => n === i + 1), `the rows are ${list.slice(0, 5)}…`);
      await read_to_end(page);
      await page.waitForFunction(() => document.querySelector('.read .count').textContent.startsWith('2,995'));
    },
  },
  {
    name: 'the rows say what tshark says: times, addresses, ports, lengths',
    skip: needs_tshark,
    async run({ page }) {
      await start_demo(page);
      await until_loaded(page);
      await page.getByRole('button', { name: 'Columns and times' }).click();
      await page.getByLabel('From port', { exact: true }).check();
      await page.getByLabel('To port', { exact: true }).check();
      await page.locator('.columns-menu select').first().selectOption('epoch');
      await page.keyboard.press('Escape');
      await set_filter(page, 'tcp or udp');
      await settled(page);
      await until_loaded(page);
      const fields = ['frame.number', 'frame.time_epoch', 'ip.src', 'ip.dst', 'tcp.srcport', 'udp.srcport', 'tcp.dstport', 'udp.dstport', 'frame.len'];
      const lines = tshark('-r', kDemo, '-Y', '(tcp or udp) and ip and !icmp', '-T', 'fields', ...fields.flatMap((f) => ['-e', f])).map((line) => line.split('\t'));
      const by_number = new Map(lines.map((line) => [line[0], line]));
      const columns = {};
      for (const c of ['number', 'time', 'source', 'target', 'source_port', 'target_port', 'length']) columns[c] = await cells(page, c);
      let compared = 0;
      columns.number.forEach((n, i) => {
        const line = by_number.get(n.replaceAll(',', ''));
        if (!line) return;
        compared += 1;
        const row = [columns.time[i].slice(0, 17), columns.source[i], columns.target[i], columns.source_port[i], columns.target_port[i], columns.length[i].replaceAll(',', '')];
        const want = [line[1].slice(0, 17), line[2], line[3], line[4] || line[5], line[6] || line[7], line[8]];
        check(row.join(' ') === want.join(' '), `packet ${n} shows ${row.join(' ')}, tshark ${want.join(' ')}`);
      });
      check(compared > 10, `only ${compared} rows were compared`);
      const plain = await page.evaluate(() =>
        [...document.querySelectorAll('.rowpane .gr')]
          .filter((row) => !row.hidden)
          .filter((row) => !row.querySelector('.c-info').textContent || !row.querySelector('.proto').textContent || !row.querySelector('.proto path')?.getAttribute('d') || !/^proto \w+$/.test(row.querySelector('.proto').className) || / none$/.test(row.querySelector('.proto').className)).length);
      check(plain === 0, `${plain} rows lack the protocol's colour, icon or text, or their line of words`);
    },
  },
  {
    name: 'packets that are not IP show their MAC addresses',
    skip: needs_tshark,
    async run({ page }) {
      await start_demo(page);
      await set_filter(page, 'arp');
      await settled(page);
      await until_loaded(page);
      const want = tshark('-r', kDemo, '-Y', 'arp', '-T', 'fields', '-e', 'eth.src', '-e', 'eth.dst').map((line) => line.split('\t'));
      const from = await cells(page, 'source');
      const to = await cells(page, 'target');
      check(from.length > 5, 'there are no rows');
      from.forEach((mac, i) => check(mac === want[i][0] && to[i] === want[i][1], `row ${i} shows ${mac} → ${to[i]}, not ${want[i].join(' → ')}`));
      check((await shown_count(page)) === want.length, 'the count differs from that of tshark');
    },
  },
  {
    name: 'ten packets clicked: tree, bytes and plain words with evidence',
    skip: needs_tshark,
    async run({ page }) {
      await start_demo(page);
      await set_filter(page, 'dns or http or tls or arp or icmp');
      await settled(page);
      await until_loaded(page);
      let evidence = 0;
      const open_row = async (i) => {
        const row = page.locator('.rowpane .gr:not([hidden])').nth(i);
        const number = await row.locator('.c-number').innerText();
        await row.click();
        await page.waitForFunction((n) => document.querySelector('.insp .title')?.textContent === `#${n}` && document.querySelector(`.words[data-number="${n.replaceAll(',', '')}"] .lead`)?.textContent, number);
        return number;
      };
      for (let i = 0; i < 10; i++) {
        const number = await open_row(i);
        check((await page.locator('.fr').count()) >= 3, `packet ${number} has no tree`);
        check((await page.locator('.words .lead').innerText()).length > 10, `nothing is said about packet ${number}`);
        const hex = tshark('-r', kDemo, '-Y', `frame.number==${number.replaceAll(',', '')}`, '-T', 'jsonraw').join('\n');
        const original = /"frame_raw":\s*\[\s*"([0-9a-f]+)"/.exec(hex)?.[1] ?? 'none';
        // The list of bytes draws what is on screen; a short packet all of it.
        await page.waitForFunction(
          (whole) => {
            const shown = [...document.querySelectorAll('.hx .h i[data-at]')].map((e) => e.textContent).join('');
            return whole.startsWith(shown) && shown.length >= Math.min(whole.length, 64);
          },
          original,
          { timeout: 3000 },
        ).catch(() => check(false, `the bytes of packet ${number} are not those of the file`));
        evidence += await page.locator('.words .ev').count();
      }
      check(evidence > 0, 'no sentence leads to a packet');
      const before = await page.locator('.insp .title').innerText();
      for (let i = 0; i < 10; i++) {
        await open_row(i);
        if ((await page.locator('.words .ev').count()) > 0) break;
      }
      const there = page.locator('.words .ev').first();
      const target = await there.innerText();
      await there.click();
      await page.waitForFunction((t) => document.querySelector('.insp .title')?.textContent === t, target);
      return `${evidence} links, last ${before}`;
    },
  },
  {
    name: 'filters count what tshark counts; a wrong one says where',
    skip: needs_tshark,
    async run({ page }) {
      await start_demo(page);
      await read_to_end(page);
      const index_answers = ['dns', 'tcp.port == 443', 'ip.addr == 192.168.1.0/24 and not tcp', 'tcp.flags.syn == 1 and tcp.flags.ack == 0', 'frame.len in {42, 60..80}', 'icmp or arp'];
      const packets_answer = ['http.host contains "a"', 'ip.ttl >= 64 and udp.length < 60', 'ip.ttl < 64', 'udp.length in {40, 60..80}', 'udp.length <= 50', 'udp.length > 100', 'dns and not dns.flags.response == 1', 'http.host or dns.flags.response == 1', 'dns.a'];
      for (const filter of [...index_answers, ...packets_answer]) {
        await set_filter(page, filter);
        await settled(page);
        const want = tshark('-r', kDemo, '-Y', filter.replaceAll(', ', ','), '-T', 'fields', '-e', 'frame.number').length;
        check(want > 0 && want < 2995, `${filter} proves nothing: ${want} rows`);
        check((await shown_count(page)) === want, `${filter}: ${await shown_count(page)} rows, tshark ${want}`);
      }
      const before = await shown_count(page);
      await page.locator('#filter').fill('dns and ip.addr = 10.0.0.1');
      await page.keyboard.press('Enter');
      await page.locator('.read .problem').waitFor();
      check(/^Character 17:/.test((await page.locator('.read .problem').innerText()).trim()), 'the place of the mistake is not said');
      check((await shown_count(page)) === before, 'the wrong filter changed the list');
    },
  },
  {
    name: 'find text and bytes, jump to a number and a time, walk the conversation, all as tshark has it',
    skip: needs_tshark,
    async run({ page }) {
      await start_demo(page);
      await read_to_end(page);
      const title = () => page.locator('.insp .title').innerText();
      const until = (n) => page.waitForFunction((t) => document.querySelector('.insp .title')?.textContent.replaceAll(',', '') === `#${t}`, n);
      const field = (filter, name) => tshark('-r', kDemo, '-Y', filter, '-T', 'fields', '-e', name);
      await page.keyboard.press('Control+f');
      const look_for = async (kind, what) => {
        await page.getByRole('radio', { name: kind, exact: true }).click();
        await page.locator('#find').fill(what);
        await page.keyboard.press('Enter');
      };
      await look_for('Text', 'user-agent');
      await until(field('frame matches "(?i)user-agent"', 'frame.number')[0]);
      await look_for('Bytes', '47 45 54 20');
      const gets = field('frame contains "GET "', 'frame.number');
      await until(gets.find((n) => Number(n) > Number(field('frame matches "(?i)user-agent"', 'frame.number')[0])));
      await look_for('Number', '1234');
      await until('1234');
      const [ns] = field('frame.number == 2000', 'frame.time_epoch');
      const clock = new Date(Math.floor(Number(ns)) * 1000);
      const pad = (n) => String(n).padStart(2, '0');
      const day = `${clock.getFullYear()}-${pad(clock.getMonth() + 1)}-${pad(clock.getDate())} ${pad(clock.getHours())}:${pad(clock.getMinutes())}:${pad(clock.getSeconds())}.${ns.split('.')[1]}`;
      await look_for('Time', day);
      await until('2000');
      const [stream] = field('frame.number == 1234', 'tcp.stream');
      if (stream) {
        const all = field(`tcp.stream == ${stream}`, 'frame.number');
        await look_for('Number', all[0]);
        await until(all[0]);
        await page.locator('#packet-rows').focus();
        for (const n of all.slice(1, 4)) {
          await page.keyboard.press(']');
          await until(n);
        }
        await page.keyboard.press('[');
        await until(all[Math.min(2, all.length - 2)]);
      }
      check((await title()) !== '', 'no packet is open');
    },
  },
  {
    name: 'export all, filtered, marked and a time window: tshark finds the same packets',
    skip: needs_tshark,
    serve: () => ({ files: [kDemo] }),
    async run({ page }) {
      await open_named(page, 'demo');
      await read_to_end(page);
      same_packets(await exported(page, 'All packets'), packets_of(kDemo), 'all');
      same_packets(await exported(page, 'All packets', 'pcap'), packets_of(kDemo), 'all as pcap');
      await set_filter(page, 'dns or tcp.port == 443');
      await settled(page);
      same_packets(await exported(page, 'What the filter shows'), packets_of(kDemo, 'dns or tcp.port == 443'), 'filtered');
      await page.getByRole('button', { name: 'Clear filter' }).click();
      // The rows of the filter stay on screen until those of the whole capture are there.
      await page.waitForFunction(() => document.querySelectorAll('.rowpane .gr')[2].querySelector('.c-number').textContent === '3');
      await page.locator('.rowpane .gr').nth(2).click();
      await page.keyboard.press('x');
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('x');
      await page.locator('.gr.kept-mark').nth(1).waitFor();
      same_packets(await exported(page, 'Marked packets'), packets_of(kDemo, 'frame.number in {3,5}'), 'marked');
      const box = await settled_box(page.locator('.time .plot'));
      await page.mouse.move(box.x + box.width * 0.3, box.y + 15);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, box.y + 15, { steps: 6 });
      await page.mouse.up();
      await page.waitForFunction(() => document.querySelector('.read .count').textContent.includes(' of '));
      await settled(page);
      const rows = await shown_count(page);
      const window_file = await exported(page, 'The chosen time window');
      const times = tshark('-r', window_file, '-T', 'fields', '-e', 'frame.time_epoch');
      check(times.length === rows && rows > 0, `the window shows ${rows} packets, its export has ${times.length}`);
      same_packets(window_file, packets_of(kDemo, `frame.time_epoch >= ${times[0]} and frame.time_epoch <= ${times.at(-1)}`), 'window');
    },
  },
  {
    name: 'an export keeps every block of a pcapng, also those nobody here knows',
    serve: () => ({ files: [capture('foreign.pcapng')] }),
    async run({ page }) {
      await open_named(page, 'foreign');
      await read_to_end(page);
      const { blocks_of } = await import('../lab/capture_bytes.mjs');
      const original = blocks_of(readFileSync(capture('foreign.pcapng')));
      const got = readFileSync(await exported(page, 'All packets'));
      check(got.equals(Buffer.concat(original.filter((b) => b.type !== 0x40000bad).map((b) => b.data))), 'the export differs from the original');
      await set_filter(page, 'udp.dstport == 53');
      await settled(page);
      const some = blocks_of(readFileSync(await exported(page, 'What the filter shows'))).map((b) => b.data.toString('hex'));
      for (const b of original) {
        const kept = some.includes(b.data.toString('hex'));
        if (![2, 3, 6].includes(b.type)) check(kept === (b.type !== 0x40000bad), `block ${b.type.toString(16)} ${kept ? 'was copied' : 'is lost'}`);
      }
      const packets = original.filter((b) => b.type === 6);
      check(packets.some((b) => !some.includes(b.data.toString('hex'))) && packets.some((b) => some.includes(b.data.toString('hex'))), 'the filter did not choose among the packets');
    },
  },
  {
    name: 'a picked file and a dropped file open',
    async run({ page }) {
      await pick(page, kDemo);
      await read_to_end(page);
      await page.waitForFunction(() => document.querySelector('.read .count').textContent.startsWith('2,995'));
      const bytes = [...readFileSync(capture('hostile.pcap'))];
      await page.evaluate((content) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(content)], 'dropped.pcap'));
        for (const type of ['dragover', 'drop']) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
      }, bytes);
      await page.waitForFunction(() => document.querySelector('.read .count')?.textContent.startsWith('27'));
      const { captures } = await call(page, 'GET', '/captures');
      check(captures.length === 2 && captures[0].name === 'dropped.pcap', `the captures are ${captures.map((c) => c.name).join(', ')}`);
    },
  },
  {
    name: 'an uploaded capture is kept over a restart, opened again and deleted from disk',
    async run({ page, server, context }) {
      const folder = join(server.data, 'captures');
      const kept = () => readdirSync(folder).filter((name) => !name.startsWith('.'));
      await pick(page, kDemo);
      await read_to_end(page);
      const before = kept();
      check(before.length > 0, `nothing lies in ${folder}`);
      await page.goto('about:blank');
      const later = await server.again();
      try {
        const anew = await context.newPage();
        await anew.goto(later.address);
        const row = anew.locator('.rec .gr', { hasText: 'demo.pcapng' }).filter({ hasNot: anew.locator('.tag') });
        await row.getByText('kept, not open').waitFor();
        await row.locator('.name').click();
        await first_rows(anew);
        const info = await read_to_end(anew);
        check(info.packets === 2995 && info.deletable === true, `it was opened as ${JSON.stringify(info)}`);
        await anew.getByRole('button', { name: 'Captures' }).first().click();
        await row.getByText('complete').waitFor();
        await row.getByRole('button', { name: 'Delete demo.pcapng' }).click();
        await anew.getByRole('button', { name: 'Delete the file' }).click();
        await anew.getByText('The capture and its file are deleted.').waitFor();
        await row.waitFor({ state: 'detached' });
        check(kept().length === 0, `there is still ${kept().join(', ')}`);
        const lists = await call(anew, 'GET', '/captures');
        check(lists.stored.length === 0 && !lists.captures.some((c) => !c.demo), 'the program still lists it');
        await anew.close();
      } finally {
        await later.end();
      }
    },
  },
  {
    name: 'a file opened from elsewhere is only closed',
    serve: () => ({ files: [capture('hostile.pcap')] }),
    async run({ page }) {
      const row = page.locator('.rec .gr', { hasText: 'hostile.pcap' });
      await row.getByRole('button', { name: 'Close hostile.pcap' }).click();
      await page.getByRole('button', { name: 'Close it' }).click();
      await page.locator('.notice', { hasText: 'Its file was opened from elsewhere and stays there.' }).waitFor();
      await row.waitFor({ state: 'detached' });
      check(readFileSync(capture('hostile.pcap')).length > 0, 'the file is gone');
    },
  },
  {
    name: 'a file that is no capture is refused in words',
    async run({ page }) {
      const path = join(kFolder, 'no-capture.pcap');
      writeFileSync(path, 'this is a letter, not a capture');
      await page.locator('input[type=file]').setInputFiles(path);
      await page.getByText(/^no-capture\.pcap: not a pcap/).first().waitFor();
    },
  },
  {
    name: 'a long reading is cancelled and what was read stays',
    serve: () => ({ files: [capture('large-3000000.pcap')] }),
    async run({ page }) {
      await page.locator('.rec .name', { hasText: 'large' }).click();
      await first_rows(page);
      const bar = page.locator('.bann.reading');
      await bar.filter({ hasText: / of .* packets · .*\/s · .* left/ }).waitFor();
      await bar.getByRole('button', { name: 'Cancel, keep what is read' }).click();
      await page.getByText('Reading was stopped by you at packet').first().waitFor();
      const info = await read_to_end(page);
      check(info.packets > 0 && info.packets < 3_000_000, `${info.packets} packets were read`);
      await page.waitForFunction((n) => Number(document.querySelector('.read .count').textContent.replace(/\D/g, '')) === n, info.packets);
      await page.keyboard.press('End');
      await page.waitForFunction((n) => [...document.querySelectorAll('.rowpane .c-number')].some((c) => c.textContent === n.toLocaleString('en-US')), info.packets);
      return `${info.packets} packets stayed`;
    },
  },
  {
    name: 'script in DNS names, HTTP headers and DHCP host names stays text everywhere',
    serve: () => ({ files: [capture('hostile.pcap')] }),
    async run({ page }) {
      const rendered = [];
      const look = async () => {
        const harm = await page.evaluate(() => ({
          ran: '__pwned' in window,
          nodes: [...document.querySelectorAll('#app script, #app img, #app iframe, #app object, #app svg[onload], #app [onerror], #app [onload]')].map((e) => e.outerHTML.slice(0, 80)),
          bidi: /[\u202a-\u202e\u2066-\u2069\u0007\u001b]/.test(document.body.textContent),
          text: document.body.textContent,
        }));
        check(!harm.ran, 'script from a packet ran');
        check(harm.nodes.length === 0, `nodes came out of packet text: ${harm.nodes.join(' ')}`);
        check(!harm.bidi, 'a control character or direction override reached the page');
        rendered.push(harm.text);
      };
      await open_named(page, 'hostile');
      await read_to_end(page);
      await until_loaded(page);
      await look();
      check(rendered[0].includes('<script>window.__pwned=1</script>'), 'the list does not show the script as text');
      const parts = { words: 0, tree: 0 };
      for (let n = 1; n <= 27; n++) {
        await page.locator('#packet-rows').focus();
        await page.keyboard.press(n === 1 ? 'Home' : 'j');
        await page.waitForFunction((t) => document.querySelector('.insp .title')?.textContent === `#${t}` && document.querySelector('.fr'), n);
        await page.locator('#field-tree').focus();
        await page.keyboard.press('Home');
        await page.keyboard.press('*');
        for (const line of await page.locator('.fr[aria-expanded="false"]').all()) {
          await line.click({ timeout: 200 }).catch(() => {});
          await page.keyboard.press('*');
        }
        await look();
        for (const part of ['words', 'tree'])
          if (/<script>|<img src|<svg onload/.test(await page.evaluate((p) => (p === 'words' ? document.querySelector('.pane.words') : document.getElementById('field-tree'))?.textContent ?? '', part))) parts[part] += 1;
      }
      check(parts.tree >= 12, `only ${parts.tree} trees show hostile text`);
      check(parts.words >= 4, `only ${parts.words} explanations show hostile text`);
      for (const start of ['dns.qry.name == "', 'http.host == ', 'dhcp.option.hostname == "<', '<script>', '"><svg onload=1>']) {
        await page.locator('#filter').fill('');
        await page.locator('#filter').pressSequentially(start, { delay: 5 });
        await page.waitForTimeout(150);
        await look();
        await page.keyboard.press('Enter');
        await page.waitForTimeout(150);
        await look();
      }
      await set_filter(page, 'dns.qry.name contains "<script>"');
      await settled(page);
      await look();
      check((await shown_count(page)) === 2, 'the filter with script in it does not find the packets');
    },
  },
];
