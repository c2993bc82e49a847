/** `next-role route` as a person and a script see it: the screen, the JSON, a directive of its own, a labelled corpus. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { emptyFolder, projectWith, removeFolders } from '../rig/project.ts';
import { line } from './shell.ts';

afterEach(removeFolders);

const risky = 'Migrate the session tokens to the new database schema without downtime.\n';
const words = 'Fix the typo in README.md, nothing else. Do not touch the database schema.\n';
const header = '---\nround: R07\nnext-role: architect\nstatus: READY\ntier: auto\n---\n\n## Directive\n\n';

function save(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const labelled = (label: string, text: string): string => `---\nlabel: ${label}\nwhy: a test\n---\n\n${text}`;

type Reading = Readonly<Record<string, unknown>> & {
  readonly signals: readonly { readonly id: string; readonly words: readonly string[] }[];
  readonly models: readonly Readonly<Record<string, unknown>>[];
};
const parsed = (out: string): Reading => JSON.parse(out) as Reading;

describe('route', () => {
  it('shows the tier of the round, the words that counted, the ways out and the model of each role', async () => {
    const project = projectWith({ 'coordination/NEXT-ROLE.md': header + risky });
    for (const columns of [80, 120]) {
      const { code, out, err } = await line(project, ['route'], columns);
      expect([code, err]).toEqual([0, '']);
      expect(out).toMatch(/\bfull\b/);
      expect(out.replace(/\s+/g, ' ')).toContain('schema');
      for (const role of ['architect', 'implementer', 'reviewer', 'memorial']) expect(out).toContain(role);
      expect(Math.max(...out.split('\n').map((row) => row.length))).toBeLessThanOrEqual(columns);
    }
  });

  it('prints the same for a script, every reason with the exact words', async () => {
    const { code, out } = await line(projectWith({ 'coordination/NEXT-ROLE.md': header + risky }), [
      'route',
      '--json',
    ]);
    expect(code).toBe(0);
    const reading = parsed(out);
    expect(reading).toMatchObject({
      tier: 'full',
      rule: 'risk',
      confidence: expect.any(Number) as number,
      because: [expect.stringContaining('schema')],
      risk: 'high',
    });
    expect(reading.signals.find(({ id }) => id === 'schema')?.words.join()).toMatch(/migrate|schema/);
    expect(reading['alternatives']).toContainEqual({
      tier: 'audit',
      when: expect.stringContaining('risk words are gone') as string,
    });
    expect(reading.models.map(({ role }) => role)).toEqual([
      'architect',
      'implementer',
      'reviewer',
      'memorial',
    ]);
    expect(reading.models[0]?.['because']).not.toEqual([]);
  });

  it('routes a bare directive without a project, and understands what it negates', async () => {
    const folder = save(emptyFolder(), { 'next.md': words });
    const { code, out } = await line(folder, ['route', '--directive', 'next.md', '--json']);
    expect(code).toBe(0);
    expect(parsed(out)).toMatchObject({ tier: 'solo', rule: 'mechanical', risk: 'low' });
    expect(out).not.toContain('"schema"');
  });

  it('leaves a tier that the header names to its author, and says what it would have chosen', async () => {
    const named = projectWith({ 'coordination/NEXT-ROLE.md': header.replace('auto', 'audit') + risky });
    const reading = parsed((await line(named, ['route', '--json'])).out);
    expect(reading).toMatchObject({ tier: 'audit', rule: 'header', routed: 'full', confidence: 1 });
  });

  it('refuses a directive that is not there with a word of what to write', async () => {
    const { code, out, err } = await line(emptyFolder(), ['route', '--directive', 'none.md']);
    expect([code, out]).toEqual([64, '']);
    expect(err).toContain('none.md');
    expect(err).toContain('--directive FILE');
  });
});

describe('route --corpus', () => {
  it('exits with 0 when nothing gets too little care, and counts too much of it', async () => {
    const folder = save(emptyFolder(), {
      'c/built/a.md': labelled('full', risky),
      'c/built/b.md': labelled('solo', words),
      'c/graded/c.md': labelled('solo', risky),
    });
    const { code, out } = await line(folder, ['route', '--corpus', 'c', '--json']);
    expect(code).toBe(0);
    const { splits } = JSON.parse(out) as { splits: readonly Readonly<Record<string, unknown>>[] };
    expect(splits.map(({ name, under }) => [name, under])).toEqual([
      ['built', []],
      ['graded', []],
    ]);
    expect(splits[1]?.['over']).toHaveLength(1);
  });

  it('exits with 1 when one gets too little, and names it', async () => {
    const folder = save(emptyFolder(), { 'c/built/under.md': labelled('full', words) });
    const { code, out } = await line(folder, ['route', '--corpus', 'c']);
    expect(code).toBe(1);
    expect(out).toContain('under.md');
  });

  it('exits with 1 on a file without a label, with its name and line', async () => {
    const folder = save(emptyFolder(), {
      'c/a.md': labelled('full', risky),
      'c/b.md': '---\nwhy: x\n---\nText.\n',
    });
    const { code, err } = await line(folder, ['route', '--corpus', 'c']);
    expect(code).toBe(1);
    expect(err).toContain('b.md');
    expect(err).toContain('label');
  });

  it('refuses a folder that holds none', async () => {
    const { code, err } = await line(emptyFolder(), ['route', '--corpus', 'nowhere']);
    expect(code).toBe(64);
    expect(err).toContain('nowhere');
  });
});
