import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { edit } from '../../src/protocol/codec.ts';
import type { Project } from '../../src/protocol/project.ts';
import { replayFile } from '../../src/runner/replay.ts';
import {
  fileOf,
  good,
  goodRound,
  handoff,
  handoffText,
  makeProject,
  play,
  removeProjects,
  self,
  start,
  type Scenario,
  type Step,
} from '../rig/journey.ts';

afterAll(removeProjects);

/** Small limits and pauses, so that clocks and retries are seen within a test. */
const quick = { caps: { perRole: 4, perRound: 12, perDispatch: 2 } };
const rests = (situation: { rest: number | null }): boolean => situation.rest !== null;

function scenario(role: string, ...visits: readonly (readonly Step[])[]): Scenario {
  return { ...goodRound, [role]: visits };
}

function change(project: Project, keys: Readonly<Record<string, string | null>>): void {
  const edited = edit(handoffText(project), keys);
  if (!edited.ok) throw new Error(JSON.stringify(edited.problems));
  writeFileSync(project.handoff, edited.text);
}

describe('a session that does not do its part', () => {
  it('that leaves the handoff untouched is followed by the tier’s next role', async () => {
    const project = await makeProject({
      scenario: scenario('architect', good('architect', 'implementer').slice(0, -1)),
    });
    const journey = await play(project);
    expect(journey.sessions()).toEqual(['architect', 'implementer', 'reviewer', 'memorial']);
    expect(JSON.stringify(journey.notices)).toContain('left the handoff untouched');
  });

  it('that skips a role is put back on the tier’s order', async () => {
    const project = await makeProject({ scenario: scenario('implementer', good('implementer', 'memorial')) });
    const journey = await play(project);
    expect(journey.sessions()).toEqual(['architect', 'implementer', 'reviewer', 'memorial']);
  });

  it('that owes a file is asked once to mend it, with the file’s name', async () => {
    const forgot = [{ handoff: { 'next-role': 'implementer', status: 'READY' } }];
    const project = await makeProject({
      scenario: scenario('architect', forgot, good('architect', 'implementer')),
    });
    const journey = await play(project);
    expect(journey.sessions()).toEqual(['architect', 'architect', 'implementer', 'reviewer', 'memorial']);
    const repair = journey.notices.find(
      (notice) => notice.type === 'session-started' && notice.order.kind === 'repair',
    );
    expect(repair).toMatchObject({
      order: { feedback: [expect.stringContaining('Q-R01-SPEC.md'), expect.stringContaining('AUDIT')] },
    });
  });

  it('that owes a file and never writes it ends in a question, not in a loop', async () => {
    const forgot = [{ handoff: { 'next-role': 'implementer', status: 'READY' } }];
    const project = await makeProject({ settings: quick, scenario: scenario('architect', forgot) });
    const journey = await play(project, rests);
    expect(journey.sessions()).toEqual(['architect', 'architect']);
    expect(journey.ended).toMatchObject({
      situation: { rest: 2, question: { options: [{ letter: 'A' }, { letter: 'C' }] } },
    });
    expect(handoffText(project)).toContain('status: ESCALATE');
    change(project, { answer: 'C' });
    const stopped = await play(project, rests);
    expect(stopped.ended).toMatchObject({ situation: { rest: 1 } });
    expect(handoffText(project)).toMatch(/status: BLOCKED\n/);
  });

  it('whose file lacks a section is sent back with the gate’s own words', async () => {
    const [spec, ...rest] = good('architect', 'implementer');
    const { path } = spec?.['write'] as { path: string };
    const thin = [{ write: { path, text: '# Spec\n\n## Goal\n' } }, ...rest];
    const project = await makeProject({
      scenario: scenario('architect', thin, good('architect', 'implementer')),
    });
    const journey = await play(project);
    const repair = journey.notices.find(
      (notice) => notice.type === 'session-started' && notice.order.kind === 'repair',
    );
    expect(JSON.stringify(repair)).toContain('The section \\"Mechanism\\" is missing');
    expect(journey.ended).toMatchObject({ situation: { rest: 0 } });
  });

  it('that corrupts the header is asked to mend it', async () => {
    const broke = [...good('architect', 'implementer').slice(0, -1), { misbehave: 'corrupt-header' }];
    const mends = [
      {
        write: {
          path: 'coordination/NEXT-ROLE.md',
          text: '---\nround: R01\nnext-role: implementer\nstatus: READY\ntier: full\n---\n',
        },
      },
    ];
    const project = await makeProject({ scenario: scenario('architect', broke, mends) });
    const journey = await play(project);
    expect(journey.sessions().slice(0, 3)).toEqual(['architect', 'architect', 'implementer']);
  });

  it('that corrupts the header for good is waited for, and not one byte is written', async () => {
    const broke = [...good('architect', 'implementer').slice(0, -1), { misbehave: 'corrupt-header' }];
    const project = await makeProject({ scenario: scenario('architect', broke) });
    const journey = await play(project, rests);
    expect(journey.ended).toMatchObject({ situation: { state: 'unreadable', rest: 2 } });
    const broken = handoffText(project);
    const again = await play(project, rests);
    expect(again.sessions()).toEqual([]);
    expect(handoffText(project)).toBe(broken);
  });

  it('that ends badly after finished work is not run again', async () => {
    const project = await makeProject({
      scenario: scenario('architect', [...good('architect', 'implementer'), { exit: 3 }]),
    });
    const journey = await play(project);
    expect(journey.sessions()).toEqual(['architect', 'implementer', 'reviewer', 'memorial']);
  });

  it(
    'that crashes is tried again with the reason, then the round is blocked with it',
    { timeout: 120_000 },
    async () => {
      const project = await makeProject({
        scenario: scenario('architect', [{ exit: 3 }]),
        settings: quick,
        files: fast,
      });
      const journey = await play(project);
      expect(journey.sessions()).toEqual(['architect', 'architect']);
      expect(journey.ended).toMatchObject({ situation: { rest: 1 } });
      expect(handoffText(project)).toMatch(/status: BLOCKED\nreason?|reason: .*/);
      expect(fileOf(project, 'coordination/NEXT-ROLE.md')).toContain('crashed');
      change(project, { status: 'READY', 'next-role': 'architect' });
      const again = await play(project);
      expect(again.sessions().length).toBeGreaterThan(0);
    },
  );

  it('that stops on a provider’s limit waits for the reset without spending an attempt', async () => {
    const limit = [
      { misbehave: { fail: { class: 'rate-limited', message: 'limit reached', resetsInMs: 300 } } },
    ];
    const project = await makeProject({
      scenario: scenario('architect', limit, good('architect', 'implementer')),
      files: fast,
    });
    // The visit is taken back with the attempt, so the scripted agent plays its first list until the file says otherwise.
    const journey = start(project);
    const cooling = await journey.until(
      'the pause',
      (notice) => notice.type === 'decided' && notice.state.value === 'cooling',
    );
    expect(JSON.stringify(cooling)).toContain('limit reached');
    expect(cooling).toMatchObject({ state: { context: { round: { sessions: 0, limitWaits: 1 } } } });
    journey.stop();
    expect(await journey.end).toMatchObject({ type: 'stopped' });
  });

  it('that nobody can log in for asks the human at once', async () => {
    const fails = [{ misbehave: { fail: { class: 'auth', message: 'the key is refused' } } }];
    const project = await makeProject({ scenario: scenario('architect', fails) });
    const journey = await play(project, rests);
    expect(journey.sessions()).toEqual(['architect']);
    expect(journey.ended).toMatchObject({ situation: { rest: 2 } });
    expect(handoffText(project)).toContain('the key is refused');
  });

  it('that leaves a folder where its file should be is asked for the file, and nobody goes on without it', async () => {
    const [spec, ...rest] = good('architect', 'implementer');
    const { path } = spec?.['write'] as { path: string };
    const folder = [{ run: `mkdir -p ${path.replace('{round}', 'R01')}` }, ...rest];
    const project = await makeProject({ settings: quick, scenario: scenario('architect', folder) });
    const journey = await play(project, rests);
    expect(journey.sessions()).toEqual(['architect', 'architect']);
    expect(journey.ended).toMatchObject({ situation: { rest: 2 } });
    const again = await play(project, rests);
    expect(again.sessions()).toEqual([]);
  });

  it('that deletes the handoff is waited for until a human brings it back', async () => {
    const gone = [...good('architect', 'implementer').slice(0, -1), { delete: 'coordination/NEXT-ROLE.md' }];
    const project = await makeProject({ scenario: scenario('architect', gone) });
    const text = handoffText(project);
    const journey = start(project);
    await journey.until(
      'the wait',
      (notice) => notice.type === 'decided' && notice.state.value === 'unreadable',
    );
    writeFileSync(project.handoff, text.replace('architect', 'implementer'));
    expect(await journey.end).toMatchObject({ situation: { rest: 0 } });
    expect(journey.sessions()).toEqual(['architect', 'implementer', 'reviewer', 'memorial']);
  });

  it('that names a hidden file by another spelling does not get it into the next brief', async () => {
    const inputs = "inputs: [./coordination/logs/n.log, 'coordination//logs/n.log', link.log]";
    const leaks = [
      { write: { path: 'coordination/logs/n.log', text: 'notes' } },
      { run: 'ln -s coordination/logs/n.log link.log' },
      {
        run: `sed -i 's#^tier: full#tier: full\\n${inputs.replaceAll("'", '"')}#' coordination/NEXT-ROLE.md`,
      },
      ...good('implementer', 'reviewer'),
    ];
    // The audit would send such a session back; here it is the next brief that must hold by itself.
    const gates = { 'hidden-read': { off: true }, 'write-policy': { off: true } };
    const project = await makeProject({ settings: { gates }, scenario: scenario('implementer', leaks) });
    await play(project);
    expect(handoffText(project)).toContain('coordination//logs');
    const reviewer = readdirSync(join(project.own, 'sessions')).find((name) => name.includes('-reviewer-'));
    const manifest = fileOf(project, `.next-role/sessions/${reviewer ?? ''}/manifest.json`);
    const { offered } = JSON.parse(manifest) as { offered: readonly { path: string }[] };
    expect(offered.length).toBeGreaterThan(0);
    expect(offered.filter(({ path }) => path.includes('log'))).toEqual([]);
  });

  // A session that ended is never forgotten: its gates run, and what it cost is counted.
  it('that puts a folder in the place of the runner’s record is judged and paid for all the same', async () => {
    const project = await makeProject({
      settings: { gates: { tests: { command: 'grep -q right src/verdict.txt' } } },
      scenario: scenario('implementer', [
        { write: { path: 'src/verdict.txt', text: 'wrong\n' } },
        { run: 'mkdir ".next-role/sessions/$NEXT_ROLE_ORDER/changes.json"' },
        ...good('implementer', 'reviewer'),
      ]),
    });
    const journey = await play(project, rests);
    expect(journey.endings()).toHaveLength(journey.sessions().length);
    expect(journey.sessions()).not.toContain('reviewer');
    expect(journey.states()).not.toContain('stalled');
    const order = journey.endings().at(-1)?.order ?? '';
    expect(fileOf(project, `.next-role/sessions/${order}/changes.json`)).toContain('"whole"');
    expect(journey.ended).toMatchObject({
      situation: {
        findings: expect.arrayContaining([expect.objectContaining({ gate: 'tests' })]) as unknown,
      },
    });
  });

  it('that leaves a background job has it reaped', async () => {
    const project = await makeProject({
      scenario: scenario('architect', [{ misbehave: 'background' }, ...good('architect', 'implementer')]),
    });
    const journey = await play(project);
    const ended = journey.notices.find(
      (notice) => notice.type === 'decided' && notice.event.type === 'ENDED',
    );
    expect(ended).toMatchObject({ event: { leftovers: 1 } });
  });

  it('that hangs is ended by its clock and tried again', { timeout: 120_000 }, async () => {
    const project = await makeProject({
      scenario: scenario('architect', [{ misbehave: 'hang' }], good('architect', 'implementer')),
      settings: {
        roles: { architect: { limits: { firstByteMinutes: 0.03, idleMinutes: 0.03, totalMinutes: 1 } } },
      },
      files: fast,
    });
    const journey = await play(project);
    expect(journey.sessions().slice(0, 2)).toEqual(['architect', 'architect']);
    expect(JSON.stringify(journey.notices)).toContain('stalled');
    expect(journey.ended).toMatchObject({ situation: { rest: 0 } });
  });
});

/** Short pauses between attempts. */
const fast = {
  'coordination/state/limits.yaml': 'backoff: { firstSeconds: 0.2, factor: 2, maxSeconds: 1 }\n',
};

describe('a human', () => {
  it('who answers a question while no runner is there finds the answer taken, not taken out', async () => {
    const asks = { escalate: { question: 'Which?', options: { A: { do: 'one', then: 'so' } } } };
    const project = await makeProject({
      scenario: scenario('architect', [asks, { pause: 600 }], good('architect', 'implementer')),
    });
    const [node, main] = self;
    const child = spawn(node, [main, 'run', '--dir', project.root], { stdio: 'ignore' });
    const bounds = { timeout: 20_000, interval: 20 };
    await vi.waitFor(() => expect(handoffText(project)).toContain('status: ESCALATE'), bounds);
    child.kill('SIGKILL');
    const sessions = join(project.own, 'sessions');
    await vi.waitFor(() => {
      const [session = ''] = readdirSync(sessions);
      // Some way past it: a file system may count in ticks of the kernel.
      expect(Date.now()).toBeGreaterThan(statSync(join(sessions, session, 'exit')).mtimeMs + 20);
    }, bounds);
    change(project, { answer: 'A', note: 'in my own words' });
    const journey = await play(project);
    expect(journey.ended).toMatchObject({ situation: { rest: 0 } });
    expect(journey.sessions()).toEqual(['architect', 'implementer', 'reviewer', 'memorial']);
    const [decision = ''] = readdirSync(join(project.root, 'coordination/decisions'));
    expect(fileOf(project, `coordination/decisions/${decision}`)).toContain('in my own words');
    expect(replayFile(join(project.own, 'journal.jsonl')).differences).toEqual([]);
  });

  it('who pauses a working session has it stopped gracefully, and gets it back on READY', async () => {
    const slow = [
      { write: { path: 'coordination/specs/Q-R01-SPEC.md', text: 'half\n' } },
      { pause: 30_000 },
      ...good('architect', 'implementer'),
    ];
    const project = await makeProject({ scenario: scenario('architect', slow) });
    const journey = start(project);
    await journey.until(
      'the first tool',
      (notice) => notice.type === 'session-event' && notice.event.type === 'tool',
    );
    change(project, { status: 'PAUSED' });
    await journey.inState('parked');
    expect(fileOf(project, 'coordination/specs/Q-R01-SPEC.md')).toBe('half\n');
    expect(handoffText(project)).toMatch(/next-role: architect\nstatus: PAUSED\n/);
    expect(handoffText(project)).not.toContain('dispatch');
    writeFileSync(join(project.root, 'scenario.yaml'), JSON.stringify({ about: '', roles: goodRound }));
    change(project, { status: 'READY' });
    expect(await journey.end).toMatchObject({ situation: { rest: 0 } });
  });

  it('who edits between reading and claiming is never overwritten', async () => {
    const project = await makeProject({
      scenario: goodRound,
      handoff: '---\nround: R01\nnext-role: human\nstatus: READY\n---\n',
    });
    const journey = start(project);
    await journey.inState('parked');
    for (let n = 0; n < 20; n += 1) {
      change(project, { 'next-role': 'architect', note: `edit ${n}` });
      await new Promise((resolve) => setTimeout(resolve, 7));
    }
    await journey.end;
    expect(handoffText(project)).toContain('note: edit 19');
    expect(journey.sessions()).toEqual(['architect', 'implementer', 'reviewer', 'memorial']);
  });

  it('who adds the tier that was missing has it taken up at once, and a broken setting leaves the last good one', async () => {
    const project = await makeProject({ scenario: goodRound, handoff: handoff({ tier: 'quick' }) });
    const journey = start(project);
    await journey.inState('parked');
    mkdirSync(join(project.root, 'coordination/state'), { recursive: true });
    writeFileSync(join(project.root, 'coordination/state/tiers.yaml'), 'quick: [\n');
    await journey.until(
      'the mistake',
      (notice) => notice.type === 'problem' && notice.file.endsWith('tiers.yaml'),
    );
    expect(journey.states().at(-1)).toBe('parked');
    const quick = 'quick:\n  about: two roles\n  roles: [architect, memorial]\n';
    writeFileSync(join(project.root, 'coordination/state/tiers.yaml'), quick);
    expect(await journey.end).toMatchObject({ situation: { rest: 0 } });
    expect(journey.sessions()).toEqual(['architect', 'memorial']);
    expect(replayFile(join(project.own, 'journal.jsonl')).differences).toEqual([]);
  });

  it('who breaks the file is shown the line, and loses nothing', async () => {
    const project = await makeProject({
      scenario: goodRound,
      handoff: '---\nround: R01\nstatus: PAUSED\n---\nwords\n',
    });
    const journey = start(project);
    await journey.inState('parked');
    const broken = '---\nround: R01\nstatus: [READY\n---\nwords\n';
    writeFileSync(project.handoff, broken);
    await journey.inState('unreadable');
    expect(JSON.stringify(journey.notices.at(-1))).toMatch(/"line":3/);
    expect(handoffText(project)).toBe(broken);
    writeFileSync(project.handoff, '---\nround: R01\nnext-role: architect\nstatus: READY\n---\nwords\n');
    expect(await journey.end).toMatchObject({ situation: { rest: 0 } });
    expect(handoffText(project)).toContain('\nwords\n');
  });
});
