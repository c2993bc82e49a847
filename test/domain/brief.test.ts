import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compose, firstLine, systemText, type BriefFiles } from '../../src/domain/brief.ts';
import { matches } from '../../src/protocol/artifact.ts';
import { byteLength } from '../../src/protocol/bytes.ts';
import { newRound } from '../../src/domain/round.ts';
import { orderFor } from '../../src/domain/route.ts';
import type { Order } from '../../src/protocol/session.ts';
import { contract, testPolicy } from '../rig/policy.ts';

const policy = testPolicy();
const offered = [
  { path: 'coordination/PRD.md', sha256: 'aa', bytes: 10, text: null },
  { path: 'coordination/logs/IMPLEMENTER-R01.log', sha256: 'bb', bytes: 20, text: null },
];
const files: BriefFiles = {
  offered,
  reinforcements: [],
  directive: 'Build compareSemver.',
  decisions: [{ role: 'implementer', path: 'coordination/decisions/D-1.md', text: 'Take B, word for word.' }],
  changed: null,
  handoff: 'coordination/NEXT-ROLE.md',
  headerLines: 6,
  dialect: 'front-matter',
};

function order(role: string, more: Partial<Order> = {}): Order {
  const request = { role, dispatchId: 'in', at: 1, kind: 'work', feedback: [], because: '' } as const;
  return { ...orderFor(policy, newRound('R01', 'full'), request), ...more };
}

describe('compose()', () => {
  it('begins every prompt with the same bytes and gives every role the same system text', () => {
    const briefs = Object.keys(policy.roles).map((role) => compose(policy, order(role), files));
    for (const brief of briefs) {
      expect(brief.prompt.startsWith(firstLine)).toBe(true);
      expect(brief.system).toBe(systemText);
    }
    expect(firstLine.length).toBeGreaterThanOrEqual(21);
  });

  it('names role, round and tier in the line that programs look for', () => {
    expect(compose(policy, order('architect'), files).prompt).toContain(
      'Role: architect · Round: R01 · Tier: full · Session: 1',
    );
  });

  it('tells a role that comes again what changed, but nothing hidden, and nothing to a session that is continued', () => {
    const changed = [
      { path: 'src/a.ts', added: 3, removed: 1 },
      { path: 'logo.png', added: null, removed: null },
      { path: 'coordination/logs/IMPLEMENTER-R01.log', added: 9, removed: 0 },
      { path: 'coordination/NEXT-ROLE.md', added: 1, removed: 1 },
    ];
    const { prompt } = compose(policy, order('reviewer'), { ...files, changed });
    expect(prompt).toContain(
      '## What changed since your last session in this round\n\n- src/a.ts (+3 -1)\n- logo.png (no text)\n\n',
    );
    const continued = order('reviewer', { resumeOf: 's-1' });
    expect(compose(policy, continued, { ...files, changed }).prompt).not.toContain('What changed');
  });

  it('offers no path that the role’s contract hides, in prompt and manifest alike', () => {
    const { prompt, manifest } = compose(policy, order('reviewer'), files);
    expect(prompt).not.toContain('IMPLEMENTER-R01.log');
    expect(manifest.offered.map(({ path }) => path)).toEqual(['coordination/PRD.md']);
    expect(manifest.hidden).toEqual(['coordination/logs/']);
  });

  it('gives an answer word for word to the role that asked and to roles that see answers, and to no other', () => {
    const saw = (role: string): boolean =>
      compose(policy, order(role), files).prompt.includes('Take B, word for word.');
    expect({
      implementer: saw('implementer'),
      reviewer: saw('reviewer'),
      architect: saw('architect'),
      memorial: saw('memorial'),
    }).toEqual({
      implementer: true,
      reviewer: true,
      architect: false,
      memorial: false,
    });
  });

  it('tells a repair what to mend, and a retry what went wrong', () => {
    const feedback = ['The file "x" is owed and does not exist. Write it.'];
    expect(compose(policy, order('architect', { kind: 'repair', feedback }), files).prompt).toMatch(
      /Mend only this[\s\S]*"x" is owed/,
    );
    expect(compose(policy, order('architect', { feedback }), files).prompt).toMatch(
      /last attempt did not finish[\s\S]*"x" is owed/,
    );
  });

  it('says how to end in the dialect of the file, with the tier’s own next role', () => {
    expect(compose(policy, order('implementer'), files).prompt).toContain(
      '`next-role: reviewer` and `status: READY`',
    );
    expect(compose(policy, order('memorial'), { ...files, dialect: 'bare-header' }).prompt).toContain(
      '`NEXT-ROLE: human` and `STATUS: ROUND-COMPLETE`',
    );
  });

  it('accounts for every byte of the prompt in its parts', () => {
    const { prompt, manifest } = compose(policy, order('implementer'), files);
    const parts = manifest.parts.filter(({ name }) => name !== 'system');
    const separators = 2 * (parts.length - 1) + 1;
    expect(parts.reduce((sum, part) => sum + part.bytes, 0) + separators).toBe(byteLength(prompt));
  });

  it('fills round and role into the contract’s texts and paths', () => {
    const own = contract('architect', {
      writes: ['coordination/specs/Q-{round}-SPEC.md'],
      body: 'Spec of {round} by {role}.',
    });
    const { prompt, manifest } = compose(
      { ...policy, roles: { ...policy.roles, architect: own } },
      order('architect'),
      files,
    );
    expect(prompt).toContain('Spec of R01 by architect.');
    expect(manifest.writable).toEqual(['coordination/specs/Q-R01-SPEC.md']);
  });

  it('puts small files into the prompt up to the bound, in order, and offers the others by path', () => {
    const file = (path: string, bytes: number) => ({ path, sha256: path, bytes, text: 'x'.repeat(bytes) });
    const own = contract('architect', { writes: ['coordination/own.md'] });
    const { prompt, manifest } = compose(
      { ...policy, roles: { ...policy.roles, architect: own } },
      order('architect'),
      {
        ...files,
        offered: [
          file('a.md', 150),
          file('b.md', 150),
          file('c.md', 1),
          file('d.md', 201),
          file('coordination/own.md', 5),
        ],
      },
    );
    expect(manifest.offered.map(({ path, as }) => `${path} ${as}`)).toEqual([
      'a.md text',
      'b.md text',
      'c.md path',
      'd.md path',
      // What it edits it must open itself.
      'coordination/own.md path',
    ]);
    expect(prompt).toContain('- a.md (below, word for word; do not open it again)\n- b.md');
    expect(prompt).toContain('- c.md\n- d.md');
    expect(JSON.stringify(manifest)).not.toContain('xxxxx');
  });

  it('fences a text so that nothing in it ends the fence', () => {
    const text = 'Say:\n````\n## How to end\n````\n';
    const { prompt } = compose(policy, order('architect'), {
      ...files,
      offered: [{ path: 'a.md', sha256: 'a', bytes: byteLength(text), text }],
    });
    expect(prompt).toContain(`### a.md\n\n\`\`\`\`\`\n${text}\`\`\`\`\`\n`);
  });

  it('shows the rules of the memorial in their order, and none to a role that may not open it', () => {
    const reinforcements = ['VIOLATION | a', 'VIOLATION | b', 'VIOLATION | c'];
    const { prompt } = compose(policy, order('architect'), { ...files, reinforcements });
    expect(prompt).toContain(
      '## What earlier rounds paid for\n\n- VIOLATION | a\n- VIOLATION | b\n- VIOLATION | c\n\n',
    );
    const blind = {
      ...policy,
      roles: { ...policy.roles, architect: contract('architect', { hides: ['coordination/'] }) },
    };
    expect(compose(blind, order('architect'), { ...files, reinforcements }).prompt).not.toContain(
      'VIOLATION',
    );
  });

  it('lets no byte of a hidden file reach prompt, system text or manifest, whatever the contract hides', () => {
    const marker = fc.stringMatching(/^[a-z]{12}$/);
    const path = fc
      .array(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 3 })
      .map((parts) => `coordination/${parts.join('/')}.md`);
    const file = fc.record({
      path,
      marker,
      hidden: fc.boolean(),
      how: fc.constantFrom('path', 'folder', 'star'),
    });
    fc.assert(
      fc.property(fc.uniqueArray(file, { selector: (each) => each.path, maxLength: 8 }), (all) => {
        const hides = all.filter(({ hidden }) => hidden).map(({ path: at, how }) => patternFor(at, how));
        const role = contract('architect', { hides, writes: ['nothing'], seesAnswers: true });
        const given = compose(
          { ...policy, roles: { ...policy.roles, architect: role } },
          order('architect'),
          {
            ...files,
            offered: all.map(({ path: at, marker: text }) => ({
              path: at,
              sha256: `sha-${text}`,
              bytes: 20,
              text,
            })),
            decisions: all.map(({ path: at, marker: text }) => ({ role: 'architect', path: at, text })),
          },
        );
        const reached = `${given.system}\n${given.prompt}\n${JSON.stringify(given.manifest)}`;
        for (const { path: at, marker: text } of all) {
          const covered = hides.some((pattern) => matches(at, pattern));
          expect(reached.includes(text), `${at} hidden by ${hides.join(' ')}`).toBe(!covered);
        }
      }),
    );
  });
});

function patternFor(path: string, how: string): string {
  if (how === 'path') return path;
  return how === 'folder' ? `${path.slice(0, path.lastIndexOf('/'))}/` : path.replace(/[a-z]+\.md$/, '*.md');
}
