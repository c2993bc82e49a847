// Runs 200 rounds over 10 projects in one `next-role watch` while things go wrong at random, and prints what became of it:
//
//   npm run soak                      the whole of it; needs Linux and about ten minutes
//   npm run soak -- --rounds 3 --projects 2 --seed 7
//
// Everything that goes wrong follows from the seed. Every journal starts just below the length at which it is packed away,
// so that this too happens among the faults. Ends with 1 when work was lost, a finished session was run again, a human's
// edit is gone, a journal was not packed away, or something was left behind: a process, a descriptor, a temporary file.
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    projects: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
});
const [rounds, projectCount, seed] = [values.rounds, values.projects, values.seed].map(Number);
const main = realpathSync('dist/bin/next-role.cjs');
const faultsModule = realpathSync('test/rig/faults.mjs');
const agent = realpathSync('bench/soak-agent.sh');
const root = realpathSync(mkdtempSync(join(tmpdir(), 'next-role-soak-')));
const { openJournal } = await import(join(process.cwd(), 'dist/effects/journal.js'));
const { segmentBytesMax } = await import(join(process.cwd(), 'dist/effects/segments.js'));
const roles = ['maker', 'checker'];
const lookMs = 150;
/** A project that shows nothing new for this long has lost its runner, as on a full disk; a human would start it again. */
const stuckMs = 45_000;
const soakMsMax = 3_600_000;
/** How far below that length a journal begins: about one round. */
const shortOfBytes = 24 * 1024;
/** Of a hundred rounds; what a runner holds of each project is bounded, and the collector has its own rhythm. */
const growthMbMax = 15;

/** mulberry32 */
let state = seed >>> 0;
const random = (below) => {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
};

const sessionFaults = [
  'killed',
  'lost',
  'hang',
  'stubborn',
  'garbage',
  'flood',
  'empty',
  'crash',
  'late-crash',
  'limit',
  'network',
  'broken-header',
  'ask',
  'background',
  'edit',
  'pause',
];
const injected = {};
const count = (name) => (injected[name] = (injected[name] ?? 0) + 1);
const idOf = (n) => `R${String(n).padStart(3, '0')}`;

const files = {
  'coordination/next-role.yaml': `agent: claude\ncommit: false\nagents: { claude: { kind: claude, run: ${JSON.stringify(agent)} } }\ncaps: { perRole: 30, perRound: 60, perDispatch: 8 }\n`,
  'coordination/state/tiers.yaml': 'pair: { about: Two roles., roles: [maker, checker] }\n',
  'coordination/state/limits.yaml':
    'default: { firstByteMinutes: 0.5, idleMinutes: 0.06, totalMinutes: 2, turns: 5, outputMegabytes: 8, graceSeconds: 0.5, lingerSeconds: 2 }\nbackoff: { firstSeconds: 0.2, factor: 2, maxSeconds: 1 }\n',
  'coordination/state/failures.yaml': ['rate-limited', 'network']
    .map(
      (name) =>
        `${name}: { then: wait, says: it passes, shared: ${name === 'rate-limited'}, wait: { firstSeconds: 0.5, factor: 2, maxSeconds: 2, timesMax: 40, hoursMax: 1 } }\n`,
    )
    .join(''),
  ...Object.fromEntries(
    roles.map((role) => [
      `coordination/roles/${role}.md`,
      `---\ntitle: ${role}\nclass: cheap\nreads: [coordination/PRD.md]\nwrites: ['**']\nowes: [{ path: 'out/{round}-${role}.md' }]\ntools: [Write]\nends: [READY, ROUND-COMPLETE, ESCALATE]\n---\n\nYou are the {role} of round {round}.\n`,
    ]),
  ),
};

function makeProject(n) {
  const folder = join(root, `project-${n}`);
  const all = {
    ...files,
    'coordination/PRD.md': `# Project ${n}\n`,
    'coordination/NEXT-ROLE.md': `---\nround: ${idOf(1)}\nnext-role: maker\nstatus: READY\ntier: pair\n---\n\nWork.\n`,
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  mkdirSync(join(folder, 'faults'), { recursive: true });
  for (let round = 1; round <= rounds; round += 1) {
    for (const role of roles) {
      if (random(10) >= 6) continue;
      const fault = sessionFaults[random(sessionFaults.length)];
      writeFileSync(join(folder, 'faults', `${idOf(round)}-${role}`), `${fault}\n`);
    }
  }
  return {
    folder,
    handoff: join(folder, 'coordination/NEXT-ROLE.md'),
    round: 1,
    edits: [],
    changedAt: Date.now(),
    seen: '',
    done: false,
    paused: false,
  };
}

const projects = Array.from({ length: projectCount }, (_, n) => makeProject(n));
const env = { ...process.env, XDG_STATE_HOME: join(root, 'state'), NO_COLOR: '1' };
let watch = null;
let output = '';
const generations = [];

function startWatch(fault) {
  const load = fault === null ? [] : ['--import', faultsModule];
  const settings = fault === null ? {} : { NEXT_ROLE_FAULT: JSON.stringify({ root, ...fault }) };
  const child = spawn(process.execPath, [...load, main, 'watch', ...projects.map(({ folder }) => folder)], {
    env: { ...env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const keep = (text) => (output = (output + text).slice(-20_000));
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const generation = { pid: child.pid, samples: [], fds: [] };
  generations.push(generation);
  watch = { child, generation, ended: new Promise((resolve) => child.once('close', resolve)) };
}

async function restart(signal, fault = null) {
  watch.child.kill(signal);
  await watch.ended;
  for (const project of projects) project.changedAt = Date.now();
  startWatch(fault);
}

const key = (text, name) => new RegExp(`^${name}: *(.*)$`, 'm').exec(text)?.[1] ?? null;
const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
function save(path, text) {
  writeFileSync(`${path}.human`, text);
  renameSync(`${path}.human`, path);
}
const setKeys = (text, keys) =>
  Object.entries(keys).reduce(
    (now, [name, value]) =>
      new RegExp(`^${name}:.*$`, 'm').test(now)
        ? now.replace(new RegExp(`^${name}:.*$`, 'm'), `${name}: ${value}`)
        : now.replace(/^---\n/, `---\n${name}: ${value}\n`),
    text,
  );

/** What a person does who looks at one project from time to time. */
function attend(project) {
  const { folder, handoff } = project;
  const text = read(handoff);
  if (text !== project.seen) {
    project.seen = text;
    project.changedAt = Date.now();
  }
  const [status, round, dispatch] = ['status', 'round', 'dispatch'].map((name) => key(text, name));
  for (const role of roles) {
    const name = `${round}-${role}`;
    const waiting = join(folder, `waiting-${name}`);
    if (!existsSync(waiting)) continue;
    if (read(join(folder, 'faults/taken', name)).startsWith('pause')) {
      if (status !== 'WORKING') continue;
      save(handoff, setKeys(text, { status: 'PAUSED' }));
      project.paused = true;
    } else {
      const words = `human ${name} was here`;
      project.edits.push(words);
      save(handoff, `${text}${text.endsWith('\n') ? '' : '\n'}${words}\n`);
    }
    rmSync(waiting);
    return;
  }
  if (dispatch !== null) return;
  if (status === 'PAUSED' && project.paused) {
    project.paused = false;
    save(handoff, setKeys(text, { status: 'READY' }));
  } else if (status === 'ESCALATE' && key(text, 'answer') === null) {
    save(handoff, setKeys(text, { answer: 'A' }));
    count('(answered a question)');
  } else if (status === 'BLOCKED') {
    save(handoff, setKeys(text, { status: 'READY' }));
    count('(let a blocked round go on)');
  } else if (status === 'ROUND-COMPLETE' && round === idOf(project.round)) {
    project.round += 1;
    if (project.round > rounds) project.done = true;
    else save(handoff, setKeys(text, { round: idOf(project.round), status: 'READY', 'next-role': 'maker' }));
  }
}

function sample({ generation }) {
  const status = read(`/proc/${generation.pid}/status`);
  const rss = /VmRSS:\s+(\d+)/.exec(status)?.[1];
  if (rss === undefined) return;
  const finished = projects.reduce((sum, { round }) => sum + round - 1, 0);
  generation.samples.push({ finished, mb: Number(rss) / 1024 });
  generation.fds.push(readdirSync(`/proc/${generation.pid}/fd`).length);
}

/** Least squares, in MB per 100 rounds, over the last two thirds of what the last runner saw. */
function slope(samples) {
  const late = samples.slice(Math.floor(samples.length / 3));
  const mean = (of) => late.reduce((sum, each) => sum + of(each), 0) / late.length;
  const [x, y] = [mean(({ finished }) => finished), mean(({ mb }) => mb)];
  const spread = late.reduce((sum, { finished }) => sum + (finished - x) ** 2, 0);
  if (spread === 0) return 0;
  return (100 * late.reduce((sum, { finished, mb }) => sum + (finished - x) * (mb - y), 0)) / spread;
}

function processesLeft() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'latin1').includes(`NEXT_ROLE_PROJECT=${root}`);
      } catch {
        return false; // It ended while we looked.
      }
    });
}

function temporaryLeft() {
  return readdirSync(root, { recursive: true }).filter((name) =>
    /\.nr-[0-9a-f]{12}$|\.tmp$/.test(String(name)),
  );
}

/** Lets the runner begin a journal, which then repeats its last record until it is almost due to be packed away. */
function lengthenJournal({ folder, handoff }) {
  const ready = read(handoff);
  writeFileSync(handoff, setKeys(ready, { status: 'PAUSED' }));
  const begun = spawnSync(process.execPath, [main, 'run', '--dir', folder], { env, encoding: 'utf8' });
  if (begun.error !== undefined) throw begun.error;
  const path = join(folder, '.next-role/journal.jsonl');
  const journal = openJournal(path);
  const { last } = journal.load();
  if (last === null) throw new Error(`No journal was begun in ${folder}: ${begun.stdout}${begun.stderr}`);
  while (statSync(path).size < segmentBytesMax - shortOfBytes)
    journal.append({ event: last.event, state: last.state, effects: [] });
  journal.close();
  writeFileSync(handoff, ready);
}

for (const project of projects) lengthenJournal(project);
const under = (folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []);

const startedAt = Date.now();
startWatch(null);
let sampledAt = 0;
/** The last two fifths are left to one runner, so that its memory can be watched. */
const runnerFaultsUntil = Math.ceil(rounds * projectCount * 0.6);
let nextRunnerFault = 2 + random(6);
while (projects.some(({ done }) => !done)) {
  if (Date.now() - startedAt > soakMsMax) break;
  for (const project of projects.filter(({ done }) => !done)) attend(project);
  const finished = projects.reduce((sum, { round }) => sum + round - 1, 0);
  if (watch.child.exitCode !== null || watch.child.signalCode !== null) {
    count('(runner started again after it had ended)');
    await restart('SIGKILL');
  } else if (finished >= nextRunnerFault && finished < runnerFaultsUntil) {
    nextRunnerFault = finished + 3 + random(8);
    await new Promise((resolve) => setTimeout(resolve, random(900)));
    if (random(3) === 0) {
      count('disk full for the runner');
      await restart('SIGKILL', { at: 60 + random(400), act: 'ENOSPC', for: 1 + random(3) });
    } else await restart('SIGKILL');
    count('runner killed');
  } else if (finished >= runnerFaultsUntil && !generations.final) {
    generations.final = true;
    await restart('SIGTERM');
  } else {
    const stuck = projects.find(({ done, changedAt }) => !done && Date.now() - changedAt > stuckMs);
    if (stuck !== undefined) {
      count('(runner started again after a project stood still)');
      await restart('SIGTERM');
    }
  }
  if (Date.now() - sampledAt > 1_000) {
    sampledAt = Date.now();
    sample(watch);
    if (process.stderr.isTTY) process.stderr.write(`\r${finished} of ${rounds * projectCount} rounds `);
  }
  await new Promise((resolve) => setTimeout(resolve, lookMs));
}
const seconds = Math.round((Date.now() - startedAt) / 1_000);
await new Promise((resolve) => setTimeout(resolve, 1_500));
sample(watch);
const last = watch.generation;
watch.child.kill('SIGTERM');
const code = await watch.ended;
await new Promise((resolve) => setTimeout(resolve, 1_000));

let [lost, repeated, editsLost, unfinished, sessions, differences] = [0, 0, 0, 0, 0, 0];
let [journalMb, packedAway] = [0, 0];
for (const { folder, handoff, edits, done } of projects) {
  if (!done) unfinished += 1;
  const finished = read(join(folder, 'finished.log')).split('\n').filter(Boolean);
  sessions += read(join(folder, 'started.log')).split('\n').filter(Boolean).length;
  for (let round = 1; round <= rounds; round += 1) {
    for (const role of roles) {
      const name = `${idOf(round)}-${role}`;
      const times = finished.filter((line) => line === name).length;
      if (times === 0 || read(join(folder, 'out', `${name}.md`)) !== `made by ${name}\n`) lost += 1;
      if (times > 1) repeated += 1;
      const taken = read(join(folder, 'faults/taken', name)).trim();
      if (taken !== '') count(taken);
    }
  }
  const kept = [handoff, ...under(join(folder, 'coordination/history'))].map(read).join('\n');
  editsLost += edits.filter((words) => !kept.includes(words)).length;
  const replayed = spawnSync(process.execPath, [main, 'replay', '--dir', folder], { env });
  if (replayed.status !== 0) differences += 1;
  const segments = join(folder, '.next-role/journal');
  if (existsSync(segments)) packedAway += 1;
  for (const path of [join(folder, '.next-role/journal.jsonl'), ...under(segments)])
    journalMb += statSync(path).size / 1e6;
}
const left = processesLeft();
const temporary = temporaryLeft();
/** Not the first of all: a process that was just started is not yet the program. */
const early = (all) => all[Math.min(3, all.length - 1)] ?? 0;
const fds = [early(last.fds), last.fds.at(-1) ?? 0];
const mbs = last.samples.map(({ mb }) => mb);
const perHundred = slope(last.samples);
const seen = last.samples.at(-1)?.finished - (last.samples[0]?.finished ?? 0);
const faults = Object.entries(injected).filter(([name]) => !name.startsWith('('));
const total = faults.reduce((sum, [, n]) => sum + n, 0);
const line = (label, words) => console.log(`${label.padEnd(22)}${words}`);
line('seed', String(seed));
line(
  'rounds',
  `${rounds * projectCount - unfinished} of ${rounds * projectCount} over ${projectCount} projects, ${sessions} sessions, ${seconds} s`,
);
line(
  'faults injected',
  `${total}: ${faults
    .map(([name, n]) => `${name} ${n}`)
    .sort()
    .join(', ')}`,
);
line('faults survived', String(unfinished === 0 ? total : 'not all: a round did not end'));
for (const [name, n] of Object.entries(injected).filter(([each]) => each.startsWith('(')))
  line('by a human', `${n} × ${name.slice(1, -1)}`);
line('work lost', String(lost));
line('sessions repeated', String(repeated));
line('human edits lost', `${editsLost} of ${projects.reduce((sum, { edits }) => sum + edits.length, 0)}`);
line('journals that differ', `${differences} of ${projectCount}, ${journalMb.toFixed(1)} MB in all`);
line('journals packed away', `${packedAway} of ${projectCount}`);
line('runners', `${generations.length}; the last saw ${seen} rounds and ended with ${code}`);
line(
  'its memory',
  `${Math.round(early(mbs))} MB early, ${Math.round(Math.max(...mbs))} MB at most, ${Math.round(mbs.at(-1) ?? 0)} MB at its end; ${perHundred.toFixed(1)} MB per 100 rounds`,
);
line('its descriptors', `${fds[0]} early, ${fds[1]} at its end`);
line('processes left', String(left.length));
line('temporary files left', String(temporary.length));
/** A runner that saw fewer rounds than this says nothing yet about its memory. */
const flat = seen < 40 || perHundred <= growthMbMax;
const good =
  flat &&
  packedAway === projectCount &&
  unfinished === 0 &&
  lost === 0 &&
  repeated === 0 &&
  editsLost === 0 &&
  differences === 0 &&
  left.length === 0 &&
  temporary.length === 0;
if (!good) console.log(`\nThe folder is kept: ${root}\n${temporary.join('\n')}\n${output.slice(-4_000)}`);
else if (!values.keep) rmSync(root, { recursive: true, force: true });
process.exit(good ? 0 : 1);
