/**
 * Holds what docs/SPEC.md says of a session's end to the code: every row of the table in section 13 is played through
 * the machine, and a row without a play, or a play without a row, fails. Also what a role file may say about it.
 */
import { describe, expect, it } from 'vitest';
import type { MachineState } from '../../src/domain/machine.ts';
import { sessionEnvironment } from '../../src/effects/environment.ts';
import type { MachineEvent } from '../../src/protocol/event.ts';
import { statuses } from '../../src/protocol/handoff.ts';
import type { HandoffFacts, Status } from '../../src/protocol/handoff.ts';
import type { Policy } from '../../src/protocol/policy.ts';
import { readRole } from '../../src/protocol/rolefile.ts';
import type { Outcome } from '../../src/protocol/session.ts';
import { ended, facts, question, read, settled } from '../rig/facts.ts';
import { contract } from '../rig/policy.ts';
import { coded, section, table } from './page.ts';
import { plain, play, policyWith } from './play.ts';

type Left = {
  readonly role?: string;
  readonly tier?: string;
  readonly handoff: Partial<HandoffFacts> | null;
  readonly outcome?: Outcome;
  readonly denied?: readonly string[];
  /** Whether an owed file is missing. */
  readonly missing?: boolean;
  readonly policy?: Policy;
  /** Sessions before this one that left the same. */
  readonly before?: number;
};

const problem = { code: 'header-yaml', line: 2, severity: 'error', message: 'm', hint: 'h' } as const;

/** The state after a session that left this: where settling it leads to. */
function after(left: Left): MachineState {
  const { role = 'architect', tier = 'full', policy = plain, before = 0 } = left;
  let state = play([read(facts({ role, tier }))], policy);
  for (let time = 0; time <= before; time += 1) {
    if (time > 0) state = play([{ type: 'TICK', at: 9e9 * time }], policy, state);
    state = play([{ type: 'CLAIMED', at: 2_000, digest: `c${time}`, baseline: {} }], policy, state);
    const id = state.context.order?.id ?? '';
    const path = 'coordination/owed.md';
    const artifacts = [{ path, present: left.missing !== true, changed: left.missing !== true }];
    const stands = left.handoff === null ? null : facts({ role, tier, dispatch: id, ...left.handoff });
    const end = ended(id, left.outcome ?? { type: 'done' }, { denied: left.denied ?? [] });
    const problems = stands === null ? [problem] : [];
    state = play([end, settled(stands, { artifacts, problems })], policy, state);
  }
  return state;
}

const untouched = { status: 'WORKING' } as const;
const failing = (kind: Extract<Outcome, { type: 'failed' }>['class']): Outcome => ({
  type: 'failed',
  class: kind,
  message: 'm',
  resetsAt: null,
});

/** Sessions as the first column of the table in section 13 describes them; one for each state that it leads to. */
const sessions: Readonly<Record<string, readonly Left[]>> = {
  'a header that cannot be read': [{ handoff: null }, { handoff: null, before: 1 }],
  ESCALATE: [{ handoff: { status: 'ESCALATE', escalation: question }, missing: true }],
  'BLOCKED or an unknown status': [
    { handoff: { status: 'BLOCKED' } },
    { handoff: { status: 'BLOCKED' }, missing: true },
    { handoff: { status: null, statusText: 'ALMOST' } },
    { handoff: { status: null, statusText: 'ALMOST' }, outcome: { type: 'stopped', why: 'paused' } },
    { handoff: { status: 'BLOCKED' }, outcome: { type: 'lost' } },
  ],
  'all owed files, changed; READY along a legal edge': [{ handoff: { role: 'implementer' } }],
  "all owed files, changed; MERGE-READY, which the role's `ends` has": [
    { role: 'reviewer', handoff: { status: 'MERGE-READY' } },
  ],
  'all owed files, changed; a finishing status, by the last role': [
    { role: 'memorial', handoff: { role: 'human', status: 'ROUND-COMPLETE' } },
  ],
  'all owed files, changed; PAUSED, and the session ended well': [{ handoff: { status: 'PAUSED' } }],
  'PAUSED, or a stop for a pause': [
    { handoff: { status: 'PAUSED' }, missing: true },
    { handoff: { status: 'PAUSED' }, outcome: { type: 'lost' } },
    { handoff: untouched, outcome: { type: 'stopped', why: 'paused' } },
  ],
  'any other stop that a human asked for': [
    { handoff: untouched, outcome: { type: 'stopped', why: 'interrupted' } },
  ],
  'an end that nobody saw': [
    { handoff: untouched, outcome: { type: 'lost' } },
    { handoff: untouched, outcome: { type: 'lost' }, policy: policyWith({ interrupted: 'retry' }) },
  ],
  'a failure of the agent': [
    { handoff: untouched, outcome: failing('overloaded') },
    { handoff: untouched, outcome: failing('auth') },
  ],
  'an owed file missing or unchanged, and a permission was refused': [
    { handoff: { role: 'implementer' }, missing: true, denied: ['Write a.md'] },
  ],
  'an owed file missing or unchanged': [
    { handoff: { role: 'implementer' }, missing: true },
    { handoff: { role: 'implementer' }, missing: true, before: 1 },
  ],
  'all owed files, changed; the header untouched (WORKING)': [{ handoff: untouched }],
  'all owed files, changed; an illegal edge': [{ handoff: { role: 'memorial' } }],
  'all owed files, changed; MERGE-READY, which its `ends` has not': [
    { role: 'implementer', handoff: { role: 'memorial', status: 'MERGE-READY' } },
  ],
};

describe('what a session left, by docs/SPEC.md', () => {
  const rows = table('the session left', section('What a session proposes'));

  it('is a list of cases that are all played here', () => {
    expect(rows.map(([left]) => left)).toEqual(Object.keys(sessions));
  });

  it.each(rows.map((row) => [row[0] ?? '', coded(row[1])] as const))('%s: leads to %j', (left, states) => {
    const found = (sessions[left] ?? []).map((one) => after(one).value);
    expect([...new Set(found)]).toEqual(states);
  });

  it('goes on with a warning wherever the tier’s order, not the role, chose what follows', () => {
    for (const [left = '', , follows = ''] of rows) {
      if (!follows.includes('a warning says')) continue;
      for (const one of sessions[left] ?? []) {
        expect(after(one).context.verdict, left).toMatchObject({
          type: 'gate',
          remarks: [expect.any(String)],
        });
      }
    }
  });

  it('ends the round with the status that was proposed, where the role’s `ends` has it, else with the tier’s', () => {
    const listed = /Finishing statuses are (.*?)\./s.exec(section('What a session proposes').join(' '))?.[1];
    const all = (listed ?? '').split(/, | and /) as Status[];
    expect(all).toHaveLength(4);
    for (const allowed of all) {
      const roles = { ...plain.roles, coordinator: contract('coordinator', { ends: [allowed] }) };
      const policy = policyWith({ roles });
      for (const status of all) {
        const state = after({
          role: 'coordinator',
          tier: 'coordinator',
          handoff: { role: 'human', status },
          policy,
        });
        const green = play([{ type: 'GATED', at: 6_000, gates: [] }], policy, state);
        expect(green.context.verdict, `${status} where only ${allowed} is allowed`).toMatchObject({
          change: {
            'next-role': 'human',
            status: status === allowed ? status : plain.tiers['coordinator']?.ends,
          },
        });
      }
    }
  });

  it('keeps a pause: finished work is handed over as PAUSED for the next role, and ends a round all the same', () => {
    const change = (left: Left): unknown => {
      const state = play([{ type: 'GATED', at: 6_000, gates: [] }], plain, after(left));
      const { verdict } = state.context;
      return verdict.type === 'write'
        ? [verdict.change['next-role'], verdict.change['status']]
        : verdict.type;
    };
    const stopped: Outcome = { type: 'stopped', why: 'paused' };
    expect(change({ handoff: { status: 'PAUSED' } })).toEqual(['implementer', 'PAUSED']);
    expect(change({ handoff: { role: 'implementer' }, outcome: stopped })).toEqual(['implementer', 'PAUSED']);
    expect(change({ handoff: { status: 'PAUSED' }, missing: true })).toEqual(['architect', 'PAUSED']);
    expect(change({ handoff: untouched, outcome: stopped })).toEqual(['architect', 'PAUSED']);
    expect(change({ role: 'memorial', handoff: { status: 'PAUSED' } })).toEqual(['human', 'ROUND-COMPLETE']);
  });

  it('is decided again after a lost write or a failed hand, and never read as a human’s edit', () => {
    const asks = after({ handoff: { status: 'ESCALATE', escalation: question } });
    expect([asks.context.question, asks.context.round?.escalations]).toEqual([null, 0]);
    expect(play([{ type: 'LOST', at: 6_000 }], plain, asks).value).toBe('settling');
    const failing: MachineEvent = { type: 'FAILED', at: 6_000, doing: 'write', message: 'the disk is full' };
    const stalled = play([failing], plain, asks);
    expect(stalled.value).toBe('stalled');
    const newer = read(facts({ role: 'implementer' }), { digest: 'saved meanwhile' });
    expect(play([newer], plain, stalled).value).toBe('settling');
    const written = play([{ type: 'WRITTEN', at: 6_000, digest: 'w', commit: null }], plain, asks);
    expect([written.context.question?.id, written.context.round?.escalations]).toEqual([
      'R01-architect-1',
      1,
    ]);
  });

  it('has its round put back by whatever is written after it', () => {
    const mended = (left: Left): unknown => {
      const state = after({ ...left, handoff: { ...left.handoff, round: 'R99' } });
      const done = state.value === 'gating' ? [{ type: 'GATED', at: 6_000, gates: [] } as const] : [];
      const { verdict } = play(done, plain, state).context;
      return verdict.type === 'write' ? (verdict.change['round'] ?? null) : verdict.type;
    };
    const cases: Readonly<Record<string, Left>> = {
      accepted: { handoff: { role: 'implementer' } },
      asks: { handoff: { status: 'ESCALATE', escalation: question } },
      'no proposal': { handoff: { status: 'BLOCKED' } },
      paused: { handoff: { status: 'PAUSED' } },
      stopped: { handoff: untouched, outcome: { type: 'stopped', why: 'interrupted' } },
      'the runner asks': { handoff: untouched, outcome: failing('auth') },
    };
    expect(Object.entries(cases).map(([name, left]) => [name, mended(left)])).toEqual([
      ['accepted', 'R01'],
      ['asks', 'R01'],
      ['no proposal', 'R01'],
      ['paused', 'R01'],
      ['stopped', 'R01'],
      ['the runner asks', 'R01'],
    ]);
  });
});

describe('the environment of a session by docs/SPEC.md', () => {
  it('holds of git’s variables those that are listed, and no other', () => {
    const listed = coded(section('What a session is told').join(' ')).filter((name) => /^GIT_/.test(name));
    const others = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_CONFIG_COUNT'];
    const order = play([read(facts())]).context.order;
    if (order === null) throw new Error('nothing was ordered');
    const command = { argv: ['true'], env: {}, passEnv: [], stdin: '', files: {} } as const;
    const inherit = Object.fromEntries([...listed, ...others].map((name) => [name, 'x']));
    const given = Object.keys(sessionEnvironment(order, command, '/p', inherit));
    expect(listed).toHaveLength(7);
    expect(given.filter((name) => name.startsWith('GIT_')).sort()).toEqual([...listed].sort());
  });
});

describe('a role file by docs/SPEC.md', () => {
  const said = section('Overrides').join(' ');
  const accepts = (path: string, end: string): boolean => {
    const keys = `title: T\nclass: cheap\nreads: []\nwrites: ['${path}']\ntools: [Read]\nends: [${end}]`;
    return readRole({ path: 'coordination/roles/tester.md', text: `---\n${keys}\n---\n\nBody.\n` }, []).ok;
  };

  it('has only the placeholders that are listed in its paths', () => {
    const sentence = /Placeholders are (.*?) in paths, and also (.*?) in the prompt/.exec(said);
    const accepted = (placeholder: string): boolean => accepts(`coordination/${placeholder}.md`, 'READY');
    expect(coded(sentence?.[1]).map(accepted)).toEqual([true, true]);
    expect(coded(sentence?.[2]).map(accepted)).toEqual([false]);
  });

  it('ends only with the statuses that are listed', () => {
    const listed = /Statuses under `ends` are (.*?)\./.exec(said)?.[1]?.split(/, | and /);
    expect(statuses.filter((status) => accepts('coordination/a.md', status)).sort()).toEqual(listed?.sort());
  });
});
