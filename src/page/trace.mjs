// Traces, as docs/traces/README.md describes them: read, checked, and laid out in columns.
// Used by the page, and by the build that makes it.

const FORMAT = 'pollux timeline 1';
const EVENT = /^(?:p(\d+)|e(\d+):(R|W|RW)|m(\d+):(R|RW)|([arwt])(\d+):(\d+))$/;

/** What a trace file says. Throws an Error that says what is wrong with it. */
export function readTrace(text, name) {
  const damaged = (why) => new Error(`${name} is damaged: ${why}`);
  let trace;
  try {
    trace = JSON.parse(text);
  } catch (e) {
    throw damaged(`it is no JSON (${e.message})`);
  }
  if (trace === null || trace.format !== FORMAT) {
    throw damaged(`its format is not "${FORMAT}"`);
  }
  for (const member of ['scene', 'title']) {
    if (typeof trace[member] !== 'string') throw damaged(`its "${member}" is no string`);
  }
  for (const member of ['recorded', 'patterns', 'ways', 'missing']) {
    if (!isTexts(trace[member])) throw damaged(`its "${member}" is no object of strings`);
  }
  if (!(Number.isInteger(trace.connections) && trace.connections > 0 && trace.connections <= 10000)) {
    throw damaged('its "connections" is no number from 1 to 10,000');
  }
  if (!Array.isArray(trace.runs) || trace.runs.length === 0) throw damaged('it has no runs');
  trace.runs.forEach((run, i) => {
    try {
      readRun(run, trace);
    } catch (e) {
      throw damaged(`run ${i + 1}${labelOf(run)}: ${e.message}`);
    }
  });
  checkComplete(trace, damaged);
  return trace;
}

function labelOf(run) {
  return run && run.way ? ` (${run.pattern}, ${run.buffer} bytes, ${run.way})` : '';
}

function isTexts(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    && Object.values(value).every((text) => typeof text === 'string');
}

/** Each pattern has every way with every buffer that it has at all. */
function checkComplete(trace, damaged) {
  for (const pattern of Object.keys(trace.patterns)) {
    const sizes = buffersOf(trace, pattern);
    if (sizes.length === 0) throw damaged(`there is no run of "${pattern}"`);
    for (const buffer of sizes) {
      for (const way of Object.keys(trace.ways)) {
        const found = trace.runs.filter((r) => r.pattern === pattern && r.buffer === buffer && r.way === way).length;
        if (found !== (way in trace.missing ? 0 : 1)) {
          throw damaged(`it has ${found} runs of ${pattern}, ${buffer} bytes, ${way}`);
        }
      }
    }
  }
}

/** Adds `events`, the steps taken apart. */
function readRun(run, trace) {
  if (!Object.hasOwn(trace.patterns, run.pattern)) throw new Error('its pattern is not among the patterns');
  if (!Object.hasOwn(trace.ways, run.way)) throw new Error('its way is not among the ways');
  if (!Number.isInteger(run.buffer) || run.buffer < 1) throw new Error('its buffer is no size');
  if (!Array.isArray(run.steps)) throw new Error('it has no steps');
  run.events = run.steps.map((step) => String(step).split(' ').map((word) => readEvent(word, trace.connections)));
  const counted = count(run.events);
  for (const [name, value] of Object.entries(counted)) {
    if (!run.counts || run.counts[name] !== value) {
      throw new Error(`its "${name}" is ${run.counts && run.counts[name]}, its steps have ${value}`);
    }
  }
}

function readEvent(word, connections) {
  const [, found, reported, ready, modified, interest, kind, connection, bytes] = EVENT.exec(word) || [];
  let event;
  if (found !== undefined) event = { kind: 'p', connection: 0, found: Number(found) };
  else if (reported !== undefined) event = { kind: 'e', connection: Number(reported), ready };
  else if (modified !== undefined) event = { kind: 'm', connection: Number(modified), interest };
  else if (kind !== undefined) event = { kind, connection: Number(connection), bytes: Number(bytes) };
  else throw new Error(`"${word}" is no event`);
  if (event.connection >= connections) throw new Error(`"${word}" is of a connection that there is not`);
  return event;
}

/** What the events of a run add up to. Throws if more is read than has arrived, or a poll miscounts. */
function count(steps) {
  const c = { polls: 0, reports: 0, reads: 0, writes: 0, modifies: 0, calls: 0, arrived: 0, read: 0, unread: 0, written: 0 };
  for (const events of steps) {
    const reports = events.filter((event) => event.kind === 'e').length;
    if (events[0].kind === 'p' ? events[0].found !== reports : reports > 0) {
      throw new Error(`a poll reports ${events[0].found}, and there are ${reports} reports`);
    }
    for (const event of events) {
      add(c, event);
      if (c.read > c.arrived) throw new Error('more is read than has arrived');
    }
  }
  return c;
}

function add(c, { kind, bytes }) {
  if (kind === 'p') c.polls++;
  else if (kind === 'e') c.reports++;
  else if (kind === 'm') c.modifies++;
  else if (kind === 'a') c.arrived += bytes;
  else if (kind === 'r') { c.reads++; c.read += bytes; }
  else if (kind === 'w') { c.writes++; c.written += bytes; }
  c.calls = c.polls + c.reads + c.writes + c.modifies;
  c.unread = c.arrived - c.read;
}

export function buffersOf(trace, pattern) {
  return [...new Set(trace.runs.filter((run) => run.pattern === pattern).map((run) => run.buffer))];
}

/**
 * The runs of one pattern and buffer side by side: `columns`, and for each way a lane of slots. An
 * arrival begins a phase, in the same column for all; within it each way goes on by itself. With one
 * connection each call has a slot, with many each poll has.
 */
export function layOut(trace, pattern, buffer) {
  const runs = trace.runs.filter((run) => run.pattern === pattern && run.buffer === buffer);
  const lanes = runs.map((run) => ({ run, way: run.way, phases: phasesOf(run, trace.connections) }));
  const phases = Math.max(...lanes.map((lane) => lane.phases.length));
  const starts = [];
  let columns = 0;
  for (let i = 0; i < phases; i++) {
    starts.push(columns);
    columns += Math.max(...lanes.map((lane) => (lane.phases[i] || []).length));
  }
  for (const lane of lanes) {
    lane.slots = lane.phases.flatMap((slots, i) => slots.map((slot, j) => ({ ...slot, column: starts[i] + j })));
    lane.most = Math.max(...lane.slots.map((slot) => slot.unread), 1);
  }
  const most = Math.max(...lanes.map((lane) => lane.most));
  return { trace, pattern, buffer, lanes, columns, starts, most };
}

function phasesOf(run, connections) {
  const phases = [];
  const c = { polls: 0, reads: 0, reports: 0, writes: 0, modifies: 0, calls: 0, arrived: 0, read: 0, unread: 0, written: 0 };
  const state = { counts: c, unread: new Int32Array(connections), replying: false, lost: 0, run };
  let arriving = false;
  for (const events of run.events) {
    const arrival = events[0].kind === 'a';
    if (phases.length === 0 || (arrival && !arriving)) phases.push([]);
    const phase = phases[phases.length - 1];
    if (connections > 1) {
      // All that arrives at once is one slot.
      const together = arrival && arriving ? phase.pop().events : [];
      events.forEach((event) => apply(state, event));
      phase.push(slotOf(state, together.concat(events)));
    } else {
      const reports = events.filter((event) => event.kind === 'e');
      for (const event of events.filter((e) => e.kind !== 'e')) {
        const shown = event.kind === 'p' ? [event, ...reports] : [event];
        shown.forEach((e) => apply(state, e));
        phase.push(slotOf(state, shown));
      }
    }
    arriving = arrival;
  }
  return phases;
}

/** What nobody has read when a poll reports nothing is lost until more arrives. */
function apply(state, event) {
  add(state.counts, event);
  if (event.kind === 'a') state.unread[event.connection] += event.bytes;
  if (event.kind === 'r') state.unread[event.connection] -= event.bytes;
  if (event.kind === 'w') state.replying = true;
  if (event.kind === 'p') state.silent = event.found === 0;
  if (event.kind === 'a') state.silent = false;
}

function slotOf(state, events) {
  const { counts, run } = state;
  return {
    events,
    counts: { ...counts },
    unread: counts.unread,
    left: state.unread.length > 1 ? Int32Array.from(state.unread) : null,
    unwritten: state.replying ? run.counts.written - counts.written : 0,
    lost: Boolean(state.silent) && counts.unread > 0,
  };
}

/** The last slot of a lane that is over when so many columns are. */
export function slotAt(lane, columns) {
  let found = null;
  for (const slot of lane.slots) {
    if (slot.column >= columns) break;
    found = slot;
  }
  return found;
}

/** A number of bytes, short enough for a label. */
export function short(bytes) {
  if (bytes < 1024) return String(bytes);
  return bytes < 1 << 20 ? `${Math.round(bytes / 1024)}K` : `${Math.round(bytes / (1 << 20))}M`;
}

/** What a slot shows, in words. */
export function inWords(slot) {
  const { events } = slot;
  const of = (kind) => events.filter((event) => event.kind === kind);
  const bytes = (list) => list.reduce((sum, event) => sum + event.bytes, 0);
  const many = (n, what) => `${n} ${what}${n === 1 ? '' : 's'}`;
  const parts = [];
  if (slot.left === null) {
    for (const e of events.filter((event) => event.kind !== 'e')) parts.push(oneInWords(e, of('e')));
  } else {
    if (of('a').length) parts.push(`${many(bytes(of('a')), 'byte')} arrive at ${many(of('a').length, 'connection')}`);
    if (of('p').length) parts.push(`poll reports ${many(of('e').length, 'connection')}`);
    if (of('r').length) parts.push(`${many(of('r').length, 'read')} of ${many(bytes(of('r')), 'byte')}`);
    if (of('m').length) parts.push(many(of('m').length, 'modify').replace('modifys', 'modifies'));
  }
  if (slot.unread > 0) parts.push(slot.lost ? `${slot.unread} left unread, and not reported again` : `${slot.unread} unread`);
  if (slot.unwritten > 0) parts.push(`${short(slot.unwritten)} to write`);
  return parts.join(', ');
}

const READY = { R: 'READ', W: 'WRITE', RW: 'READ, WRITE' };

function oneInWords(event, reports) {
  switch (event.kind) {
    case 'a': return `${short(event.bytes)} arrive`;
    case 't': return `the peer takes ${short(event.bytes)}`;
    case 'p': return `poll reports ${reports.map((e) => READY[e.ready]).join(', ') || 'nothing'}`;
    case 'm': return `modify to ${READY[event.interest]}`;
    case 'r': return event.bytes === 0 ? 'read: EAGAIN' : `read ${short(event.bytes)}`;
    default: return event.bytes === 0 ? 'write: EAGAIN' : `write ${short(event.bytes)}`;
  }
}
