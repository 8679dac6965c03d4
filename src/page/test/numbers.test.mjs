// What the page shows is what EdgeAndLevel and WhenEdgePays count on this machine: a page of traces
// that were recorded just before these programs were run.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { counts, FRESH, launch, open } from './browser.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test('the numbers are those of EdgeAndLevel', async () => {
  const said = fs.readFileSync('target/page/edge-and-level.txt', 'utf8');
  const row = (name) => new RegExp(`^${name} +(.*)$`, 'm').exec(said)[1].replace('(!)', '').trim().split(/ +/);
  const ways = ['LEVEL', 'EDGE_ONCE', 'EDGE_EAGAIN', 'ONESHOT'];
  assert.deepEqual(row(''), ['LEVEL', 'EDGE', 'EDGE', 'ONESHOT'], 'its columns');
  const page = await open(browser, FRESH);
  await page.selectOption('#pattern', 'example');
  await page.selectOption('#buffer', '4');
  const names = { reported: 'reports', reads: 'reads', 'bytes read': 'read', 'left behind': 'unread' };
  for (const [theirs, ours] of Object.entries(names)) {
    const shown = await Promise.all(ways.map(async (way) => (await counts(page, way))[ours]));
    assert.deepEqual(shown, row(theirs).map(Number), theirs);
  }
  await page.context().close();
});

// They count many requests, and say the mean: a request that the kernel cuts in two, on a machine
// with much else to do, is a fraction there.
test('the numbers are those of WhenEdgePays', async () => {
  const tables = fs.readFileSync('target/page/when-edge-pays.txt', 'utf8').split(/\n\n(?=\d+ \w+)/).slice(1);
  const patterns = ['small', 'upload', 'download'];
  assert.equal(tables.length, patterns.length);
  const page = await open(browser, FRESH);
  await page.check('[name=scene][value=requests]');
  for (const [i, pattern] of patterns.entries()) {
    await page.selectOption('#pattern', pattern);
    const rows = tables[i].split('\n').filter((line) => /^\| [A-Z]+: /.test(line)).map((line) => line.split('|').slice(2, 6).map((cell) => Math.round(Number(cell))));
    const ways = ['LEVEL', 'LEVEL_SHORT', 'EDGE_EAGAIN', 'EDGE_SHORT'];
    assert.equal(rows.length, ways.length);
    for (const [j, way] of ways.entries()) {
      const { polls, reads, writes = 0, modifies } = await counts(page, way); // the column may be left out
      assert.deepEqual([polls, reads, writes, modifies], rows[j], `${pattern}, ${way}`);
    }
  }
  await page.context().close();
});
