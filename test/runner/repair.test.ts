/** What a crash leaves is named by `doctor`, cleared away while nobody runs the project, and only then. */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { bootId, startTimeOf } from '../../src/effects/boot.ts';
import { openJournal } from '../../src/effects/journal.ts';
import { acquire } from '../../src/effects/lock.ts';
import { projectAt } from '../../src/effects/project.ts';
import type { Project } from '../../src/protocol/project.ts';
import { clearTemporary, repair } from '../../src/runner/repair.ts';
import { entry } from '../conformance/store.ts';
import { projectWith, removeFolders } from '../rig/project.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  removeFolders();
});

async function aProject(): Promise<Project> {
  const project = await projectAt(projectWith());
  if (project === null) throw new Error('no project');
  mkdirSync(project.own, { recursive: true });
  return project;
}

/** A process number that nobody has: Linux gives none above 2^22. */
const nobody = 0x7fffffff;

function leaveLock(project: Project, more: Readonly<Record<string, unknown>> = {}): void {
  const owner = {
    host: hostOf(),
    pid: nobody,
    startTime: '1',
    bootId: bootId(),
    since: '2026-01-01T00:00:00Z',
    command: 'run',
    ...more,
  };
  writeFileSync(join(project.own, 'owner.json'), JSON.stringify(owner));
}

const hostOf = (): string => readFileSync('/proc/sys/kernel/hostname', 'utf8').trim();

/** A process with the marks of an order, as one that a session started and left. */
function leaveProcess(project: Project, order: string): ChildProcess {
  const env = { ...process.env, NEXT_ROLE_ORDER: order, NEXT_ROLE_PROJECT: project.root };
  const child = spawn('sleep', ['600'], { env, stdio: 'ignore' });
  children.push(child);
  return child;
}

function session(project: Project, order: string, files: Readonly<Record<string, string>>): void {
  const folder = join(project.own, 'sessions', order);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

function leaveTornJournal(project: Project): void {
  const journal = openJournal(join(project.own, 'journal.jsonl'));
  journal.load();
  journal.append(entry(1));
  journal.append(entry(2));
  journal.close();
  const path = join(project.own, 'journal.jsonl');
  truncateSync(path, statSync(path).size - 20);
}

const ended = (child: ChildProcess): Promise<string | null> =>
  new Promise((resolve) =>
    child.signalCode === null ? child.once('exit', (_code, by) => resolve(by)) : resolve(child.signalCode),
  );

describe('repair()', () => {
  it('finds nothing in a project that was left in order', async () => {
    expect(await repair(await aProject(), { mend: true })).toEqual([]);
  });

  it('names and clears all that a crash left: lock, torn line, processes, temporary files', async () => {
    const project = await aProject();
    leaveLock(project);
    leaveTornJournal(project);
    const temporary = join(project.root, 'coordination', `.NEXT-ROLE.md.nr-${nobody.toString(16)}abcd`);
    writeFileSync(temporary, 'half');
    session(project, 'R01.1-architect-x', { exit: '{"code":0}\n' });
    const child = leaveProcess(project, 'R01.1-architect-x');

    const seen = await repair(project, { mend: false });
    expect(seen.map(({ kind, repaired }) => [kind, repaired])).toEqual(
      ['lock', 'journal', 'processes', 'files'].map((kind) => [kind, null]),
    );
    expect(existsSync(temporary)).toBe(true);

    const done = await repair(project, { mend: true });
    expect(done.map(({ words }) => words)).toEqual(seen.map(({ words }) => words));
    expect(done.every(({ repaired }) => repaired !== null)).toBe(true);
    expect(await ended(child)).toBe('SIGTERM');
    expect(existsSync(temporary)).toBe(false);
    expect(existsSync(join(project.own, 'owner.json'))).toBe(false);
    expect(readdirSync(project.own)).toContain('journal.jsonl.torn-2');
    expect(await repair(project, { mend: true })).toEqual([]);
  });

  it('leaves alone a session that lives without a runner: the next run adopts it', async () => {
    const project = await aProject();
    const child = leaveProcess(project, 'R01.1-architect-x');
    const claim = { pid: child.pid, startTime: startTimeOf(child.pid ?? 0), bootId: bootId() };
    session(project, 'R01.1-architect-x', { claim: JSON.stringify(claim) });
    expect(await repair(project, { mend: true })).toEqual([]);
    expect(child.signalCode).toBeNull();
  });

  it('is asked to clear temporary files by each run that begins: half a receipt is nobody’s next write', async () => {
    const project = await aProject();
    const logs = join(project.root, 'coordination/logs');
    mkdirSync(logs, { recursive: true });
    const left = join(logs, `.ROUND-R01-RECEIPT.md.nr-${nobody.toString(16)}abcd`);
    const own = join(logs, `.ROUND-R01-RECEIPT.md.nr-${process.pid.toString(16).padStart(8, '0')}abcd`);
    for (const path of [left, own]) writeFileSync(path, 'half');
    expect(clearTemporary(project)).toBeNull();
    expect([left, own].map((path) => existsSync(path))).toEqual([false, true]);
  });

  it('clears what a disk that refused everything left of a session that never began, and nothing of its shim', async () => {
    const project = await aProject();
    const session = join(project.own, 'sessions/R01.1-architect');
    mkdirSync(session, { recursive: true });
    const [left, shims, own] = ['order.json.f03deee8dd30.tmp', 'exit.tmp', 'notes.tmp'].map((name) =>
      join(session, name),
    );
    for (const path of [left!, shims!, own!]) writeFileSync(path, 'half');
    expect(clearTemporary(project)).toBeNull();
    expect([left!, shims!, own!].map((path) => existsSync(path))).toEqual([false, true, true]);
  });

  it('touches nothing while somebody runs the project, and says what it would', async () => {
    const project = await aProject();
    const lock = await acquire(project.root);
    try {
      const temporary = join(project.root, 'coordination', `.NEXT-ROLE.md.nr-${nobody.toString(16)}abcd`);
      writeFileSync(temporary, 'half');
      expect(await repair(project, { mend: true })).toMatchObject([{ kind: 'files', repaired: null }]);
      expect(existsSync(temporary)).toBe(true);
    } finally {
      if (lock.type === 'held') await lock.release();
    }
  });

  it('keeps its hands off a lock of another host, a person’s files, and a damaged journal', async () => {
    const project = await aProject();
    leaveLock(project, { host: 'elsewhere' });
    writeFileSync(join(project.root, 'coordination', '.NEXT-ROLE.md.nr-notes'), 'mine');
    expect(await repair(project, { mend: true })).toEqual([]);
    expect(existsSync(join(project.own, 'owner.json'))).toBe(true);
    leaveTornJournal(project);
    appendFileSync(join(project.own, 'journal.jsonl'), '\n{"hash":"x"}\n');
    await expect(repair(project, { mend: true })).rejects.toThrow('damaged at byte');
  });
});
