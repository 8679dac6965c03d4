// What the page does: chooses a recording, draws it, steps through it.

import { esc, wordsTable } from './draw.mjs';
import { $, listenToPlayer, show, titleOf } from './player.mjs';
import { chart, inWordsAt, rowsOf, scaleTables, SHARES } from './scale.mjs';
import { buffersOf, layOut, readTrace } from './trace.mjs';

const traces = new Map();
const chosen = { scene: null, pattern: null, buffer: 0 };

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

/** Anything that is not among the recorded becomes one that is. */
function choose(scene, pattern, buffer) {
  const trace = traces.get(scene);
  const patterns = Object.keys(trace.patterns);
  chosen.scene = scene;
  chosen.pattern = patterns.includes(pattern) ? pattern : patterns[0];
  const buffers = buffersOf(trace, chosen.pattern);
  chosen.buffer = buffers.includes(buffer) ? buffer : buffers[Math.floor((buffers.length - 1) / 2)];
  for (const radio of document.querySelectorAll('[name=scene]')) radio.checked = radio.value === scene;
  options($('pattern'), patterns.map((name) => [name, trace.patterns[name]]), chosen.pattern);
  options($('buffer'), buffers.map((size) => [size, `${size.toLocaleString('en-US')} bytes`]), chosen.buffer);
  const r = trace.recorded;
  const missing = Object.entries(trace.missing).map(([way, why]) => ` Not recorded: ${trace.ways[way]} (${why}).`).join('');
  $('recorded').textContent = `Recorded on ${r.kernel} by ${r.backend}, JDK ${r.jdk}, ${r.processor}.${missing} `
    + 'There is no time in it: a column is an order, not a duration.';
  const view = layOut(trace, chosen.pattern, chosen.buffer);
  $('words').innerHTML = wordsTable(view, titleOf(view));
  show(view);
}

// ---- the second view

function showScale(scale) {
  const share = document.querySelector('[name=share]:checked').value;
  const rows = rowsOf(scale, share);
  $('n').max = rows.length - 1;
  const index = Number($('n').value);
  const registered = rows[index].registered.toLocaleString('en-US');
  $('registered').textContent = registered;
  $('n').setAttribute('aria-valuetext', `${registered} registered`);
  $('chart').innerHTML = chart(scale, share, index);
  $('scale-tables').innerHTML = scaleTables(scale, share, index);
  $('scale-words').textContent = inWordsAt(scale, rows[index]);
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
  $('pattern').addEventListener('change', (e) => choose(chosen.scene, e.target.value, chosen.buffer));
  $('buffer').addEventListener('change', (e) => choose(chosen.scene, chosen.pattern, Number(e.target.value)));
  $('file').addEventListener('change', openFile);
  listenToPlayer();
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
