import { afterEach, describe, expect, it } from 'vitest';
import { complete } from '../../src/cli/commands/completion.ts';
import { projectWith, removeFolders } from '../rig/project.ts';
import { outputTo } from './shell.ts';

afterEach(removeFolders);

async function offered(cwd: string, words: readonly string[]): Promise<readonly string[]> {
  const out: string[] = [];
  expect(await complete({ out: outputTo(out), cwd }, ['--', ...words])).toBe(0);
  const lines = out.join('').trim().split('\n');
  return lines.filter((line) => !line.startsWith(':')).map((line) => line.split('\t')[0] ?? '');
}

describe('complete', () => {
  it.each([
    [['st'], ['status']],
    [['run', '--u'], ['--until']],
    [
      ['run', '--until', ''],
      ['rest', 'finished'],
    ],
    [['prompt', 'rev'], ['reviewer']],
    [['eject', 'roles/rev'], ['roles/reviewer.md']],
    [['init', '--tier', 'a'], ['audit']],
    [
      ['resume', '--choose', ''],
      ['A', 'B'],
    ],
    [['completion', 'z'], ['zsh']],
  ])('offers for %j: %j', async (words, expected) => {
    const asks =
      '---\nround: R07\nnext-role: implementer\nstatus: ESCALATE\ntier: full\nescalation:\n  question: Which?\n  options: { A: one, B: two }\n---\n';
    const folder = projectWith({ 'coordination/NEXT-ROLE.md': asks });
    expect(await offered(folder, words)).toEqual(expected);
  });
});
