/** The memorial on disk: counted once, shared with other projects, pruned without loss, never written over when broken. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProject } from '../../src/effects/project.ts';
import { readLedger } from '../../src/protocol/memorial.ts';
import type { Project } from '../../src/protocol/project.ts';
import { countIntoMemorial, reinforcementsFor } from '../../src/runner/memorial.ts';
import { line } from '../cli/shell.ts';
import { emptyFolder, projectWith, read, removeFolders } from '../rig/project.ts';
import { testPolicy } from '../rig/policy.ts';

const policy = testPolicy();
const rules = 'coordination/memorial.json';
const lesson = 'quote every path in shell commands';
const told = (round: string, kind = 'VIOLATION'): string =>
  `${kind} | role-boundary | F-1 run.sh:3 | ${round} | implementer | ${lesson}\n`;
let home: string | undefined;

beforeEach(() => {
  home = process.env['XDG_CONFIG_HOME'];
  process.env['XDG_CONFIG_HOME'] = emptyFolder();
});
afterEach(() => {
  if (home === undefined) delete process.env['XDG_CONFIG_HOME'];
  else process.env['XDG_CONFIG_HOME'] = home;
  removeFolders();
});

async function projectOf(text: string): Promise<Project> {
  const project = await findProject(projectWith({ 'coordination/MEMORIAL.md': text }));
  if (project === null) throw new Error('there is a project');
  return project;
}

describe('countIntoMemorial()', () => {
  it('counts a round once, and the commands show it', async () => {
    const project = await projectOf(told('R01'));
    expect(await countIntoMemorial(project, policy, 'R01', [])).toBeNull();
    const once = read(project.root, rules);
    expect(await countIntoMemorial(project, policy, 'R01', [])).toBeNull();
    expect(read(project.root, rules)).toBe(once);
    const listed = await line(project.root, ['memorial']);
    expect(listed.out).toMatch(/role-boundary-1 +implementer +active +1 +0 +quote every path/);
    const why = await line(project.root, ['memorial', 'why', 'role-boundary-1']);
    expect(why.out).toContain('violated 1 times, confirmed 0');
    expect(why.out).toContain('coordination/MEMORIAL.md:1 VIOLATION R01');
  });

  it('never writes over a ledger it cannot read, and says its line', async () => {
    const project = await projectOf(told('R01'));
    writeFileSync(join(project.root, rules), '{ "version": 1,\n  "rules": 7 }\n');
    expect(await countIntoMemorial(project, policy, 'R01', [])).toMatch(/memorial\.json line \d: /);
    expect(read(project.root, rules)).toBe('{ "version": 1,\n  "rules": 7 }\n');
    expect((await line(project.root, ['memorial'])).code).toBe(1);
  });

  it('tells a rule that three projects have met in a fourth', async () => {
    for (const round of ['R01', 'R02', 'R03']) {
      expect(await countIntoMemorial(await projectOf(told(round)), policy, round, [])).toBeNull();
    }
    const fourth = await projectOf('# Memorial\n');
    const given = await reinforcementsFor(fourth, policy, { role: 'implementer', about: 'anything' });
    expect(given.map((each) => each.line)).toEqual([`- ${lesson} (shared role-boundary)`]);
    expect(given[0]?.because).toContain('met in 3 projects');
  });
});

describe('memorial prune', () => {
  it('moves retired rules into the archive, where they stay findable', async () => {
    const project = await projectOf(told('R00'));
    await countIntoMemorial(project, policy, 'R00', []);
    for (let n = 1; n <= policy.memorial.retiredAfter; n += 1) {
      writeFileSync(join(project.root, 'coordination/MEMORIAL.md'), told(`R${n}`, 'CONFIRMATION'));
      await countIntoMemorial(project, policy, `R${n}`, []);
    }
    const pruned = await line(project.root, ['memorial', 'prune', '--json']);
    expect(JSON.parse(pruned.out)).toMatchObject({ pruned: ['role-boundary-1'] });
    const left = readLedger(read(project.root, rules));
    expect(left.ok && left.ledger.rules).toEqual([]);
    expect((await line(project.root, ['memorial', 'why', 'role-boundary-1'])).out).toContain('retired');
    expect((await line(project.root, ['memorial', 'list', '--retired'])).out).toContain('role-boundary-1');
  });
});

describe('memorial', () => {
  it('refuses a verb or a rule it does not know, with the way forward', async () => {
    const project = await projectOf(told('R01'));
    const verb = await line(project.root, ['memorial', 'lst']);
    expect([verb.code, verb.err]).toEqual([64, expect.stringContaining('next-role memorial list')]);
    const rule = await line(project.root, ['memorial', 'why', 'nothing-1']);
    expect([rule.code, rule.err]).toEqual([64, expect.stringContaining('next-role memorial')]);
  });

  it('reads a memorial nobody has counted yet as no rules', async () => {
    const path = join(emptyFolder(), 'coordination/NEXT-ROLE.md');
    mkdirSync(dirname(path));
    writeFileSync(path, readFileSync('templates/NEXT-ROLE.md', 'utf8'));
    expect((await line(dirname(path), ['memorial'])).out).toContain('No rules yet');
  });
});
