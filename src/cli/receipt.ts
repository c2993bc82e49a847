/**
 * What a round took, by role: sessions, time, models, money, files written. Summed from the journal, and from the
 * streams the sessions left; nothing is counted twice, and nothing here starts or writes anything.
 */
import { stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { agentOf } from '../agents/index.ts';
import { openJournal } from '../effects/journal.ts';
import { sessionFolder } from '../effects/sessionfolder.ts';
import { openTail } from '../effects/tail.ts';
import type { Effect, MachineEvent } from '../protocol/event.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Project } from '../protocol/project.ts';
import type { Order } from '../protocol/session.ts';
import { journalPath } from '../runner/open.ts';

export type RoleReceipt = {
  readonly role: string;
  readonly sessions: number;
  readonly ms: number;
  /** Models the sessions named, or those that were ordered. */
  readonly models: readonly string[];
  /** Null when no session named a price. */
  readonly costUsd: number | null;
  /** Relative to the project, each once, in the order of their first write. */
  readonly files: readonly string[];
};

export type Receipt = { readonly round: string; readonly roles: readonly RoleReceipt[] };

/** One decision, as far as the sum needs it: a journal record or a notice. */
export type Decision = { readonly event: MachineEvent; readonly effects: readonly Effect[] };

type Ended = Extract<MachineEvent, { type: 'ENDED' }>;
export type Work = { readonly order: Order; readonly ended: Ended };

/** A longer journal takes seconds to read; then the receipt is left out. */
const journalBytesMax = 64 * 1024 * 1024;
/** Of one session's stream; a real one has well below one percent of it. */
const streamBytesMax = 32 * 1024 * 1024;
/** Streams read for one receipt. */
const streamsMax = 100;
const filesMax = 500;

/** Tools that write a file, in the words of the agents we know. */
const writingTools: ReadonlySet<string> = new Set([
  // Claude Code, Codex, Gemini CLI, opencode.
  ...['Write', 'Edit', 'MultiEdit', 'NotebookEdit'],
  'file_change',
  ...['write_file', 'replace'],
  ...['write', 'edit', 'multiedit', 'patch'],
]);

/** The receipt of a round; null when there is no journal, or one too long to be summed up at the end of a run. */
export async function receiptOf(project: Project, policy: Policy, round: string): Promise<Receipt | null> {
  const path = journalPath(project);
  const size = await sizeOf(path);
  if (size === null || size > journalBytesMax) return null;
  const journal = openJournal(path);
  try {
    const work = workIn(journal.records(), round);
    const files = new Map<string, readonly string[]>();
    for (const { order } of work.slice(0, streamsMax)) {
      files.set(order.id, await filesWritten(project, policy, order));
    }
    return { round, roles: sum(work, files) };
  } finally {
    journal.close();
  }
}

/** The sessions of a round that have ended, oldest first. */
export function workIn(decisions: Iterable<Decision>, round: string): readonly Work[] {
  const orders = new Map<string, Order>();
  const work: Work[] = [];
  for (const { event, effects } of decisions) {
    for (const effect of effects) {
      if (effect.kind === 'claim' && effect.order.round === round) orders.set(effect.order.id, effect.order);
    }
    const order = event.type === 'ENDED' ? orders.get(event.order) : undefined;
    if (event.type === 'ENDED' && order !== undefined) work.push({ order, ended: event });
  }
  return work;
}

/** Adds the sessions up by role, in the order in which the roles first worked. */
export function sum(
  work: readonly Work[],
  files: ReadonlyMap<string, readonly string[]>,
): readonly RoleReceipt[] {
  const roles = [...new Set(work.map(({ order }) => order.role))];
  return roles.map((role): RoleReceipt => {
    const mine = work.filter(({ order }) => order.role === role);
    const models = mine
      .map(({ order, ended }) => ended.model ?? order.model)
      .filter((model) => model !== null);
    const prices = mine.map(({ ended }) => ended.costUsd).filter((price) => price !== null);
    return {
      role,
      sessions: mine.length,
      ms: mine.reduce((total, { ended }) => total + ended.ms, 0),
      models: [...new Set(models)],
      costUsd: prices.length === 0 ? null : prices.reduce((total, price) => total + price, 0),
      files: [...new Set(mine.flatMap(({ order }) => files.get(order.id) ?? []))].slice(0, filesMax),
    };
  });
}

/** The files a session wrote, by its own stream. A command agent names none. */
async function filesWritten(project: Project, policy: Policy, order: Order): Promise<readonly string[]> {
  const settings = policy.agents[order.agent];
  if (settings === undefined) return [];
  const agent = agentOf(settings.kind);
  const files = new Set<string>();
  const stdout = join(sessionFolder(join(project.own, 'sessions'), order.id), 'stdout');
  const tail = await openTail(stdout, (line) => {
    const event = agent.read(line, settings.facts);
    if (event.type !== 'tool' || event.target === null || !writingTools.has(event.tool)) return;
    const path = isAbsolute(event.target) ? relative(project.root, event.target) : event.target;
    // Every role edits the handoff; it says nothing about what was made.
    if (path !== project.handoffName) files.add(path);
  });
  try {
    await tail.read(streamBytesMax);
  } finally {
    await tail.close();
  }
  return [...files];
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
