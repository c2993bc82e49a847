/**
 * A project with one isolated session of a reviewer at work in its copy, made by the hands that the runner uses, without a
 * runner and without an agent. Everything lies in one temporary folder, the user's own state folder too.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { vi } from 'vitest';
import { makeCopy } from '../../src/effects/copies.ts';
import { projectAt } from '../../src/effects/project.ts';
import { compose } from '../../src/domain/brief.ts';
import { newRound } from '../../src/domain/round.ts';
import { orderFor } from '../../src/domain/route.ts';
import { isHidden } from '../../src/protocol/access.ts';
import type { Project } from '../../src/protocol/project.ts';
import type { Order } from '../../src/protocol/session.ts';
import { recordsBefore } from '../../src/runner/audit.ts';
import { bringBack } from '../../src/runner/bringback.ts';
import { contract, testPolicy } from './policy.ts';

const folders: string[] = [];

/** Removes every project, and the copies. */
export function removeIsolated(): void {
  vi.unstubAllEnvs();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export const report = 'coordination/reviews/REVIEWER-REPORT-R01.md';
export const log = 'coordination/logs/a.log';

export type Isolated = {
  /** Holds the project, and the state folder with its copy. */
  readonly whole: string;
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

export const header = (order: string, status = 'WORKING', to = 'reviewer'): string =>
  `---\nround: R01\nnext-role: ${to}\nstatus: ${status}\ndispatch: ${order}\n---\n\n## Directive\n\nLook.\n`;

/** A session of a reviewer that is at work in its copy. */
export async function isolated(files: Readonly<Record<string, string>> = {}): Promise<Isolated> {
  const whole = realpathSync(mkdtempSync(join(tmpdir(), 'next-role-isolated-')));
  folders.push(whole);
  vi.stubEnv('XDG_STATE_HOME', join(whole, 'state'));
  const root = join(whole, 'project');
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
  put(folder, 'order.json', JSON.stringify(order));
  return {
    whole,
    project,
    order,
    folder,
    copy,
    leave: (path, text) => put(copy, path, text),
    byHand: (path, text) => put(root, path, text),
    now: (path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : null),
    back: async () => (await bringBack(project, folder, order, new Map())).told,
  };
}
