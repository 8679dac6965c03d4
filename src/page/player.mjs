// Draws what is chosen, and steps, zooms and moves through it.

import { countsTable, esc, grid, lane, nameOf, rowNames, SLOT } from './draw.mjs';
import { inWords, slotAt } from './trace.mjs';

export const $ = (id) => document.getElementById(id);
const WIDEST_AT_FIRST = 56;
const STEP_MILLIS = 700;
const ZOOM = { least: 6, most: 110, factor: 1.3 };

/** `view` is what is laid out, `at` how many columns are over, `width` that of a column. */
const state = { view: null, at: 0, width: SLOT, timer: 0 };

/** Shows it from the beginning, all of it. */
export function show(view) {
  stop();
  state.view = view;
  $('at').max = view.columns;
  fit(WIDEST_AT_FIRST);
  go(view.columns);
}

/** What is shown, in a line. */
export function titleOf({ trace, pattern, buffer }) {
  return `${trace.title}: ${trace.patterns[pattern]}, read buffer of ${buffer.toLocaleString('en-US')} bytes`;
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
    now.textContent = `${c.calls.toLocaleString('en-US')} calls, ${slot && slot.lost ? '! ' : ''}${c.unread.toLocaleString('en-US')} unread`;
    now.classList.toggle('lost-words', Boolean(slot && slot.lost));
    if (slot && slot.column === at - 1) words.push(`${nameOf(view.trace, l.way).text}: ${inWords(slot)}.`);
  });
  if (!state.timer) $('step').textContent = at === 0 ? 'Before the first step.' : `Step ${at}. ${words.join(' ')}`;
  $('grids').innerHTML = view.trace.connections > 1 ? view.lanes.map((l) => grid(view, l, at)).join('') : '';
  const so = at === view.columns ? '' : `, after step ${at} of ${view.columns}`;
  $('counts').innerHTML = countsTable(view, at, `${titleOf(view)}${so}`);
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

export function listenToPlayer() {
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
