import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPrices } from '../../src/protocol/prices.ts';
import { textOf } from '../docs/page.ts';
import { multichat, receiptOfShape, sameInputs, workflow } from '../rig/shapes.ts';
import { line } from './shell.ts';
import { emptyFolder, projectWith, removeFolders } from '../rig/project.ts';

const sheet = readPrices([{ path: 'state/prices.yaml', text: textOf('state/prices.yaml') }]).sheet;
let folder: string;

beforeAll(() => {
  folder = emptyFolder();
  const save = (name: string, value: unknown): void => {
    writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
  };
  save('workflow.json', receiptOfShape(workflow, sheet));
  save('multichat.json', receiptOfShape(multichat, sheet));
  save('other.json', receiptOfShape(workflow, sheet, { ...sameInputs, spec: 'd'.repeat(64) }));
  save('broken.json', '{"round": ');
  save('wrong.json', { ...receiptOfShape(workflow, sheet), prices: 7 });
});

afterAll(removeFolders);

describe('next-role compare --from', () => {
  it("prints the article's three rows, its ratio, and what the ratio is made of", async () => {
    const { code, out } = await line(folder, ['compare', '--from', 'workflow.json', 'multichat.json']);
    expect(code).toBe(0);
    expect(out).toMatch(/cost \(USD\)\s+\$8\.81\s+\$3\.89\s+2\.26×/);
    expect(out).toMatch(/completion tokens\s+19,478\s+9,432\s+2\.07×/);
    expect(out).toMatch(/cache-creation tokens\s+233,744\s+107,816\s+2\.17×/);
    expect(out).toContain('workflow / multichat: 2.26× = 1.57× requests, 1.60× mean context');
    expect(out).toContain('n: workflow 1, multichat 1');
    expect(out).not.toContain('CONFOUNDED');
    for (const row of out.split('\n')) expect(row.length).toBeLessThanOrEqual(80);
  });

  it('says CONFOUNDED, and by what, when the spec is another', async () => {
    const { out } = await line(folder, ['compare', '--from', 'other.json', 'multichat.json']);
    expect(out).toContain('CONFOUNDED');
    expect(out).toContain('- spec differs: other dddddddddddd, multichat bbbbbbbbbbbb');
  });

  it('takes a,b for two runs of one arm, and prints min to max', async () => {
    const names = ['workflow.json,multichat.json', 'multichat.json'];
    const { out } = await line(folder, ['compare', '--from', ...names]);
    expect(out).toMatch(/MIN TO MAX\s+workflow\s+multichat/);
    expect(out).toMatch(/cost \(USD\)\s+\$3\.89–\$8\.81/);
    const { out: json } = await line(folder, ['compare', '--from', ...names, '--json']);
    expect(JSON.parse(json)).toMatchObject({ base: 'multichat', arms: [{ n: 2 }, { n: 1 }] });
  });

  it.each([
    ['one receipt', ['multichat.json'], 'two receipts or more; found 1'],
    ['a file that is not there', ['multichat.json', 'none.json'], 'There is no file'],
    ['half of a file', ['multichat.json', 'broken.json'], 'it is not JSON'],
    ['a file of another kind', ['multichat.json', 'wrong.json'], 'prices: '],
    ['no name', ['multichat.json', ','], '"," names no receipt'],
  ])('refuses %s', async (_, args, words) => {
    const { code, err } = await line(folder, ['compare', '--from', ...args]);
    expect(code).toBe(64);
    expect(err).toContain(words);
    expect(err).toContain('→ next-role c');
  });
});

describe('next-role compare --spec', () => {
  const scripted = 'agent: scripted\nagents: { scripted: { kind: scripted, scenario: s.yaml } }\n';
  const project = (): string =>
    projectWith({
      'coordination/next-role.yaml': scripted,
      's.yaml': 'about: a\nroles: {}\n',
      'p.md': 'x\n',
    });
  const compared = (...more: readonly string[]) => line(project(), ['compare', '--spec', 'p.md', ...more]);

  it.each([
    [['-n', '0'], '-n is "0"; wanted: 1 to 20'],
    [['--runs', '21'], '-n is "21"; wanted: 1 to 20'],
    [['-n', 'three'], '-n is "three"; wanted: 1 to 20'],
    [['--frozen-spec', 's.yaml', '--arms', 'roles,single'], 'The arm "single" writes its spec itself'],
    [['--arms', 'roles,thread'], '"thread" is no arm (arms: roles, single, workflow)'],
    [
      ['--arms', 'roles,workflow'],
      'The arm "workflow" cannot be worked: an agent of kind "command" or "scripted"',
    ],
  ])('refuses %j before anything is started, with the way forward', async (flags, words) => {
    const { code, err } = await compared(...flags);
    expect(code).toBe(64);
    expect(err.replaceAll(/\s+/g, ' ')).toContain(words);
    expect(err).toContain('→ next-role compare --spec F ');
  });

  it('ends with 130 when it is interrupted before there is anything to compare', async () => {
    const committed = projectWith({ 'p.md': 'x\n' }, true);
    const { code, err, out } = await line(
      committed,
      ['compare', '--spec', 'p.md', '--arms', 'roles,single'],
      80,
      AbortSignal.abort(),
    );
    expect([code, out]).toEqual([130, '']);
    expect(err).toContain('Interrupted before two arms had finished');
    // The copies of the arms lie in the project, and are in nobody's git.
    expect(existsSync(join(committed, '.next-role/.gitignore'))).toBe(true);
  });

  it('leaves out the arm that the agents cannot work where none was named, and says so', async () => {
    const { code, err } = await compared('-n', '2');
    expect(err.replaceAll(/\s+/g, ' ')).toContain(
      'Without the arm "workflow": an agent of kind "command" or "scripted" cannot go on with a conversation: scripted (architect)',
    );
    // No commit to start from.
    expect(code).toBe(64);
    expect(err).toContain('git worktree');
  });
});
