import { check, kShots, open_capture } from './browser.mjs';

export const tests = [
  {
    name: 'the protocol distribution has a table twin that says the same as chart and legend, and a family in it filters',
    page: { viewport: { width: 1920, height: 1080 } },
    async run({ page, server }) {
      await open_capture(page, server);
      await page.getByRole('button', { name: 'Charts', exact: true }).click();
      await page.locator('.charts .legend .proto').first().waitFor();
      const said = await page.locator('.chart.mix').getAttribute('aria-label');
      const legend = await page.evaluate(() => [...document.querySelectorAll('.charts .legend .proto')].map((e) => e.innerText.split('\n').join(' ')));
      await page.getByRole('button', { name: 'Table', exact: true }).click();
      await page.locator('.chart-table tfoot th').waitFor();
      const table = await page.evaluate(() => {
        const names = [...document.querySelectorAll('.chart-table thead th')].map((e) => e.innerText.trim());
        const cells = [...document.querySelectorAll('.chart-table tfoot :is(th, td)')].map((e) => e.innerText.trim());
        return names.map((name, i) => `${name} ${cells[i]}`);
      });
      await page.screenshot({ path: `${kShots}charts-table-1920.png` });
      const families = table.slice(3);
      check(families.length > 3, `the table names ${families}`);
      check(families.toSorted().join() === legend.toSorted().join(), `the table says ${families}, the legend ${legend}`);
      check(said.split(': ')[1].split(', ').every((part) => families.includes(part)), `the chart says ${said}, the table ${families}`);
      check(/^Packets\/s [\d,]+$/.test(table[1]) && /^Bits\/s [\d.]+ \w+\/s$/.test(table[2]), `the means are missing: ${table}`);
      await page.locator('.chart-table').getByRole('button', { name: 'Encrypted' }).click();
      await page.waitForFunction(() => /tls/.test(document.getElementById('filter').value));
    },
  },
];
