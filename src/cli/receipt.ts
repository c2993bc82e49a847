/**
 * What a round took, by role: sessions, time, models, money, files written. Summed from the journal, and from the
 * streams the sessions left; nothing is counted twice, and nothing here starts or writes anything.
 */
import { stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { agentOf } from '../agents/index.ts';
import { receiptOf, totalsOf } from '../domain/receipt.ts';
import { sessionFolder } from '../effects/sessionfolder.ts';
import { openTail } from '../effects/tail.ts';
import type { Policy } from '../protocol/policy.ts';
import { journalPath, type Project } from '../protocol/project.ts';
import type { Receipt } from '../protocol/receipt.ts';
import type { Order } from '../protocol/session.ts';
import type { Known } from '../runner/run.ts';

export type RoleReceipt = {
  readonly role: string;
  readonly sessions: number;
  readonly ms: number;
  /** Models the sessions named, or those that were ordered. */
  readonly models: readonly string[];
  /** Of the sessions that have a price; null when none has. */
  readonly usd: number | null;
  /** Whether `usd` is of every session, at its exact price. */
  readonly complete: boolean;
  /** Relative to the project, each once, in the order of their first write. */
  readonly files: readonly string[];
};

/** The receipt as the end of a run shows it: by role, with the files each wrote. */
export type EndReceipt = { readonly receipt: Receipt; readonly roles: readonly RoleReceipt[] };

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
export async function endReceiptOf(
  project: Project,
  { policy, prices, ledger: ledgerOf }: Known,
  round: string,
): Promise<EndReceipt | null> {
  const size = await sizeOf(journalPath(project));
  if (size === null || size > journalBytesMax) return null;
  const ledger = ledgerOf(round);
  if (ledger === null) return null;
  const files = new Map<string, readonly string[]>();
  for (const { order } of ledger.work.slice(0, streamsMax)) {
    files.set(order.id, await filesWritten(project, policy, order));
  }
  const receipt = receiptOf(ledger, prices);
  return { receipt, roles: byRole(receipt, files) };
}

/** Adds the sessions up by role, in the order in which the roles first worked. */
export function byRole(
  receipt: Receipt,
  files: ReadonlyMap<string, readonly string[]>,
): readonly RoleReceipt[] {
  const roles = [...new Set(receipt.sessions.map(({ role }) => role))];
  return roles.map((role): RoleReceipt => {
    const mine = receipt.sessions.filter((session) => session.role === role);
    const { sessions, ms, usd, complete } = totalsOf(mine);
    const models = mine.map(({ model }) => model).filter((model) => model !== null);
    return {
      role,
      sessions,
      ms,
      models: [...new Set(models)],
      usd,
      complete,
      files: [...new Set(mine.flatMap(({ order }) => files.get(order) ?? []))].slice(0, filesMax),
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
  const tail = openTail(stdout, (line) => {
    const event = agent.read(line, settings.facts);
    if (event.type !== 'tool' || event.target === null || !writingTools.has(event.tool)) return;
    const path = isAbsolute(event.target) ? relative(project.root, event.target) : event.target;
    // Every role edits the handoff; it says nothing about what was made.
    if (path !== project.handoffName) files.add(path);
  });
  try {
    await tail.read(streamBytesMax);
  } finally {
    tail.close();
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
