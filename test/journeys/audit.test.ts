/**
 * Sessions that leave their brief, from the outside: what they open that is hidden from them, what they write that is
 * not theirs, and how the round goes on after it. The agents are scripted; the gates are the real ones.
 */
import { appendFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { auditRound } from '../../src/runner/audit.ts';
import { readCatalog } from '../../src/effects/catalog.ts';
import { copiesFolder } from '../../src/effects/copies.ts';
import { line } from '../cli/shell.ts';
import type { Project } from '../../src/protocol/project.ts';
import {
  artifactsOf,
  fileOf,
  good,
  goodRound,
  handoff,
  makeProject,
  play,
  removeProjects,
  start,
} from '../rig/journey.ts';

afterAll(removeProjects);

async function auditOf(project: Project) {
  const { policy } = await readCatalog(project.root);
  const place = { root: project.root, sessions: `${project.own}/sessions`, policy };
  return (await auditRound(place, 'R01')).map(({ manifest, findings }) => [
    manifest.role,
    ...findings.map(({ gate, severity, file }) => `${gate} ${severity} ${file ?? ''}`),
  ]);
}

describe('a round in which roles leave their brief', () => {
  it('sends them back until what is protected is as it was and nothing hidden was opened', async () => {
    const project = await makeProject({
      scenario: {
        ...goodRound,
        implementer: [
          // Weakens the PRD through a shell, where no permission rule of any agent sees it.
          [
            ...artifactsOf('implementer'),
            { run: 'echo "# Weaker" > coordination/PRD.md' },
            { handoff: { 'next-role': 'reviewer', status: 'READY' } },
          ],
          // Says it is done, and has mended nothing: the violation still stands.
          [{ handoff: { 'next-role': 'reviewer', status: 'READY' } }],
          [
            { run: 'echo "# PRD" > coordination/PRD.md' },
            { handoff: { 'next-role': 'reviewer', status: 'READY' } },
          ],
        ],
        reviewer: [
          [
            { run: 'cd coordination && cat logs/IMPLEMENTER-R01.log' },
            ...good('reviewer', 'memorial', 'MERGE-READY'),
          ],
          good('reviewer', 'memorial', 'MERGE-READY'),
        ],
      },
      files: { 'coordination/logs/IMPLEMENTER-R01.log': 'I was not sure about the tests.\n' },
      settings: { caps: { perDispatch: 4 } },
    });
    const journey = await play(project);
    expect(journey.ended).toMatchObject({ type: 'rest', situation: { rest: 0 } });
    expect(journey.sessions()).toEqual([
      'architect',
      'implementer',
      'implementer',
      'implementer',
      'reviewer',
      'reviewer',
      'memorial',
    ]);
    expect(await auditOf(project)).toEqual([
      ['architect'],
      ['implementer', 'write-policy MAJOR coordination/PRD.md'],
      ['implementer', 'write-policy MAJOR coordination/PRD.md'],
      ['implementer'],
      ['reviewer', 'hidden-read MAJOR coordination/logs/IMPLEMENTER-R01.log'],
      ['reviewer'],
      ['memorial'],
    ]);
    const [first = ''] = journey.notices.flatMap((notice) =>
      notice.type === 'session-started' && notice.order.kind === 'repair' ? notice.order.feedback : [],
    );
    expect(first).toContain('write-policy in coordination/PRD.md: was changed during the session');
    expect(fileOf(project, 'coordination/PRD.md')).toBe('# PRD\n');

    const proof = await line(project.root, ['audit']);
    expect(proof.code).toBe(0);
    expect(proof.out).toContain('Round R01: every role kept to its brief (7 sessions)');
    expect(proof.out).toMatch(/MAJOR hidden-read in coordination\/logs\/IMPLEMENTER-R01\.log/);
    expect(proof.out).toContain('another session of this role');
  });

  it('does not hold a session to what a person changed while it worked, when it ran no command', async () => {
    const project = await makeProject({
      scenario: {
        ...goodRound,
        architect: [[{ say: 'I begin.' }, { pause: 1000 }, ...good('architect', 'implementer')]],
      },
    });
    const journey = start(project);
    await journey.until('a session', ({ type }) => type === 'session-event');
    mkdirSync(join(project.root, 'src'));
    writeFileSync(join(project.root, 'src/by-hand.ts'), 'a person was here\n');
    expect(await journey.end).toMatchObject({ type: 'rest', situation: { rest: 0 } });
    expect((await auditOf(project))[0]).toEqual(['architect', 'write-policy OBS src/by-hand.ts']);
  });
});

describe('a round with isolation: worktree', () => {
  it('shows a cold role nothing hidden, brings its files back, and keeps what a person edited meanwhile', async () => {
    const log = 'coordination/logs/IMPLEMENTER-R01.log';
    const memorial = 'coordination/MEMORIAL.md';
    const waits = [{ say: 'I begin.' }, { pause: 1000 }];
    const project = await makeProject({
      handoff: handoff({ 'next-role': 'reviewer' }),
      scenario: {
        reviewer: [
          [
            // Neither the file nor a history that has it, nor a link to it; the product is there.
            { run: `test ! -e ${log} && test ! -e alias.log && test -e src/work.txt` },
            { run: 'test "$(git rev-list --all --count)" = 1 && ! git grep -q "not su[r]e"' },
            { run: `cat ${log} || true` },
            ...waits,
            ...good('reviewer', 'memorial', 'MERGE-READY'),
          ],
        ],
        memorial: [[...waits, ...good('memorial', 'human')], good('memorial', 'human')],
      },
      files: {
        [log]: 'I was not sure about the tests.\n',
        'src/work.txt': 'as it was\n',
        [memorial]: '# Memorial\n',
      },
      git: true,
      settings: { isolation: 'worktree' },
    });
    symlinkSync(log, join(project.root, 'alias.log'));
    const journey = start(project, ({ rest }) => rest !== null);
    const begun = (role: string) =>
      journey.until(
        `the ${role} at work`,
        (notice) =>
          notice.type === 'session-event' && notice.order.role === role && notice.event.type === 'text',
      );
    await begun('reviewer');
    appendFileSync(project.handoff, '\nA line by hand.\n');
    writeFileSync(join(project.root, 'src/work.txt'), 'by hand\n');
    await begun('memorial');
    writeFileSync(join(project.root, memorial), '# Memorial by hand\n');
    expect(await journey.end).toMatchObject({ type: 'rest', situation: { rest: 2 } });

    // The reviewer's part arrived, beside what the person wrote at the same time.
    expect(fileOf(project, 'coordination/reviews/REVIEWER-REPORT-R01.md')).toContain('# reviewer R01');
    expect(fileOf(project, 'src/work.txt')).toBe('by hand\n');
    expect(fileOf(project, 'coordination/NEXT-ROLE.md')).toContain('A line by hand.');
    // The memorial's text met a person's: that one stands, the other is kept, and there is a question.
    expect(fileOf(project, memorial)).toBe('# Memorial by hand\n');
    expect(fileOf(project, 'coordination/NEXT-ROLE.md')).toContain(`Somebody edited \\"${memorial}\\"`);
    const [ended = ''] = journey.orders().flatMap(({ id, role }) => (role === 'memorial' ? [id] : []));
    expect(fileOf(project, `.next-role/sessions/${ended}/kept/${memorial}`)).toContain('# memorial R01 1');
    expect(fileOf(project, 'coordination/logs/ROUND-R01-SUMMARY.md')).toContain('# memorial R01 1');

    expect((await line(project.root, ['resume', '--choose', 'A'])).code).toBe(0);
    expect((await play(project)).ended).toMatchObject({ type: 'rest', situation: { rest: 0 } });
    expect(await auditOf(project)).toEqual([
      ['reviewer', `hidden-read OBS ${log}`],
      ['memorial'],
      ['memorial'],
    ]);
    expect(existsSync(copiesFolder(project.root))).toBe(false);
    const proof = await line(project.root, ['audit']);
    expect(proof.out).toContain('worked in a copy without what is hidden from it');
  });

  it('leaves no copy of a session that is stopped before anything is started', async () => {
    const project = await makeProject({
      handoff: handoff({ 'next-role': 'reviewer' }),
      scenario: goodRound,
      settings: { isolation: 'worktree' },
    });
    const journey = start(project);
    const copies = copiesFolder(project.root);
    const wasThere: boolean[] = [];
    // Told while the session is being prepared: its copy is made, its process is not.
    const prepared = journey.until('a session prepared', (notice) => {
      if (notice.type !== 'session-started') return false;
      wasThere.push(existsSync(copies));
      writeFileSync(join(notice.folder, 'stop'), 'paused\n');
      journey.stop();
      return true;
    });
    expect(await journey.end).toMatchObject({ type: 'stopped' });
    await prepared;
    expect([...wasThere, existsSync(copies)]).toEqual([true, false]);
  });
});
