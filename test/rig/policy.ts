/** A small policy for tests of the pure floors: the four roles, the shipped tiers, short clocks. */
import { budgetOf } from '../../src/protocol/settings.ts';
import { defaultPlan } from '../../src/protocol/gateplan.ts';
import { joinRouter } from '../../src/protocol/routerfile.ts';
import { noFacts } from '../../src/protocol/agentfacts.ts';
import type { Assignment, Policy, RoleContract } from '../../src/protocol/policy.ts';

const limits = {
  firstByteMs: 60_000,
  idleMs: 60_000,
  totalMs: 600_000,
  lingerMs: 10_000,
  graceMs: 10_000,
  outputBytes: 1024 ** 3,
  turns: 30,
};

export function contract(name: string, more: Partial<RoleContract> = {}): RoleContract {
  return {
    name,
    title: name,
    class: 'balanced',
    reads: [{ path: 'coordination/PRD.md', tiers: [] }],
    hides: [],
    writes: ['coordination/'],
    protects: [],
    owes: [],
    tools: ['Read', 'Write'],
    limits,
    ends: ['READY', 'ESCALATE'],
    seesAnswers: false,
    body: `You are the ${name} of round {round}.`,
    ...more,
  };
}

const waiting = (shared: boolean) =>
  ({
    then: 'wait',
    says: 'the limit of {agent} is used up',
    remedy: null,
    wait: { firstMs: 4_000, factor: 2, maxMs: 30_000, timesMax: 50, untilMaxMs: 26 * 3_600_000 },
    shared,
  }) as const;
const retrying = { then: 'retry', says: 'it broke', remedy: null } as const;
const failures: Policy['failures'] = {
  'rate-limited': waiting(true),
  overloaded: waiting(false),
  network: waiting(false),
  auth: { then: 'ask', says: '{agent} is not logged in', remedy: 'Log in with {agent}.' },
  crashed: retrying,
  stalled: retrying,
  failed: retrying,
};

/** Policies made here. The machine keeps its chart by the digest, and each policy has one of its own. */
let made = 0;

export function testPolicy(more: Partial<Policy> = {}): Policy {
  const roles = {
    architect: contract('architect', {
      owes: [{ path: 'coordination/specs/Q-{round}-SPEC.md', tiers: [], sections: ['Mechanism'] }],
    }),
    implementer: contract('implementer'),
    reviewer: contract('reviewer', {
      ends: ['MERGE-READY', 'READY', 'ESCALATE'],
      seesAnswers: true,
      hides: ['coordination/logs/'],
      owes: [{ path: 'coordination/reviews/REVIEWER-REPORT-{round}.md', tiers: [], sections: [] }],
    }),
    memorial: contract('memorial'),
    coordinator: contract('coordinator'),
  };
  const assignment: Assignment = {
    agent: 'scripted',
    because: 'test',
    class: null,
    pinned: null,
    ladder: { frontier: [], balanced: [], cheap: [] },
  };
  return {
    digest: `policy-${(made += 1)}`,
    defaultTier: 'full',
    autoTier: false,
    preset: null,
    presets: {},
    selector: [],
    router: joinRouter([]),
    roles,
    tiers: {
      solo: { name: 'solo', about: '', roles: ['implementer'], edges: [], ends: 'ROUND-COMPLETE' },
      audit: {
        name: 'audit',
        about: '',
        roles: ['implementer', 'reviewer', 'memorial'],
        edges: [{ from: 'reviewer', to: 'implementer' }],
        ends: 'ROUND-COMPLETE',
      },
      full: {
        name: 'full',
        about: '',
        roles: ['architect', 'implementer', 'reviewer', 'memorial'],
        edges: [
          { from: 'reviewer', to: 'implementer' },
          { from: 'implementer', to: 'architect' },
        ],
        ends: 'ROUND-COMPLETE',
      },
      coordinator: {
        name: 'coordinator',
        about: '',
        roles: ['coordinator'],
        edges: [],
        ends: 'WAVE-PLAN-READY',
      },
    },
    agents: {
      scripted: {
        name: 'scripted',
        kind: 'scripted',
        run: null,
        scenario: 's.yaml',
        args: [],
        env: [],
        facts: noFacts,
      },
    },
    assignments: Object.fromEntries(Object.keys(roles).map((role) => [role, assignment])),
    caps: { perRole: 4, perRound: 10, perDispatch: 2, fixes: 4, fixUsd: 25 },
    gates: defaultPlan,
    budget: budgetOf({}),
    backoff: { firstMs: 1_000, factor: 3, maxMs: 30_000 },
    memorial: {
      injectMax: 12,
      injectBytesMax: 2_000,
      stableAfter: 10,
      retiredAfter: 20,
      promoteAfter: 3,
      gates: {},
    },
    failures,
    brief: { inlineBytes: 200, inlineTotalBytes: 300, handoffBytes: 4_096, memorialBytes: 16_384 },
    interrupted: 'escalate',
    secondOpinion: 'never',
    isolation: 'none',
    allowDefaults: false,
    commit: true,
    ...more,
  };
}

/** The same, with a second opinion on every review. */
export function opinionPolicy(more: Partial<Policy> = {}): Policy {
  const report = 'coordination/reviews/REVIEWER-REPORT-{round}-SECOND.md';
  const second = contract('second-reviewer', { owes: [{ path: report, tiers: [], sections: [] }] });
  return testPolicy({
    secondOpinion: 'always',
    roles: { ...testPolicy().roles, 'second-reviewer': second },
    ...more,
  });
}
