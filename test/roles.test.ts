/**
 * The shipped roles, state files and templates, held to their own contract: sizes, owed paths, endings, headings, and
 * that what the prompts and templates teach is what the code accepts.
 */
import { chooseModel } from '../src/domain/modelchoice.ts';
import { newRound } from '../src/domain/round.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot, readCatalog } from '../src/effects/catalog.ts';
import { fill, matches } from '../src/protocol/artifact.ts';
import { assemble } from '../src/protocol/catalog.ts';
import { decode, edit } from '../src/protocol/codec.ts';
import { builtinRoles, statuses } from '../src/protocol/handoff.ts';
import type { RoleContract } from '../src/protocol/policy.ts';
import { readSettings } from '../src/protocol/settings.ts';

const roleBytesMax = 3_584;
const shipped = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');
const { policy, problems } = await readCatalog(join(packageRoot, 'no-such-project'), { path: '' });
const roles = Object.values(policy.roles);
const filled = (pattern: string): string => fill(pattern, { round: 'R07', role: 'x' });
const covers = (patterns: readonly string[], path: string): boolean =>
  patterns.some((pattern) => matches(filled(path), filled(pattern)));
const headingsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ +(.+?) *$/gm)].map((match) => match[1] ?? '');
const blocksOf = (text: string): string[] =>
  [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

describe('the shipped files', () => {
  it('hold no mistake', () => {
    expect(problems).toEqual([]);
    expect(roles.map((role) => role.name).sort()).toEqual([...builtinRoles].sort());
  });

  it('agree with what stands in when state/limits.yaml cannot be read', () => {
    const none = {
      roles: [],
      tiers: [],
      root: '/p',
      models: [],
      router: [],
      limits: [],
      gates: [],
      agents: [],
      memorial: [],
      failures: [],
      settings: null,
      installed: [],
    };
    const text = shipped('state/limits.yaml');
    const bare = assemble(none).policy;
    const full = assemble({
      ...none,
      limits: [{ path: 'l', text: text.replace(/^roles:\n( .*\n)+/m, '') }],
    }).policy;
    expect(full).toEqual(bare);
    expect(policy.caps).toEqual(bare.caps);
    expect(policy.backoff).toEqual(bare.backoff);
    expect(policy.brief).toEqual(bare.brief);
  });

  it('give every tier roles that have a file, and edges between them', () => {
    for (const tier of Object.values(policy.tiers)) {
      for (const role of tier.roles) expect(Object.keys(policy.roles), tier.name).toContain(role);
      for (const { from, to } of tier.edges) {
        expect(tier.roles).toContain(from);
        expect(tier.roles.indexOf(to), `${from} → ${to} leads back`).toBeLessThan(tier.roles.indexOf(from));
      }
    }
    expect(policy.tiers['full']?.edges).toEqual([
      { from: 'reviewer', to: 'implementer' },
      { from: 'implementer', to: 'architect' },
    ]);
    expect(policy.tiers['audit']?.edges).toEqual([{ from: 'reviewer', to: 'implementer' }]);
  });

  it('name a model for every class, and limits for every role', () => {
    const round = newRound('R01', 'full');
    const models = Object.fromEntries(
      roles.map((role) => [role.name, chooseModel(policy, round, role.name).model]),
    );
    expect(models).toEqual({
      architect: 'opus',
      implementer: 'sonnet',
      reviewer: 'opus',
      memorial: 'haiku',
      coordinator: 'opus',
      oracle: 'opus',
      'second-reviewer': 'sonnet',
    });
    expect(policy.roles['implementer']?.limits).toEqual({
      firstByteMs: 600_000,
      idleMs: 600_000,
      totalMs: 5_400_000,
      lingerMs: 10_000,
      graceMs: 10_000,
      outputBytes: 256 * 1024 * 1024,
      turns: 120,
    });
    expect(roles.map((role) => [role.name, role.limits.turns])).toEqual([
      ['architect', 60],
      ['coordinator', 80],
      ['implementer', 120],
      ['memorial', 30],
      ['oracle', 60],
      ['reviewer', 60],
      ['second-reviewer', 60],
    ]);
  });
});

/** Works beside the reviewer and leaves the handoff alone. */
function isOpinion(name: string): boolean {
  return name === 'second-reviewer';
}

describe.each(roles.map((role): [string, RoleContract] => [role.name, role]))('the role %s', (name, role) => {
  it(`has a prompt of at most ${roleBytesMax} bytes, because every session pays for it`, () => {
    expect(Buffer.byteLength(role.body)).toBeLessThanOrEqual(roleBytesMax);
  });

  it('may write and read back every path it owes, and its prompt names each', () => {
    for (const owed of role.owes) {
      expect(covers(role.writes, owed.path), owed.path).toBe(true);
      expect(covers(role.hides, owed.path), owed.path).toBe(false);
      expect(role.body).toContain(owed.path);
      for (const section of owed.sections) expect(role.body.toLowerCase()).toContain(section.toLowerCase());
    }
  });

  it('may write the handoff, unless it gives an opinion beside another, and read what it is offered', () => {
    expect(covers(role.writes, 'coordination/NEXT-ROLE.md')).toBe(!isOpinion(name));
    for (const { path } of role.reads)
      expect(covers(role.hides, path.replace('*', 'topic')), path).toBe(false);
    expect(covers(role.hides, '.next-role/journal.jsonl')).toBe(true);
    expect(covers(role.hides, 'coordination/logs/pipeline-R07.log')).toBe(true);
  });

  it('ends with statuses that exist, and its prompt says how to end', () => {
    for (const end of role.ends) expect(statuses as readonly string[]).toContain(end);
    if (isOpinion(name)) {
      expect(role.body).toContain('`coordination/NEXT-ROLE.md` is not yours to edit');
      return;
    }
    const taught = [...role.body.matchAll(/`?status: ([A-Z-]+)`?/g)].map((match) => match[1]);
    for (const end of taught) expect(role.ends, `status: ${String(end)}`).toContain(end);
    expect(taught).toContain('ESCALATE');
    const tiers = Object.values(policy.tiers).filter((tier) => tier.roles.includes(name));
    for (const tier of tiers) {
      const next = tier.roles[tier.roles.indexOf(name) + 1] ?? 'human';
      expect(role.body, `the way on in tier ${tier.name}`).toContain(`next-role: ${next}`);
    }
    for (const { from, to } of tiers.flatMap((tier) => tier.edges)) {
      if (from === name) expect(role.body, 'the way back').toContain(`next-role: ${to}`);
    }
    const end = role.body.replaceAll(/\s+/g, ' ');
    expect(end).toMatch(/Never write WORKING or BLOCKED, never answer an escalation\./);
    expect(end).toMatch(/edit only/);
  });

  it('teaches a bounded question that reads as one, in both dialects, where it may ask', () => {
    if (isOpinion(name)) {
      expect(role.ends).not.toContain('ESCALATE');
      return;
    }
    const [block = ''] = blocksOf(role.body);
    const { handoff, diagnostics } = decode(`---\nround: R07\nnext-role: ${name}\n${block}---\n`);
    expect(diagnostics).toEqual([]);
    expect(handoff).toMatchObject({ role: name, status: 'ESCALATE' });
    expect(handoff?.escalation).toMatchObject({ question: 'one sentence', recommended: 'A' });
    expect(handoff?.escalation?.options).toEqual([
      { letter: 'A', do: 'the action', then: 'its consequence' },
      { letter: 'B', do: 'the action', then: 'its consequence' },
    ]);
    expect(role.body).toContain('`STATUS: ESCALATE`');
    expect(role.body).toContain('## Escalation items');
    expect(role.body).toContain('- Option A: ');
  });

  it('uses no placeholder but round, tier and role', () => {
    const names = [...role.body.matchAll(/\{([a-z][a-zA-Z]*)\}/g)].map((match) => match[1]);
    expect(names.filter((one) => !['round', 'tier', 'role'].includes(one ?? ''))).toEqual([]);
    expect(role.body).toContain('{role} of round {round}, tier {tier}');
  });

  it('names a path it hides only to forbid it, or to write there', () => {
    const paragraphs = role.body.split(/\n\s*\n/);
    for (const paragraph of paragraphs) {
      for (const [path] of paragraph.matchAll(/(?:coordination|\.next-role)\/[\w{}.<>*/-]*/g)) {
        if (!covers(role.hides, path)) continue;
        const named = role.writes.filter((pattern) => pattern !== '**');
        const writes = covers(named, path.replace(/<\w+>/, 'topic'));
        expect(writes || /[Nn]ever open/.test(paragraph), `${path} in: ${paragraph}`).toBe(true);
      }
    }
  });

  it('grills itself, stays inside, and halts', () => {
    const ends = isOpinion(name) ? [] : ['Halt', 'End'];
    for (const heading of ['Read', 'Write', 'Grill yourself before you end', 'Stay inside', ...ends]) {
      expect(headingsOf(role.body)).toContain(heading);
    }
    for (const word of ['CRITICAL', 'surprise', 'caught']) expect(role.body).toContain(word);
  });
});

describe('the reviewer', () => {
  it('is cold: logs, diagnostics and the runner are hidden, human answers are shown, only the report is written', () => {
    const reviewer = policy.roles['reviewer'];
    expect(reviewer?.seesAnswers).toBe(true);
    for (const path of [
      'coordination/logs/x/y.md',
      'coordination/diagnostics/D.md',
      '.next-role/sessions/a/stdout',
    ]) {
      expect(covers(reviewer?.hides ?? [], path), path).toBe(true);
    }
    expect(reviewer?.writes).toEqual([
      'coordination/reviews/REVIEWER-REPORT-{round}.md',
      'coordination/NEXT-ROLE.md',
    ]);
  });
});

describe('the implementer', () => {
  it('never sees the sidecar of the spec, in any round', () => {
    expect(covers(policy.roles['implementer']?.hides ?? [], 'coordination/specs/Q-R01-SPEC-AUDIT.md')).toBe(
      true,
    );
  });
});

describe('the templates', () => {
  it('have every heading that a role owes', () => {
    const templates: Readonly<Record<string, string>> = {
      'coordination/specs/Q-{round}-SPEC.md': 'spec.md',
      'coordination/specs/Q-{round}-SPEC-AUDIT.md': 'spec-audit.md',
      'coordination/reviews/REVIEWER-REPORT-{round}.md': 'reviewer-report.md',
      'coordination/logs/ROUND-{round}-SUMMARY.md': 'summary.md',
      'coordination/WAVE-PLAN-{round}.md': 'wave-plan.md',
      'coordination/MEMORIAL.md': 'MEMORIAL.md',
      'coordination/reviews/REVIEWER-REPORT-{round}-SECOND.md': 'reviewer-report.md',
      'coordination/acceptance/{round}/README.md': 'acceptance.md',
    };
    const texts = roles.flatMap((role) => role.owes).filter((owed) => owed.path.endsWith('.md'));
    for (const owed of texts) {
      const template = templates[owed.path];
      expect(template, owed.path).toBeDefined();
      expect(headingsOf(shipped(`templates/${template ?? ''}`))).toEqual(
        expect.arrayContaining([...owed.sections]),
      );
    }
  });

  it('start no round by themselves, and teach how to start one', () => {
    const text = shipped('templates/NEXT-ROLE.md');
    const { handoff, diagnostics } = decode(text, { roles: builtinRoles, tiers: Object.keys(policy.tiers) });
    expect(diagnostics).toEqual([]);
    expect(handoff).toMatchObject({
      round: 'R01',
      role: 'architect',
      status: 'PAUSED',
      tier: 'full',
      others: {},
    });
    expect(edit(text, { status: 'READY' })).toEqual({
      ok: true,
      text: text.replace(/^status: PAUSED$/m, 'status: READY'),
    });
    expect(text).toContain('set  status: READY');
  });

  it('show settings that are all accepted once they are uncommented, and that are the defaults', () => {
    const text = shipped('templates/next-role.yaml');
    const known = { roles: Object.keys(policy.roles), tiers: Object.keys(policy.tiers) };
    expect(readSettings(text, known)).toEqual({ settings: {}, diagnostics: [] });
    const { settings, diagnostics } = readSettings(
      text.replaceAll(/^#(?=[^ ]| {2,}[\w-]+:(?: |$))/gm, ''),
      known,
    );
    expect(diagnostics).toEqual([]);
    expect(Object.keys(settings).sort()).toEqual(
      [
        'agent',
        'agents',
        'budget',
        'caps',
        'commit',
        'escalation',
        'gates',
        'interrupted',
        'isolation',
        'preset',
        'roles',
        'secondOpinion',
        'tier',
      ].sort(),
    );
    expect(settings).toMatchObject({
      tier: policy.defaultTier,
      agent: 'claude',
      caps: policy.caps,
      commit: policy.commit,
      interrupted: policy.interrupted,
      escalation: { allowDefaults: policy.allowDefaults },
      roles: { reviewer: { class: policy.roles['reviewer']?.class, limits: { turns: 60 } } },
    });
  });

  it('are all documents with comments that teach', () => {
    for (const name of readdirSync(join(packageRoot, 'templates'))) {
      expect(shipped(`templates/${name}`), name).toMatch(/<!--|^#/m);
    }
  });
});
