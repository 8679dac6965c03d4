// Makes the page: node src/page/build.mjs [TRACES] [RESULTS.md] [PAGE.html]
// A file that is damaged is named, and no page is made.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { countsTable, grid, lane, legend, nameOf, rowNames, esc, wordsTable } from './draw.mjs';
import { layOut, readTrace } from './trace.mjs';
import { chart, inWordsAt, readScale, rowsOf, scaleTables } from './scale.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const SCENES = ['one', 'requests', 'many'];
/** What is seen without JavaScript. */
const STILLS = [['one', 'example', 4], ['requests', 'download', 16384], ['many', 'tenth', 64]];

/** The page, of the texts of the trace files and what was measured. */
export function build(texts, scale) {
  const traces = Object.fromEntries(SCENES.map((name) => [name, readTrace(texts[name], `${name}.json`)]));
  const parts = {
    style: read('style.css').trimEnd(),
    hints: hints(traces),
    legend: legend(),
    stills: STILLS.map(([name, pattern, buffer]) => still(traces[name], pattern, buffer)).join('\n'),
    scaleStill: `<p>${esc(inWordsAt(scale, rowsOf(scale, 'one').at(-1)))}</p>` + chart(scale, 'one', rowsOf(scale, 'one').length - 1) + scaleTables(scale, 'one', rowsOf(scale, 'one').length - 1),
    recorded: esc(recorded(traces.one)),
    data: SCENES.map((name) => data(name, JSON.stringify(JSON.parse(texts[name])))).join('\n') + '\n' + data('scale', JSON.stringify(scale)),
    script: ['trace.mjs', 'draw.mjs', 'scale.mjs', 'player.mjs', 'app.mjs'].map(inlined).join('\n'),
  };
  return read('template.html').replace(/\{\{(\w+)\}\}/g, (all, name) => parts[name]);
}

/** What to look at, with the numbers that the traces have. */
function hints(traces) {
  const of = (scene, pattern, buffer, way) => traces[scene].runs.find((r) => r.pattern === pattern && r.buffer === buffer && r.way === way).counts;
  const calls = (...run) => of(...run).calls;
  const small = ['one', 'small', 8];
  const burst = ['one', 'burst', 4];
  const stuck = ['requests', 'download', 16384];
  const many = ['many', 'tenth', 64];
  return `<ul class="hints">${[
    `8 bytes, later 4, into a buffer of 4: the last lane reads once and is not reminded. ${of('one', 'example', 4, 'EDGE_ONCE').unread} bytes stay behind; `
      + 'the next arrival brings the older ones.',
    `Five messages that fit into the buffer (8 bytes): EDGE until EAGAIN takes ${calls(...small, 'EDGE_EAGAIN')} system calls, EDGE until a short read `
      + `${calls(...small, 'EDGE_SHORT')}, which is what LEVEL takes: ${calls(...small, 'LEVEL')}.`,
    `16 bytes at once into a buffer of 4: LEVEL polls for each read, ${calls(...burst, 'LEVEL')} calls; EDGE polls once, ${calls(...burst, 'EDGE_SHORT')}.`,
    `Request and reply, where the writer is stuck: LEVEL asks for WRITE and takes it back, ${of(...stuck, 'LEVEL').modifies} modifies, ONESHOT needs `
      + `${of(...stuck, 'ONESHOT').modifies}, EDGE ${of(...stuck, 'EDGE_SHORT').modifies || 'none'}.`,
    `500 connections, 50 active, messages longer than the buffer: the mistake leaves ${of(...many, 'EDGE_ONCE').unread.toLocaleString('en-US')} of `
      + `${of(...many, 'EDGE_ONCE').arrived.toLocaleString('en-US')} bytes unread.`,
  ].map((text) => `<li>${esc(text)}</li>`).join('')}</ul>`;
}

export function recorded(trace) {
  const r = trace.recorded;
  return `Recorded on ${r.kernel} by ${r.backend}, JDK ${r.jdk}, ${r.processor}. There is no time in it: a column is an order, not a duration.`;
}

function read(name) {
  return fs.readFileSync(path.join(HERE, name), 'utf8');
}

/** One script of all modules: what they import is in it. */
function inlined(name) {
  return read(name).replace(/^import .*\n/gm, '').replace(/^export /gm, '').trim();
}

function data(name, text) {
  return `<script type="application/json" id="data-${name}">\n${text.replace(/</g, '\\u003c')}\n</script>`;
}

function still(trace, pattern, buffer) {
  const view = layOut(trace, pattern, buffer);
  const title = `${trace.title}: ${trace.patterns[pattern]}, read buffer of ${buffer.toLocaleString('en-US')} bytes`;
  const lanes = view.lanes.map((l) => `<div class="lane"><div><b>${esc(nameOf(trace, l.way).trigger)}</b>${esc(nameOf(trace, l.way).habit)}${rowNames(view)}</div>`
    + `<div class="picture">${lane(view, l)}</div></div>`);
  const grids = trace.connections > 1 ? `<div class="grids">${view.lanes.map((l) => grid(view, l, view.columns)).join('')}</div>` : '';
  return `<h3>${esc(title)}</h3><div class="lanes">${lanes.join('')}</div>${grids}`
    + `<div class="scrolls">${countsTable(view, view.columns, title)}</div>`
    + `<details><summary>The same as text</summary><div class="scrolls">${wordsTable(view, title)}</div></details>`;
}

function main([traces = 'docs/traces', results = 'benchmarks/results/results.md', page = 'docs/edge-and-level.html']) {
  try {
    const texts = Object.fromEntries(SCENES.map((name) => [name, fs.readFileSync(path.join(traces, `${name}.json`), 'utf8')]));
    fs.writeFileSync(page, build(texts, readScale(fs.readFileSync(results, 'utf8'))));
  } catch (e) {
    console.error(`page: ${e.message}; no page is made. Record the traces anew: make timeline`);
    process.exit(1);
  }
  console.log(`page: ${page}, ${Math.round(fs.statSync(page).size / 1024)} KB`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2));
}
