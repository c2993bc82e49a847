/** What an isolated session left reaches the project as a whole, once, and never over what somebody else wrote. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type * as FileSystem from 'node:fs';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { copiesFolder, listCopies } from '../../src/effects/copies.ts';
import { changesBetween, lookAtTree } from '../../src/effects/tree.ts';
import { beforeFile, manifestFile } from '../../src/protocol/sessionrecord.ts';
import { recordAfter } from '../../src/runner/audit.ts';
import { bringBack, clearCopy, emptiedCopies } from '../../src/runner/bringback.ts';
import { repair } from '../../src/runner/repair.ts';
import { header, isolated, log, removeIsolated, report } from '../rig/isolated.ts';

/** Paths that the disk refuses to read, with what it says; who is root could not be refused otherwise. */
const refused = vi.hoisted(() => new Map<string, string>());
/** Called at each sync. */
const atSync = vi.hoisted(() => ({ look: (): void => undefined }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof FileSystem>();
  const guarded =
    <Rest extends readonly unknown[], Result>(read: (path: string, ...rest: Rest) => Result) =>
    (path: string, ...rest: Rest): Result => {
      const code = refused.get(path);
      if (code !== undefined) throw Object.assign(new Error(`${code}: ${path}`), { code, path });
      return read(path, ...rest);
    };
  const fsync = (fd: number, done: FileSystem.NoParamCallback): void => {
    atSync.look();
    real.fsync(fd, done);
  };
  return {
    ...real,
    fsync,
    readdirSync: guarded(real.readdirSync),
    readFileSync: guarded(real.readFileSync),
  };
});

const folders: string[] = [];
afterEach(() => {
  refused.clear();
  atSync.look = () => undefined;
  vi.restoreAllMocks();
  removeIsolated();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const other = 'coordination/reviews/extra.md';

describe('a session in a copy', () => {
  it('finds nothing hidden there, not by a link either, and leaves what is hidden on record', async () => {
    const { copy, folder } = await isolated({ 'src/a.ts': 'a\n' });
    expect(['src/a.ts', log, 'coordination/alias.md'].map((path) => existsSync(join(copy, path)))).toEqual([
      true,
      false,
      false,
    ]);
    expect(readFileSync(join(folder, manifestFile), 'utf8')).toContain(`"${log}"`);
    expect(readFileSync(join(folder, beforeFile), 'utf8')).not.toContain(log);
  });
});

describe('bringBack()', () => {
  it('takes what the role may write and its header, and nothing else', async () => {
    const at = await isolated({ 'src/a.ts': 'a\n', [other]: 'old\n' });
    at.leave(report, 'fine\n');
    at.leave('src/a.ts', 'weakened\n');
    at.leave('coordination/NEXT-ROLE.md', header(at.order.id, 'MERGE-READY', 'memorial'));
    rmSync(join(at.copy, other));
    expect(await at.back()).toEqual([]);
    expect([report, 'src/a.ts', other].map(at.now)).toEqual(['fine\n', 'a\n', null]);
    expect(at.now('coordination/NEXT-ROLE.md')).toBe(header(at.order.id, 'MERGE-READY', 'memorial'));
  });

  it('goes on where it was killed, and does nothing once it is on record', async () => {
    const at = await isolated();
    at.leave(report, 'fine\n');
    at.leave(other, 'more\n');
    at.leave('coordination/NEXT-ROLE.md', header(at.order.id, 'MERGE-READY', 'memorial'));
    // Killed between two files: one of them is in the project already.
    at.byHand(report, 'fine\n');
    expect(await at.back()).toEqual([]);
    expect(await at.back()).toEqual([]);
    expect([at.now(other), at.now('coordination/NEXT-ROLE.md')]).toEqual([
      'more\n',
      header(at.order.id, 'MERGE-READY', 'memorial'),
    ]);
    await recordAfter(at.project.root, at.folder, new Map());
    // Killed before the session's end was decided upon; meanwhile somebody edits.
    at.byHand(report, 'by hand\n');
    expect(await at.back()).toEqual([]);
    expect(at.now(report)).toBe('by hand\n');
    expect(await emptiedCopies(at.project, { isIdle: false })).toEqual([at.copy]);
    const [left] = await repair(at.project, { mend: true });
    expect(left).toMatchObject({ kind: 'copies', repaired: 'Removed.' });
    expect(await listCopies(at.project.root)).toEqual([]);
  });

  it('keeps the copy of a session that is not on record yet', async () => {
    const at = await isolated();
    writeFileSync(join(at.folder, 'claim'), JSON.stringify({ pid: 1, startTime: '1', bootId: 'x' }));
    at.leave(report, 'fine\n');
    await clearCopy(at.folder);
    expect(await repair(at.project, { mend: true })).toEqual([]);
    expect(existsSync(join(at.copy, report))).toBe(true);
  });

  it('puts what the role proposes into a handoff that a person edited, and nothing over a status of theirs', async () => {
    const proposal = async (edited: (text: string) => string) => {
      const at = await isolated();
      at.leave('coordination/NEXT-ROLE.md', header(at.order.id, 'MERGE-READY', 'memorial'));
      at.byHand('coordination/NEXT-ROLE.md', edited(header(at.order.id)));
      const told = await at.back();
      return { told: told.length, text: at.now('coordination/NEXT-ROLE.md'), order: at.order.id };
    };
    const noted = await proposal((text) => `${text}\nBy hand.\n`);
    expect(noted).toMatchObject({
      told: 0,
      text: `${header(noted.order, 'MERGE-READY', 'memorial')}\nBy hand.\n`,
    });
    const paused = await proposal((text) => text.replace('WORKING', 'PAUSED'));
    expect(paused).toMatchObject({ told: 1, text: header(paused.order, 'PAUSED') });
  });

  it('asks where a file of the role was edited meanwhile, and loses neither text', async () => {
    const at = await isolated({ [report]: 'old\n' });
    at.leave(report, 'fine\n');
    at.leave('coordination/NEXT-ROLE.md', header(at.order.id, 'MERGE-READY', 'memorial'));
    at.byHand(report, 'by hand\n');
    expect(await at.back()).toHaveLength(1);
    expect(at.now(report)).toBe('by hand\n');
    expect(readFileSync(join(at.folder, 'kept', report), 'utf8')).toBe('fine\n');
    const asked = at.now('coordination/NEXT-ROLE.md') ?? '';
    expect(asked).toMatch(/status: ESCALATE[\s\S]*Somebody edited [\s\S]*recommended: A/);
    // Again, after a crash: the same question once.
    await at.back();
    expect(at.now('coordination/NEXT-ROLE.md')).toBe(asked);
  });

  it('knows an answer that a person gave to a question it brought, and none that the session gave itself', async () => {
    const asking = (order: string, answer = ''): string =>
      header(order, 'ESCALATE').replace('---\n\n', `${answer}---\n\n`);
    const isAnswered = async (copy: string, hand: string) => {
      const at = await isolated();
      at.leave('coordination/NEXT-ROLE.md', asking(at.order.id, copy));
      at.byHand('coordination/NEXT-ROLE.md', asking(at.order.id, hand));
      return (await bringBack(at.project, at.folder, at.order, new Map())).isAnswered;
    };
    expect(await isAnswered('', 'answer: A\n')).toBe(true);
    expect(await isAnswered('answer: B\n', 'answer: A\n')).toBe(true);
    expect(await isAnswered('answer: A\n', 'answer: A\n')).toBe(false);
    expect(await isAnswered('answer: A\n', '')).toBe(false);
    // Before there was a question, it answers none.
    const early = await isolated();
    early.leave('coordination/NEXT-ROLE.md', asking(early.order.id));
    early.byHand('coordination/NEXT-ROLE.md', header(early.order.id).replace('status', 'answer: A\nstatus'));
    expect((await bringBack(early.project, early.folder, early.order, new Map())).isAnswered).toBe(false);
  });

  it('brings nothing through a link out of the project, and no file that is not text', async () => {
    const at = await isolated();
    const outside = mkdtempSync(join(tmpdir(), 'next-role-outside-'));
    folders.push(outside);
    at.leave(report, 'fine\n');
    writeFileSync(join(dirname(join(at.copy, report)), 'image.png'), Buffer.from([0xff, 0xfe, 0x00]));
    symlinkSync(outside, join(at.project.root, 'coordination/reviews'));
    expect(await at.back()).toHaveLength(2);
    expect(existsSync(join(outside, 'REVIEWER-REPORT-R01.md'))).toBe(false);
    expect(readFileSync(join(at.folder, 'kept/coordination/reviews/image.png'))).toHaveLength(3);
  });

  it.each(['EACCES', 'EMFILE', 'EIO'])(
    'takes nothing for deleted that %s keeps it from reading',
    async (code) => {
      const at = await isolated({ [report]: 'old\n', [other]: 'more\n', 'src/a.ts': 'a\n' });
      at.leave(report, 'fine\n');
      refused.set(join(at.copy, 'coordination'), code);
      expect(await at.back()).toEqual([
        expect.stringContaining('"coordination" could not be read in the copy'),
      ]);
      expect([report, other].map(at.now)).toEqual(['old\n', 'more\n']);
      expect(at.now('coordination/NEXT-ROLE.md')).toBe(header(at.order.id));
      // What it left is in the copy alone, which is kept for a person.
      await recordAfter(at.project.root, at.folder, new Map());
      await clearCopy(at.folder);
      expect(await emptiedCopies(at.project, { isIdle: false })).toEqual([]);
      expect(existsSync(join(at.copy, report))).toBe(true);
    },
  );

  it('keeps the copy also where only a later look could read it', async () => {
    const at = await isolated({ [report]: 'old\n' });
    await recordAfter(at.project.root, at.folder, new Map(), { unread: ['coordination'] });
    await clearCopy(at.folder);
    expect(existsSync(at.copy)).toBe(true);
  });

  it('says that a copy is gone, and takes no file for deleted', async () => {
    const at = await isolated({ [report]: 'old\n' });
    rmSync(at.copy, { recursive: true });
    expect(await at.back()).toEqual([expect.stringContaining('is gone')]);
    expect(at.now(report)).toBe('old\n');
    await recordAfter(at.project.root, at.folder, new Map());
    expect(JSON.parse(readFileSync(join(at.folder, 'changes.json'), 'utf8'))).toEqual({
      files: [],
      whole: false,
    });
  });
});

describe('clearCopy()', () => {
  it('makes what the audit needs survive a power cut first, and leaves no empty folder', async () => {
    const at = await isolated();
    await recordAfter(at.project.root, at.folder, new Map());
    const wasThere: boolean[] = [];
    atSync.look = () => void wasThere.push(existsSync(at.copy));
    // As some package managers leave theirs; in the way of everybody but root.
    at.leave('coordination/reviews/extra.md', 'x\n');
    chmodSync(join(at.copy, 'coordination/reviews'), 0o555);
    await clearCopy(at.folder);
    expect(wasThere).toEqual([true, true, true]);
    expect(existsSync(at.copy)).toBe(false);
    expect(existsSync(copiesFolder(at.project.root))).toBe(false);
  });
});

describe('repair()', () => {
  it('names and clears a copy whose session is not on disk any more', async () => {
    const at = await isolated();
    rmSync(at.folder, { recursive: true });
    expect(await emptiedCopies(at.project, { isIdle: false })).toEqual([]);
    // Not while it is still at work in there.
    const env = { ...process.env, NEXT_ROLE_ORDER: at.order.id, NEXT_ROLE_PROJECT: at.project.root };
    const child = spawn('sleep', ['600'], { env, stdio: 'ignore' });
    await once(child, 'spawn');
    expect(await repair(at.project, { mend: true })).toEqual([]);
    child.kill('SIGKILL');
    await once(child, 'close');
    const [left] = await repair(at.project, { mend: true });
    expect(left).toMatchObject({ kind: 'copies', repaired: 'Removed.' });
    expect(left?.words).toContain(at.copy);
    expect(existsSync(copiesFolder(at.project.root))).toBe(false);
  });
});

describe('changesBetween()', () => {
  it('tells what became unreadable from what was deleted, and both from what came', async () => {
    const { project } = await isolated({ 'a/x': '1\n', 'b/y': '2\n', c: '3\n' });
    const before = await lookAtTree(project.root, new Map());
    refused.set(join(project.root, 'a'), 'EACCES');
    refused.set(join(project.root, 'c'), 'EACCES');
    rmSync(join(project.root, 'b'), { recursive: true });
    writeFileSync(join(project.root, 'd'), '4\n');
    const after = await lookAtTree(project.root, new Map());
    expect(
      changesBetween(before, after).map(({ path, after: now }) => [path, now?.slice(0, 6) ?? null]),
    ).toEqual([
      ['a/x', 'unread'],
      ['b/y', null],
      ['c', 'unread'],
      ['d', after.files['d']?.slice(0, 6)],
    ]);
    // Once it can be read again, it is found as it was.
    expect(changesBetween(after, before)).toContainEqual({
      path: 'c',
      before: 'unread',
      after: before.files['c'],
    });
    refused.set(project.root, 'EIO');
    expect(
      changesBetween(before, await lookAtTree(project.root, new Map())).every(
        (each) => each.after === 'unread',
      ),
    ).toBe(true);
  });
});
