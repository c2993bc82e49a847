/**
 * Works orders: composes the brief, has the agent say what to start, starts or adopts the process, and folds its
 * stream into one ENDED event. While a session runs it tells, at least once a second, that it is alive.
 */
import { agentOf } from '../agents/index.ts';
import { reconciled, usageOf } from '../agents/usage.ts';
import { compose } from '../domain/brief.ts';
import { capUsd } from '../domain/budget.ts';
import { costOf } from '../domain/cost.ts';
import { isIsolated } from '../domain/isolation.ts';
import { microOf } from '../domain/money.ts';
import { copyFor, makeCopy, removeCopy } from '../effects/copies.ts';
import { freshUuid, isRoot } from '../effects/identity.ts';
import { explain } from '../effects/files.ts';
import { keepSession, sessionFolder, sizeOf } from '../effects/sessionfolder.ts';
import { readClaim } from '../effects/shim.ts';
import { readTranscript } from '../effects/transcript.ts';
import { localRunner } from '../effects/spawn.ts';
import type { TreeMemory } from '../effects/tree.ts';
import { isHidden } from '../protocol/access.ts';
import { byteLength } from '../protocol/bytes.ts';
import type { MachineEvent } from '../protocol/event.ts';
import type { Runner, SessionEnd } from '../protocol/journal.ts';
import type { Unstamped } from '../protocol/notice.ts';
import type { AgentSettings, Limits } from '../protocol/policy.ts';
import type { Agent, Command, Order, Place, Tally } from '../protocol/session.ts';
import type { SessionUsage } from '../protocol/usage.ts';
import { recordsBefore, sealRecords } from './audit.ts';
import { takeIn } from './bringback.ts';
import { filesForBrief } from './briefing.ts';
import type { OpenRound } from './open.ts';
import { readTrees } from './roundtrees.ts';
import { createStream } from './stream.ts';

export type Sessions = {
  /** Works an order to its end; null when this order is already being worked here. */
  work(order: Order): Promise<MachineEvent | null>;
  stop(order: Order, why: 'paused' | 'interrupted'): Promise<null>;
  /** Whether a session of an order was begun, here or by an earlier runner: it is never begun anew. */
  hasRun(order: Order): boolean;
  /** Says nothing more. A session that still runs goes on without us and is adopted by the next run. */
  close(): Promise<void>;
};

type SessionsOptions = {
  readonly say: (notice: Unstamped) => void;
  readonly now: () => number;
  readonly self: readonly string[];
};

const pulseMs = 1_000;
/** A session that lives longer is made to survive a power cut while it runs; what is shorter has its end recorded by then. */
const keepAfterMs = 100;
/** Between two attempts to stop a session that is just being started. */
const stopAgainMs = 100;

/** How one order is driven: which adapter, with which settings. */
type Driver = {
  readonly agent: Agent;
  readonly settings: AgentSettings;
  readonly memory: TreeMemory;
};

export function createSessions(round: OpenRound, options: SessionsOptions): Sessions {
  const { project } = round;
  let closed = false;
  const say: SessionsOptions['say'] = (notice) => {
    if (!closed) options.say(notice);
  };
  const running = new Map<string, Promise<MachineEvent>>();
  // The driver an order started with stays its driver: settings may be edited while it works.
  const drivers = new Map<string, Driver>();
  const memory: TreeMemory = new Map();
  const sealed: Means['sealed'] = new Map();
  const keeping = new Set<Promise<void>>();
  /** Off everybody's way: the journal alone says what follows, so that nothing waits for it. */
  const keep = (folder: string): void => {
    const kept = keepSession(folder)
      .catch((error: unknown) => {
        const text = `The records of a session may not survive a power cut: ${explain(error)}`;
        say({ type: 'remark', level: 'warning', text });
      })
      .finally(() => keeping.delete(kept));
    keeping.add(kept);
  };
  const driver = (order: Order): Driver => {
    const known = drivers.get(order.id) ?? { ...driverOf(round, order), memory };
    drivers.set(order.id, known);
    return known;
  };
  const runner = localRunner({
    project: project.root,
    sessions: `${project.own}/sessions`,
    limitsOf: (order) => limitsOf(round, order),
    isDone: (line, order) => {
      const { agent, settings } = driver(order);
      return agent.read(line, settings.facts).type === 'done';
    },
  });
  return {
    async work(order) {
      if (running.has(order.id)) return null;
      const session = workBoth(order, (each) =>
        workOrder(round, { ...options, say }, { runner, driver: driver(each), keep, sealed }, each),
      );
      running.set(order.id, session);
      try {
        return await session;
      } finally {
        running.delete(order.id);
        for (const { id } of ordersOf(order)) drivers.delete(id);
      }
    },
    async stop(order, why) {
      // A session that is still being prepared has no process to signal yet, so asking once is not enough.
      while (running.has(order.id)) {
        await Promise.all(ordersOf(order).map(({ id }) => runner.stop(id, why)));
        await Promise.race([running.get(order.id), pause(stopAgainMs)]);
      }
      return null;
    },
    hasRun: (order) => ordersOf(order).some((each) => readClaim(folderOf(round, each)) !== null),
    close: async () => {
      closed = true;
      await Promise.all(keeping);
    },
  };
}

/** An order and the one beside it. */
function ordersOf(order: Order): readonly Order[] {
  return order.companion === undefined ? [order] : [order, order.companion];
}

/** Works an order, and at the same time the one beside it: one event tells of both once both have ended. */
async function workBoth(order: Order, work: (each: Order) => Promise<Ended>): Promise<MachineEvent> {
  const { companion } = order;
  if (companion === undefined) return work(order);
  // Also where one of them cannot be told the other goes on to its end.
  const both = [work(order), work(companion)] as const;
  await Promise.allSettled(both);
  const [first, second] = await Promise.all(both);
  const { type: _type, at: _at, companion: _none, late: _late, ...report } = second;
  return { ...first, at: Math.max(first.at, second.at), companion: report };
}

function driverOf(round: OpenRound, order: Order): Omit<Driver, 'memory'> {
  const settings = round.policy.agents[order.agent];
  if (settings === undefined)
    throw new Error(`The agent "${order.agent}" is not in coordination/next-role.yaml. Put it back.`);
  return { agent: agentOf(settings.kind), settings };
}

function limitsOf(round: OpenRound, order: Order): Limits {
  const contract = round.policy.roles[order.role];
  if (contract === undefined) throw new Error(`No contract for the role "${order.role}". Put it back.`);
  return contract.limits;
}

async function workOrder(
  round: OpenRound,
  options: SessionsOptions,
  { runner, driver, keep, sealed }: Means,
  order: Order,
): Promise<Ended> {
  const { say, now } = options;
  const stream = createStream(driver, order, say);
  const folder = folderOf(round, order);
  const keeper = setTimeout(() => keep(folder), keepAfterMs);
  const pulse = setInterval(() => stream.pulse(), pulseMs);
  try {
    let begunAt: number | undefined;
    // Where nothing was started, nobody has worked in it.
    const dropCopy = (): Promise<void> => removeCopy(copyFor(round.project.root, order.id));
    const begin = async (): Promise<Command> => {
      begunAt = now();
      const { records, command } = await prepare(round, options, driver, order).catch(
        async (error: unknown) => {
          await dropCopy();
          throw error;
        },
      );
      sealed.set(order.id, records);
      return { ...command, files: { ...command.files, ...records } };
    };
    const end = await runner.ensure(order, begin, stream);
    const tally = stream.tally();
    const usage = await usedBy(driver, order, tally, begunAt ?? now() - end.ms - adoptedSlackMs);
    const tell = (text: string): void => say({ type: 'remark', level: 'warning', text });
    const rewritten = end.begun ? await sealRecords(folder, sealed.get(order.id)) : [];
    sealed.delete(order.id);
    const isReplay = begunAt === undefined && !end.adopted;
    const session = { folder, order, memory: driver.memory, rewritten, isReplay };
    const isSaved = await takeIn(round.project, session, tell);
    const late = isSaved && end.leftovers === 0 ? { late: true as const } : {};
    if (!end.begun) await dropCopy();
    keep(folder);
    const promptBytes = sizeOf(`${folder}/stdin`);
    const at = now();
    const cost = usage === null ? null : costOf(usage, round.prices, at).usd;
    const priced = { microUsd: cost === null ? null : microOf(cost), prices: round.prices.version };
    return { ...endedEvent(driver, order, end, tally), at, usage, priced, promptBytes, ...late };
  } finally {
    clearTimeout(keeper);
    clearInterval(pulse);
  }
}

type Means = {
  readonly runner: Runner;
  readonly driver: Driver;
  /** The records of the sessions that were started here, out of their reach. */
  readonly sealed: Map<string, Readonly<Record<string, string>>>;
  /** Makes the folder of a session survive a power cut, in its own time. */
  readonly keep: (folder: string) => void;
};

type Ended = Extract<MachineEvent, { type: 'ENDED' }>;

function endedEvent(
  { agent, settings }: Driver,
  order: Order,
  end: SessionEnd,
  tally: Tally,
): Omit<Ended, 'at' | 'usage' | 'priced' | 'promptBytes'> {
  return {
    type: 'ENDED',
    order: order.id,
    outcome: agent.judge(end.exit, tally, settings.facts),
    ms: end.ms,
    tools: tally.tools,
    denied: tally.denied,
    model: tally.model,
    costUsd: tally.costUsd,
    sessionId: tally.sessionId,
    said: saidOf(tally),
    leftovers: end.leftovers,
  };
}

/**
 * The start of an adopted session is told by its files, to so many ms. That of one we started is known: what a conversation
 * that it goes on with used a moment before is not its own.
 */
const adoptedSlackMs = 1_000;

/** What the stream said, completed by the agent's own record where it keeps one. */
async function usedBy(
  { agent, settings }: Driver,
  order: Order,
  tally: Tally,
  startedAt: number,
): Promise<SessionUsage | null> {
  const said = usageOf(tally, order.model);
  if (agent.transcript === null || tally.sessionId === null) return said;
  const files = await readTranscript(agent.transcript, tally.sessionId, settings.facts.env);
  const of = { since: startedAt, own: tally.models };
  return reconciled(said, agent.transcript.read(files, of), tally.usage?.isThread ?? false);
}

/** Longest last words kept of a session, in characters. */
const saidCharsMax = 600;

function saidOf({ doneText }: Tally): string | null {
  const words = doneText.trim();
  return words === '' ? null : words.slice(0, saidCharsMax);
}

function folderOf(round: OpenRound, order: Order): string {
  return sessionFolder(`${round.project.own}/sessions`, order.id);
}

/** The brief, its manifest and the command line: made only when the session must really be started. */
async function prepare(
  round: OpenRound,
  options: SessionsOptions,
  driver: Driver,
  order: Order,
): Promise<{ readonly records: Readonly<Record<string, string>>; readonly command: Command }> {
  const { project, policy } = round;
  const composed = compose(policy, order, await filesForBrief(round, order));
  const brief = { ...composed, maxUsd: capUsd(policy, round.state.context.spent, order, options.now()) };
  const folder = folderOf(round, order);
  const copy = isIsolated(policy, order.role)
    ? await makeCopy(project.root, order.id, (path) => isHidden(brief.manifest, path))
    : null;
  const at = copy ?? project.root;
  const place: Place = {
    project: at,
    original: copy === null ? null : project.root,
    handoff: `${at}/${project.handoffName}`,
    session: folder,
    self: options.self,
    sessionId: freshUuid(),
    root: isRoot(),
  };
  const command = driver.agent.command(order, brief, place, driver.settings);
  options.say({ type: 'session-started', order, folder, promptBytes: byteLength(brief.prompt) });
  const start = (await readTrees(project, order.round))?.start;
  const records = await recordsBefore(
    { root: project.root, copy, ...(start === undefined ? {} : { start }) },
    brief,
    driver.memory,
  );
  return { records, command: { ...command, cwd: at } };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
