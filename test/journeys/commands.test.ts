/**
 * The commands as a person types them, each a process of its own, on projects made for the occasion. What is asserted
 * is what that person relies on: the words on the screen, the exit code, and which bytes on disk were touched.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { artifactsOf, good, goodRound, handoff } from '../rig/journey.ts';
import { emptyFolder, pausedHandoff, projectWith, read, removeFolders } from '../rig/project.ts';
import { begin, closeTerminals, ctrlC, exec, openTerminal, until } from '../rig/terminal.ts';

const handoffPath = 'coordination/NEXT-ROLE.md';
const settingsPath = 'coordination/next-role.yaml';

/** A folder that stands for PATH: git, and a program called claude that only says its version. */
let programs = '';

beforeAll(() => {
  programs = emptyFolder();
  writeFileSync(join(programs, 'claude'), '#!/bin/sh\necho "2.1.330 (Claude Code)"\n');
  chmodSync(join(programs, 'claude'), 0o755);
  const git = execFileSync('/bin/sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  symlinkSync(realpathSync(git), join(programs, 'git'));
});

afterAll(async () => {
  await closeTerminals();
  removeFolders();
});

const scripted = (scenario: Readonly<Record<string, unknown>>): Record<string, string> => ({
  [settingsPath]: 'agent: scripted\nagents:\n  scripted: { kind: scripted, scenario: scenario.yaml }\n',
  'scenario.yaml': stringify({ about: 'a journey', roles: scenario }),
  'coordination/PRD.md': '# PRD\n',
});

const asking = {
  ...goodRound,
  architect: [
    [
      {
        escalate: {
          question: `Which of the two rules holds? ${'The specification and the interface differ here. '.repeat(3)}`,
          options: {
            A: { do: 'Follow the specification to the letter', then: 'every client refreshes hourly' },
            B: { do: 'Follow the interface as it is served today', then: 'the fourth criterion changes' },
          },
          recommended: 'B',
        },
      },
    ],
    good('architect', 'implementer'),
  ],
};

describe('a new project', () => {
  it('is set up by init, and every command says something sensible about it', async () => {
    const cwd = emptyFolder();
    const env = { PATH: programs };
    const type = async (...argv: readonly string[]): Promise<readonly [number | null, string]> => {
      const { code, out, err } = await begin({ cwd, env }, ...argv).ended;
      expect(err).toBe('');
      return [code, out];
    };
    expect(await type('init')).toEqual([0, expect.stringContaining('Next: next-role set status=READY\n')]);
    const [code, status] = await type('status');
    expect(code).toBe(2);
    expect(status).toMatch(/R01 +full +waiting .* you\n/);
    expect(await type('why')).toEqual([0, expect.stringMatching(/^next +next-role set status=READY$/m)]);
    expect(await type('inspect')).toEqual([0, expect.stringMatching(/^runs nobody: .*\nno remarks$/m)]);
    expect(await type('prompt', 'architect')).toEqual([0, expect.stringContaining('coordination/PRD.md')]);
    const [sound, checked] = await type('doctor');
    expect(checked).toContain('✓ Nothing here would keep a round from running');
    expect(sound).toBe(0);

    await type('set', 'status=READY');
    expect(await type('status')).toEqual([0, expect.stringMatching(/ready .* runner\n/)]);
    expect(await type('why')).toEqual([0, expect.stringMatching(/^next +next-role run$/m)]);
    expect(await type('inspect')).toEqual([0, expect.stringMatching(/^runs architect: /m)]);
  });

  it('without an agent is told so by init and doctor, with the remedy', async () => {
    const cwd = emptyFolder();
    const env = { PATH: '/nowhere' };
    const made = await begin({ cwd, env }, 'init').ended;
    expect(made.code).toBe(0);
    expect(made.out.replace(/\s+/g, ' ')).toContain(
      'none is installed: install Claude Code, or describe one',
    );
    const seen = await begin({ cwd, env }, 'doctor').ended;
    expect(seen.code).toBe(1);
    expect(seen.out).toMatch(/✗ roles .*"claude" is not found\n +→ Install it, or name another agent/s);
  });

  it('keeps every byte that was there before init', async () => {
    const mine: Readonly<Record<string, Buffer>> = {
      [handoffPath]: Buffer.from(
        '\ufeffCURRENT-ROUND: R3\r\nNEXT-ROLE: reviewer\r\nSTATUS: PAUSED\r\n\r\nold\t \r\n',
      ),
      'coordination/PRD.md': Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
      [settingsPath]: Buffer.from('tier: audit'),
      '.gitignore': Buffer.from('dist\n'),
    };
    const folder = emptyFolder();
    for (const [path, bytes] of Object.entries(mine)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    }
    const made = await exec(folder, 'init');
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).toMatch(/^kept +coordination\/NEXT-ROLE\.md +was there, left alone$/m);
    expect(read(folder, 'coordination/MEMORIAL.md')).toContain('# Memorial');
    expect((await exec(folder, 'init')).code).toBe(0);
    for (const [path, bytes] of Object.entries(mine))
      expect(readFileSync(join(folder, path)).equals(bytes), path).toBe(true);
  });
});

describe('a bare-header file', () => {
  it('is inspected and changed in its own dialect, by the named keys alone', async () => {
    const bare =
      '\r\n**CURRENT-ROUND:** `R14a`\r\nnext-role: IMPLEMENTER (after the ok; see below)\r\nSTATUS:PAUSED\r\nSHA-A: 1234567e89\r\n\r\n## Routing notes\r\nSTATUS: READY was the old one.  \r\n';
    const folder = projectWith({ [handoffPath]: bare });
    const seen = await exec(folder, 'inspect', '--json');
    expect(seen.code).toBe(0);
    expect(JSON.parse(seen.out)).toMatchObject({
      dialect: 'bare-header',
      round: 'R14a',
      role: 'implementer',
      status: 'PAUSED',
      decision: { runs: null },
    });
    expect(await exec(folder, 'set', 'status=READY', 'sha-a!')).toMatchObject({ code: 0, err: '' });
    expect(read(folder, handoffPath)).toBe(
      bare.replace('STATUS:PAUSED', 'STATUS:READY').replace('SHA-A: 1234567e89\r\n', ''),
    );
    const refused = await exec(folder, 'set', 'status=REDAY');
    expect(refused.code).toBe(64);
    expect(refused.err).toContain('READY');
    expect((await exec(folder, 'inspect')).out).toContain('runs implementer');
  });
});

describe('what a project makes its own', () => {
  it('is a role that was ejected and edited: prompt shows the new words', async () => {
    const folder = projectWith();
    const ejected = await exec(folder, 'eject', 'roles/reviewer.md');
    expect(ejected).toMatchObject({ code: 0, err: '' });
    const path = join(folder, 'coordination/roles/reviewer.md');
    expect(read(folder, 'coordination/roles/reviewer.md')).toBe(readFileSync('roles/reviewer.md', 'utf8'));
    writeFileSync(
      path,
      `${readFileSync(path, 'utf8')}\n## House rule\n\nEvery public name has an example.\n`,
    );
    const seen = await exec(folder, 'prompt', 'reviewer', '--full');
    expect(seen.code).toBe(0);
    expect(seen.out).toContain('Every public name has an example.');
    expect((await exec(folder, 'eject', 'roles/reviewer.md')).code).toBe(64);
    expect((await exec(folder, 'prompt', 'architect', '--full')).out).not.toContain('Every public name');
  });

  it('is a role and a tier of its own, which run dispatches', async () => {
    const role = `---
title: Painter
class: cheap
reads: [coordination/PRD.md]
hides: [coordination/logs/]
writes: [art/]
owes:
  - path: art/{round}.txt
tools: [Read, Write]
ends: [READY, ROUND-COMPLETE, ESCALATE]
sees-answers: true
---

Paint what the PRD of round {round} asks for.
`;
    const paints = [
      { write: { path: 'art/{round}.txt', text: 'a boat\n' } },
      { handoff: { 'next-role': 'memorial', status: 'READY' } },
    ];
    const folder = projectWith({
      ...scripted({ painter: [paints], memorial: goodRound['memorial'] }),
      [handoffPath]: handoff({ 'next-role': 'painter', tier: 'studio' }),
      'coordination/roles/painter.md': role,
      'coordination/state/tiers.yaml': 'studio: { about: Painting., roles: [painter, memorial] }\n',
    });
    const run = await exec(folder, 'run');
    expect(run).toMatchObject({ code: 0, err: '' });
    expect(run.out).toMatch(/▶ painter \(scripted\) starts: round R01, session 1/);
    expect(run.out).toContain('painter is done; memorial is next');
    expect(run.out).toMatch(/^painter +1 .* R01\.txt$/m);
    expect(read(folder, 'art/R01.txt')).toBe('a boat\n');
    expect((await exec(folder, 'status')).out).toMatch(/R01 +studio +finished/);
  });

  it('is an agent of its own: a shell script that reads the brief from standard input', async () => {
    const writes = (role: string): string =>
      artifactsOf(role)
        .map(({ write }) => {
          const { path, text } = write as { path: string; text: string };
          return `put "${path.replaceAll('{round}', '$round')}" <<'END'\n${text}\nEND`;
        })
        .join('\n');
    const hand = (next: string, status: string): string =>
      `sed -i 's/^next-role: .*/next-role: ${next}/; s/^status: .*/status: ${status}/' ${handoffPath}`;
    const script = `set -e
brief=$(cat)
role=$(printf '%s\\n' "$brief" | sed -n 's/^Role: \\([a-z]*\\) .*/\\1/p')
round=$(printf '%s\\n' "$brief" | sed -n 's/^Role: .* Round: \\([A-Za-z0-9]*\\) .*/\\1/p')
put() { mkdir -p "$(dirname "$1")"; cat > "$1"; echo "wrote $1"; }
echo "I am $role of $round"
case $role in
architect)
${writes('architect')}
${hand('implementer', 'READY')} ;;
implementer)
${writes('implementer')}
${hand('reviewer', 'READY')} ;;
reviewer)
${writes('reviewer')}
;;
memorial)
${writes('memorial')}
${hand('human', 'ROUND-COMPLETE')} ;;
*) echo "who am I?" >&2; exit 9 ;;
esac
`;
    const folder = projectWith({
      [handoffPath]: handoff(),
      'coordination/PRD.md': '# PRD\n',
      [settingsPath]: 'agent: mine\nagents:\n  mine: { kind: command, run: sh agent.sh }\n',
      'agent.sh': script,
    });
    const run = await exec(folder, 'run');
    expect(run.err).toBe('');
    expect(run.code, run.out).toBe(0);
    // The reviewer hands over nothing, so the tier's order does, and that is told once.
    expect(run.out).toMatch(
      /^\d\d:\d\d:\d\d {2}! reviewer left the handoff untouched; memorial follows by the tier's\n {12}order$/m,
    );
    expect(run.out.match(/left the handoff untouched/g)).toHaveLength(1);
    expect(run.out).toContain('reviewer is done; memorial is next');
    expect(read(folder, handoffPath)).toMatch(/next-role: human\nstatus: ROUND-COMPLETE\n/);
    const sessions = readdirSync(join(folder, '.next-role/sessions'));
    const said = sessions.map((name) => read(folder, `.next-role/sessions/${name}/stdout`)).join('');
    for (const role of ['architect', 'implementer', 'reviewer', 'memorial'])
      expect(said).toContain(`I am ${role} of R01\n`);
  });
});

describe('trouble', () => {
  it('with the settings stops run, with the file, the line and what is wanted', async () => {
    const ready = pausedHandoff.replace('PAUSED', 'READY');
    const folder = projectWith({ [handoffPath]: ready, [settingsPath]: 'tier: full\ncaps:\n  perRoll: 3\n' });
    const run = await exec(folder, 'run');
    expect(run).toMatchObject({ code: 2, err: '' });
    expect(run.out).toContain(`${settingsPath} needs a look`);
    expect(run.out).toContain('line 3: "perRoll" is no key under "caps"');
    expect(run.out.replace(/\s+/g, ' ')).toContain('Did you mean "perRole"?');
    expect(run.out).toContain('Next: next-role doctor');
    expect(read(folder, handoffPath)).toBe(ready);
    expect((await exec(folder, 'status')).code).toBe(2);
    expect((await exec(folder, 'doctor')).code).toBe(1);
  });

  it('with a journal that is damaged in its middle stops everything and overwrites nothing', async () => {
    const folder = projectWith({ ...scripted(asking), [handoffPath]: handoff() });
    expect((await exec(folder, 'run')).code).toBe(2);
    const journal = join(folder, '.next-role/journal.jsonl');
    const lines = readFileSync(journal, 'utf8').split('\n');
    const damaged = [lines[0], lines[1]?.replace('"seq"', '"sqe"'), ...lines.slice(2)].join('\n');
    writeFileSync(journal, damaged);
    const before = read(folder, handoffPath);
    const where = `is damaged at byte ${Buffer.byteLength(`${lines[0]}\n`)}`;

    const run = await exec(folder, 'run');
    expect(run.code).toBe(1);
    expect(run.out.replace(/\s+/g, ' ')).toContain(where);
    expect(run.out).toContain('Next: next-role doctor');
    for (const name of ['why', 'replay']) {
      const seen = await exec(folder, name);
      expect(seen).toMatchObject({ code: 1, out: '' });
      expect(seen.err).toContain(where);
    }
    const status = await exec(folder, 'status');
    expect(status.code).toBe(1);
    expect(status.out.replace(/\s+/g, ' ')).toContain(where);
    const doctor = await exec(folder, 'doctor');
    expect(doctor.code).toBe(1);
    expect(doctor.out).toContain(`mv "${journal}"`);
    expect(readFileSync(journal, 'utf8')).toBe(damaged);
    expect(read(folder, handoffPath)).toBe(before);
  });

  it('far back in a long journal is told at the end of a run, and the round still ends as it did', async () => {
    const long = { ...goodRound, architect: [[{ say: 'x' }, ...good('architect', 'implementer')]] };
    const folder = projectWith({
      ...scripted(long),
      // What is said in a handoff's inputs stands in every record, which makes the journal long.
      [handoffPath]: handoff({ tier: 'full' }).replace(
        '---\n\n',
        `inputs:\n${Array.from({ length: 200 }, (_, at) => `  - coordination/${'d'.repeat(20)}-${at}.md\n`).join('')}---\n\n`,
      ),
    });
    expect((await exec(folder, 'run')).code).toBe(0);
    const journal = join(folder, '.next-role/journal.jsonl');
    const [first = '', ...rest] = readFileSync(journal, 'utf8').split('\n');
    writeFileSync(journal, [first.replace('"seq"', '"sqe"'), ...rest].join('\n'));
    const run = await exec(folder, 'run');
    expect(run.err).toBe('');
    expect(run.code).toBe(0);
    expect(run.out.replace(/\s+/g, ' ')).toContain('is damaged at byte 0');
    expect(run.out).toContain('✓ Round R01 is finished');
    expect((await exec(folder, 'replay')).code).toBe(1);
  });
});

describe('for programs', () => {
  it('run --json prints JSON lines and nothing else, the last one saying how it ended', async () => {
    const folder = projectWith({ ...scripted(asking), [handoffPath]: handoff() });
    const run = await exec(folder, 'run', '--json');
    expect(run).toMatchObject({ code: 2, err: '' });
    expect(run.out.endsWith('\n')).toBe(true);
    const notices = run.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(new Set(notices.map(({ project }) => project))).toEqual(new Set([folder]));
    expect(notices.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['decided', 'session-started', 'session-event']),
    );
    expect(notices.at(-1)).toMatchObject({
      type: 'end',
      end: { type: 'rest', situation: { rest: 2, question: { id: 'R01-architect-1' } } },
    });
  });
});

describe('several projects', () => {
  it('are looked at by status and run by watch, each line under its own name', async () => {
    const parent = emptyFolder();
    const place = (name: string, files: Readonly<Record<string, string>>): string => {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(parent, name, path)), { recursive: true });
        writeFileSync(join(parent, name, path), text);
      }
      return join(parent, name);
    };
    const shop = place('shop', { ...scripted(goodRound), [handoffPath]: handoff() });
    place('site', { ...scripted(asking), [handoffPath]: handoff() });
    place('idle', { [handoffPath]: pausedHandoff });
    const before = await exec(parent, 'status', 'shop', 'site', 'idle');
    expect(before.code).toBe(0);
    expect(before.out).toMatch(/^shop +R01 +full +ready .*\nsite +R01 +full +ready .*\nidle .* waiting /m);

    const watching = openTerminal(['watch', 'shop', 'site', 'idle'], { cwd: parent });
    await watching.until('Watching 3 projects');
    await watching.until('site  ? architect asks');
    await until('the round of shop', () => read(shop, handoffPath).includes('ROUND-COMPLETE'));
    await watching.until('shop  ✓ round R01');
    const answered = await exec(parent, 'resume', '--choose', 'A', '--dir', 'site');
    expect(answered.out).toContain('A runner is active');
    await watching.until('site  ✓ round R01');
    watching.type(ctrlC);
    expect(await watching.ended).toBe(130);
    expect(watching.lines().filter((line) => line.length > 80)).toEqual([]);

    const after = await exec(parent, 'status', 'idle', 'shop', 'site');
    expect(after.code).toBe(2);
    expect(after.out).toMatch(/^shop .* finished .*\nsite .* finished /m);
    expect(after.out).toMatch(/^idle: A human paused the round$/m);
  });
});

describe.concurrent.each([80, 120])('a terminal of %i columns', (columns) => {
  /** Shows one screen and gives its lines. */
  const show = async (cwd: string, argv: readonly string[]): Promise<readonly string[]> => {
    const terminal = openTerminal(argv, { cwd, columns });
    await terminal.ended;
    return terminal.lines();
  };

  const expectFit = (lines: readonly string[], what: string): void => {
    expect(lines.length, what).toBeGreaterThan(0);
    expect(
      lines.filter((line) => Array.from(line).length > columns),
      what,
    ).toEqual([]);
  };

  it('has no line that is too long, whatever the screen and the state of the project', async () => {
    const broken = '---\nround: R01\nround: R02\nnext-role: [a\nstatus: READY\n---\n';
    const wrong = 'tiers: full\nagents:\n  mine: { kind: pigeon }\n';
    // In each project the run comes first: what the others show depends on it.
    const asks = [
      ['prompt', 'reviewer'],
      ['resume', '--choose', 'Q'],
      ['set', 'status=SIDEWAYS'],
    ];
    const usage = [['eject', 'roles/nobody.md'], ['init'], ['--help']];
    const screens = [
      {
        folder: projectWith({ ...scripted(asking), [handoffPath]: handoff() }),
        lines: [['run'], ['why'], ['status'], ['inspect'], ...asks, ...usage],
      },
      {
        folder: projectWith({ ...scripted(goodRound), [handoffPath]: handoff() }, true),
        lines: [['run'], ['why'], ['replay']],
      },
      {
        folder: projectWith({ [handoffPath]: pausedHandoff, [settingsPath]: wrong }),
        lines: [['run'], ['why'], ['status'], ['doctor']],
      },
      {
        folder: projectWith({ [handoffPath]: broken }),
        lines: [['run'], ['why'], ['status'], ['inspect']],
      },
    ];
    // What fits a narrow terminal by its words fits a wide one; there the first project's tables and columns are enough.
    for (const { folder, lines } of columns === 80 ? screens : screens.slice(0, 1))
      for (const argv of lines) expectFit(await show(folder, argv), `${argv.join(' ')} in ${folder}`);
  });
});
