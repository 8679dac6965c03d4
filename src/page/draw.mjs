// Draws laid out traces, as SVG and as HTML tables. Strings: the build has no document.

import { inWords, short, slotAt } from './trace.mjs';

export const SLOT = 36;
const ROW = { arrival: 16, poll: 44, call: 72, unread: 128, unwritten: 172 };
const AREA = 32;
const LABELS_FROM = 26; // pixels of a slot that has room for a label
const CHARACTER = 6.8; // pixels at most
const GRID = { columns: 25, pitch: 9, cell: 7 };

export function esc(text) {
  return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Trigger and habit. */
export function nameOf(trace, way) {
  const text = trace.ways[way];
  const colon = text.indexOf(': ');
  return { trigger: text.slice(0, colon), habit: text.slice(colon + 2), text };
}

/** Whether something is still to be written at some time. */
export function hasReplies(view) {
  return view.lanes.some((lane) => lane.slots.some((slot) => slot.unwritten > 0));
}

/** What the rows of a lane are, and where. */
export function rowNames(view) {
  const rows = [['arrive', ROW.arrival], ['poll', ROW.poll], ['calls', ROW.call], ['unread', ROW.unread - AREA / 2]];
  if (hasReplies(view)) rows.push(['to write', ROW.unwritten - AREA / 2]);
  return `<span class="rows" aria-hidden="true">${rows.map(([name, y]) => `<span style="top:${y - 6}px">${name}</span>`).join('')}</span>`;
}

export function laneHeight(view) {
  return (hasReplies(view) ? ROW.unwritten : ROW.unread) + 6;
}

/** One way, as a picture of all its columns. */
export function lane(view, lane, width = SLOT) {
  const height = laneHeight(view);
  const total = view.columns * width;
  const parts = [];
  for (const start of view.starts) parts.push(`<line class="phase" x1="${start * width + 0.5}" y1="0" x2="${start * width + 0.5}" y2="${height}"/>`);
  parts.push(`<line class="axis" x1="0" y1="${ROW.poll}" x2="${total}" y2="${ROW.poll}"/>`);
  parts.push(areas(lane, width, view));
  for (const slot of lane.slots) parts.push(slotGlyph(slot, width));
  const { text } = nameOf(view.trace, lane.way);
  return `<svg class="lane-picture" role="img" aria-label="${esc(`${text}. ${sum(lane)}`)}" width="${total}" height="${height}" `
    + `viewBox="0 0 ${total} ${height}">${parts.join('')}</svg>`;
}

/** The numbers of a whole lane, in words. */
export function sum(lane) {
  const c = lane.run.counts;
  const left = c.unread > 0 ? `, and ${c.unread} are left unread` : '';
  return `${c.calls} system calls (${c.polls} polls, ${c.reads} reads`
    + `${c.writes ? `, ${c.writes} writes` : ''}${c.modifies ? `, ${c.modifies} modifies` : ''}): ${c.read} of ${c.arrived} bytes read${left}`;
}

/** What is left unread, and below it what is left to write, as bars from each slot to the next. */
function areas(lane, width, view) {
  const parts = [];
  const mostUnwritten = Math.max(...lane.slots.map((slot) => slot.unwritten));
  lane.slots.forEach((slot, i) => {
    const next = lane.slots[i + 1];
    const end = next ? next.column : view.columns; // it stays so
    const x = slot.column * width;
    const w = (end - slot.column) * width;
    const before = i > 0 ? lane.slots[i - 1] : { unread: 0, lost: false, unwritten: 0 };
    if (slot.unread > 0) {
      const h = Math.max(3, (AREA * slot.unread) / view.most);
      const label = slot.unread !== before.unread || slot.lost !== before.lost;
      parts.push(bar(slot.lost ? 'lost' : 'unread', x, ROW.unread - h, w, h));
      if (slot.lost) parts.push(`<path class="lost-edge" d="M${x} ${ROW.unread - h}h${w}"/>`);
      if (label && w >= LABELS_FROM) {
        const words = slot.lost ? `! ${short(slot.unread)}` : short(slot.unread);
        parts.push(`<text class="amount${slot.lost ? ' lost-text' : ''}" x="${x + 3}" y="${ROW.unread - h - 3}">${words}</text>`);
      }
    }
    if (slot.unwritten > 0) {
      const h = Math.max(3, (AREA * slot.unwritten) / mostUnwritten);
      parts.push(bar('unwritten', x, ROW.unwritten - h, w, h));
      if (slot.unwritten !== before.unwritten && w >= LABELS_FROM) {
        parts.push(`<text class="amount" x="${x + 3}" y="${ROW.unwritten - h - 3}">${short(slot.unwritten)}</text>`);
      }
    }
  });
  return parts.join('');
}

/** Left out where it has no room. */
function labelAt(text, x, y, kind, room) {
  return String(text).length * CHARACTER > room ? '' : `<text class="label ${kind}" x="${x}" y="${y}">${text}</text>`;
}

function bar(kind, x, y, w, h) {
  return `<rect class="${kind}" x="${x}" y="${y.toFixed(1)}" width="${w}" height="${h.toFixed(1)}"/>`;
}

function slotGlyph(slot, width) {
  const x = (slot.column + 0.5) * width;
  const glyphs = slot.left === null ? slot.events.filter((e) => e.kind !== 'e').map((e) => glyph(e, slot, x, width)) : crowd(slot, x, width);
  return `<g><title>${esc(inWords(slot))}</title>${glyphs.join('')}</g>`;
}

/** One event of one connection. */
function glyph(event, slot, x, width) {
  const r = Math.min(10, width * 0.42);
  const half = Math.min(17, width * 0.45); // of a read or write
  const label = (text, y, kind, room = r * 2.6) => labelAt(text, x, y, kind, room);
  switch (event.kind) {
    case 'a':
      return triangle('arrival', x, ROW.arrival, r, 1) + label(short(event.bytes), ROW.arrival + 2, 'on');
    case 't':
      return triangle('taken', x, ROW.arrival, r * 1.15, -1) + label(short(event.bytes), ROW.arrival + 6, 'small-label', r * 3);
    case 'p': {
      const what = slot.events.filter((e) => e.kind === 'e').map((e) => e.ready).join('');
      return `<circle class="poll ${what ? 'reports' : 'silent'}" cx="${x}" cy="${ROW.poll}" r="${r}"/>${label(what, ROW.poll + 3.5, 'on')}`;
    }
    case 'm':
      return `<path class="modify" d="M${x} ${ROW.call - r - 1}l${r + 1} ${r + 1}l${-r - 1} ${r + 1}l${-r - 1} ${-r - 1}z"/>${label('m', ROW.call + 3.5, 'on')}`;
    default: {
      const kind = event.bytes === 0 ? 'again' : event.kind === 'r' ? 'read' : 'write';
      return `<rect class="${kind}" x="${x - half}" y="${ROW.call - r}" width="${half * 2}" height="${r * 2}" rx="${event.kind === 'w' ? r : 1}"/>`
        + label(short(event.bytes), ROW.call + 3.5, event.bytes === 0 ? 'off' : 'on', half * 2 - 4);
    }
  }
}

/** What a poll of many did, or what arrives at many. */
function crowd(slot, x, width) {
  const r = Math.min(12, width * 0.46);
  const of = (kind) => slot.events.filter((event) => event.kind === kind).length;
  const label = (text, y, kind) => labelAt(text, x, y, kind, r * 2.4);
  if (of('a')) return [triangle('arrival', x, ROW.arrival, r, 1), label(of('a'), ROW.arrival + 2, 'on')];
  const reports = of('e');
  const parts = [`<circle class="poll ${reports ? 'reports' : 'silent'}" cx="${x}" cy="${ROW.poll}" r="${r}"/>`, reports ? label(reports, ROW.poll + 3.5, 'on') : ''];
  if (of('r')) {
    parts.push(`<rect class="read" x="${x - r * 1.2}" y="${ROW.call - 11}" width="${r * 2.4}" height="15" rx="1"/>`, label(of('r'), ROW.call, 'on'));
  }
  if (of('m')) {
    parts.push(`<rect class="modify" x="${x - r * 1.2}" y="${ROW.call + 6}" width="${r * 2.4}" height="15" rx="1"/>`, label(`${of('m')}m`, ROW.call + 17, 'on'));
  }
  return parts;
}

function triangle(kind, x, y, r, direction) {
  const h = r * direction * 1.2;
  const w = r * 1.4;
  return `<path class="${kind}" d="M${x - w} ${y - h * 0.8}h${2 * w}l${-w} ${h * 1.8}z"/>`;
}

/** All connections after so many columns: a cell for each. */
export function grid(view, lane, columns) {
  const n = view.trace.connections;
  const slot = slotAt(lane, columns);
  const seen = new Set();
  for (const s of lane.slots) {
    if (s.column < columns) s.events.forEach((event) => event.kind === 'a' && seen.add(event.connection));
  }
  const { pitch, cell } = GRID;
  const cells = [];
  for (let i = 0; i < n; i++) {
    const x = (i % GRID.columns) * pitch + 1;
    const y = Math.floor(i / GRID.columns) * pitch + 1;
    const left = slot ? slot.left[i] : 0;
    if (!seen.has(i)) {
      cells.push(`<rect class="quiet" x="${x + 2.5}" y="${y + 2.5}" width="2" height="2"/>`);
    } else if (left === 0) {
      cells.push(`<rect class="done" x="${x + 1}" y="${y + 1}" width="${cell - 2}" height="${cell - 2}"/>`);
    } else {
      const kind = slot.lost ? 'lost-cell' : 'unread-cell';
      cells.push(`<g class="${kind}"><title>connection ${i}: ${left} bytes unread</title><rect x="${x}" y="${y}" width="${cell}" height="${cell}"/>`
        + `${slot.lost ? `<path d="M${x} ${y}l${cell} ${cell}m0 ${-cell}l${-cell} ${cell}"/>` : ''}</g>`);
    }
  }
  const waiting = slot ? slot.left.filter((left) => left > 0).length : 0;
  const words = waiting === 0 ? `${seen.size} have got bytes, and all are read` : `${waiting} have unread bytes${slot.lost ? ', and are not reported again' : ''}`;
  const w = GRID.columns * pitch + 1;
  const h = Math.ceil(n / GRID.columns) * pitch + 1;
  const { trigger, habit } = nameOf(view.trace, lane.way);
  return `<figure class="grid"><figcaption><b>${esc(trigger)}</b> ${esc(habit)}</figcaption>`
    + `<svg role="img" aria-label="${esc(`${n} connections: ${words}`)}" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}">${cells.join('')}</svg>`
    + `<p class="${slot && slot.lost ? 'lost-words' : ''}">${slot && slot.lost ? '! ' : ''}${esc(words)}</p></figure>`;
}

/** What each way has counted after so many columns. */
export function countsTable(view, columns, caption) {
  const writes = view.lanes.some((lane) => lane.run.counts.writes > 0);
  const names = ['polls', 'reports', 'reads', ...(writes ? ['writes'] : []), 'modifies', 'calls', 'arrived', 'read', 'unread'];
  const heads = { calls: 'system calls', arrived: 'bytes arrived', read: 'bytes read', unread: 'left unread' };
  const most = Math.max(...view.lanes.map((lane) => lane.run.counts.calls));
  const rows = view.lanes.map((lane) => {
    const slot = slotAt(lane, columns);
    const { trigger, habit } = nameOf(view.trace, lane.way);
    const cells = names.map((name) => {
      const value = slot ? slot.counts[name] : 0;
      const lost = name === 'unread' && slot && slot.lost;
      const inner = name === 'calls' ? `<span class="bar" style="--part:${((100 * value) / most).toFixed(1)}%"></span>${value}` : `${lost ? '! ' : ''}${value}`;
      return `<td class="${name}${lost ? ' lost-words' : ''}" data-count="${name}" data-value="${value}">${inner}</td>`;
    });
    return `<tr data-way="${esc(lane.way)}"><th scope="row"><b>${esc(trigger)}</b> ${esc(habit)}</th>${cells.join('')}</tr>`;
  });
  return `<table class="counts"><caption>${esc(caption)}</caption><thead><tr><th scope="col">way</th>`
    + `${names.map((name) => `<th scope="col">${heads[name] || name}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** The whole view in words: a row for each column, a column for each way. */
export function wordsTable(view, caption) {
  const rows = [];
  for (let column = 0; column < view.columns; column++) {
    const cells = view.lanes.map((lane) => {
      const slot = lane.slots.find((s) => s.column === column);
      return `<td${slot && slot.lost ? ' class="lost-words"' : ''}>${slot ? esc(inWords(slot)) : ''}</td>`;
    });
    rows.push(`<tr><th scope="row">${column + 1}</th>${cells.join('')}</tr>`);
  }
  const heads = view.lanes.map((lane) => `<th scope="col">${esc(nameOf(view.trace, lane.way).text)}</th>`);
  return `<table class="words"><caption>${esc(caption)}</caption><thead><tr><th scope="col">step</th>${heads.join('')}</tr></thead>`
    + `<tbody>${rows.join('')}</tbody></table>`;
}

/** What the marks mean; the hatch that they use. */
export function legend() {
  const item = (picture, text) => `<li><svg aria-hidden="true" width="30" height="24" viewBox="0 0 30 24">${picture}</svg>${text}</li>`;
  return `<ul class="legend">${[
    item('<path class="arrival" d="M3 4h24l-12 17z"/>', 'bytes arrive'),
    item('<circle class="poll reports" cx="15" cy="12" r="10"/><text class="label on" x="15" y="15.5">R</text>', 'a poll reports READ (W: WRITE)'),
    item('<circle class="poll silent" cx="15" cy="12" r="10"/>', 'a poll reports nothing'),
    item('<rect class="read" x="2" y="2" width="26" height="20" rx="1"/><text class="label on" x="15" y="15.5">4</text>', 'a read, and what it brings'),
    item('<rect class="again" x="2" y="2" width="26" height="20" rx="1"/><text class="label off" x="15" y="15.5">0</text>', 'a read that finds nothing: EAGAIN'),
    item('<rect class="write" x="2" y="2" width="26" height="20" rx="10"/><text class="label on" x="15" y="15.5">4K</text>', 'a write'),
    item('<path class="modify" d="M15 1l11 11l-11 11l-11-11z"/><text class="label on" x="15" y="15.5">m</text>', 'a modify'),
    item('<path class="taken" d="M3 20h24l-12-17z"/>', 'the peer takes what was written'),
    item('<rect class="unread" x="1" y="4" width="28" height="16"/>', 'unread: it is about to be read'),
    item('<rect class="lost" x="1" y="4" width="28" height="16"/><path class="lost-edge" d="M1 4h28"/>', '<span class="lost-words">! lost: unread, and not reported again</span>'),
    item('<rect class="unwritten" x="1" y="4" width="28" height="16"/>', 'still to be written'),
  ].join('')}</ul>`
    + '<p class="small">With 500 connections a mark says how many: connections at which bytes arrive, connections that are reported, reads, modifies. '
    + 'Each modify is one system call here: the recording has <code>pollux.batch=false</code>. Without it Pollux may send eight or more in one call.</p>';
}
