import { describe, expect, it } from 'vitest';
import { antiScope } from '../../../src/domain/gates/antiscope.ts';
import { scopeOf } from '../../../src/domain/gates/scope.ts';

describe('scopeOf()', () => {
  it.each([
    [
      'an inventory as a table',
      '## Component inventory\n\n| file | how |\n|---|---|\n| `src/a.ts` | added |\n| `old.ts` | deleted |\n',
      { allowed: ['src/a.ts', 'old.ts'], removed: ['old.ts'] },
    ],
    [
      'an inventory as a list',
      '## 4. Component inventory\n- `src/a.ts` — new\n- src/b.ts: changed\n',
      { allowed: ['src/a.ts', 'src/b.ts'] },
    ],
    [
      'a list of allowed paths, plain or quoted',
      '### ALLOWED paths\n- src/a.ts\n- `lib/**`\n',
      { allowed: ['src/a.ts', 'lib/**'] },
    ],
    [
      'a manifest with the lock file beside it',
      '## Allowed\n- `web/package.json`\n',
      {
        allowed: [
          'web/package.json',
          'web/package-lock.json',
          'web/npm-shrinkwrap.json',
          'web/pnpm-lock.yaml',
          'web/yarn.lock',
          'web/bun.lock',
        ],
      },
    ],
    [
      '"nothing but"',
      '## Anti-scope\n- Files: nothing but `src/a.js` and `test/`. `package.json` stays as it is.\n',
      { allowed: ['src/a.js', 'test/'], forbidden: ['package.json'] },
    ],
    [
      '"except" in the same sentence',
      '## Anti-scope\n- Do not touch `engine/` except `engine/hook.ts`.\n',
      { allowed: ['engine/hook.ts'], forbidden: ['engine/'] },
    ],
    [
      'words that are no paths',
      '## Anti-scope\n- No call of `sort()`, no `npm`, no version `1.2.3`.\n',
      { allowed: null, forbidden: [] },
    ],
    [
      'what stands in a comment or a fenced block',
      '## Anti-scope\n<!-- `src/x.ts` -->\n```\n`src/y.ts`\n```\n',
      { allowed: null, forbidden: [] },
    ],
    ['no spec', '', { allowed: null, forbidden: [], removed: [] }],
  ])('reads %s', (_, text, scope) => {
    expect(scopeOf([text])).toMatchObject(scope);
  });
});

describe('the anti-scope gate', () => {
  const scope = scopeOf(['## Allowed paths\n- `src/`\n- `test`\n\n## Anti-scope\n- `src/engine/` stays.\n']);
  const judge = (path: string, guarded: readonly string[] = []) =>
    antiScope
      .judge({ changed: [path], scope, protected: guarded })
      .map(({ severity, file }) => [severity, file]);

  it.each([
    ['src/a.ts', []],
    ['test/a.test.ts', []],
    ['coordination/specs/Q-R01-SPEC.md', []],
    ['NEXT-ROLE.md', []],
    ['lib/a.ts', [['MAJOR', 'lib/a.ts']]],
    ['testing/a.ts', [['MAJOR', 'testing/a.ts']]],
    ['src/engine/core.ts', [['CRITICAL', 'src/engine/core.ts']]],
  ])('judges a change of %s', (path, expected) => {
    expect(judge(path)).toEqual(expected);
  });

  it('lets nobody touch a protected path, also one that the spec allows', () => {
    expect(judge('src/a.ts', ['src/a.ts'])).toEqual([['CRITICAL', 'src/a.ts']]);
    expect(judge('coordination/PRD.md', ['coordination/PRD.md'])).toHaveLength(1);
  });

  it('allows everything but the forbidden where the spec names no allowed path', () => {
    const open = scopeOf(['## Anti-scope\n- `db/` stays.\n']);
    const found = antiScope.judge({ changed: ['a.ts', 'db/x.sql'], scope: open, protected: [] });
    expect(found.map(({ file }) => file)).toEqual(['db/x.sql']);
  });
});
