/**
 * kill -9 within two pieces of hand work that touch what people write: the rotation when a round ends, and the bringing
 * back of what an isolated session left. Before every step, and again with a person's edit in the same instant; then the
 * work is done once more, as a runner that starts again does it. Nothing is lost, and nothing stands twice.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { listCopies } from '../../src/effects/copies.ts';
import { digestOf } from '../../src/effects/files.ts';
import { header as keysOf } from '../../src/protocol/codec.ts';
import type { Project } from '../../src/protocol/project.ts';
import { recordAfter } from '../../src/runner/audit.ts';
import { clearCopy } from '../../src/runner/bringback.ts';
import { rotateRound } from '../../src/runner/rotate.ts';
import { inLanes, sampled, stepsOf, type CountedStep, type Fault } from '../rig/crash.ts';
import { fileOf, hasFile, makeProject, removeProjects } from '../rig/journey.ts';
import { header, isolated, removeIsolated, report } from '../rig/isolated.ts';

afterEach(removeIsolated);
afterAll(removeProjects);

const byHand = 'A human was here.';

/** Does the work once, to its end or to where the fault ends it. */
async function works(
  args: readonly string[],
  root: string,
  fault: Fault | { readonly at: 0; readonly trace?: string } = { at: 0 },
): Promise<void> {
  const env = { ...process.env, NEXT_ROLE_FAULT: JSON.stringify({ root, ...fault }) };
  const argv = [
    '--import',
    realpathSync('test/rig/faults.mjs'),
    realpathSync('test/rig/handwork.mjs'),
    ...args,
  ];
  const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code, signal] = await new Promise<readonly [number | null, string | null]>((resolve) => {
    child.on('close', (...end) => resolve(end));
  });
  if (fault.at === 0 ? code !== 0 : signal !== 'SIGKILL')
    throw new Error(`It ended with ${code ?? signal}: ${said}`);
}

async function counted(args: readonly string[], root: string): Promise<readonly CountedStep[]> {
  const trace = join(tmpdir(), `next-role-trace-${process.pid}`);
  await works(args, root, { at: 0, trace });
  const steps = stepsOf(trace);
  rmSync(trace);
  return steps;
}

const body = Array.from({ length: 40 }, (_, n) => `Line ${n} of the round's story, long enough to count.`);
const lessons = Array.from(
  { length: 40 },
  (_, n) => `VIOLATION | tdd-discipline | src/a${n}.ts:1 | R0${n} | implementer | Test ${n} first.`,
);
const memorial = 'coordination/MEMORIAL.md';
const bounds = { inlineBytes: 0, inlineTotalBytes: 0, handoffBytes: 1_000, memorialBytes: 2_000 };
const old = '- [R00.md](history/R00.md)';

function ended(): Promise<Project> {
  const head = '---\nround: R01\nnext-role: human\nstatus: ROUND-COMPLETE\ntier: full\n---\n';
  return makeProject({
    scenario: {},
    handoff: `${head}\n${old}\n\n## Story\n\n${body.join('\n')}\n\n## Open items\n\n- Ask Ada.\n`,
    files: { [memorial]: `# Memorial\n\n${lessons.join('\n')}\n` },
  });
}

function lines(project: Project, ...names: readonly string[]): readonly string[] {
  return names.flatMap((name) => (hasFile(project, name) ? fileOf(project, name).split('\n') : []));
}

describe('the rotation', () => {
  it.each([null, 'coordination/NEXT-ROLE.md'])(
    'loses no line and no link, killed before any step (edited by hand: %s)',
    async (edited) => {
      const { root } = await ended();
      const steps = await counted(['rotate', root], root);
      expect(steps.length).toBeGreaterThan(8);
      await inLanes(sampled(steps), async ({ at, name, what }) => {
        const project = await ended();
        const before = keysOf(fileOf(project, 'coordination/NEXT-ROLE.md'));
        const edit =
          edited === null ? {} : { edit: { path: join(project.root, edited), text: `${byHand}\n` } };
        await works(['rotate', project.root], project.root, { at, act: 'kill', ...edit });
        await rotateRound(project, bounds, { round: 'R01', digest: (await digestOf(project.handoff)) ?? '' });
        const where = `step ${at}, ${name} ${what}`;
        const now = lines(project, 'coordination/NEXT-ROLE.md');
        expect(keysOf(now.join('\n')), where).toEqual(before);
        expect(now, where).toEqual(expect.arrayContaining([old, '- Ask Ada.', '- [R01.md](history/R01.md)']));
        const kept = [...now, ...lines(project, 'coordination/history/R01.md')];
        expect(kept, where).toEqual(expect.arrayContaining(body));
        const told = lines(project, memorial, 'coordination/history/MEMORIAL-R01.md');
        expect(told, where).toEqual(
          expect.arrayContaining([...lessons, '- [MEMORIAL-R01.md](history/MEMORIAL-R01.md)']),
        );
        expect(
          [...kept, ...told].filter((each) => each === byHand),
          where,
        ).toHaveLength(edited === null ? 0 : 1);
        const twice = edited === null ? [...body, ...lessons] : [];
        for (const line of twice)
          expect(
            [...kept, ...told].filter((each) => each === line),
            where,
          ).toHaveLength(1);
      });
    },
  );
});

describe('the bringing back', () => {
  const handoff = 'coordination/NEXT-ROLE.md';

  it.each([null, handoff, report])(
    'is done once, killed before any step (edited by hand: %s)',
    async (edited) => {
      const made = async () => {
        const at = await isolated({ 'src/a.ts': 'a\n', [report]: 'old\n' });
        at.leave(report, 'fine\n');
        at.leave('coordination/reviews/more.md', 'more\n');
        at.leave(handoff, header(at.order.id, 'MERGE-READY', 'memorial'));
        return at;
      };
      const first = await made();
      const steps = await counted(['back', first.project.root, first.folder], first.whole);
      expect(steps.length).toBeGreaterThan(8);
      // One after the other: where copies are is said by our own environment.
      for (const { at: n, name, what } of sampled(steps)) {
        removeIsolated();
        const at = await made();
        const edit =
          edited === null ? {} : { edit: { path: join(at.project.root, edited), text: `${byHand}\n` } };
        const args = ['back', at.project.root, at.folder];
        await works(args, at.whole, { at: n, act: 'kill', ...edit });
        await at.back();
        await recordAfter(at.project.root, at.folder, new Map());
        await clearCopy(at.folder);
        const where = `step ${n}, ${name} ${what}`;
        const kept = join(at.folder, 'kept', report);
        const texts = [at.now(report), existsSync(kept) ? readFileSync(kept, 'utf8') : ''];
        expect(texts.join('').split('\n'), where).toContain('fine');
        expect(at.now('coordination/reviews/more.md'), where).toBe('more\n');
        if (edited !== null) expect(at.now(edited), where).toContain(byHand);
        // What the role proposed, or the question in its place.
        expect(at.now(handoff), where).toMatch(/^status: (?:MERGE-READY|ESCALATE)$/m);
        if (edited !== report) expect(texts[0], where).toBe('fine\n');
        expect(await listCopies(at.project.root), where).toEqual([]);
      }
    },
  );
});
