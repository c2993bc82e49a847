// A project of four roles that do next to nothing, for every case the same: who runs it must start four programs, one
// after the other, and end with the same files. Ours runs them as a command agent; the policy is the project's own.
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { noop, stage } from './process.mjs';

export const roles = ['one', 'two', 'three', 'four'];

const header = (role, status, round = 'R01') =>
  `---\nround: ${round}\nnext-role: ${role}\nstatus: ${status}\ntier: bench\n---\n`;

const contract = (role) => `---
title: ${role}
class: cheap
reads: [coordination/PRD.md]
hides: []
writes: [coordination/]
owes: []
tools: [Read]
ends: [READY, ROUND-COMPLETE, ESCALATE]
sees-answers: true
---

Do the work of role {role} in round {round}.
`;

/** Writes the project; `status` is what its handoff says. */
export function fill(folder, { status = 'READY', stampsAt = `${folder}.stamps` } = {}) {
  mkdirSync(join(folder, 'coordination/roles'), { recursive: true });
  mkdirSync(join(folder, 'coordination/state'), { recursive: true });
  const put = (path, text) => writeFileSync(join(folder, 'coordination', path), text);
  for (const role of roles) put(`roles/${role}.md`, contract(role));
  put('state/tiers.yaml', `bench: { about: Four roles that do nothing., roles: [${roles.join(', ')}] }\n`);
  put('PRD.md', '# Wish\n\nNothing.\n');
  const run = `BENCH_LOG='${stampsAt}' exec ${noop.map((word) => `'${word}'`).join(' ')} "$NEXT_ROLE_ROLE"`;
  put(
    'next-role.yaml',
    `agent: noop\nagents:\n  noop:\n    kind: command\n    run: ${JSON.stringify(run)}\n    env: [NOOP_SLEEP_MS]\ncommit: false\n`,
  );
  put('NEXT-ROLE.md', header('one', status));
  return { folder, stampsAt, handoff: join(folder, 'coordination/NEXT-ROLE.md') };
}

export const freshProject = (options) => fill(mkdtempSync(join(stage, 'project-')), options);

/** As it was before the round; whoever keeps a memory of its own keeps it. */
export function reset(project) {
  for (const role of roles) rmSync(join(project.folder, `coordination/${role}.txt`), { force: true });
  rmSync(project.stampsAt, { force: true });
  writeFileSync(project.handoff, header('one', 'READY'));
}

/** The start of another round, as a person would save it. */
export const roundText = (round) => header('one', 'READY', round);

/** Stamps of the agents so far, in ms. */
export function stampsOf({ stampsAt }) {
  if (!existsSync(stampsAt)) return [];
  return readFileSync(stampsAt, 'utf8')
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '))
    .map(([role, start, end]) => ({ role, startMs: Number(start) / 1e6, endMs: Number(end) / 1e6 }));
}

/** From each agent's last moment to the next one's first. */
export const gapsOf = (stamps) => stamps.slice(1).map(({ startMs }, at) => startMs - stamps[at].endMs);

/** One word for the work that was done: equal work has equal words. Throws where some is missing. */
export function workOf({ folder, handoff }) {
  const hash = createHash('sha256');
  for (const role of roles) hash.update(readFileSync(join(folder, `coordination/${role}.txt`)));
  const text = readFileSync(handoff, 'utf8');
  if (!/STATUS:\s*"?ROUND-COMPLETE/i.test(text)) throw new Error(`The round is not complete:\n${text}`);
  return hash.digest('hex').slice(0, 12);
}

/** Whether the journal's last word is that this round is finished. */
export function isFinished({ folder }, round) {
  const path = join(folder, '.next-role/journal.jsonl');
  if (!existsSync(path)) return false;
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(Math.min(size, 32_768));
    readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    const last = bytes.toString('utf8').trimEnd().split('\n').at(-1);
    return last.includes('"value":"finished"') && last.includes(`"id":"${round}"`);
  } finally {
    closeSync(fd);
  }
}
