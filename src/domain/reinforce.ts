/**
 * Which rules of the memorial a session is reminded of: those of its role that fit the work, the most urgent first,
 * under two bounds that no number of rounds can lift. Pure; the words of the work come in, the chosen rules go out,
 * each with the reason it was chosen.
 */
import type { Rule } from '../protocol/memorial.ts';
import type { MemorialPolicy } from '../protocol/policy.ts';
import { wordsOf } from './memorial.ts';

/** A rule that was chosen, and why. */
export type Reinforcement = { readonly rule: Rule; readonly line: string; readonly because: string };

/** A rule of the user's other projects, and how many of them have met it. */
export type SharedRule = { readonly rule: Rule; readonly projects: number };

export type ReinforceRequest = {
  readonly role: string;
  /** What the work is about: the directive, the paths offered. */
  readonly about: string;
};

/** The rules a session of a role is given, most urgent first, within `injectMax` rules and `injectBytesMax` bytes. */
export function reinforce(
  rules: readonly Rule[],
  shared: readonly SharedRule[],
  request: ReinforceRequest,
  policy: MemorialPolicy,
): readonly Reinforcement[] {
  const about = wordsOf(request.about);
  const own = rules.flatMap((rule) => candidateOf(rule, about, request.role, 0));
  const known = new Set(rules.map((rule) => `${rule.discipline} ${rule.text}`));
  const others = shared
    .filter(
      ({ rule, projects }) =>
        projects >= policy.promoteAfter && !known.has(`${rule.discipline} ${rule.text}`),
    )
    .flatMap(({ rule, projects }) => candidateOf(rule, about, request.role, projects));
  const ranked = [...own, ...others].sort(
    (a, b) => b.score - a.score || (a.line < b.line ? -1 : a.line > b.line ? 1 : 0),
  );
  const chosen: Reinforcement[] = [];
  let bytes = 0;
  for (const { rule, line, because } of ranked) {
    const more = new TextEncoder().encode(`${line}\n`).length;
    if (chosen.length >= policy.injectMax || bytes + more > policy.injectBytesMax) continue;
    bytes += more;
    chosen.push({ rule, line, because });
  }
  return chosen;
}

type Candidate = Reinforcement & { readonly score: number };

/** Worth of a rule for this work; a stable one counts only where its words fit, a retired one never. */
function candidateOf(
  rule: Rule,
  about: ReadonlySet<string>,
  role: string,
  projects: number,
): readonly Candidate[] {
  if (rule.status === 'retired' || rule.role !== role) return [];
  const fitting = [...wordsOf(rule.text)].filter((word) => about.has(word));
  const open = rule.violations > rule.confirmations;
  if (rule.status === 'stable' && fitting.length === 0) return [];
  if (!open && fitting.length === 0 && projects === 0) return [];
  const because = [
    ...(fitting.length > 0 ? [`fits the work (${fitting.slice(0, 5).join(', ')})`] : []),
    ...(open ? [`violated ${rule.violations} times, confirmed ${rule.confirmations}`] : []),
    ...(projects > 0 ? [`met in ${projects} projects`] : []),
  ];
  return [
    {
      rule,
      line: `- ${rule.text} (${rule.id})`,
      because: because.join('; '),
      score: fitting.length * 2 + (open ? 3 : 0) + Math.min(rule.violations, 5) + Math.min(projects, 3),
    },
  ];
}
