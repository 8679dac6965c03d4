// docs/edge-and-level.html in Chromium: what it shows, and every control by mouse and by keyboard.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { counts, launch, open, PAGE } from './browser.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const CONTROLS = ['theme', 'pattern', 'buffer', 'file', 'first', 'back', 'play', 'on', 'last', 'at', 'speed', 'out', 'fit', 'in', 'lanes', 'n', 'scene', 'share'];

const position = (page) => page.locator('#at').inputValue().then(Number);
const width = (page) => page.locator('#ruler svg').getAttribute('width').then(Number);
const scrolled = (page) => page.locator('#lanes').evaluate((lanes) => lanes.scrollLeft);
const boxOf = (page, selector) => page.locator(selector).first().boundingBox();

async function steps(page, from, action, to) {
  assert.equal(await position(page), from);
  await action();
  assert.equal(await position(page), to);
}

test('loads from disk, asks for nothing else, and says nothing on the console', async () => {
  const page = await open(browser);
  await page.check('[name=scene][value=many]');
  await page.check('[name=scene][value=requests]');
  assert.deepEqual(page.requests, [pathToFileURL(PAGE).href]);
  assert.deepEqual(page.errors, []);
  assert.equal(await page.locator('.lane:not(.ruler):visible').count(), 6);
  await page.context().close();
});

test('a request would be noticed', async () => {
  const page = await open(browser);
  await page.evaluate(() => new Promise((done) => {
    const image = new Image();
    image.onerror = image.onload = done;
    image.src = 'other.png';
  }));
  assert.ok(page.requests.length > 1 || page.errors.length > 0, 'neither asked for nor refused');
  await page.context().close();
});

test('500 connections are drawn', async (t) => {
  const page = await open(browser);
  const millis = await page.evaluate(() => new Promise((done) => {
    const began = performance.now();
    document.querySelector('[name=scene][value=many]').click();
    document.body.getBoundingClientRect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
  }));
  t.diagnostic(`500 connections in 5 ways are drawn in ${Math.round(millis)} ms`);
  assert.equal(await page.locator('#grids .grid').count(), 5);
  assert.equal(await page.locator('#grids .grid').first().locator('svg > *').count(), 500);
  await page.selectOption('#pattern', 'tenth');
  const lost = page.locator('#grids .grid').last().locator('.lost-cell');
  assert.ok(await lost.count() > 0);
  assert.equal(await lost.locator('path').count(), await lost.count(), 'crossed out, whatever the colour');
  assert.equal(await page.locator('#grids .grid').first().locator('.lost-cell, .unread-cell').count(), 0);
  await page.locator('#lanes').press('Home');
  assert.equal(await page.locator('#grids .quiet').count(), 2500);
  await page.context().close();
});

test('no control is left out here', async () => {
  const page = await open(browser);
  const ids = await page.locator('button, select, input, [tabindex]').evaluateAll((all) => all.filter((e) => e.closest('.still') === null).map((e) => e.id || e.name));
  assert.deepEqual([...new Set(ids)].sort(), [...CONTROLS].sort());
  await page.context().close();
});

test('every control has a name, every picture its words, every table a caption', async () => {
  const page = await open(browser);
  await page.check('[name=scene][value=many]');
  const nameless = await page.evaluate(() => [
    ...[...document.querySelectorAll('button, select, input')].filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels && e.labels[0] && e.labels[0].textContent.trim()))),
    ...[...document.querySelectorAll('svg')].filter((e) => !e.closest('[aria-hidden]') && !(e.getAttribute('role') === 'img' && e.getAttribute('aria-label'))),
    ...[...document.querySelectorAll('table')].filter((e) => !e.caption || !e.caption.textContent),
  ].map((e) => e.outerHTML.slice(0, 100)));
  assert.deepEqual(nameless, []);
  await page.context().close();
});

test('by mouse: steps, play, speed, position', async () => {
  const page = await open(browser);
  await steps(page, 13, () => page.click('#first'), 0);
  assert.ok(await page.locator('#back').isDisabled());
  await steps(page, 0, () => page.click('#on'), 1);
  await steps(page, 1, () => page.click('#on'), 2);
  assert.match(await page.textContent('#step'), /^Step 2\. LEVEL: one read for each report: poll reports READ, 8 unread\./);
  await steps(page, 2, () => page.click('#back'), 1);
  await steps(page, 1, () => page.click('#last'), 13);
  await page.clock.install(); // so that it plays as fast as it is told to, on any machine
  for (const [speed, millis] of [['4', 175], ['1', 700], ['0.5', 1400]]) {
    await page.selectOption('#speed', speed);
    await page.click('#first');
    await page.click('#play');
    await page.clock.runFor(3 * millis + 10);
    assert.equal(await position(page), 3, speed);
    assert.equal(await page.textContent('#play'), 'Pause');
    await page.click('#play');
    assert.equal(await page.textContent('#play'), 'Play');
    await page.clock.runFor(10 * millis);
    assert.equal(await position(page), 3, 'paused');
  }
  await page.click('#play');
  await page.clock.runFor(60_000);
  assert.equal(await position(page), 13);
  assert.equal(await page.textContent('#play'), 'Play', 'it is at its end');
  await page.click('#play'); // from the beginning
  assert.equal(await position(page), 0);
  await page.click('#play');
  const slider = await boxOf(page, '#at');
  await page.mouse.click(slider.x + 2, slider.y + slider.height / 2);
  assert.equal(await position(page), 0);
  await page.context().close();
});

test('by mouse: zoom, drag, wheel, click', async () => {
  const page = await open(browser);
  const fitting = await width(page);
  await page.click('#in');
  await page.click('#in');
  await page.click('#in');
  const wide = await width(page);
  assert.ok(wide > fitting, `${wide} > ${fitting}`);
  await page.click('#out');
  assert.ok(await width(page) < wide);
  await page.click('#in');

  const lanes = await boxOf(page, '#lanes');
  const y = lanes.y + 80;
  const before = await scrolled(page);
  const drag = async (fromX, toX, atY) => {
    await page.mouse.move(fromX, atY);
    await page.mouse.down();
    await page.mouse.move((fromX + toX) / 2, atY);
    await page.mouse.move(toX, atY);
    await page.mouse.up();
  };
  await drag(lanes.x + 500, lanes.x + 650, y); // to the right: what is further left comes
  assert.ok(await scrolled(page) < before, `${await scrolled(page)} < ${before}`);
  assert.equal(await position(page), 13, 'no click');

  await page.keyboard.down('Control');
  await page.mouse.wheel(0, 100);
  await page.keyboard.up('Control');
  await page.waitForFunction((w) => Number(document.querySelector('#ruler svg').getAttribute('width')) < w, wide);

  await page.click('#fit');
  const column = (await width(page)) / 13;
  const ruler = await boxOf(page, '#ruler');
  await page.mouse.click(ruler.x + 2.5 * column, y);
  assert.equal(await position(page), 3);
  await drag(ruler.x + 3 * column, ruler.x + 6 * column, ruler.y + 10);
  assert.equal(await position(page), 6);
  await page.context().close();
});

test('by keyboard: all is reached by Tab, and the lanes are worked', async () => {
  const page = await open(browser);
  await page.locator('#lanes').press('Home');
  await page.keyboard.press('ArrowRight'); // so that no button is disabled
  await page.evaluate(() => document.activeElement.blur());
  const reached = new Set();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    reached.add(await page.evaluate(() => document.activeElement.id || document.activeElement.name || ''));
  }
  for (const control of CONTROLS) assert.ok(reached.has(control), `${control} is not reached: ${[...reached]}`);

  const lanes = page.locator('#lanes');
  await steps(page, 1, () => lanes.press('ArrowRight'), 2);
  await steps(page, 2, () => lanes.press('ArrowLeft'), 1);
  await steps(page, 1, () => lanes.press('End'), 13);
  await steps(page, 13, () => lanes.press('Home'), 0);
  const fitting = await width(page);
  for (let i = 0; i < 3; i++) await lanes.press('+');
  const wide = await width(page);
  assert.ok(wide > fitting);
  await lanes.press('Shift+ArrowRight');
  await page.waitForFunction(() => document.getElementById('lanes').scrollLeft > 0);
  await lanes.press('Shift+ArrowLeft');
  await page.waitForFunction(() => document.getElementById('lanes').scrollLeft === 0);
  await lanes.press('-');
  assert.ok(await width(page) < wide);
  await lanes.press('0');
  await page.clock.install();
  await steps(page, 0, async () => {
    await lanes.press(' ');
    await page.clock.runFor(710);
  }, 1);
  await lanes.press(' ');
  assert.equal(await page.textContent('#play'), 'Play');
  await page.context().close();
});

test('by keyboard: buttons, sliders and choices', async () => {
  const page = await open(browser);
  await page.focus('#first');
  await steps(page, 13, () => page.keyboard.press('Enter'), 0);
  await page.focus('#on');
  await steps(page, 0, () => page.keyboard.press('Space'), 1);
  await page.focus('#back');
  await steps(page, 1, () => page.keyboard.press('Enter'), 0);
  await page.focus('#last');
  await steps(page, 0, () => page.keyboard.press('Enter'), 13);
  await page.focus('#at');
  await steps(page, 13, () => page.keyboard.press('ArrowLeft'), 12);
  await page.focus('#play');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.getElementById('at').value === '13');
  const fitting = await width(page);
  await page.focus('#in');
  await page.keyboard.press('Enter');
  assert.ok(await width(page) > fitting);
  await page.focus('#out');
  await page.keyboard.press('Enter');
  await page.focus('#fit');
  await page.keyboard.press('Enter');
  await page.focus('#speed');
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.inputValue('#speed'), '2');
  await page.focus('#buffer');
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.inputValue('#buffer'), '8');
  await page.focus('#pattern');
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.inputValue('#pattern'), 'small');
  assert.equal(await page.inputValue('#buffer'), '8', 'is kept');
  await page.focus('[name=scene]:checked');
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.locator('[name=scene]:checked').inputValue(), 'requests');
  await page.focus('[name=share]:checked');
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.locator('[name=share]:checked').inputValue(), 'percent');
  const dark = () => page.evaluate(() => document.documentElement.dataset.theme);
  await page.focus('#theme');
  await page.keyboard.press('Enter');
  assert.equal(await dark(), 'dark');
  await page.keyboard.press('Enter');
  assert.equal(await dark(), 'light');
  await page.context().close();
});

test('arrivals and read buffer are chosen, and the calls of each way are counted', async () => {
  const page = await open(browser);
  const trace = JSON.parse(fs.readFileSync('docs/traces/one.json', 'utf8'));
  for (const run of trace.runs) {
    if (run.way === 'LEVEL') {
      await page.selectOption('#pattern', run.pattern);
      await page.selectOption('#buffer', String(run.buffer));
    }
    const shown = await counts(page, run.way);
    assert.deepEqual(Object.keys(shown), ['polls', 'reports', 'reads', 'modifies', 'calls', 'arrived', 'read', 'unread']);
    for (const [name, value] of Object.entries(shown)) {
      assert.equal(value, run.counts[name], `${run.pattern}, ${run.buffer}, ${run.way}: ${name}`);
    }
    const lost = page.locator(`.lane[data-way="${run.way}"] .lost-text`);
    assert.equal(await lost.count() > 0, run.counts.unread > 0 || run.steps.some((s, i) => s === 'p0' && unreadAt(run, i) > 0));
  }
  await page.context().close();
});

function unreadAt(run, step) {
  let unread = 0;
  for (const event of run.steps.slice(0, step + 1).join(' ').split(' ')) {
    const [kind, bytes] = [event[0], Number(event.split(':')[1])];
    if (kind === 'a') unread += bytes;
    if (kind === 'r') unread -= bytes;
  }
  return unread;
}

test('the lost bytes are told without colour: hatched, marked and named', async () => {
  const page = await open(browser);
  const mistake = page.locator('.lane[data-way="EDGE_ONCE"]');
  assert.match(await mistake.locator('.lost').first().evaluate((e) => getComputedStyle(e).fill), /^url\(.*hatch/);
  assert.equal(await mistake.locator('.lost-text').first().textContent(), '! 4');
  assert.match(await mistake.locator('.now').textContent(), /! 4 unread/);
  assert.match(await mistake.locator('svg').first().getAttribute('aria-label'), /4 are left unread/);
  assert.match(await page.locator('#counts tr[data-way="EDGE_ONCE"] td.unread').textContent(), /! 4/);
  await page.click('#text summary');
  assert.ok(await page.locator('#words').getByText('4 left unread, and not reported again').first().isVisible());
  await page.context().close();
});

test('select, poll and epoll: the slider goes through all that was measured', async () => {
  const page = await open(browser);
  const results = fs.readFileSync(PAGE, 'utf8').match(/id="data-scale">\s*(.*)\s*<\/script>/)[1];
  const { rows } = JSON.parse(results);
  await page.focus('#n');
  await page.keyboard.press('Home');
  for (const registered of new Set(rows.map((row) => row.registered))) {
    assert.equal(await page.textContent('#registered'), registered.toLocaleString('en-US'));
    const row = rows.find((r) => r.registered === registered && r.ready === 1);
    const shown = await page.locator('#scale-tables .bars td').evaluateAll((cells) => cells.map((cell) => Number(cell.dataset.value)));
    assert.deepEqual(shown, row.nanos);
    await page.keyboard.press('ArrowRight');
  }
  const slider = await boxOf(page, '#n');
  await page.mouse.click(slider.x + 2, slider.y + slider.height / 2);
  assert.equal(await page.textContent('#registered'), '10');
  await page.check('[name=share][value=half]');
  assert.match(await page.textContent('#scale-words'), /^10 registered, 5 ready/);
  await page.context().close();
});
