/**
 * The policy put together from texts: overriding, falling back, and the line every mistake is reported at. The shipped
 * files are not used here (test/roles.test.ts holds those); each case is a small world of its own.
 */
import { noFacts } from '../../src/protocol/agentfacts.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../src/protocol/catalog.ts';
import type { Catalog, CatalogFiles } from '../../src/protocol/catalog.ts';
import type { DataFile } from '../../src/protocol/datafile.ts';
import { readsIn } from '../../src/protocol/policy.ts';
import { readRole } from '../../src/protocol/rolefile.ts';

const roleText = (extra = '', body = 'Do the work of {round}.'): string =>
  `---
title: Builder
class: balanced
reads: [coordination/PRD.md]
writes: [coordination/NEXT-ROLE.md, "coordination/out-{round}.md"]
tools: [Read]
ends: [READY]
${extra}---

${body}
`;
const role = (name: string, text = roleText(), folder = 'roles'): DataFile => ({
  path: `${folder}/${name}.md`,
  text,
});
/** What every role has beside the three clocks and the turns, as the test's files say nothing of it. */
const bounds = { graceMs: 10_000, lingerMs: 10_000, outputBytes: 256 * 1024 * 1024 };
const tiers: DataFile = {
  path: 'state/tiers.yaml',
  text: 'full:\n  about: Two.\n  roles: [builder, checker]\n  edges:\n    - { from: checker, to: builder }\n',
};
const limits: DataFile = {
  path: 'state/limits.yaml',
  text: 'default: { firstByteMinutes: 10, idleMinutes: 9, totalMinutes: 44, turns: 40 }\nroles: { builder: { turns: 120 } }\n',
};
const models: DataFile = {
  path: 'state/models.yaml',
  text: 'frontier: { claude: opus }\nbalanced: { claude: sonnet, command: null }\n',
};
const world = (over: Partial<CatalogFiles> = {}): CatalogFiles => ({
  root: '/p',
  roles: [role('builder'), role('checker')],
  tiers: [tiers],
  models: [models],
  limits: [limits],
  router: [],
  gates: [],
  agents: [],
  memorial: [],
  failures: [],
  settings: null,
  installed: ['claude'],
  ...over,
});
const withSettings = (text: string, over: Partial<CatalogFiles> = {}): Catalog =>
  assemble(world({ settings: { path: 'coordination/next-role.yaml', text }, ...over }));
const found = (catalog: Catalog): string[] =>
  catalog.problems.flatMap(({ file, diagnostics }) =>
    diagnostics.map((one) => `${file}:${one.line} ${one.code} ${one.message} ${one.hint}`),
  );

describe('assemble()', () => {
  it('gives a whole policy and no problems for files without a mistake', () => {
    const { policy, problems } = assemble(world());
    expect(problems).toEqual([]);
    expect(policy.defaultTier).toBe('full');
    expect(policy.tiers['full']).toEqual({
      name: 'full',
      about: 'Two.',
      roles: ['builder', 'checker'],
      edges: [{ from: 'checker', to: 'builder' }],
      ends: 'ROUND-COMPLETE',
    });
    expect(policy.roles['builder']).toMatchObject({
      name: 'builder',
      hides: [],
      owes: [],
      seesAnswers: false,
    });
    expect(policy.roles['builder']?.body).toBe('Do the work of {round}.');
    expect(policy.caps).toEqual({ perRole: 4, perRound: 16, perDispatch: 3, fixes: 4, fixUsd: 25 });
    expect(policy.backoff).toEqual({ firstMs: 5_000, factor: 3, maxMs: 120_000 });
    expect(policy).toMatchObject({ interrupted: 'escalate', allowDefaults: false, commit: true });
  });

  it('lets a later role file of the same name win, and adds a new one', () => {
    const mine = role('builder', roleText().replace('Builder', 'Mason'), 'coordination/roles');
    const { policy, problems } = assemble(
      world({ roles: [role('builder'), role('checker'), mine, role('tester')] }),
    );
    expect(problems).toEqual([]);
    expect(policy.roles['builder']?.title).toBe('Mason');
    expect(Object.keys(policy.roles)).toEqual(['builder', 'checker', 'tester']);
    expect(policy.assignments['tester']?.ladder.balanced).toEqual(['sonnet']);
  });

  it('lays tiers, models and limits over each other by key', () => {
    const { policy, problems } = assemble(
      world({
        tiers: [tiers, { path: 'c/tiers.yaml', text: 'short: { about: One., roles: [builder] }' }],
        models: [models, { path: 'c/models.yaml', text: 'balanced: { claude: claude-x-1 }' }],
        limits: [
          limits,
          {
            path: 'c/limits.yaml',
            text: 'default: { idleMinutes: 0.5 }\ncaps: { perRole: 9 }\nbackoff: { factor: 2 }',
          },
        ],
      }),
    );
    expect(problems).toEqual([]);
    expect(Object.keys(policy.tiers)).toEqual(['full', 'short']);
    expect(policy.assignments['builder']?.ladder.balanced).toEqual(['claude-x-1']);
    expect(policy.roles['builder']?.limits).toEqual({
      firstByteMs: 600_000,
      ...bounds,
      idleMs: 30_000,
      totalMs: 2_640_000,
      turns: 120,
    });
    expect(policy.caps).toEqual({ perRole: 9, perRound: 16, perDispatch: 3, fixes: 4, fixUsd: 25 });
    expect(policy.backoff).toEqual({ firstMs: 5_000, factor: 2, maxMs: 120_000 });
  });

  it('takes limits from the state, then the role file, then the settings', () => {
    const own = role('builder', roleText('limits: { idleMinutes: 3, turns: 7 }\n'));
    const catalog = withSettings('roles:\n  builder:\n    limits: { turns: 3, totalMinutes: 0.01 }', {
      roles: [own, role('checker')],
    });
    expect(found(catalog)).toEqual([]);
    expect(catalog.policy.roles['builder']?.limits).toEqual({
      firstByteMs: 600_000,
      ...bounds,
      idleMs: 180_000,
      totalMs: 600,
      turns: 3,
    });
  });

  it('keeps what was there before a broken override, and names the line', () => {
    const catalog = assemble(
      world({
        roles: [
          role('builder'),
          role('checker'),
          role('builder', roleText().replace('class: balanced', 'class: balancd'), 'coordination/roles'),
        ],
        tiers: [tiers, { path: 'c/tiers.yaml', text: '# mine\nfull:\n  about: Mine.\n  roles: [bilder]\n' }],
        models: [models, { path: 'c/models.yaml', text: 'balanced:\n  cloude: x\n' }],
        limits: [limits, { path: 'c/limits.yaml', text: 'caps:\n  perRole: 2\n  perRound: none\n' }],
      }),
    );
    expect(found(catalog)).toEqual([
      'coordination/roles/builder.md:3 data-invalid "class" is "balancd". Did you mean "balanced"? Valid: frontier, balanced, cheap.',
      'c/tiers.yaml:4 data-missing "bilder" is no role. Did you mean "builder"? Valid: builder, checker. Or add coordination/roles/bilder.md.',
      'c/limits.yaml:3 data-invalid "caps.perRound" is "none". Write a number.',
      'c/models.yaml:2 data-invalid "cloude" is no key under "balanced". Did you mean "claude"? Valid: claude, codex, gemini, opencode, command, scripted.',
    ]);
    expect(catalog.policy.roles['builder']?.class).toBe('balanced');
    expect(catalog.policy.tiers['full']?.about).toBe('Two.');
    expect(catalog.policy.assignments['builder']?.ladder.balanced).toEqual(['sonnet']);
    expect(catalog.policy.caps.perRole).toBe(4);
  });

  it('refuses edges to roles outside the tier, roles named twice, and a tier without roles', () => {
    const text =
      'a:\n  about: A.\n  roles: [builder]\n  edges:\n    - from: builder\n      to: checker\n' +
      'b: { about: B., roles: [builder, builder] }\n';
    expect(found(assemble(world({ tiers: [tiers, { path: 't', text }] })))).toEqual([
      't:7 data-invalid "b.roles" is a list. Name each role once; a way back belongs under "edges".',
    ]);
    const edges = text.replace(', builder]', ']');
    expect(found(assemble(world({ tiers: [tiers, { path: 't', text: edges }] })))).toEqual([
      't:6 data-invalid "checker" is no role of tier "a". Valid: builder.',
    ]);
    expect(
      found(assemble(world({ tiers: [tiers, { path: 't', text: 'c: { about: C., roles: [] }' }] }))),
    ).toEqual(['t:1 data-invalid "c.roles" is a list. Write at least 1 entry.']);
  });

  it('reports limits for a role that does not exist', () => {
    const text = 'roles:\n  builder: { turns: 1 }\n  bilder: { turns: 2 }\n';
    const catalog = assemble(world({ limits: [limits, { path: 'c/limits.yaml', text }] }));
    expect(found(catalog)).toEqual([
      expect.stringContaining('c/limits.yaml:3 data-missing "bilder" is no role.'),
    ]);
  });

  it('says so when no tier can be read at all', () => {
    const catalog = assemble(world({ tiers: [] }));
    expect(found(catalog)[0]).toContain(
      'state/tiers.yaml:1 data-missing The default tier "full" is missing.',
    );
    expect(catalog.policy.defaultTier).toBe('full');
  });
});

describe('a role file', () => {
  const problemsOf = (text: string, path = 'coordination/roles/mine.md'): string[] =>
    found(assemble(world({ roles: [role('builder'), role('checker'), { path, text }] }))).map((line) =>
      line.replace(`${path}:`, ''),
    );

  it.each([
    ['', '1 data-missing The front matter is missing; the file starts with "".'],
    ['\n---\ntitle: x\n---\n', '1 data-missing The front matter is missing'],
    ['---\ntitle: x\n', '1 data-missing The front matter is not closed.'],
    ['---json\n{}\n---\nbody', '1 data-invalid The front matter opens with "---json".'],
    ['---\ntitle: x\n---body\n', '3 data-invalid The front matter ends at "---body".'],
    [
      '---\ntitle: x\n  bad: [\n---\nbody',
      '3 data-yaml The YAML cannot be read at "bad: [": this line is indented too far.',
    ],
    [
      '---\ntitle: x\ntitle: y\n---\nbody',
      '3 data-yaml The YAML cannot be read at "title: y": Map keys must be unique.',
    ],
    ['---\n- a\n---\nbody', '2 data-invalid The file is a list. Write a map of keys and values.'],
    [roleText('ends: [WORKING]\n').replace('ends: [READY]\n', ''), '7 data-invalid "ends[0]" is "WORKING".'],
    [
      roleText('sees_answers: true\n'),
      '8 data-invalid "sees_answers" is no key here. Did you mean "sees-answers"?',
    ],
    [
      roleText('hides: [../secret]\n'),
      '8 data-invalid "hides[0]" is "../secret". Write a path inside the project',
    ],
    [
      roleText('hides: ["logs/{run}"]\n'),
      '8 data-invalid "hides[0]" is "logs/{run}". Use only the placeholders',
    ],
    [
      roleText('owes:\n  - path: elsewhere.md\n'),
      '9 data-invalid "elsewhere.md" is owed, but not under "writes".',
    ],
    [
      roleText('owes:\n  - path: coordination/out-{round}.md\nhides:\n  - coordination/out-*\n'),
      '9 data-invalid "coordination/out-{round}.md" is owed, but "hides" covers it.',
    ],
    [
      roleText('owes:\n  - path: coordination/out-{round}.md\n    tiers:\n      - fulll\n'),
      '11 data-invalid "fulll" is no tier. Did you mean "full"?',
    ],
    [roleText('', ''), '1 data-missing The role has no prompt.'],
    [
      roleText('limits: { idleMinutes: -1 }\n'),
      '8 data-invalid "limits.idleMinutes" is "-1". Write more than 0.',
    ],
    [
      roleText('limits: { totalMinutes: 100000 }\n'),
      '8 data-invalid "limits.totalMinutes" is "100000". Write at most 10080.',
    ],
    [
      roleText().replace('tools: [Read]\n', ''),
      '1 data-missing "tools" is missing. Add "tools": Write a list',
    ],
  ])('%j is reported as %s', (text, wanted) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining(wanted)]);
    const crlf = problemsOf(text.replaceAll('\n', '\r\n'));
    expect(crlf, 'with CRLF line ends').toEqual([expect.stringContaining(wanted)]);
  });

  it('must have a name that is safe as a header value', () => {
    expect(problemsOf(roleText(), 'roles/My Role.md')[0]).toContain(
      '"My Role" cannot be the name of a role.',
    );
    expect(problemsOf(roleText(), 'roles/human.md')[0]).toContain('"human" cannot be the name of a role.');
  });

  it('offers a file only in the tiers that its entry names, and refuses a tier that does not exist', () => {
    const text = (tier: string) =>
      `---\ntitle: T\nclass: cheap\nreads: [a.md, { path: b.md, tiers: [${tier}] }]\nwrites: [c.md]\ntools: [Read]\nends: [READY]\n---\nWork.\n`;
    const read = (tier: string) => readRole({ path: 'roles/tester.md', text: text(tier) }, ['full', 'solo']);
    const good = read('solo');
    if (!good.ok) throw new Error(JSON.stringify(good.diagnostics));
    const contract = good.role;
    expect([readsIn(contract, 'solo'), readsIn(contract, 'full')]).toEqual([['a.md', 'b.md'], ['a.md']]);
    const bad = read('ful');
    expect(bad.ok ? [] : bad.diagnostics).toMatchObject([{ line: 4, message: '"ful" is no tier.' }]);
  });

  it('reads the same with a byte order mark, CRLF and blanks behind its fences', () => {
    const text = `\uFEFF${roleText().replaceAll('---\n', '--- \n').replaceAll('\n', '\r\n')}`;
    const { policy, problems } = assemble(world({ roles: [role('builder', text), role('checker')] }));
    expect(problems).toEqual([]);
    expect(policy.roles['builder']).toEqual(assemble(world()).policy.roles['builder']);
  });

  it('never evaluates its header, however the fence is spelt, and reports it every time', () => {
    for (const language of ['js', ' js', 'javascript', 'JS', 'coffee', 'json', 'toml', 'yaml']) {
      const text = `---${language}\n{ title: globalThis.evaluated = true }\n---\nbody`;
      for (let time = 0; time < 2; time += 1) expect(problemsOf(text)).toHaveLength(1);
    }
    expect(globalThis).not.toHaveProperty('evaluated');
  });
});

describe('the settings', () => {
  it('may be empty or all comments', () => {
    expect(withSettings('').problems).toEqual([]);
    expect(withSettings('# nothing\n').policy).toEqual(assemble(world()).policy);
  });

  it('set what they name', () => {
    const text = `
tier: full
agent: mine
agents:
  mine: { kind: command, run: ./agent.sh, args: [-q], env: [ACME_*] }
  claude: { kind: claude, run: /opt/claude }
roles:
  checker: { agent: claude, class: frontier }
caps: { perDispatch: 1 }
interrupted: retry
escalation: { allowDefaults: true }
commit: false
`;
    const { policy, problems } = withSettings(text);
    expect(problems).toEqual([]);
    expect(policy.agents['mine']).toEqual({
      name: 'mine',
      kind: 'command',
      run: './agent.sh',
      scenario: null,
      args: ['-q'],
      env: ['ACME_*'],
      facts: noFacts,
    });
    expect(policy.agents['claude']?.run).toBe('/opt/claude');
    expect(Object.keys(policy.agents).sort()).toEqual([
      'claude',
      'codex',
      'gemini',
      'mine',
      'opencode',
      'scripted',
    ]);
    expect(policy.assignments).toEqual({
      builder: {
        agent: 'mine',
        because: 'settings: agent',
        class: null,
        pinned: null,
        ladder: { frontier: [], balanced: [], cheap: [] },
      },
      checker: {
        agent: 'claude',
        because: 'settings: roles.checker.agent',
        class: 'frontier',
        pinned: null,
        ladder: { frontier: ['opus'], balanced: ['sonnet'], cheap: [] },
      },
    });
    expect(policy.caps).toEqual({ perRole: 4, perRound: 16, perDispatch: 1, fixes: 4, fixUsd: 25 });
    expect(policy).toMatchObject({ interrupted: 'retry', allowDefaults: true, commit: false });
  });

  it.each([
    [
      'comit: false',
      '1 data-invalid "comit" is no key here. Did you mean "commit"? Valid: tier, preset, agent, agents',
    ],
    ['# x\n\ntier: ful', '3 data-invalid "ful" is no tier. Did you mean "full"? Valid: full, auto.'],
    [
      'agent: cloude',
      '1 data-invalid "cloude" is no agent. Did you mean "claude"? Valid: claude, codex, gemini, opencode, scripted.',
    ],
    [
      'roles:\n  bulder: {}',
      '2 data-invalid "bulder" is no role. Did you mean "builder"? Valid: builder, checker.',
    ],
    ['roles:\n  builder:\n    agent: x', '3 data-invalid "x" is no agent.'],
    ['agents:\n  mine:\n    kind: command', '2 data-missing The command agent "mine" has no "run".'],
    ['agents:\n  mine: { kind: scripted }', '2 data-missing The scripted agent "mine" has no "scenario".'],
    [
      'agents:\n  claude:\n    kind: claude\n    scenario: x',
      '4 data-invalid A claude agent plays no scenario.',
    ],
    [
      'agents:\n  mine:\n    run: x',
      '2 data-missing "agents.mine.kind" is missing. Add "agents.mine.kind": Valid: claude',
    ],
    [
      'agents:\n  mine:\n    kind: cluade\n',
      '3 data-invalid "agents.mine.kind" is "cluade". Did you mean "claude"?',
    ],
    [
      'agents:\n  My Own: { kind: claude }',
      '2 data-invalid "agents.My Own" is not a valid name. Write a name of lower',
    ],
    [
      'agents:\n  a:\n    kind: claude\n    env:\n      - OK\n      - "a b"',
      '6 data-invalid "agents.a.env[1]" is "a b".',
    ],
    [
      'agent: mine\nagents:\n  mine: { kind: scripted }',
      '3 data-missing The scripted agent "mine" has no "scenario".',
    ],
    ['agent: scripted', '1 data-missing The agent "scripted" has no scenario to play.'],
    [
      'roles:\n  builder:\n    agent: scripted',
      '3 data-missing The agent "scripted" has no scenario to play.',
    ],
    ['commit: yes', '1 data-invalid "commit" is "yes". Write true or false.'],
    ['interrupted: 3', '1 data-invalid "interrupted" is "3". Valid: escalate, retry.'],
    ['caps:\n  perRole: 0', '2 data-invalid "caps.perRole" is "0". Write at least 1.'],
    ['caps:\n  perRole: 1.5', '2 data-invalid "caps.perRole" is "1.5". Write a whole number.'],
    ['caps:', '1 data-invalid "caps" is empty. Write a map of keys and values.'],
    ['tier: full\n  x: 1', '2 data-yaml The YAML cannot be read at "x: 1": this line is indented too far.'],
    ['a: 1\nfoo\nb: 2', '2 data-yaml The YAML cannot be read at "foo": a colon is missing.'],
    [
      'tier: a: b',
      '1 data-yaml The YAML cannot be read at "tier: a: b": text with a colon in it must stand in quotes.',
    ],
    ['tier: @x', '1 data-yaml The YAML cannot be read at "tier: @x": Plain value cannot start with'],
    ['tier: *x', '1 data-yaml The YAML cannot be read: Unresolved alias'],
    [
      'tier: full\n---\ntier: full',
      '2 data-yaml The YAML cannot be read at "---": a second document starts here.',
    ],
    ['- a', '1 data-invalid The file is a list.'],
    ['just words', '1 data-invalid The file is "just words".'],
  ])('%j are reported as %s', (text, wanted) => {
    const catalog = withSettings(text);
    expect(found(catalog)).toEqual([expect.stringContaining(`coordination/next-role.yaml:${wanted}`)]);
    expect(catalog.policy, 'the policy stands as without settings').toEqual(assemble(world()).policy);
  });

  it('are all reported, each on its own line', () => {
    const lines = withSettings('tir: a\ncommit: x\nagnt: b\n').problems[0]?.diagnostics.map(
      (one) => one.line,
    );
    expect(lines?.sort()).toEqual([1, 2, 3]);
  });
});

describe('an assignment', () => {
  it('says when no agent is installed, and names the way forward', () => {
    const { policy, problems } = assemble(world({ installed: [] }));
    expect(problems).toEqual([]);
    expect(policy.assignments['builder']).toMatchObject({
      agent: 'claude',
      because: 'no agent is installed; install Claude Code, or set "agent:" in coordination/next-role.yaml',
    });
  });

  it('keeps the models the settings fix, one or several', () => {
    const one = withSettings('roles: { builder: { model: claude-y-2 } }').policy;
    expect(one.assignments['builder']?.pinned).toEqual(['claude-y-2']);
    const two = withSettings('roles: { builder: { model: [claude-y-2, sonnet] } }').policy;
    expect(two.assignments['builder']?.pinned).toEqual(['claude-y-2', 'sonnet']);
  });
});

describe('assemble(), whatever the texts hold,', () => {
  const mangled = fc
    .tuple(
      fc.constantFrom(roleText(), tiers.text, limits.text, 'agents: { a: { kind: command, run: x } }\n'),
      fc.nat(400),
      fc.nat(40),
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('\n', ': ', '[', '{', '---\n', '&a *a', '!!js ', '<<: '),
      ),
    )
    .map(([text, at, length, put]) => text.slice(0, at) + put + text.slice(at + length));

  it('never throws, always gives a policy, and points at a line of the file', () => {
    fc.assert(
      fc.property(fc.oneof(mangled, fc.string({ unit: 'binary' })), (text) => {
        const file = (path: string): DataFile => ({ path, text });
        const { policy, problems } = assemble(
          world({
            roles: [role('builder'), role('checker'), file('c/builder.md')],
            tiers: [tiers, file('c/tiers.yaml')],
            models: [models, file('c/models.yaml')],
            limits: [limits, file('c/limits.yaml')],
            settings: file('coordination/next-role.yaml'),
          }),
        );
        expect(policy.roles['builder']).toBeDefined();
        expect(policy.tiers['full']).toBeDefined();
        const lines = text.split(/\r\n?|\n/).length;
        for (const { line } of problems.flatMap((problem) => problem.diagnostics)) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('reports deep nesting, alias bombs and oversized files instead of hanging', () => {
    const bomb = [
      'a: &a [x, x, x, x, x, x, x, x, x]',
      ...'bcdefgh'.split('').map((key, at) => {
        const before = String.fromCharCode(97 + at);
        return `${key}: &${key} [${Array(9).fill(`*${before}`).join(', ')}]`;
      }),
    ].join('\n');
    for (const text of ['['.repeat(100_000), bomb, `# ${'x'.repeat(300_000)}`]) {
      expect(found(withSettings(text))).toEqual([expect.stringContaining('data-yaml')]);
    }
  });
});
