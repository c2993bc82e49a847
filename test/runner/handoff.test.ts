/**
 * The dispatch id over real files: it says whether a role was given the same work before, so it must hang on the bytes
 * of the inputs and on nothing else.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { projectAt } from '../../src/effects/project.ts';
import { readEvent } from '../../src/runner/handoff.ts';
import { contract, testPolicy } from '../rig/policy.ts';
import { emptyFolder, projectWith, removeFolders } from '../rig/project.ts';

afterAll(removeFolders);

const policy = testPolicy({
  roles: {
    ...testPolicy().roles,
    implementer: contract('implementer', {
      reads: [
        { path: 'coordination/specs/Q-{round}-SPEC.md', tiers: [] },
        { path: 'coordination/reviews/', tiers: [] },
      ],
      owes: [{ path: 'coordination/logs/DONE-{round}.md', tiers: [], sections: [] }],
    }),
  },
});

type Files = Readonly<Record<string, string | Uint8Array>>;

/** What the implementer of R01 works on: its contract's files, a named input, the answers of humans. */
const inputs = [
  'coordination/specs/Q-R01-SPEC.md',
  'coordination/reviews/REVIEWER-REPORT-R01.md',
  'src/named.ts',
  'coordination/decisions/D-R01-1.md',
] as const;
/** What lies beside: another round's spec, source, logs, the runner's own files, and what the role itself owes. */
const others = [
  'coordination/specs/Q-R02-SPEC.md',
  'coordination/PRD.md',
  'coordination/logs/DONE-R01.md',
  'src/other.ts',
  '.next-role/scratch',
] as const;

function handoffOf(keys: Readonly<Record<string, string>>): string {
  const all = { round: 'R01', 'next-role': 'implementer', status: 'READY', tier: 'full', ...keys };
  const lines = Object.entries(all).map(([key, value]) => `${key}: ${value}`);
  return `---\n${lines.join('\n')}\ninputs: [src/named.ts]\n---\n\n## Directive\n\nBuild it.\n`;
}

/** The dispatch id in a folder of its own with these files. */
async function idOf(files: Files, keys: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'next-role-id-'));
  try {
    for (const [name, bytes] of Object.entries({ 'coordination/NEXT-ROLE.md': handoffOf(keys), ...files })) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), bytes);
    }
    const project = await projectAt(root);
    const id = project === null ? null : (await readEvent(project, policy, 0)).dispatchId;
    if (id === null) throw new Error('no id');
    return id;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
const filesNamed = (names: readonly string[]): fc.Arbitrary<Record<string, Uint8Array>> =>
  fc
    .tuple(...names.map(() => bytes))
    .map((all) => Object.fromEntries(names.map((name, at) => [name, all[at] ?? new Uint8Array()])));

it('the same round, role and bytes of the inputs give the same id, whatever changes beside them', async () => {
  await fc.assert(
    fc.asyncProperty(filesNamed(inputs), filesNamed(others), filesNamed(others), async (work, some, more) => {
      const id = await idOf({ ...work, ...some });
      expect(await idOf({ ...more, ...work })).toBe(id);
      expect(await idOf(work, { by: 'somebody', note: 'to a person' })).toBe(id);
    }),
    { numRuns: 15 },
  );
});

it('one changed byte of any input gives another id', async () => {
  await fc.assert(
    fc.asyncProperty(
      filesNamed(inputs),
      fc.constantFrom(...inputs),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (work, name, where, flip) => {
        const changed = Uint8Array.from(work[name] ?? []);
        const at = where % changed.length;
        changed[at] = (changed[at] ?? 0) ^ flip;
        expect(await idOf({ ...work, [name]: changed })).not.toBe(await idOf(work));
      },
    ),
    { numRuns: 20 },
  );
});

it('another round, role or tier, and an input that is gone or new, give another id', async () => {
  const work = Object.fromEntries(inputs.map((name) => [name, name]));
  const [spec, ...rest] = Object.entries(work);
  const ids = await Promise.all([
    idOf(work),
    idOf(work, { round: 'R02' }),
    idOf(work, { 'next-role': 'reviewer' }),
    idOf(work, { tier: 'audit' }),
    idOf(Object.fromEntries(rest)),
    idOf({ ...work, 'coordination/reviews/new.md': 'new' }),
    idOf({ ...work, 'coordination/decisions/D-R01-2.md': 'new' }),
  ]);
  expect(spec?.[0]).toBe(inputs[0]);
  expect(new Set(ids).size).toBe(ids.length);
});

it('a folder of decisions that leaves the project is refused with the command that mends it', async () => {
  const root = projectWith();
  const outside = emptyFolder();
  symlinkSync(outside, join(root, 'coordination/decisions'));
  const project = await projectAt(root);
  if (project === null) throw new Error('no project');
  const { handoff, problems } = await readEvent(project, policy, 0);
  expect(handoff).toBeNull();
  expect(problems).toMatchObject([
    {
      code: 'file-unreadable',
      message: expect.stringContaining(
        '"coordination/decisions" is a link that leaves the project',
      ) as string,
      hint: expect.stringContaining('mkdir coordination/decisions') as string,
    },
  ]);
});

it('a folder of decisions that is a link within the project is none of our business', async () => {
  const root = projectWith({ 'answers/D-R01-1.md': 'yes' });
  symlinkSync('../answers', join(root, 'coordination/decisions'));
  const project = await projectAt(root);
  if (project === null) throw new Error('no project');
  expect((await readEvent(project, policy, 0)).problems).toEqual([]);
});
