// The page without JavaScript, on paper, in light and dark, and with damaged traces.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build } from '../build.mjs';
import { readScale } from '../scale.mjs';
import { readTrace } from '../trace.mjs';
import { launch, open, PAGE } from './browser.mjs';

const SCENES = ['one', 'requests', 'many'];
const text = (name) => fs.readFileSync(`docs/traces/${name}.json`, 'utf8');

let browser;
let scratch;
before(async () => {
  browser = await launch();
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'pollux-page-'));
});
after(async () => {
  await browser.close();
  fs.rmSync(scratch, { recursive: true });
});

function changed(from, to) {
  const page = fs.readFileSync(PAGE, 'utf8');
  assert.ok(page.includes(from), from);
  const file = path.join(scratch, 'changed.html');
  fs.writeFileSync(file, page.replaceAll(from, to));
  return file;
}

test('the page in the repository is the one that is made of its traces', () => {
  const page = fs.readFileSync(PAGE, 'utf8');
  const texts = Object.fromEntries(SCENES.map((name) => [name, text(name)]));
  const shown = JSON.parse(page.match(/id="data-scale">\s*(.*)\s*<\/script>/)[1]);
  assert.ok(page === build(texts, shown), 'docs/edge-and-level.html is not up to date: make page');
});

test('what was measured is read, and if it is newer than the page that is said', (t) => {
  const scale = readScale(fs.readFileSync('benchmarks/results/results.md', 'utf8'));
  if (!fs.readFileSync(PAGE, 'utf8').includes(scale.made)) t.diagnostic('benchmarks/results is newer than docs/edge-and-level.html: make page');
  assert.throws(() => readScale('# Measured\n'), /results.md is damaged: it has no chapter "Scale"/);
});

test('without JavaScript there are pictures and their text', async () => {
  const page = await open(browser, PAGE, { javaScriptEnabled: false });
  assert.equal(await page.locator('.live:visible').count(), 0);
  const pictures = page.locator('.still svg[role=img]:visible');
  assert.ok(await pictures.count() >= 5 + 6 + 10 + 1);
  assert.match(await page.locator('.still svg[role=img]').first().getAttribute('aria-label'), /^LEVEL: .* system calls/);
  assert.ok(await page.getByText('! lost: unread, and not reported again').isVisible());
  await page.locator('.still summary').first().click();
  assert.ok(await page.locator('.still td').getByText('4 left unread, and not reported again').first().isVisible());
  assert.match(await page.locator('section[aria-labelledby=scale-title] .still p').textContent(), /registered, 1 ready: select/);
  assert.deepEqual(page.requests.length, 1);
  await page.context().close();
});

test('on paper: no controls, no dark, nothing cut off', async () => {
  const page = await open(browser, PAGE, { colorScheme: 'dark' });
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(20, 24, 28)');
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
  assert.equal(await page.locator('button:visible, select:visible, input:visible').count(), 0);
  assert.equal(await page.locator('#lanes .lane-picture:visible').count(), 5);
  await page.setViewportSize({ width: 700, height: 900 }); // of a sheet
  const beyond = await page.locator('#lanes svg').evaluateAll((all) => all.filter((e) => e.getBoundingClientRect().right > innerWidth).length);
  assert.equal(beyond, 0);
  const pdf = await page.pdf({ format: 'A4' });
  assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
  await page.context().close();
});

test('light and dark: text stands out from what is behind it', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const page = await open(browser, PAGE, { colorScheme });
    for (const [ink, behind, least] of [['ink', 'page', 7], ['soft', 'page', 4.5], ['soft', 'panel', 4.5], ['lost', 'page', 4.5], ['lost', 'panel', 4.5],
      ['on', 'poll', 4.5], ['on', 'read', 4.5], ['on', 'write', 4.5], ['on', 'modify', 4.5], ['on', 'arrival', 4.5], ['ink', 'unread', 4.5], ['focus', 'page', 3]]) {
      const [a, b] = await page.evaluate((names) => names.map((name) => {
        const e = document.createElement('i');
        e.style.color = `var(--${name})`;
        document.body.append(e);
        const rgb = getComputedStyle(e).color.match(/\d+/g).slice(0, 3).map(Number);
        e.remove();
        return rgb;
      }), [ink, behind]);
      assert.ok(contrast(a, b) >= least, `${colorScheme}: ${ink} on ${behind} is ${contrast(a, b).toFixed(2)}`);
    }
    await page.context().close();
  }
});

/** As WCAG 2 has it. */
function contrast(a, b) {
  const light = (rgb) => {
    const [r, g, bl] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * bl;
  };
  const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
}

test('a damaged trace is named, and the others are shown', async () => {
  const page = await open(browser, changed('"a0:8",', '"a0:9",'));
  assert.match(await page.textContent('#alerts'), /one\.json is damaged: run 1 \(example, 2 bytes, LEVEL\): its "arrived" is 12, its steps have 13/);
  assert.equal(await page.getAttribute('#alerts', 'role'), 'alert');
  assert.deepEqual(await page.locator('[name=scene]').evaluateAll((all) => all.map((e) => e.value)), ['requests', 'many']);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test('if all are damaged the pictures remain', async () => {
  const page = await open(browser, changed('"format":"pollux timeline 1"', '"format":"pollux timeline 0"'));
  assert.equal(await page.locator('#alerts p').count(), 4);
  assert.match(await page.textContent('#alerts'), /many\.json is damaged: its format is not/);
  assert.ok(await page.locator('.still svg[role=img]').first().isVisible());
  assert.equal(await page.locator('#lanes:visible').count(), 0);
  await page.context().close();
});

test('a trace that is opened is shown, or said to be damaged', async () => {
  const page = await open(browser);
  const one = JSON.parse(text('one'));
  const open_ = (name, content) => page.setInputFiles('#file', { name, mimeType: 'application/json', buffer: Buffer.from(content) });
  await open_('half.json', text('one').slice(0, 1000));
  await page.getByText('half.json is damaged: it is no JSON').waitFor();
  assert.equal(await page.locator('.lane:not(.ruler):visible').count(), 5, 'what was there is still there');

  const level = { ...one, title: '<b>On</b> poll', missing: {} };
  for (const way of Object.keys(one.ways)) if (one.ways[way].startsWith('EDGE')) level.missing[way] = 'POLL has no EDGE';
  level.runs = one.runs.filter((run) => !(run.way in level.missing));
  await open_('level.json', JSON.stringify(level));
  await page.getByText('<b>On</b> poll').first().waitFor();
  assert.equal(await page.locator('.lane:not(.ruler):visible').count(), 2);
  assert.match(await page.textContent('#recorded'), /Not recorded: EDGE: reads until EAGAIN \(POLL has no EDGE\)/);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test('no page is made of a damaged trace', () => {
  const traces = path.join(scratch, 'traces');
  fs.cpSync('docs/traces', traces, { recursive: true });
  const page = path.join(scratch, 'made.html');
  const make = ['src/page/build.mjs', traces, 'benchmarks/results/results.md', page];
  execFileSync(process.execPath, make);
  fs.rmSync(page);
  fs.truncateSync(path.join(traces, 'many.json'), 5000);
  const made = spawnSync(process.execPath, make, { encoding: 'utf8' });
  assert.equal(made.status, 1);
  assert.match(made.stderr, /many\.json is damaged: it is no JSON .*no page is made\. Record the traces anew: make timeline/);
  assert.ok(!fs.existsSync(page));
});

test('each kind of damage is named', () => {
  const sound = text('one');
  readTrace(sound, 'one.json');
  for (const [from, to, what] of [
    ['"connections": 1', '"connections": "1"', /"connections"/],
    ['"scene": "one"', '"scene": 1', /"scene"/],
    ['"EDGE: reads until EAGAIN"', '5', /"ways"/],
    ['"way": "LEVEL"', '"way": "SIDE"', /way is not among the ways/],
    ['"pattern": "example"', '"pattern": "other"', /pattern is not among/],
    ['"p1 e0:R r0:2"', '"p2 e0:R r0:2"', /reports 2, and there are 1/],
    ['"p1 e0:R r0:2"', '"p1 e7:R r0:2"', /a connection that there is not/],
    ['"p1 e0:R r0:2"', '"p1 e0:R r0:x"', /is no event/],
    ['"p1 e0:R r0:2"', '"p1 e0:R r0:200"', /more is read than has arrived/],
    ['"calls": 14', '"calls": 13', /its "calls" is 13, its steps have 14/],
    ['"buffer": 2, "way": "LEVEL"', '"buffer": 2, "way": "ONESHOT"', /damaged/],
    ['"missing": {}', '"missing": {"LEVEL": "no"}', /it has 1 runs of example/],
    ['"runs": [', '"runs": [], "others": [', /it has no runs/],
  ]) {
    assert.ok(sound.includes(from), from);
    assert.throws(() => readTrace(sound.replace(from, to), 'one.json'), (e) => /^one.json is damaged: /.test(e.message) && what.test(e.message), to);
  }
  for (const junk of ['', 'null', '[]', '5', '{}']) assert.throws(() => readTrace(junk, 'x'), /x is damaged/);
});
