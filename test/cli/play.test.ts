import { noFacts } from '../../src/protocol/agentfacts.ts';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { scripted } from '../../src/agents/scripted.ts';
import { emptyTally, fold } from '../../src/agents/tally.ts';
import { play } from '../../src/cli/commands/play.ts';
import { decode } from '../../src/protocol/codec.ts';
import type { Exit, SessionEvent } from '../../src/protocol/session.ts';
import { buildPlayer } from './player.ts';
import type { Player } from './player.ts';

const handoffText = `---
round: R07 # the first
next-role: architect
status: WORKING
tier: full
---

## Directive

Build it.
`;

const before = process.cwd();
let project = '';
beforeEach(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'nr-play-')));
  mkdirSync(join(project, 'coordination'));
  mkdirSync(join(project, 'scripted'));
  writeFileSync(join(project, 'coordination/NEXT-ROLE.md'), handoffText);
  process.chdir(project);
  // Refusals go to stderr too; the test run's own output stays readable.
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  process.chdir(before);
  rmSync(project, { recursive: true, force: true });
});

const file = (path: string): string => readFileSync(join(project, path), 'utf8');
const handoff = () => decode(file('coordination/NEXT-ROLE.md')).handoff;

function envOf(names: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    NEXT_ROLE_ROLE: 'architect',
    NEXT_ROLE_ROUND: 'R07',
    NEXT_ROLE_TIER: 'full',
    NEXT_ROLE_VISIT: '1',
    NEXT_ROLE_HANDOFF: join(project, 'coordination/NEXT-ROLE.md'),
    ...names,
  };
}

/** Saves the architect's steps, one line each, as a scenario and gives its path. */
function scenario(...steps: readonly string[]): string {
  const path = join(project, 'scripted/scenario.yaml');
  const list = steps.map((step, at) => `    ${at === 0 ? '-' : ' '} - ${step}`).join('\n');
  writeFileSync(path, `about: A test.\nroles:\n  architect:\n${list}\n`);
  return path;
}

async function played(path: string, names: Readonly<Record<string, string>> = {}) {
  const lines: string[] = [];
  const code = await play([path], envOf(names), (line) => lines.push(line));
  const events = lines.map((line) => scripted.read(line, noFacts));
  return { code, lines, events, ...judged({ type: 'exited', code }, events) };
}

function judged(exit: Exit, events: readonly SessionEvent[]) {
  const tally = events.reduce(fold, emptyTally());
  return { tally, outcome: scripted.judge(exit, tally, noFacts) };
}

const types = (events: readonly SessionEvent[]): string => events.map(({ type }) => type).join(' ');

describe('play() in the project', () => {
  it('writes, appends and deletes files, with the names filled in', async () => {
    writeFileSync(join(project, 'scripted/spec.md'), 'literal {round}\r\n');
    writeFileSync(join(project, 'old.md'), 'old');
    const result = await played(
      scenario(
        "write: { path: 'coordination/specs/Q-{round}-SPEC.md', from: spec.md }",
        "write: { path: note.md, text: 'I am {role}, visit {visit} of {round} in {tier}, {unknown}.' }",
        "append: { path: note.md, text: ' More.' }",
        'delete: old.md',
      ),
    );
    expect(result.outcome).toEqual({ type: 'done' });
    expect(file('coordination/specs/Q-R07-SPEC.md')).toBe('literal {round}\r\n');
    expect(file('note.md')).toBe('I am architect, visit 1 of R07 in full, {unknown}. More.');
    expect(existsSync(join(project, 'old.md'))).toBe(false);
    expect(readdirSync(join(project, 'coordination/specs'))).toEqual(['Q-R07-SPEC.md']);
    expect(result.events).toEqual([
      { type: 'started', sessionId: null, model: null },
      { type: 'tool', tool: 'Write', target: 'coordination/specs/Q-R07-SPEC.md' },
      { type: 'tool', tool: 'Write', target: 'note.md' },
      { type: 'tool', tool: 'Edit', target: 'note.md' },
      { type: 'tool', tool: 'Bash', target: 'rm old.md' },
      {
        type: 'done',
        text: 'A test.',
        costUsd: 0,
        turns: 4,
        denied: [],
        usage: { counts: 'session', models: [] },
      },
    ]);
  });

  it('says which session and model it was, and closes with its last words', async () => {
    const names = { NEXT_ROLE_SESSION: 's-1', NEXT_ROLE_MODEL: 'm-1' };
    const { events, tally } = await played(scenario('say: first', 'say: Ready with {round}.'), names);
    expect(events[0]).toEqual({ type: 'started', sessionId: 's-1', model: 'm-1' });
    expect(tally.doneText).toBe('Ready with R07.');
  });

  it('edits named keys of the handoff and leaves every other byte', async () => {
    const { outcome } = await played(scenario('handoff: { next-role: implementer, status: READY }'));
    expect(outcome).toEqual({ type: 'done' });
    const expected = handoffText.replace('architect', 'implementer').replace('WORKING', 'READY');
    expect(file('coordination/NEXT-ROLE.md')).toBe(expected);
  });

  it('escalates with a question that reads back', async () => {
    await played(
      scenario(
        "escalate: { question: 'Which rules {round}?', options: { A: { do: Spec, then: slow }, B: { do: API } }, recommended: A, diagnostic: 'coordination/diagnostics/DIAGNOSTIC-{round}-x.md' }",
      ),
    );
    expect(handoff()).toMatchObject({
      status: 'ESCALATE',
      role: 'architect',
      escalation: {
        question: 'Which rules R07?',
        options: [
          { letter: 'A', do: 'Spec', then: 'slow' },
          { letter: 'B', do: 'API', then: '' },
        ],
        recommended: 'A',
        diagnostic: 'coordination/diagnostics/DIAGNOSTIC-R07-x.md',
      },
    });
  });

  it('fails when the handoff cannot be edited', async () => {
    writeFileSync(join(project, 'coordination/NEXT-ROLE.md'), '---\nround: [\n---\n');
    const { code, outcome } = await played(scenario('handoff: { status: READY }', 'say: never'));
    expect(code).toBe(1);
    expect(outcome).toMatchObject({ type: 'failed', class: 'failed' });
    expect(file('coordination/NEXT-ROLE.md')).toBe('---\nround: [\n---\n');
  });

  it('runs commands in the project and shows what they print', async () => {
    const { events, outcome } = await played(scenario("run: 'pwd; echo $NEXT_ROLE_ROLE >&2'"));
    expect(outcome).toEqual({ type: 'done' });
    expect(events[1]).toEqual({ type: 'tool', tool: 'Bash', target: 'pwd; echo $NEXT_ROLE_ROLE >&2' });
    expect(events[2]).toEqual({ type: 'text', text: `${project}\narchitect` });
  });

  it('fails with a failing command unless it may fail', async () => {
    const { code, outcome } = await played(scenario("run: 'echo no; exit 4'", 'say: never'));
    expect(code).toBe(1);
    expect(outcome).toMatchObject({
      class: 'failed',
      message: '"echo no; exit 4" ended with exit code 4: no',
    });
    const allowed = await played(scenario("run: { command: 'exit 4', allowFail: true }", 'say: on'));
    expect(allowed.tally.doneText).toBe('on');
  });

  it('does not wait for what a command leaves behind', async () => {
    const start = performance.now();
    const { outcome, events } = await played(scenario("run: 'sleep 60 & echo $!'"));
    const ms = performance.now() - start;
    const [, , pid] = events;
    if (pid?.type === 'text') process.kill(Number(pid.text), 'SIGKILL');
    expect(outcome).toEqual({ type: 'done' });
    expect(ms).toBeLessThan(30_000);
  });

  it('refuses a path that the names lead out of the project', async () => {
    const { outcome } = await played(scenario("write: { path: '{round}/x', text: a }"), {
      NEXT_ROLE_ROUND: '../..',
    });
    expect(outcome).toMatchObject({ message: '"../../x" leaves the project' });
  });

  it('plays the nth list on the nth visit', async () => {
    const path = scenario('say: one');
    writeFileSync(path, `${readFileSync(path, 'utf8')}    - - say: two\n`);
    expect((await played(path, { NEXT_ROLE_VISIT: '2' })).tally.doneText).toBe('two');
    expect((await played(path, { NEXT_ROLE_VISIT: '7' })).tally.doneText).toBe('two');
  });

  it('ends at once with the code of an exit step', async () => {
    const { code, events, outcome } = await played(scenario('say: a', 'exit: 3', 'say: b'));
    expect([code, types(events)]).toEqual([3, 'started text']);
    expect(outcome).toMatchObject({ class: 'crashed' });
  });

  it('prints raw lines as they are', async () => {
    const { lines, events } = await played(
      scenario(`raw: '{"type":"tool","tool":"Read","target":"x"}'`, "raw: '{half'"),
    );
    expect(lines.slice(1, 3)).toEqual(['{"type":"tool","tool":"Read","target":"x"}', '{half']);
    expect(types(events)).toBe('started tool noise done');
  });
});

describe('play() with a human answer', () => {
  const guarded = () => scenario('{ when: { answer: B }, steps: [{ say: chose B }] }');
  const decide = (name: string, text: string): void => {
    mkdirSync(join(project, 'coordination/decisions'), { recursive: true });
    writeFileSync(join(project, 'coordination/decisions', name), text);
  };

  it('skips the steps of a when without its decision', async () => {
    expect((await played(guarded())).tally.doneText).toBe('A test.');
    decide('D-R07-architect-1.md', '---\nchoice: A\n---\n');
    decide('D-R06-architect-1.md', '---\nchoice: B\n---\n');
    expect((await played(guarded())).tally.doneText).toBe('A test.');
  });

  it.each([
    ['an id of the round', 'D-R07-architect-1.md', '---\nchoice: B\n---\n'],
    ["a role's own id", 'D-expiry.md', '---\nround: R07\nchoice: "b" # quoted\n---\n'],
  ])('plays them after a decision under %s', async (_, name, text) => {
    decide(name, text);
    expect((await played(guarded())).tally.doneText).toBe('chose B');
  });

  it('looks at one decision when an id is given', async () => {
    const path = scenario('{ when: { answer: B, id: expiry }, steps: [{ exit: 9 }] }');
    decide('D-R07-architect-1.md', 'choice: B\n');
    expect((await played(path)).code).toBe(0);
    decide('D-expiry.md', 'choice: B\n');
    expect((await played(path)).code).toBe(9);
  });
});

describe('play() without a script', () => {
  it('names the scenario and the role that has none', async () => {
    const path = scenario('say: a');
    const { code, outcome } = await played(path, { NEXT_ROLE_ROLE: 'reviewer' });
    expect(code).toBe(1);
    const message = `The scenario "${path}" has no script for the role "reviewer" (it has: architect); add roles.reviewer to it`;
    expect(outcome).toMatchObject({ class: 'failed', message });
  });

  it('names the line of a mistake, a missing file, and a missing argument', async () => {
    const path = scenario('say: a', 'wriet: x');
    expect((await played(path)).outcome).toMatchObject({
      message: expect.stringContaining(`${path}:5: "wriet" is no key`) as string,
    });
    expect((await played(join(project, 'none.yaml'))).outcome).toMatchObject({
      message: expect.stringContaining('cannot be read: ENOENT') as string,
    });
    expect((await played('')).code).toBe(64);
  });
});

describe('play() misbehaving', () => {
  it('fails with a class and a reset time', async () => {
    const at = Date.now();
    const step = 'misbehave: { fail: { class: rate-limited, message: later, resetsInMs: 60000 } }';
    const { code, tally } = await played(scenario(step, 'say: never'));
    expect(code).toBe(1);
    expect(tally.failure).toMatchObject({ class: 'rate-limited', message: 'later' });
    expect(tally.failure?.resetsAt).toBeGreaterThanOrEqual(at + 60_000);
    expect(tally.failure?.resetsAt).toBeLessThan(at + 90_000);
  });

  it('ends without saying it is done', async () => {
    const { code, events } = await played(scenario('misbehave: no-done'));
    expect([code, types(events)]).toEqual([0, 'started']);
  });

  it('leaves a header that cannot be read above the same body', async () => {
    await played(scenario('misbehave: corrupt-header'));
    expect(handoff()).toBeNull();
    expect(file('coordination/NEXT-ROLE.md')).toContain('## Directive\n\nBuild it.\n');
  });

  it('floods with as many bytes as asked', async () => {
    const { lines, events } = await played(scenario('misbehave: { flood: 200000 }'));
    expect(lines.slice(1, -1).reduce((sum, line) => sum + line.length + 1, 0)).toBe(200_000);
    expect(types(events)).toBe('started noise noise noise noise done');
  });
});

describe('play() as a process', () => {
  let player: Player;
  beforeAll(() => {
    player = buildPlayer();
  });
  afterAll(() => player.remove());
  const running: ChildProcess[] = [];
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });

  function start(path: string, names: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [player.entry, path], { cwd: project, env: envOf(names) });
    running.push(child);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaints += chunk));
    const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    return {
      child,
      exit,
      output: () => output,
      printed: (word: string) => until(() => output.includes(word)),
    };
  }

  it('prints its events and exits 0', async () => {
    const run = start(scenario('say: hello'));
    const [code] = await run.exit;
    await run.printed('"done"');
    expect(code).toBe(0);
    expect(
      types(
        run
          .output()
          .trim()
          .split('\n')
          .map((line) => scripted.read(line, noFacts)),
      ),
    ).toBe('started text done');
  });

  it('hangs until it is terminated', async () => {
    const run = start(scenario('say: hanging', 'misbehave: hang', 'say: never'));
    await run.printed('hanging');
    run.child.kill('SIGTERM');
    expect((await run.exit)[1]).toBe('SIGTERM');
    expect(run.output()).not.toContain('never');
  });

  it('lingers after it said it is done', async () => {
    const run = start(scenario('misbehave: linger'));
    await run.printed('"done"');
    // A player that does not linger is gone some milliseconds after its last line.
    expect(await Promise.race([run.exit, sleep(1_000, 'still there')])).toBe('still there');
    run.child.kill('SIGTERM');
    expect((await run.exit)[1]).toBe('SIGTERM');
  });

  it.runIf(existsSync('/proc/self'))('ignores SIGTERM and only ends by SIGKILL', async () => {
    const run = start(scenario('say: ready', 'misbehave: ignore-sigterm'));
    await run.printed('ready');
    const status = () => readFileSync(`/proc/${run.child.pid ?? 0}/status`, 'utf8');
    // Node itself catches SIGTERM from its start, to die of it; SIGHUP it does not, and that is ignored last.
    await until(() => bitOf(status(), 'SigCgt', constants.signals.SIGHUP));
    run.child.kill('SIGTERM');
    const isPending = (name: string) => bitOf(status(), name, constants.signals.SIGTERM);
    // Delivered, and still there: a signal that is not ignored ends the process at its delivery.
    await until(() => !isPending('ShdPnd') && !isPending('SigPnd'));
    expect(run.child.exitCode ?? run.child.signalCode).toBeNull();
    run.child.kill('SIGKILL');
    expect((await run.exit)[1]).toBe('SIGKILL');
  });

  it('leaves a process of another session behind', async () => {
    const marker = `nr-test-${process.pid}-${Date.now()}`;
    const run = start(scenario('misbehave: background'), { NEXT_ROLE_ORDER: marker });
    expect((await run.exit)[0]).toBe(0);
    if (!existsSync('/proc/self')) return;
    const left = withMarker(marker);
    expect(left).toHaveLength(1);
    expect(left.map(sessionOf)).toEqual(left);
    for (const pid of left) process.kill(pid, 'SIGKILL');
  });

  it('leaves a child behind that holds stdout open', async () => {
    const marker = `nr-test-${process.pid}-${Date.now()}`;
    const run = start(scenario('misbehave: hold-stdout'), { NEXT_ROLE_ORDER: marker });
    let closed = false;
    run.child.once('close', () => (closed = true));
    expect((await run.exit)[0]).toBe(0);
    await run.printed('"done"');
    expect(closed).toBe(false);
    if (!existsSync('/proc/self')) return;
    for (const pid of withMarker(marker)) process.kill(pid, 'SIGKILL');
    await until(() => closed);
  });
});

/** Waits for a condition, at most 15 s. */
async function until(holds: () => boolean, complaints: () => string = () => ''): Promise<void> {
  for (const end = performance.now() + 15_000; performance.now() < end;) {
    if (holds()) return;
    await sleep(10);
  }
  throw new Error(`still not true after 15 s: ${holds.toString()} ${complaints()}`);
}

/** One signal's bit in a mask of /proc/<pid>/status: SigCgt are caught ones, SigPnd and ShdPnd undelivered ones. */
function bitOf(status: string, name: string, signal: number): boolean {
  const mask = new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

function withMarker(marker: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => environOf(pid).includes(`NEXT_ROLE_ORDER=${marker}`))
    .map(Number);
}

/** The session of a process: field 6 of /proc/<pid>/stat, counted behind the command's closing parenthesis. */
function sessionOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
}

function environOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
