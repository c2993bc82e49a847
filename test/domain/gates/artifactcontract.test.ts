import { describe, expect, it } from 'vitest';
import { artifactContract } from '../../../src/domain/gates/artifactcontract.ts';
import type { Finding } from '../../../src/protocol/finding.ts';

const judge = (text: string | null, sections: readonly string[] = ['Mechanism']): readonly Finding[] =>
  artifactContract.judge([{ path: 'x.md', sections, text }]);

describe('the artifact contract', () => {
  it.each([
    ['## Mechanism', 0],
    ['# 3. **Mechanism** and more', 0],
    ['### `mechanism`', 0],
    ['Mechanism', 1],
    ['## Mechanics', 1],
    ['', 1],
    ['```\n## Mechanism\n```', 1],
    ['```\ncode\n```\n## Mechanism', 0],
  ])('finds the section in %j: %i missing', (text, n) => {
    expect(judge(`# Spec\n${text}\n`)).toHaveLength(n);
  });

  it('gives the same finding the same id, whatever else the file holds', () => {
    expect(judge('')[0]?.id).toBe('artifact-contract:x.md:mechanism');
    expect(judge('other\n'.repeat(9))[0]?.id).toBe(judge('')[0]?.id);
  });

  it('blocks a file that is not there, and one with an unfinished merge in it', () => {
    expect(judge(null)).toMatchObject([{ severity: 'MAJOR', file: 'x.md' }]);
    expect(judge('## Mechanism\n<<<<<<< mine\na\n=======\nb\n>>>>>>> theirs\n')).toMatchObject([
      { severity: 'MAJOR', line: 2 },
    ]);
  });
});
