/** What an isolated session left reaches the project as a whole, once, and never over what somebody else wrote. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { makeCopy, listCopies } from '../../src/effects/copies.ts';
import { projectAt } from '../../src/effects/project.ts';
import { compose } from '../../src/domain/brief.ts';
import { newRound } from '../../src/domain/round.ts';
import { orderFor } from '../../src/domain/route.ts';
import { isHidden } from '../../src/protocol/access.ts';
import { manifestFile, beforeFile } from '../../src/protocol/sessionrecord.ts';
import type { Project } from '../../src/protocol/project.ts';
import type { Order } from '../../src/protocol/session.ts';
import { recordAfter, recordsBefore } from '../../src/runner/audit.ts';
import { bringBack, clearCopy, emptiedCopies } from '../../src/runner/bringback.ts';
import { repair } from '../../src/runner/repair.ts';
import { contract, testPolicy } from '../rig/policy.ts';

const folders: string[] = [];
const state = mkdtempSync(join(tmpdir(), 'next-role-state-'));
vi.stubEnv('XDG_STATE_HOME', state);
afterAll(() => rmSync(state, { recursive: true, force: true }));
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const report = 'coordination/reviews/REVIEWER-REPORT-R01.md';
const other = 'coordination/reviews/extra.md';
const log = 'coordination/logs/a.log';

type Isolated = {
  readonly project: Project;
  readonly order: Order;
  readonly folder: string;
  readonly copy: string;
  /** Writes into the copy, or into the project by hand. */
  readonly leave: (path: string, text: string) => void;
  readonly byHand: (path: string, text: string) => void;
  readonly now: (path: string) => string | null;
  readonly back: () => Promise<readonly string[]>;
};

const header = (order: string, status = 'WORKING', to = 'reviewer'): string =>
  `---\nround: R01\nnext-role: ${to}\nstatus: ${status}\ndispatch: ${order}\n---\n\n## Directive\n\nLook.\n`;

/** A session of a reviewer that is at work in its copy. */
async function isolated(files: Readonly<Record<string, string>> = {}): Promise<Isolated> {
  const root = mkdtempSync(join(tmpdir(), 'next-role-project-'));
  folders.push(root);
  const put = (place: string, path: string, text: string): void => {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    writeFileSync(join(place, path), text);
  };
  const role = contract('reviewer', { hides: ['coordination/logs/'], writes: ['coordination/reviews/'] });
  const shipped = testPolicy();
  const policy = { ...shipped, roles: { ...shipped.roles, reviewer: role } };
  const request = {
    role: 'reviewer',
    dispatchId: 'd',
    at: 1,
    kind: 'work',
    feedback: [],
    because: '',
  } as const;
  const order = orderFor(policy, newRound('R01', 'full'), request);
  put(root, 'coordination/NEXT-ROLE.md', header(order.id));
  put(root, log, 'a secret\n');
  for (const [path, text] of Object.entries(files)) put(root, path, text);
  symlinkSync('logs/a.log', join(root, 'coordination/alias.md'));
  const project = await projectAt(root);
  if (project === null) throw new Error('no project');
  const brief = compose(policy, order, {
    offered: [],
    reinforcements: [],
    directive: null,
    decisions: [],
    changed: null,
    handoff: project.handoffName,
    headerLines: 6,
    dialect: 'front-matter',
  });
  const copy = await makeCopy(root, order.id, (path) => isHidden(brief.manifest, path));
  const folder = join(project.own, 'sessions', order.id);
  const records = await recordsBefore({ root, copy }, brief, new Map());
  for (const [name, text] of Object.entries(records)) put(folder, name, text);
  return {
    project,
    order,
    folder,
    copy,
    leave: (path, text) => put(copy, path, text),
    byHand: (path, text) => put(root, path, text),
    now: (path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : null),
    back: () => bringBack(project, folder, order, new Map()),
  };
}

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
