/**
 * Gates: checks that the engine itself makes on what a session left, and what follows from their findings. A check is
 * a pure function from facts to findings with stable ids; whether a finding blocks is decided by its severity alone.
 */
import { fill } from '../protocol/artifact.ts';
import type { Finding, MachineEvent } from '../protocol/event.ts';
import type { OwedArtifact, Policy } from '../protocol/policy.ts';
import type { Order } from '../protocol/session.ts';
import { human } from '../protocol/handoff.ts';
import { ask } from './ask.ts';
import { again } from './retry.ts';
import { releaseKeys, type Context, type Verdict } from './round.ts';
import { capReached, tierOf } from './route.ts';
import { write } from './verdict.ts';

type Gated = Extract<MachineEvent, { type: 'GATED' }>;

/** The files a role owes in a tier. */
export function owedIn(policy: Policy, order: Pick<Order, 'role' | 'tier'>): readonly OwedArtifact[] {
  const owes = policy.roles[order.role]?.owes ?? [];
  return owes.filter((artifact) => artifact.tiers.length === 0 || artifact.tiers.includes(order.tier));
}

/** The paths of those files in this order's round, relative to the project. */
export function owedPaths(policy: Policy, order: Order): readonly string[] {
  return owedIn(policy, order).map((artifact) => owedPath(artifact, order));
}

export function owedPath(artifact: OwedArtifact, order: Pick<Order, 'round' | 'role' | 'tier'>): string {
  return fill(artifact.path, { round: order.round, role: order.role, tier: order.tier });
}

/**
 * The artifact contract: every section a file owes is there as a heading of its own.
 *
 * @example sectionFindings('specs/Q.md', '# Spec\n## Mechanism\n', ['Mechanism', 'Anti-scope']) // one finding
 */
export function sectionFindings(path: string, text: string, sections: readonly string[]): readonly Finding[] {
  const headings = new Set(
    text
      .split(/\r?\n/)
      .filter((line) => /^#{1,6}\s/.test(line))
      .map((line) => plain(line.replace(/^#+\s*/, ''))),
  );
  return sections
    .filter((section) => ![...headings].some((heading) => heading.startsWith(plain(section))))
    .map((section) => ({
      id: `artifact-contract:${path}:${plain(section)}`,
      gate: 'artifact-contract',
      severity: 'MAJOR' as const,
      file: path,
      line: null,
      text: `The section "${section}" is missing`,
    }));
}

/** A heading without numbering, emphasis and case, so that `## 3. **Anti-scope**` counts as "anti-scope". */
function plain(heading: string): string {
  return heading
    .replace(/[*_`#]/g, '')
    .replace(/^[\d.§)\s]+/, '')
    .trim()
    .toLowerCase();
}

export function isBlocking(finding: Finding): boolean {
  return finding.severity !== 'MINOR';
}

/** Decides after the gates: green writes the next header, red sends the role back, and at the cap a human decides. */
export function gated(policy: Policy, context: Context, event: Gated): Context {
  const here: Context = { ...context, at: event.at, findings: event.findings };
  const { order, round, verdict } = here;
  if (order === null || round === null || verdict.type !== 'gate') {
    return {
      ...here,
      verdict: { type: 'stall', why: 'gates ran for a session that nobody ordered', retryAt: null },
    };
  }
  const blocking = event.findings.filter(isBlocking);
  if (blocking.length === 0) return advance(policy, here, order, verdict);
  // A pause is not overrun by a repair: the role is given back, and mends its work when the human lets it go on.
  if (verdict.pause) return pausedFor(here, order.role);
  const feedback = blocking.map(words);
  const cap = capReached(policy, round, order.role, order.dispatchId);
  if (cap === null) return again(policy, here, order, { kind: 'repair', feedback });
  const problem = `the gates still find: ${feedback.join('; ')}; ${order.role} says it is done`;
  return ask(here, order, { problem, because: cap, accept: verdict.to });
}

/** The one uphill write of a green session: the next role, or the end of the round. */
function advance(
  policy: Policy,
  here: Context,
  order: Order,
  verdict: Extract<Verdict, { type: 'gate' }>,
): Context {
  const { to } = verdict;
  const ends = verdict.ends ?? tierOf(policy, order.tier)?.ends ?? 'ROUND-COMPLETE';
  const next =
    to === null
      ? { 'next-role': human, status: ends }
      : { 'next-role': to, status: verdict.pause ? 'PAUSED' : 'READY' };
  const why = to === null ? `${order.role} ended the round` : `${order.role} is done; ${to} is next`;
  return { ...here, verdict: write({ change: { ...releaseKeys, ...here.mend, ...next }, why, commit: why }) };
}

function pausedFor(here: Context, role: string): Context {
  const change = { ...releaseKeys, ...here.mend, 'next-role': role, status: 'PAUSED' };
  return { ...here, verdict: write({ change, why: 'a human paused the round; gates still find something' }) };
}

function words(finding: Finding): string {
  const place =
    finding.file === null ? '' : ` in ${finding.file}${finding.line === null ? '' : `:${finding.line}`}`;
  return `${finding.gate}${place}: ${finding.text}`;
}
