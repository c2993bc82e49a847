/**
 * One tiny session of an agent in an empty folder, to see that it can be started, is logged in and answers: the same
 * command, reading and judging as in a round, with one sentence to say. It costs what that sentence costs. The caller
 * gives the folder and takes it away; nothing of any project is touched.
 */
import { agentOf } from '../agents/index.ts';
import { emptyTally, fold } from '../agents/tally.ts';
import { usageOf } from '../agents/usage.ts';
import { freshUuid, isRoot } from '../effects/identity.ts';
import { sessionFolder } from '../effects/sessionfolder.ts';
import { localRunner } from '../effects/spawn.ts';
import type { AgentSettings, Limits } from '../protocol/policy.ts';
import type { Brief, Order, Outcome, Place } from '../protocol/session.ts';
import type { SessionUsage } from '../protocol/usage.ts';

export type Probe = {
  readonly outcome: Outcome;
  readonly ms: number;
  readonly usage: SessionUsage | null;
  /** What the agent itself says it cost, in USD. */
  readonly reportedUsd: number | null;
};

type ProbeOptions = {
  /** An empty folder, absolute. */
  readonly folder: string;
  readonly model: string | null;
  readonly self: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
};

const limits: Limits = {
  firstByteMs: 60_000,
  idleMs: 60_000,
  totalMs: 120_000,
  turns: 2,
  lingerMs: 10_000,
  graceMs: 5_000,
  outputBytes: 16 * 1024 * 1024,
};

/** Works one session of the agent. A failure of the agent is an outcome, never an exception. */
export async function probe(settings: AgentSettings, options: ProbeOptions): Promise<Probe> {
  const { folder, model, self, env } = options;
  const { facts } = settings;
  const agent = agentOf(settings.kind);
  const order: Order = {
    id: `probe-${settings.name}`,
    dispatchId: 'probe',
    round: 'probe',
    tier: 'probe',
    role: 'probe',
    agent: settings.name,
    model,
    fallbacks: [],
    visit: 1,
    attempt: 1,
    kind: 'work',
    feedback: [],
    because: ['asked for with next-role doctor --probe'],
  };
  const runner = localRunner({
    project: folder,
    sessions: `${folder}/sessions`,
    limitsOf: () => limits,
    isDone: (line) => agent.read(line, facts).type === 'done',
    inheritEnv: { ...env },
  });
  let tally = emptyTally();
  const watch = {
    line: (text: string): void => {
      tally = fold(tally, agent.read(text, facts));
    },
    bytes: (): void => undefined,
  };
  const place: Place = {
    project: folder,
    original: null,
    handoff: `${folder}/NEXT-ROLE.md`,
    session: sessionFolder(`${folder}/sessions`, order.id),
    self,
    sessionId: freshUuid(),
    root: isRoot(),
  };
  const command = agent.command(order, briefOf(order), place, settings);
  const end = await runner.ensure(order, () => Promise.resolve(command), watch);
  return {
    outcome: agent.judge(end.exit, tally, facts),
    ms: end.ms,
    usage: usageOf(tally, model),
    reportedUsd: tally.costUsd,
  };
}

function briefOf(order: Order): Brief {
  return {
    system: 'This is a test of whether you can be started. Use no tool and write no file.',
    prompt: 'Answer with the one word OK.',
    tools: ['Read'],
    limits,
    manifest: {
      order: order.id,
      role: order.role,
      round: order.round,
      tier: order.tier,
      agent: order.agent,
      model: order.model,
      offered: [],
      hidden: [],
      writable: [],
      protected: [],
      owed: [],
      handoff: 'NEXT-ROLE.md',
      tools: ['Read'],
      parts: [],
    },
  };
}
