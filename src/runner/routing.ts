/**
 * Routes the round a handoff opens: its directive, and the items of the PRD that it names. Reads the PRD, writes nothing,
 * asks no model.
 */
import { prdItemsIn } from '../domain/prditem.ts';
import { isAuto } from '../domain/route.ts';
import { newRound } from '../domain/round.ts';
import { route } from '../domain/router.ts';
import { chooseModel, type ModelChoice } from '../domain/modelchoice.ts';
import { readText } from '../effects/files.ts';
import { decode } from '../protocol/codec.ts';
import type { Handoff } from '../protocol/handoff.ts';
import { knownNames, type Policy } from '../protocol/policy.ts';
import type { Project } from '../protocol/project.ts';
import type { Routing } from '../protocol/routing.ts';

const prdName = 'coordination/PRD.md';

/** What the router says of a handoff; null when nobody is to work by it. */
export async function routingOf(project: Project, policy: Policy, handoff: Handoff): Promise<Routing | null> {
  if (handoff.status !== 'READY' && handoff.status !== 'MERGE-READY') return null;
  return routeOnce(policy, handoff.directive ?? '', await prdOf(project));
}

type Routed = { readonly policy: Policy; readonly directive: string; readonly prd: string };

let latest: (Routed & { readonly routing: Routing }) | null = null;

/** Each role of a round asks for the same words, and routing them is pure: the last answer is kept. */
function routeOnce(policy: Policy, directive: string, prd: string): Routing {
  if (latest?.policy === policy && latest.directive === directive && latest.prd === prd)
    return latest.routing;
  latest = { policy, directive, prd, routing: routeWith(policy, directive, prd) };
  return latest.routing;
}

/** Routes a directive beside a PRD. Comments teach the person who fills the sections in, and say nothing of the work. */
export function routeWith(policy: Policy, directive: string, prd: string): Routing {
  const words = withoutComments(directive);
  const items = prdItemsIn(withoutComments(prd), words);
  return route({ directive: words, prd: items, tiers: Object.keys(policy.tiers) }, policy.router);
}

/** The PRD's text; a PRD that is missing or cannot be read says nothing, and doubt goes to the larger tier. */
export async function prdOf(project: Project): Promise<string> {
  try {
    return (await readText(`${project.root}/${prdName}`))?.text ?? '';
  } catch {
    // Whatever it is (a folder, no permission, far too large): the roles that read it will say so.
    return '';
  }
}

function withoutComments(text: string): string {
  return text.replace(/<!--[\s\S]*?-->/g, '');
}

/** What `next-role route` answers; `routed` is what the router says where somebody else has chosen. */
export type RouteReading = Omit<Routing, 'rule'> & {
  readonly rule: Routing['rule'] | 'header' | 'settings';
  /** Who chose: the header, the settings, or the router. */
  readonly about: string;
  readonly routed: string;
  readonly models: readonly (ModelChoice & { readonly role: string; readonly agent: string })[];
};

/**
 * Routes a text: a handoff, or a bare directive. A tier that the header names wins over everything, then a fixed tier of
 * the settings; the router's own answer stands beside it.
 */
export async function chooseRoute(
  policy: Policy,
  { text, project }: { readonly text: string; readonly project: Project | null },
): Promise<RouteReading> {
  const { handoff } = decode(text, knownNames(policy));
  const prd = project === null ? '' : await prdOf(project);
  const routing = routeWith(policy, handoff === null ? text : (handoff.directive ?? ''), prd);
  const round = { ...newRound(handoff?.round ?? 'R00', routing.tier), routing };
  const answer = answerOf(policy, handoff, routing);
  const tier = policy.tiers[answer.tier];
  const of = { ...round, tier: answer.tier, preset: handoff?.preset ?? null, models: handoff?.models ?? {} };
  const models = (tier?.roles ?? []).map((role) => {
    const assignment = policy.assignments[role];
    const choice = chooseModel(policy, of, role);
    const agent = assignment?.agent ?? 'claude';
    return {
      role,
      agent,
      ...choice,
      because: [assignment?.because ?? '', ...choice.because].filter(Boolean),
    };
  });
  return { ...routing, ...answer, routed: routing.tier, models };
}

type Chosen = Pick<RouteReading, 'tier' | 'rule' | 'confidence' | 'because' | 'about'>;

function answerOf(policy: Policy, handoff: Handoff | null, routing: Routing): Chosen {
  const beside = `the router says ${routing.tier}: ${routing.because[0] ?? ''}`;
  const named = handoff?.tier ?? null;
  if (named !== null && !isAuto(policy, named)) {
    const because = [`the header names it: tier: ${named}`, beside];
    return { tier: named, rule: 'header', confidence: 1, because, about: 'a human chose' };
  }
  const { tier, rule, confidence, because } = routing;
  if (handoff === null || isAuto(policy, named))
    return { tier, rule, confidence, because, about: `rule ${rule}` };
  const fixed = policy.defaultTier;
  const why = [`the settings name it, tier: auto would let the router choose`, beside];
  return { tier: fixed, rule: 'settings', confidence: 1, because: why, about: 'the settings chose' };
}
