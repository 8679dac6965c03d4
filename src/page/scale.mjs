// select, poll and epoll against the number of registered descriptors, from benchmarks/results.

import { esc } from './draw.mjs';

export const SHARES = { one: 'one is ready', percent: '1 % are ready', half: 'half are ready' };
const SERIES = ['select', 'poll', 'epoll LEVEL', 'epoll EDGE'];
const BOX = { width: 720, height: 360, left: 70, right: 110, top: 16, bottom: 44 };

/** The chapter on scale of results.md. Throws an Error that says what is missing. */
export function readScale(markdown) {
  const chapter = /^## Scale:[^\n]*\n([\s\S]*?)(?=^## )/m.exec(`${markdown}\n## `);
  if (!chapter) throw new Error('results.md is damaged: it has no chapter "Scale"');
  const lines = chapter[1].split('\n').filter((line) => line.startsWith('|')).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
  const [heads, , ...body] = lines;
  const rows = body.map((cells) => {
    const size = /^([\d,]+) of ([\d,]+)$/.exec(cells[0]);
    if (!size) throw new Error(`results.md is damaged: "${cells[0]}" is no "ready of registered"`);
    const nanos = SERIES.map((name) => number(cells[heads.indexOf(name)], name));
    return { ready: number(size[1]), registered: number(size[2]), nanos };
  });
  const made = /^`make bench`[^\n]*/m.exec(markdown);
  if (rows.length === 0 || !made) throw new Error('results.md is damaged: it has no rows, or does not say how it was made');
  return { made: made[0].replace(/`/g, ''), series: SERIES, rows };
}

function number(text, what) {
  const value = Number(String(text).replace(/,/g, ''));
  if (!(value > 0)) throw new Error(`results.md is damaged: "${text}" is no number${what ? ` of ${what}` : ''}`);
  return value;
}

/** One row for each number of registered ones. */
export function rowsOf(scale, share) {
  const sizes = [...new Set(scale.rows.map((row) => row.registered))];
  return sizes.map((registered) => {
    const ready = { one: 1, percent: Math.max(1, Math.floor(registered / 100)), half: Math.floor(registered / 2) }[share];
    return scale.rows.find((row) => row.registered === registered && row.ready === ready);
  }).filter(Boolean);
}

export function micros(nanos) {
  const us = nanos / 1000;
  return `${us < 10 ? us.toFixed(2) : us < 100 ? us.toFixed(1) : Math.round(us).toLocaleString('en-US')} µs`;
}

export function inWordsAt(scale, row) {
  const [select, poll, level] = row.nanos;
  const ratio = poll / level;
  const compared = ratio >= 1 ? `poll takes ${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio).toLocaleString('en-US')} times as long as epoll`
    : `epoll takes ${(1 / ratio).toFixed(1)} times as long as poll`;
  return `${row.registered.toLocaleString('en-US')} registered, ${row.ready.toLocaleString('en-US')} ready: select ${micros(select)}, `
    + `poll ${micros(poll)}, epoll ${micros(level)} (LEVEL). Here ${compared}.`;
}

/** Both axes logarithmic; a line at the chosen number. */
export function chart(scale, share, chosen) {
  const rows = rowsOf(scale, share);
  const all = rows.flatMap((row) => row.nanos);
  const low = Math.floor(Math.log10(Math.min(...all)));
  const high = Math.ceil(Math.log10(Math.max(...all)));
  const first = Math.log10(rows[0].registered);
  const last = Math.log10(rows[rows.length - 1].registered);
  const X = (n) => BOX.left + ((Math.log10(n) - first) / (last - first)) * (BOX.width - BOX.left - BOX.right);
  const Y = (ns) => BOX.top + ((high - Math.log10(ns)) / (high - low)) * (BOX.height - BOX.top - BOX.bottom);
  const parts = [];
  for (let power = low; power <= high; power++) {
    const y = Y(10 ** power);
    parts.push(`<line class="phase" x1="${BOX.left}" x2="${BOX.width - BOX.right}" y1="${y}" y2="${y}"/>`
      + `<text class="tick end" x="${BOX.left - 6}" y="${y + 4}">${decade(power)}</text>`);
  }
  for (const row of rows) {
    parts.push(`<text class="tick middle" x="${X(row.registered)}" y="${BOX.height - BOX.bottom + 18}">${row.registered.toLocaleString('en-US')}</text>`);
  }
  parts.push(`<text class="tick middle" x="${(BOX.left + BOX.width - BOX.right) / 2}" y="${BOX.height - 6}">registered descriptors</text>`);
  const x = X(rows[chosen].registered);
  parts.push(`<line class="cursor" x1="${x}" x2="${x}" y1="${BOX.top}" y2="${BOX.height - BOX.bottom}"/>`);
  const ends = scale.series.map((name, i) => ({ name, i, y: Y(rows[rows.length - 1].nanos[i]) })).sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => { if (i > 0) end.y = Math.max(end.y, ends[i - 1].y + 15); });
  for (const { name, i, y } of ends) {
    const points = rows.map((row) => [X(row.registered), Y(row.nanos[i])]);
    parts.push(`<polyline class="series s${i}" points="${points.map((p) => p.map((v) => v.toFixed(1)).join(',')).join(' ')}"/>`);
    points.forEach(([px, py], j) => parts.push(`<g><title>${esc(name)}, ${rows[j].registered}: ${micros(rows[j].nanos[i])}</title>${marker(i, px, py)}</g>`));
    parts.push(`${marker(i, BOX.width - BOX.right + 16, y)}<text class="tick" x="${BOX.width - BOX.right + 26}" y="${y + 4}">${esc(name)}</text>`);
  }
  return `<svg class="chart" role="img" aria-label="${esc(`Time of one poll when ${SHARES[share]}. ${inWordsAt(scale, rows[chosen])}`)}" `
    + `viewBox="0 0 ${BOX.width} ${BOX.height}" width="${BOX.width}" height="${BOX.height}">${parts.join('')}</svg>`;
}

function decade(power) {
  return ['1 ns', '10 ns', '100 ns', '1 µs', '10 µs', '100 µs', '1 ms', '10 ms', '100 ms', '1 s'][power] || `1e${power} ns`;
}

/** A shape for each, so that no colour is needed. */
function marker(i, x, y) {
  const at = [x, y].map((v) => Number(v.toFixed(1)));
  const shapes = [
    `<rect class="mark s${i}" x="${at[0] - 4}" y="${at[1] - 4}" width="8" height="8"/>`,
    `<path class="mark s${i}" d="M${at[0] - 5} ${at[1] + 4}h10l-5-9z"/>`,
    `<circle class="mark s${i}" cx="${at[0]}" cy="${at[1]}" r="4.5"/>`,
    `<path class="mark hollow s${i}" d="M${at[0]} ${at[1] - 6}l6 6l-6 6l-6-6z"/>`,
  ];
  return shapes[i];
}

/** The chosen number as bars that are as long as it takes, and all numbers. */
export function scaleTables(scale, share, chosen) {
  const rows = rowsOf(scale, share);
  const row = rows[chosen];
  const most = Math.max(...row.nanos);
  const bars = scale.series.map((name, i) => `<tr data-series="${esc(name)}"><th scope="row">${esc(name)}</th>`
    + `<td class="calls" data-value="${row.nanos[i]}"><span class="bar" style="--part:${((100 * row.nanos[i]) / most).toFixed(2)}%"></span>${micros(row.nanos[i])}</td></tr>`);
  const all = rows.map((r, j) => `<tr${j === chosen ? ' class="chosen"' : ''}><th scope="row">${r.ready.toLocaleString('en-US')} of ${r.registered.toLocaleString('en-US')}</th>`
    + `${r.nanos.map((ns) => `<td>${micros(ns)}</td>`).join('')}</tr>`);
  return `<table class="counts bars"><caption>${row.ready.toLocaleString('en-US')} of ${row.registered.toLocaleString('en-US')} ready, side by side</caption><tbody>${bars.join('')}</tbody></table>`
    + `<table class="counts"><caption>All that were measured when ${esc(SHARES[share])}: ${esc(scale.made)}</caption>`
    + `<thead><tr><th scope="col">ready</th>${scale.series.map((name) => `<th scope="col">${esc(name)}</th>`).join('')}</tr></thead><tbody>${all.join('')}</tbody></table>`;
}
