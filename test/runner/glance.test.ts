import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectAt } from '../../src/effects/project.ts';
import type { Project } from '../../src/protocol/project.ts';
import { glance } from '../../src/runner/glance.ts';
import { look } from '../../src/runner/look.ts';
import { run } from '../../src/runner/run.ts';

const paused = '---\nround: R01\nnext-role: architect\nstatus: PAUSED\n---\n';
const settings = 'agent: shell\nagents:\n  shell:\n    kind: command\n    run: "true"\ncommit: false\n';

let project: Project;
const path = (name: string): string => join(project.root, name);
const kept = (): string => path('.next-role/policy.json');

beforeEach(async () => {
  const root = mkdtempSync(join(tmpdir(), 'next-role-glance-'));
  mkdirSync(join(root, 'coordination'));
  writeFileSync(join(root, 'coordination/NEXT-ROLE.md'), paused);
  writeFileSync(join(root, 'coordination/next-role.yaml'), settings);
  const found = await projectAt(root);
  if (found === null) throw new Error('the project was not found');
  project = found;
  const { signal } = new AbortController();
  const end = await run(project, {
    publish: () => undefined,
    signal,
    until: ({ rest }) => rest !== null,
    self: [],
  });
  expect(end.type).toBe('rest');
}, 60_000);
afterEach(() => rmSync(project.root, { recursive: true, force: true }));

describe('glance()', () => {
  it('sees what a whole look sees, while nothing has changed', async () => {
    const glanced = await glance(project);
    expect(glanced).not.toBeNull();
    rmSync(kept());
    expect(await glance(project)).toBeNull();
    // What only `why` shows is no part of a glance.
    const { policy: _policy, prices: _prices, remarks: _remarks, ...looked } = await look(project);
    expect(looked).toEqual(glanced);
  });

  it.each([
    ['the handoff', () => writeFileSync(project.handoff, paused.replace('PAUSED', 'READY'))],
    ['the settings', () => writeFileSync(path('coordination/next-role.yaml'), `${settings}tier: nonsense\n`)],
    ['the time of the settings', () => utimesSync(path('coordination/next-role.yaml'), 1, 1)],
    [
      'a role',
      () => {
        mkdirSync(path('coordination/roles'));
        writeFileSync(path('coordination/roles/architect.md'), 'nonsense');
      },
    ],
    ['what was kept', () => writeFileSync(kept(), readFileSync(kept(), 'utf8').slice(0, 100))],
    ['the journal', () => rmSync(path('.next-role/journal.jsonl'))],
  ])('leaves it to a whole look when this has changed: %s', async (_what, change) => {
    change();
    expect(await glance(project)).toBeNull();
    expect((await look(project)).project).toEqual(project);
  });

  it('knows nothing of a policy that has a problem', async () => {
    rmSync(kept());
    writeFileSync(path('coordination/next-role.yaml'), `${settings}nonsense: 1\n`);
    const { signal } = new AbortController();
    await run(project, { publish: () => undefined, signal, until: () => true, self: [] });
    expect(await glance(project)).toBeNull();
  });
});
