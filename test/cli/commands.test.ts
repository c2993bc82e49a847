import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { emptyFolder, pausedHandoff, projectWith, read, removeFolders } from '../rig/project.ts';
import { line } from './shell.ts';

afterEach(removeFolders);

const asks = `---
round: R07
next-role: implementer
status: ESCALATE
tier: full
escalation:
  id: R07-implementer-1
  question: Which one rules?
  options:
    A: { do: Follow the spec, then: hourly refresh }
    B: { do: Follow the API, then: AC-4 changes }
  recommended: B
---
`;
const handoffPath = 'coordination/NEXT-ROLE.md';

describe('init', () => {
  it('makes a project that every other command understands, and asks nothing', async () => {
    const folder = emptyFolder();
    const made = await line(folder, ['init', '--tier', 'audit']);
    expect(made.code).toBe(0);
    expect(made.out).toContain('next-role set status=READY');
    for (const name of [
      'NEXT-ROLE.md',
      'PRD.md',
      'MEMORIAL.md',
      'next-role.yaml',
      'specs',
      'reviews',
      'logs',
    ]) {
      expect(existsSync(join(folder, 'coordination', name)), name).toBe(true);
    }
    expect(existsSync(join(folder, '.next-role/.gitignore'))).toBe(true);
    const seen = await line(folder, ['inspect', '--json']);
    expect(JSON.parse(seen.out)).toMatchObject({
      tier: 'audit',
      role: 'implementer',
      status: 'PAUSED',
      diagnostics: [],
    });
  });

  it('writes the bare dialect with the same meaning', async () => {
    const folder = emptyFolder();
    await line(folder, ['init', '--bare']);
    expect(read(folder, handoffPath)).toMatch(
      /^CURRENT-ROUND: R01\nNEXT-ROLE: ARCHITECT\nSTATUS: PAUSED\nTIER: full\n/,
    );
    const seen = await line(folder, ['inspect', '--json']);
    expect(JSON.parse(seen.out)).toMatchObject({
      dialect: 'bare-header',
      role: 'architect',
      diagnostics: [],
    });
  });

  it('leaves existing files alone and names them', async () => {
    const folder = projectWith({ 'coordination/PRD.md': 'mine\n' });
    const made = await line(folder, ['init', '--json', '--tier', 'solo']);
    expect(JSON.parse(made.out)).toMatchObject({
      kept: [handoffPath, 'coordination/PRD.md'],
      undone: ['next-role set tier=solo'],
    });
    expect(read(folder, 'coordination/PRD.md')).toBe('mine\n');
    expect(read(folder, handoffPath)).toBe(pausedHandoff);
  });

  it('does not put a second handoff over one at the root', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'NEXT-ROLE.md'), 'STATUS: PAUSED\n');
    await line(folder, ['init']);
    expect(existsSync(join(folder, handoffPath))).toBe(false);
  });

  it('refuses a tier or an agent nobody knows before it writes a file', async () => {
    for (const argv of [
      ['init', '--tier', 'fulll'],
      ['init', '--agent', 'nobody'],
      ['init', '--agent', 'scripted'],
    ]) {
      const folder = emptyFolder();
      const refused = await line(folder, argv);
      expect(refused.code).toBe(64);
      expect(refused.err).not.toContain('opencode, scripted');
      expect(readdirSync(folder)).toEqual([]);
    }
    expect((await line(emptyFolder(), ['init', '--tier', 'fulll'])).err).toContain(
      'next-role init --tier full',
    );
  });

  it('writes the agent that was asked for into the settings', async () => {
    const folder = emptyFolder();
    expect((await line(folder, ['init', '--agent', 'claude'])).code).toBe(0);
    expect(read(folder, 'coordination/next-role.yaml')).toMatch(/^agent: claude$/m);
  });
});

describe('without a project', () => {
  it.each([
    ['run'],
    ['watch'],
    ['status'],
    ['why'],
    ['inspect'],
    ['replay'],
    ['audit'],
    ['set', 'status=READY'],
    ['resume'],
    ['prompt', 'reviewer'],
  ])('%s refuses with 64 and the way forward', async (...argv) => {
    const refused = await line(emptyFolder(), argv);
    expect(refused.code).toBe(64);
    expect(refused.err).toContain('next-role init');
    const asJson = await line(emptyFolder(), [...argv, '--json']);
    expect(JSON.parse(asJson.out)).toMatchObject({ error: { exit: 64 } });
  });
});

describe('inspect', () => {
  it('prints exactly the keys that scripts rely on', async () => {
    const folder = projectWith({ [handoffPath]: asks });
    const seen = await line(folder, ['inspect', '--json']);
    const value = JSON.parse(seen.out) as Record<string, unknown>;
    expect(Object.keys(value)).toEqual([
      'dialect',
      'round',
      'role',
      'roleNote',
      'status',
      'statusNote',
      'tier',
      'inputs',
      'escalation',
      'decision',
      'diagnostics',
    ]);
    expect(Object.keys(value['decision'] as object)).toEqual(['runs', 'because']);
    expect(value['escalation']).toMatchObject({ id: 'R07-implementer-1', recommended: 'B' });
    expect(seen.code).toBe(0);
  });

  it.each([
    ['STATUS: READY\nNEXT-ROLE: MEMORIAL-UPDATER (close it)\nCURRENT-ROUND: R07\n', 'memorial', 'memorial'],
    ['STATUS: READY-FOR-REVIEWER\nNEXT-ROLE: REVIEWER\nCURRENT-ROUND: R07\n', 'reviewer', 'reviewer'],
    ['STATUS: ROUND-COMPLETE\nNEXT-ROLE: OPERATOR\nCURRENT-ROUND: R07\n', 'human', null],
    ['STATUS: SIDEWAYS\nNEXT-ROLE: REVIEWER\nCURRENT-ROUND: R07\n', 'reviewer', null],
  ])('reads a file outside any project: %j', async (text, role, runs) => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'some.md'), text);
    const seen = await line(folder, ['inspect', 'some.md', '--json']);
    expect(JSON.parse(seen.out)).toMatchObject({ role, decision: { runs } });
  });

  it('says what an answer beside its question leads to', async () => {
    const folder = projectWith({ [handoffPath]: asks.replace('tier: full', 'tier: full\nanswer: A') });
    const seen = await line(folder, ['inspect', '--json']);
    expect(JSON.parse(seen.out)).toMatchObject({ decision: { runs: 'implementer' } });
  });

  it('refuses the answer that run refuses, with its line, and takes the one that run takes', async () => {
    const answered = (answer: string): string => asks.replace('tier: full', `tier: full\nanswer: ${answer}`);
    const folder = projectWith({ [handoffPath]: answered('Z') });
    const seen = await line(folder, ['inspect', '--json']);
    expect(seen.code).toBe(1);
    expect(JSON.parse(seen.out)).toMatchObject({
      decision: { runs: null },
      diagnostics: [{ code: 'answer-unknown', line: 6, severity: 'error' }],
    });
    writeFileSync(join(folder, handoffPath), answered('Option A'));
    expect(JSON.parse((await line(folder, ['inspect', '--json'])).out)).toMatchObject({
      decision: { runs: 'implementer' },
      diagnostics: [],
    });
  });

  it('exits with 1 and the line when the file has errors', async () => {
    const folder = projectWith({ [handoffPath]: '---\nround: R01\nround: R02\nstatus: READY\n---\n' });
    const seen = await line(folder, ['inspect', '--json']);
    expect(seen.code).toBe(1);
    expect(JSON.parse(seen.out)).toMatchObject({
      diagnostics: [{ code: 'key-duplicate', line: 3, severity: 'error' }],
    });
    const shown = await line(folder, ['inspect']);
    expect(shown.out).toContain('line 3');
  });
});

describe('set', () => {
  const odd =
    '\ufeff---\r\n# mine: keep\r\nround:   "0123"\r\nnext-role: architect   # who\r\nstatus: PAUSED\r\nfree: x\r\n---\r\n\r\nSTATUS: READY in the body\t\r\n';

  it('changes the named keys and not one other byte', async () => {
    const folder = projectWith({ [handoffPath]: odd });
    const done = await line(folder, ['set', 'STATUS=READY']);
    expect(done.code).toBe(0);
    expect(read(folder, handoffPath)).toBe(odd.replace('status: PAUSED', 'status: READY'));
    await line(folder, ['set', 'status=PAUSED']);
    expect(read(folder, handoffPath)).toBe(odd);
  });

  it('removes keys by a mark or by name, and adds what is not there', async () => {
    const folder = projectWith({ [handoffPath]: odd });
    expect((await line(folder, ['set', 'free!', 'note=two words'])).code).toBe(0);
    expect(read(folder, handoffPath)).not.toContain('free');
    expect(read(folder, handoffPath)).toContain('note: two words');
    expect((await line(folder, ['set', '--unset', 'note'])).code).toBe(0);
    expect(read(folder, handoffPath)).toBe(odd.replace('free: x\r\n', ''));
  });

  it.each([
    [['status=REDAY'], 'READY'],
    [['next-role=reviwer'], 'reviewer'],
    [['tier=huge'], 'audit'],
    [['statu=READY'], 'Did you mean "status"?'],
    [['preset=fats'], 'Did you mean "fast"?'],
    [['preset=cheapo'], 'Known presets: economic'],
    [['model=opsu'], 'Did you mean "opus"?'],
    [['models=reviewr=opus'], 'Did you mean "reviewer"?'],
    [['status='], 'next-role set status!'],
    [['status=READY', 'also'], 'KEY=VALUE'],
    [['status=READY', 'STATUS=PAUSED'], 'twice'],
    [[], 'nothing to set'],
    [['foo'], '"foo" says no KEY=VALUE to set'],
  ])('refuses %j with 64, says what is wanted, and writes nothing', async (edits, wanted) => {
    const folder = projectWith();
    const refused = await line(folder, ['set', ...edits]);
    expect(refused.code).toBe(64);
    expect(refused.err).toContain(wanted);
    expect(read(folder, handoffPath)).toBe(pausedHandoff);
  });

  it('refuses an answer that fits no option, and takes keys and models of somebody else', async () => {
    const folder = projectWith({ [handoffPath]: asks });
    const refused = await line(folder, ['set', 'answer=Q']);
    expect(refused.code).toBe(64);
    expect(refused.err).toContain('"Q" is none of the options A, B');
    expect((await line(folder, ['set', 'sha-a=1f3e', 'model=house-model-7'])).code).toBe(0);
  });

  it('writes an unknown status when it is told to', async () => {
    const folder = projectWith();
    expect((await line(folder, ['set', 'status=SIDEWAYS', '--force'])).code).toBe(0);
    expect(read(folder, handoffPath)).toContain('status: SIDEWAYS');
  });

  it('never writes to a file that cannot be parsed, and exits with 1', async () => {
    const broken = '---\nround: [R01\nstatus: READY\n---\n';
    const folder = projectWith({ [handoffPath]: broken });
    expect((await line(folder, ['set', 'status=PAUSED'])).code).toBe(1);
    expect(read(folder, handoffPath)).toBe(broken);
  });
});

describe('status and why', () => {
  it.each([
    [pausedHandoff, 2, 'waiting'],
    [asks, 2, 'asking'],
    [pausedHandoff.replace('PAUSED', 'READY'), 0, 'ready'],
    [pausedHandoff.replace('PAUSED', 'ROUND-COMPLETE'), 0, 'finished'],
    [pausedHandoff.replace('PAUSED', 'BLOCKED'), 1, 'blocked'],
    ['nothing of ours\n', 2, 'unreadable'],
  ])('give the exit code and the word for %j', async (text, code, state) => {
    const folder = projectWith({ [handoffPath]: text });
    const seen = await line(folder, ['status', '--json']);
    expect(seen.code).toBe(code);
    expect(JSON.parse(seen.out)).toMatchObject([{ state, root: folder }]);
    expect((await line(folder, ['why'])).code).toBe(0);
  });

  it('name several projects, with as much path as tells them apart', async () => {
    const [one, two] = [projectWith(), projectWith()];
    const seen = await line(one, ['status', one, two], 120);
    const [head, first, second] = seen.out.split('\n');
    expect(head).toMatch(/^PROJECT/);
    expect([first, second].map((row) => row?.split(/\s+/)[0])).toEqual([basename(one), basename(two)]);
  });

  it('show a project with a damaged journal beside the others, and exit with 1 for it', async () => {
    const broken = projectWith({ '.next-role/journal.jsonl': '{"x":1}\n{"y":2}\n{"z":3}\n' });
    const seen = await line(broken, ['status', broken, projectWith(), '--json']);
    expect(seen.code).toBe(1);
    expect(JSON.parse(seen.out)).toMatchObject([{ state: 'unusable' }, { state: 'waiting' }]);
    expect((await line(broken, ['why'])).code).toBe(1);
  });

  it('agree with run that broken settings wait for a human, whatever the handoff says', async () => {
    const ready = pausedHandoff.replace('PAUSED', 'READY');
    const folder = projectWith({ [handoffPath]: ready, 'coordination/next-role.yaml': 'tiers: full\n' });
    const seen = await line(folder, ['status', '--json']);
    expect(seen.code).toBe(2);
    expect(JSON.parse(seen.out)).toMatchObject([{ state: 'misconfigured', waitsFor: 'human', rest: 2 }]);
    const why = JSON.parse((await line(folder, ['why', '--json'])).out) as Record<string, unknown>;
    expect(why).toMatchObject({ waitsForWords: 'you', next: ['next-role doctor'] });
    expect(why['headline']).toBe('coordination/next-role.yaml has errors: a run would start nothing');
  });

  it('show what is odd about a handoff that stops nobody, with its line', async () => {
    const slips = asks.replace('tier: full', 'tier: ful\nanwser: A\nanswer: a');
    const folder = projectWith({ [handoffPath]: slips });
    const seen = (await line(folder, ['why'], 120)).out;
    expect(seen).toContain('R07-implementer-1 is answered A; the next run resumes implementer');
    expect(seen).toContain('line 5: The tier "ful" is not known. (tier-unknown) → Did you mean "full"?');
    const again = await line(folder, ['resume', '--choose', 'A']);
    expect(again.err).toContain('is answered A');
    expect(again.err).toContain('next-role run');
  });

  it('claim no time for a handoff that no runner has read', async () => {
    const folder = projectWith();
    expect((await line(folder, ['why'])).out).not.toContain('since');
    expect(JSON.parse((await line(folder, ['status', '--json'])).out)).toMatchObject([{ since: null }]);
  });

  it('do not send somebody to why who is there already', async () => {
    const folder = projectWith({ [handoffPath]: pausedHandoff.replace('PAUSED', 'BLOCKED') });
    expect((await line(folder, ['why'])).out).not.toContain('next-role why');
  });

  it('show the open question in full, and the command that answers it', async () => {
    const folder = projectWith({ [handoffPath]: asks });
    const seen = await line(folder, ['why']);
    expect(seen.out).toContain('Follow the API  recommended');
    expect(seen.out).toContain('next-role resume --choose B');
  });

  it('name the project in the next command when you stand elsewhere', async () => {
    const folder = projectWith({ [handoffPath]: asks });
    const seen = await line('/', ['why', '--dir', folder]);
    expect(seen.out).toContain(`next-role resume --choose B --dir ${folder.slice(1)}`);
  });
});

describe('resume', () => {
  it('writes the answer into the handoff and says what goes on', async () => {
    const folder = projectWith({ [handoffPath]: asks });
    const done = await line(folder, ['resume', '--choose', 'a', '--note', 'for now']);
    expect(done.code).toBe(0);
    expect(done.out).toContain('next-role run');
    expect(read(folder, handoffPath)).toMatch(/^answer: A$/m);
  });

  it.each([
    [['--choose', 'Z'], 'none of the options A, B'],
    [[], 'needs a letter or words'],
    [['--choose', 'A', '--id', 'R06-x'], 'not "R06-x"'],
  ])('refuses %j with 64', async (argv, words) => {
    const folder = projectWith({ [handoffPath]: asks });
    const refused = await line(folder, ['resume', ...argv]);
    expect(refused.code).toBe(64);
    expect(refused.err).toContain(words);
    expect(read(folder, handoffPath)).toBe(asks);
  });
});

it('resume on a finished round names the round that comes next', async () => {
  const done = pausedHandoff.replace('PAUSED', 'ROUND-COMPLETE');
  const refused = await line(projectWith({ [handoffPath]: done }), ['resume', '--choose', 'A']);
  expect(refused.err).toContain('next-role set round=R02');
});

it('retry over a question says that it waits for an answer, in one line', async () => {
  const refused = await line(projectWith({ [handoffPath]: asks }), ['retry']);
  expect(refused.err).toContain('Nothing to try again: implementer asks, and waits for your answer\n');
});

it('gate refuses a round that has left nothing here', async () => {
  const refused = await line(projectWith({}, true), ['gate', 'R77']);
  expect(refused.code).toBe(64);
  expect(refused.err).toContain('"R77"; known: R01');
});

describe('prompt', () => {
  it('shows parts, offered files and what is hidden, and the prompt itself on demand', async () => {
    const folder = projectWith({ 'coordination/PRD.md': 'x'.repeat(400) });
    const seen = await line(folder, ['prompt', 'Reviewer']);
    expect(seen.code).toBe(0);
    expect(seen.out).toMatch(/coordination\/PRD\.md +in the prompt +400 B +≈100 +[0-9a-f]{8}/);
    expect(seen.out).toContain('hidden');
    const json = JSON.parse((await line(folder, ['prompt', 'reviewer', '--json'])).out) as {
      prompt: string;
      manifest: { role: string };
    };
    expect(json.manifest.role).toBe('reviewer');
    const full = await line(folder, ['prompt', 'reviewer', '--full']);
    expect(full.out.trim()).toBe(json.prompt.trim());
  });

  it('refuses a role nobody knows with the one that was meant', async () => {
    const refused = await line(projectWith(), ['prompt', 'reviwer']);
    expect(refused.code).toBe(64);
    expect(refused.err).toContain('next-role prompt reviewer');
  });
});

describe('eject', () => {
  it('copies a shipped file once and never over another', async () => {
    const folder = projectWith();
    expect((await line(folder, ['eject', 'roles/reviewer.md'])).code).toBe(0);
    const copy = read(folder, 'coordination/roles/reviewer.md');
    expect(copy).toContain('---');
    writeFileSync(join(folder, 'coordination/roles/reviewer.md'), 'mine');
    expect((await line(folder, ['eject', 'roles/reviewer.md'])).code).toBe(64);
    expect(read(folder, 'coordination/roles/reviewer.md')).toBe('mine');
  });

  it('lists what there is, and suggests what was meant', async () => {
    const listed = JSON.parse((await line(projectWith(), ['eject', '--json'])).out) as { names: string[] };
    expect(listed.names).toContain('state/tiers.yaml');
    expect(listed.names.filter((name) => !/^(roles\/[\w-]+\.md|state\/\w+\.yaml)$/.test(name))).toEqual([]);
    expect((await line(projectWith(), ['eject', 'state/README.md'])).code).toBe(64);
    const refused = await line(projectWith(), ['eject', 'roles/reviwer.md']);
    expect(refused.err).toContain('next-role eject roles/reviewer.md');
  });
});

describe('doctor', () => {
  it('finds a sound project sound', async () => {
    const folder = projectWith(
      { 'coordination/next-role.yaml': 'agent: mine\nagents:\n  mine: { kind: command, run: cat }\n' },
      true,
    );
    const seen = await line(folder, ['doctor', '--json']);
    const { checks } = JSON.parse(seen.out) as { checks: { name: string; state: string; words: string }[] };
    expect(checks.filter((check) => check.state === 'bad')).toEqual([]);
    expect(checks.find((check) => check.name === 'watching')?.words).toMatch(
      /noticed after \d+ ms|looking twice/,
    );
    expect(seen.code).toBe(0);
    expect(readdirSync(join(folder, '.next-role'))).toEqual(['.gitignore']);
  });

  it('clears away what a crash left and names it; with --dry-run it only names it', async () => {
    const left = 'coordination/.NEXT-ROLE.md.nr-7fffffffabcd';
    const folder = projectWith({ [left]: 'half' });
    const named = await line(folder, ['doctor', '--dry-run']);
    expect(named.out).toContain(`! leftovers`);
    expect(named.out.replace(/\s+/g, ' ')).toContain(`"${left}". → next-role doctor`);
    expect((await line(folder, ['doctor'])).out.replace(/\s+/g, ' ')).toContain(`"${left}". Removed.`);
    expect((await line(folder, ['doctor'])).out).toContain('none of a crash');
  });

  it.each([
    [{ 'coordination/next-role.yaml': 'tier: fulll\n' }, 'settings'],
    [{ [handoffPath]: 'nothing of ours\n' }, 'handoff'],
    [{ '.next-role/journal.jsonl': '{"x":1}\n{"y":2}\n{"z":3}\n' }, 'journal'],
    [
      { 'coordination/next-role.yaml': 'agent: s\nagents:\n  s: { kind: scripted, scenario: gone.yaml }\n' },
      'roles',
    ],
  ])('names the fault and its remedy: %j', async (files, name) => {
    const seen = await line(projectWith(files), ['doctor', '--json']);
    expect(seen.code).toBe(1);
    const { checks } = JSON.parse(seen.out) as {
      checks: { name: string; state: string; remedy: string | null }[];
    };
    const faults = checks.filter((check) => check.state === 'bad');
    expect(faults.map((check) => check.name)).toContain(name);
    for (const fault of faults) expect(fault.remedy).not.toBeNull();
  });

  it('finds a fault where no agent is installed at all, with what to type', async () => {
    const seen = await withoutPrograms(() => line(emptyFolder(), ['doctor']));
    expect(seen.code).toBe(1);
    expect(seen.out).toContain('npm install -g @anthropic-ai/claude-code');
    expect(seen.out).toContain('1 fault to mend first');
  });

  it('warns of a project in which nobody has said what to do', async () => {
    const folder = emptyFolder();
    await line(folder, ['init']);
    expect((await line(folder, ['doctor'], 120)).out).toContain('Nothing says what round R01 is to do');
    writeFileSync(join(folder, 'coordination/PRD.md'), 'A page that greets.\n');
    expect((await line(folder, ['doctor'], 120)).out).not.toContain('Nothing says');
  });

  it('shows the version of an agent it finds, and gives up on one that says nothing useful', async () => {
    const bin = emptyFolder();
    writeFileSync(join(bin, 'claude'), '#!/bin/sh\necho "9.9.9 (Claude Code)"\n');
    chmodSync(join(bin, 'claude'), 0o755);
    const before = process.env['PATH'];
    process.env['PATH'] = `${bin}:${before ?? ''}`;
    try {
      expect((await line(projectWith(), ['doctor'])).out).toContain('9.9.9 (Claude Code)');
    } finally {
      process.env['PATH'] = before;
    }
  });
});

describe('replay and completion', () => {
  it('refuses a journal that is not there', async () => {
    expect((await line(projectWith(), ['replay'])).code).toBe(64);
    expect((await line(projectWith(), ['replay', 'nowhere.jsonl'])).code).toBe(64);
  });

  it('calls a journal damaged, with 1, when its chain is broken', async () => {
    const folder = projectWith({ '.next-role/journal.jsonl': '{"x":1}\n{"y":2}\n' });
    const seen = await line(folder, ['replay']);
    expect(seen.code).toBe(1);
    expect(seen.err).toContain('damaged at byte 0');
  });

  it.each(['bash', 'zsh', 'fish'])('prints a script for %s', async (shell) => {
    const made = await line(emptyFolder(), ['completion', shell]);
    expect(made.code).toBe(0);
    expect(made.out).toContain('next-role complete --');
  });

  it('refuses a shell it does not know', async () => {
    expect((await line(emptyFolder(), ['completion', 'tcsh'])).code).toBe(64);
  });
});

/** Runs with a PATH on which there is no program at all. */
async function withoutPrograms<T>(work: () => Promise<T>): Promise<T> {
  const before = process.env['PATH'];
  process.env['PATH'] = emptyFolder();
  try {
    return await work();
  } finally {
    process.env['PATH'] = before;
  }
}

it('run starts and writes nothing where the agent of a role that is still to work is not installed', async () => {
  const ready = pausedHandoff.replace('PAUSED', 'READY');
  const folder = projectWith({ [handoffPath]: ready, 'coordination/next-role.yaml': 'agent: claude\n' });
  const refused = await withoutPrograms(() => line(folder, ['run'], 160));
  expect(refused.code).toBe(2);
  expect(refused.out).toContain('the agent "claude" is not installed');
  expect(refused.out).toContain('next-role doctor');
  expect(read(folder, handoffPath)).toBe(ready);
  expect(existsSync(join(folder, '.next-role/journal.jsonl'))).toBe(false);
});
