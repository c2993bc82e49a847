/**
 * What the projects of this machine know of one another's limits: one project that meets an agent's limit saves all
 * others the same refusal, and one word lets all of them try again. It relies on the small files of
 * effects/sharedlimits.ts and decides nothing: whether and how long to wait is the machine's.
 */
import { sharedLimits } from '../effects/sharedlimits.ts';
import { explain } from '../effects/files.ts';
import type { Effect, KnownLimit } from '../protocol/event.ts';
import type { Unstamped } from '../protocol/notice.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Order } from '../protocol/session.ts';
import { agentOf } from '../agents/index.ts';
import type { Context } from '../domain/round.ts';
import type { OpenRound } from './open.ts';

/** The limit that an order would meet; null when there is none, or a human insists, which lifts it for everybody. */
export async function knownLimit(
  round: OpenRound,
  order: Order,
  { at, insist }: { readonly at: number; readonly insist: boolean },
): Promise<KnownLimit | null> {
  const key = agentKey(round.policy, round.project.root, order.agent);
  if (!insist) return sharedLimits().known(key, at);
  await sharedLimits().lift(key, at);
  return null;
}

/** Tells the others. That nobody can be told is no reason to stop this project. */
export async function shareLimit(
  round: OpenRound,
  { order, limit }: Extract<Effect, { kind: 'share' }>,
  say: (notice: Unstamped) => void,
): Promise<null> {
  try {
    const key = agentKey(round.policy, round.project.root, order.agent);
    await sharedLimits().share(key, { ...limit, by: round.project.root });
  } catch (error) {
    const text = `Other projects could not be told of the limit of ${order.agent}: ${explain(error)}`;
    say({ type: 'remark', level: 'warning', text });
  }
  return null;
}

/** Whether somebody asked, since the wait began, to try again now. */
export async function isLifted(round: Pick<OpenRound, 'policy' | 'project' | 'state'>): Promise<boolean> {
  const waited = waitedFor(round.policy, round.project.root, round.state.context);
  return waited !== null && sharedLimits().isLifted(waited.key, waited.seen);
}

/**
 * Asks every project that waits for the same thing to try again now. Null when this one waits for nothing of the kind.
 *
 * @example await tryAgain(policy, '/p', state.context, Date.now()) // { agent: 'claude', shared: true }
 */
export async function tryAgain(
  policy: Policy,
  project: string,
  context: Context,
  at: number,
): Promise<{ readonly agent: string; readonly shared: boolean } | null> {
  const waited = waitedFor(policy, project, context);
  if (waited === null) return null;
  await sharedLimits().lift(waited.key, at);
  return { agent: waited.agent, shared: waited.shared };
}

function waitedFor(policy: Policy, project: string, { verdict }: Context) {
  if (verdict.type !== 'cool' || verdict.wait === null) return null;
  const { order, wait } = verdict;
  const key = wait.shared ? agentKey(policy, project, order.agent) : ['project', project];
  return { key, seen: wait.seen, agent: order.agent, shared: wait.shared };
}

/** What tells one account's limit from another's: the program, and where it finds its login. */
function agentKey(policy: Policy, project: string, name: string): readonly string[] {
  const settings = policy.agents[name];
  if (settings === undefined) return ['agent', name];
  const { kind, run, scenario } = settings;
  // A player has no account; what it plays is the nearest thing.
  const played = scenario === null || scenario.startsWith('/') ? scenario : `${project}/${scenario}`;
  return ['agent', kind, run ?? agentOf(kind).program ?? played ?? name];
}
