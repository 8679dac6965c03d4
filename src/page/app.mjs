// What the page does: chooses a recording, draws it, steps through it.

import { countsTable, esc, grid, lane, nameOf, rowNames, SLOT, wordsTable } from './draw.mjs';
import { buffersOf, inWords, layOut, readTrace, slotAt } from './trace.mjs';
import { chart, rowsOf, scaleTables, SHARES } from './scale.mjs';

const $ = (id) => document.getElementById(id);
const WIDEST_AT_FIRST = 56;
const STEP_MILLIS = 700;
const ZOOM = { least: 6, most: 110, factor: 1.3 };

const traces = new Map();
const state = { scene: null, pattern: null, buffer: 0, at: 0, width: SLOT, timer: 0, view: null };

function say(text) {
  const p = document.createElement('p');
  p.textContent = text;
  $('alerts').className = 'alert';
  $('alerts').append(p);
}

function load(name, text) {
  try {
    const trace = readTrace(text, name);
    traces.set(trace.scene, trace);
    return trace;
  } catch (e) {
    say(e.message);
    return null;
  }
}

// ---- what is shown

function showScenes() {
  $('scenes').innerHTML = [...traces.values()].map((trace) => `<label><input type="radio" name="scene" value="${esc(trace.scene)}"> ${esc(trace.title)}</label>`).join('');
}

function options(select, list, chosen) {
  select.innerHTML = list.map(([value, text]) => `<option value="${esc(value)}">${esc(text)}</option>`).join('');
  select.value = String(chosen);
}

/** Anything that is not among the recorded becomes the first that is. */
function choose(scene, pattern, buffer) {
  const trace = traces.get(scene);
  const patterns = Object.keys(trace.patterns);
  state.scene = scene;
  state.pattern = patterns.includes(pattern) ? pattern : patterns[0];
  const buffers = buffersOf(trace, state.pattern);
  state.buffer = buffers.includes(buffer) ? buffer : buffers[Math.floor((buffers.length - 1) / 2)];
  for (const radio of document.querySelectorAll('[name=scene]')) radio.checked = radio.value === scene;
  options($('pattern'), patterns.map((name) => [name, trace.patterns[name]]), state.pattern);
  options($('buffer'), buffers.map((size) => [size, `${size.toLocaleString('en-US')} bytes`]), state.buffer);
  stop();
  state.view = layOut(trace, state.pattern, state.buffer);
  const r = trace.recorded;
  const missing = Object.entries(trace.missing).map(([way, why]) => ` Not recorded: ${trace.ways[way]} (${why}).`).join('');
  $('recorded').textContent = `Recorded on ${r.kernel} by ${r.backend}, JDK ${r.jdk}, ${r.processor}.${missing} `
    + 'There is no time in it: a column is an order, not a duration.';
  $('at').max = state.view.columns;
  $('words').innerHTML = wordsTable(state.view, title());
  fit(WIDEST_AT_FIRST);
  go(state.view.columns);
}

function title() {
  const trace = traces.get(state.scene);
  return `${trace.title}: ${trace.patterns[state.pattern]}, read buffer of ${state.buffer.toLocaleString('en-US')} bytes`;
}

function draw() {
  const { view, width } = state;
  const ticks = [];
  const every = Math.ceil(24 / width);
  for (let i = 0; i < view.columns; i++) {
    if ((i + 1) % every === 0) ticks.push(`<text class="tick middle" x="${(i + 0.5) * width}" y="18">${i + 1}</text>`);
  }
  const ruler = `<div class="lane ruler" aria-hidden="true"><div>step</div><div class="picture" id="ruler">`
    + `<svg width="${view.columns * width}" height="24">${ticks.join('')}</svg><div class="future"></div></div></div>`;
  $('lanes').innerHTML = ruler + view.lanes.map((l) => {
    const { trigger, habit } = nameOf(view.trace, l.way);
    return `<div class="lane" data-way="${esc(l.way)}"><div><b>${esc(trigger)}</b>${esc(habit)}<p class="now"></p>${rowNames(view)}</div>`
      + `<div class="picture">${lane(view, l, width)}<div class="future"></div></div></div>`;
  }).join('');
  showTime();
}

// ---- time

function go(at) {
  state.at = Math.max(0, Math.min(state.view.columns, at));
  showTime();
}

function showTime() {
  const { view, at, width } = state;
  for (const future of document.querySelectorAll('.future')) future.style.left = `${at * width}px`;
  $('at').value = at;
  $('at').setAttribute('aria-valuetext', `step ${at} of ${view.columns}`);
  $('position').textContent = `${at} of ${view.columns}`;
  const words = [];
  view.lanes.forEach((l, i) => {
    const slot = slotAt(l, at);
    const c = slot ? slot.counts : { calls: 0, unread: 0 };
    const now = document.querySelectorAll('.lane .now')[i];
    now.textContent = `${c.calls} calls, ${slot && slot.lost ? '! ' : ''}${c.unread} unread`;
    now.classList.toggle('lost-words', Boolean(slot && slot.lost));
    if (slot && slot.column === at - 1) words.push(`${nameOf(view.trace, l.way).text}: ${inWords(slot)}.`);
  });
  if (!state.timer) $('step').textContent = at === 0 ? 'Before the first step.' : `Step ${at}. ${words.join(' ')}`;
  $('grids').innerHTML = view.trace.connections > 1 ? view.lanes.map((l) => grid(view, l, at)).join('') : '';
  const so = at === view.columns ? '' : `, after step ${at} of ${view.columns}`;
  $('counts').innerHTML = countsTable(view, at, `${title()}${so}`);
  $('first').disabled = $('back').disabled = at === 0;
  $('last').disabled = $('on').disabled = at === view.columns;
  keepInSight();
}

function keepInSight() {
  const lanes = $('lanes');
  const head = lanes.querySelector('.lane > div').offsetWidth;
  const x = state.at * state.width;
  const room = lanes.clientWidth - head;
  if (x < lanes.scrollLeft + state.width) lanes.scrollLeft = x - 2 * state.width;
  else if (x > lanes.scrollLeft + room - 2) lanes.scrollLeft = x - room + 2 * state.width;
}

function play() {
  if (state.timer) {
    stop();
    showTime();
    return;
  }
  if (state.at === state.view.columns) go(0);
  $('play').textContent = 'Pause';
  $('play').setAttribute('aria-label', 'Pause');
  tick();
}

function tick() {
  state.timer = setTimeout(() => {
    go(state.at + 1);
    if (state.at < state.view.columns) tick();
    else play();
  }, STEP_MILLIS / Number($('speed').value));
}

function stop() {
  clearTimeout(state.timer);
  state.timer = 0;
  $('play').textContent = 'Play';
  $('play').setAttribute('aria-label', 'Play');
}

// ---- zoom and drag

/** `x`: what stays where it is, in pixels from the left of the pictures. */
function zoom(width, x = state.at * state.width) {
  const lanes = $('lanes');
  const before = state.width;
  state.width = Math.max(ZOOM.least, Math.min(ZOOM.most, width));
  const left = lanes.scrollLeft + (x * state.width) / before - x;
  draw();
  lanes.scrollLeft = left;
  $('out').disabled = state.width === ZOOM.least;
  $('in').disabled = state.width === ZOOM.most;
}

function fit(most = ZOOM.most) {
  const lanes = $('lanes');
  if (!lanes.firstChild) draw();
  const room = lanes.clientWidth - lanes.querySelector('.lane > div').offsetWidth - 2;
  zoom(Math.min(most, room / state.view.columns), 0);
}

function columnOf(event) {
  const left = $('ruler').getBoundingClientRect().left;
  return Math.round((event.clientX - left) / state.width);
}

function pointerDown(event) {
  if (event.button !== 0) return;
  const lanes = $('lanes');
  const picture = event.target.closest('.picture');
  if (!picture) return;
  const scrubs = picture.id === 'ruler';
  const from = { x: event.clientX, left: lanes.scrollLeft, moved: false };
  if (scrubs) go(columnOf(event));
  const move = (e) => {
    if (Math.abs(e.clientX - from.x) > 3) from.moved = true;
    if (scrubs) go(columnOf(e));
    else if (from.moved) {
      lanes.classList.add('dragging');
      lanes.scrollLeft = from.left - (e.clientX - from.x);
    }
  };
  const up = (e) => {
    lanes.classList.remove('dragging');
    removeEventListener('pointermove', move);
    removeEventListener('pointerup', up);
    removeEventListener('pointercancel', up);
    // The step that was clicked is the last that is over.
    if (!scrubs && !from.moved) go(Math.floor((e.clientX - $('ruler').getBoundingClientRect().left) / state.width) + 1);
  };
  addEventListener('pointermove', move);
  addEventListener('pointerup', up);
  addEventListener('pointercancel', up);
}

function key(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const pan = event.shiftKey ? 3 * state.width : 0;
  const keys = {
    ArrowRight: () => (pan ? $('lanes').scrollBy(pan, 0) : go(state.at + 1)),
    ArrowLeft: () => (pan ? $('lanes').scrollBy(-pan, 0) : go(state.at - 1)),
    Home: () => go(0),
    End: () => go(state.view.columns),
    ' ': play,
    '+': () => zoom(state.width * ZOOM.factor),
    '=': () => zoom(state.width * ZOOM.factor),
    '-': () => zoom(state.width / ZOOM.factor),
    0: () => fit(),
  };
  if (Object.hasOwn(keys, event.key)) {
    event.preventDefault();
    keys[event.key]();
  }
}

// ---- the second view

function showScale(scale) {
  const share = document.querySelector('[name=share]:checked').value;
  const rows = rowsOf(scale, share);
  $('n').max = rows.length - 1;
  const chosen = Number($('n').value);
  const registered = rows[chosen].registered.toLocaleString('en-US');
  $('registered').textContent = registered;
  $('n').setAttribute('aria-valuetext', `${registered} registered`);
  $('chart').innerHTML = chart(scale, share, chosen);
  $('scale-tables').innerHTML = scaleTables(scale, share, chosen);
}

// ---- all of it

function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  return { dark, set: (to) => { root.dataset.theme = to; } };
}

function showTheme() {
  $('theme').textContent = theme().dark ? 'Light' : 'Dark';
}

function listen() {
  $('scenes').addEventListener('change', (e) => choose(e.target.value));
  $('pattern').addEventListener('change', (e) => choose(state.scene, e.target.value, state.buffer));
  $('buffer').addEventListener('change', (e) => choose(state.scene, state.pattern, Number(e.target.value)));
  $('file').addEventListener('change', openFile);
  $('first').addEventListener('click', () => go(0));
  $('back').addEventListener('click', () => go(state.at - 1));
  $('play').addEventListener('click', play);
  $('on').addEventListener('click', () => go(state.at + 1));
  $('last').addEventListener('click', () => go(state.view.columns));
  $('at').addEventListener('input', (e) => go(Number(e.target.value)));
  $('in').addEventListener('click', () => zoom(state.width * ZOOM.factor));
  $('out').addEventListener('click', () => zoom(state.width / ZOOM.factor));
  $('fit').addEventListener('click', () => fit());
  $('lanes').addEventListener('keydown', key);
  $('lanes').addEventListener('pointerdown', pointerDown);
  $('lanes').addEventListener('wheel', (e) => {
    if (!e.ctrlKey) return;
    e.preventDefault();
    zoom(state.width * (e.deltaY < 0 ? ZOOM.factor : 1 / ZOOM.factor), e.clientX - $('ruler').getBoundingClientRect().left);
  }, { passive: false });
}

async function openFile(event) {
  const [file] = event.target.files;
  if (!file) return;
  const trace = load(file.name, await file.text());
  if (trace) {
    showScenes();
    choose(trace.scene);
  }
}

function startScale() {
  let scale;
  try {
    scale = JSON.parse($('data-scale').textContent);
    $('shares').innerHTML = Object.entries(SHARES).map(([name, text], i) => `<label><input type="radio" name="share" value="${name}"${i ? '' : ' checked'}> ${esc(text)}</label>`).join('');
    $('n').max = rowsOf(scale, 'one').length - 1;
    $('n').value = $('n').max;
    showScale(scale);
  } catch (e) {
    say(`What was measured is damaged: ${e.message}`);
    return;
  }
  $('shares').addEventListener('change', () => showScale(scale));
  $('n').addEventListener('input', () => showScale(scale));
}

function start() {
  $('theme').addEventListener('click', () => {
    theme().set(theme().dark ? 'light' : 'dark');
    showTheme();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', showTheme);
  showTheme();
  for (const name of ['one', 'requests', 'many']) load(`${name}.json`, $(`data-${name}`).textContent);
  if (traces.size === 0) {
    say('No trace is left to be drawn. Record them anew (make timeline) and make the page of them (make page).');
    return;
  }
  document.documentElement.classList.add('js');
  listen();
  showScenes();
  choose(traces.keys().next().value);
  startScale();
}

start();
