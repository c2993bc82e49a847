/** One order, brief and place for the agents' tests; each test changes what it is about. */
import type { AgentSettings } from '../../src/protocol/policy.ts';
import type { Brief, Order, Place } from '../../src/protocol/session.ts';
import { shippedFacts } from './facts.ts';

export const order: Order = {
  id: 'R07.2-reviewer',
  dispatchId: 'd1',
  round: 'R07',
  tier: 'full',
  role: 'reviewer',
  agent: 'claude',
  model: 'opus',
  fallbacks: [],
  visit: 2,
  attempt: 1,
  kind: 'work',
  feedback: [],
  because: [],
};

export const brief: Brief = {
  system: 'You are one role of a round.',
  prompt: 'Review the change.',
  tools: ['Read', 'Grep', 'Write', 'Edit'],
  limits: {
    firstByteMs: 60_000,
    idleMs: 120_000,
    totalMs: 600_000,
    lingerMs: 10_000,
    graceMs: 10_000,
    outputBytes: 1024 ** 3,
    turns: 40,
  },
  manifest: {
    order: order.id,
    role: order.role,
    round: order.round,
    tier: order.tier,
    agent: order.agent,
    model: order.model,
    protected: [],
    owed: [],
    handoff: 'coordination/NEXT-ROLE.md',
    offered: [],
    hidden: ['coordination/logs/', 'coordination/specs/Q-R07-SPEC-AUDIT.md'],
    writable: ['coordination/reviews/REVIEWER-REPORT-R07.md', 'coordination/NEXT-ROLE.md'],
    tools: ['Read', 'Grep', 'Write', 'Edit'],
    parts: [],
  },
};

export const place: Place = {
  project: '/p',
  original: null,
  handoff: '/p/coordination/NEXT-ROLE.md',
  session: '/p/.next-role/sessions/R07.2-reviewer',
  self: ['/usr/bin/node', '/opt/next-role/main.js'],
  sessionId: '11111111-2222-4333-8444-555555555555',
  root: false,
};

export const settings: AgentSettings = {
  name: 'claude',
  kind: 'claude',
  run: null,
  scenario: null,
  args: [],
  env: [],
  facts: shippedFacts.claude,
};
