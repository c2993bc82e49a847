import { describe, expect, it } from 'vitest';
import { isHidden, mayWrite } from '../../src/protocol/access.ts';

const access = {
  hidden: ['coordination/logs/', 'coordination/specs/Q-*-SPEC-AUDIT.md'],
  writable: ['**'],
  protected: ['coordination/specs/', 'coordination/PRD.md'],
  owed: ['coordination/specs/Q-R01-SPEC.md'],
  handoff: 'coordination/NEXT-ROLE.md',
};

describe('isHidden()', () => {
  it('covers the files of a hidden folder and the folder itself', () => {
    expect(isHidden(access, 'coordination/logs/a/b.log')).toBe(true);
    expect(isHidden(access, 'coordination/logs')).toBe(true);
    expect(isHidden(access, 'coordination/logs.md')).toBe(false);
    expect(isHidden(access, 'coordination/specs/Q-R07-SPEC-AUDIT.md')).toBe(true);
  });
});

describe('mayWrite()', () => {
  it.each([
    ['src/a.ts', true],
    ['coordination/PRD.md', false],
    ['coordination/specs/Q-R02-SPEC.md', false],
    ['coordination/specs', false],
    // Owed in this tier, and the handoff: whatever is protected.
    ['coordination/specs/Q-R01-SPEC.md', true],
    ['coordination/NEXT-ROLE.md', true],
  ])('%s: %s', (path, may) => {
    expect(mayWrite(access, path)).toBe(may);
  });

  it('allows nothing beyond `writable`', () => {
    const narrow = { ...access, writable: ['coordination/reviews/'], protected: [], owed: [] };
    expect(mayWrite(narrow, 'coordination/reviews/R.md')).toBe(true);
    expect(mayWrite(narrow, 'src/a.ts')).toBe(false);
  });
});
