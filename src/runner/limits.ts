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
import { modelNamed } from '../domain/modelchoice.ts';
import type { Context } from '../domain/round.ts';
import type { OpenRound } from './open.ts';

type Here = Pick<OpenRound, 'policy' | 'project'>;

/**
 * The limit that an order would meet; null when there is none, or a human insists, which lifts it for everybody. A limit of
 * one model holds back no order that has another model to go on with.
 */
export async function knownLimit(
  { policy, project }: Here,
  order: Order,
  { at, insist }: { readonly at: number; readonly insist: boolean },
): Promise<KnownLimit | null> {
  const keys = keysOf(policy, project.root, order);
  if (insist) {
    for (const key of keys.all) await sharedLimits().lift(key, at);
    return null;
  }
  const ofAgent = await sharedLimits().known(keys.agent, at);
  if (ofAgent !== null || keys.model === null || order.fallbacks.length > 0) return ofAgent;
  return sharedLimits().known(keys.model, at);
}

/** Tells the others: of the model that the provider's words name, else of the agent. That nobody can be told stops nothing. */
export async function shareLimit(
  { policy, project }: Here,
  { order, limit }: Extract<Effect, { kind: 'share' }>,
  say: (notice: Unstamped) => void,
): Promise<null> {
  try {
    const model = modelNamed(limit.message, modelsOf(policy, order));
    const keys = keysOf(policy, project.root, { agent: order.agent, model });
    await sharedLimits().share(keys.model ?? keys.agent, { ...limit, by: project.root });
  } catch (error) {
    const text = `Other projects could not be told of the limit of ${order.agent}: ${explain(error)}`;
    say({ type: 'remark', level: 'warning', text });
  }
  return null;
}

/** Whether somebody asked, since the wait began, to try again now. */
export async function isLifted(round: Pick<OpenRound, 'policy' | 'project' | 'state'>): Promise<boolean> {
  const waited = waitedFor(round.policy, round.project.root, round.state.context);
  if (waited === null) return false;
  const lifted = await Promise.all(waited.keys.map((key) => sharedLimits().isLifted(key, waited.seen)));
  return lifted.includes(true);
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
  for (const key of waited.keys) await sharedLimits().lift(key, at);
  return { agent: waited.agent, shared: waited.shared };
}

function waitedFor(policy: Policy, project: string, { verdict }: Context) {
  if (verdict.type !== 'cool' || verdict.wait === null) return null;
  const { order, wait } = verdict;
  const keys = wait.shared ? keysOf(policy, project, order).all : [['project', project]];
  return { keys, seen: wait.seen, agent: order.agent, shared: wait.shared };
}

/** The entries of an order: of its agent as a whole, and of its model. */
function keysOf(policy: Policy, project: string, { agent: name, model }: Pick<Order, 'agent' | 'model'>) {
  const agent = agentKey(policy, project, name);
  const ofModel = model === null ? null : [...agent, 'model', model];
  return { agent, model: ofModel, all: ofModel === null ? [agent] : [agent, ofModel] };
}

/** Every model that the role of an order may be given. */
function modelsOf(policy: Policy, order: Order): readonly string[] {
  const assignment = policy.assignments[order.role];
  const listed = [...(assignment?.pinned ?? []), ...Object.values(assignment?.ladder ?? {}).flat()];
  return [...(order.model === null ? [] : [order.model]), ...order.fallbacks, ...listed];
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
