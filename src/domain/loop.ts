/**
 * The loop of finding and fixing, and what bounds it: how often work was sent back in a round, by the gates or by a
 * review, and what sessions cost since. Whatever a fix introduced counts like everything else, because each time work is
 * sent back counts. At the bound a human is shown both positions.
 */
import { findingLine, findingWords, type Finding } from '../protocol/finding.ts';
import type { Role } from '../protocol/handoff.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Order } from '../protocol/session.ts';
import type { Loop, RoundMemory } from './round.ts';

/** Ids remembered of what was open when work was sent back; a reviewer with more than that is not read to the end. */
const knownMax = 60;
/** Words of one side of a disagreement in a question, in characters. */
const positionCharsMax = 260;

/** The memory after work was sent back to a role with these findings. */
export function sentBack(
  round: RoundMemory,
  request: { readonly to: Role; readonly by: Role; readonly findings: readonly Finding[] },
): RoundMemory {
  const { to, by, findings } = request;
  const known = [...new Set([...round.loop.known, ...findings.map(({ id }) => id)])].slice(-knownMax);
  const words = wordsFor(round.loop, findings);
  return {
    ...round,
    loop: { ...round.loop, fixes: round.loop.fixes + 1, known, sentBack: { to, by, words } },
  };
}

/**
 * The findings as the role that must mend them is told: those that were not there when work was last sent back are marked
 * as new.
 */
export function wordsFor(loop: Loop, findings: readonly Finding[]): readonly string[] {
  return findings.map((finding) => {
    const isNew = loop.fixes > 0 && !loop.known.includes(finding.id);
    return `${isNew ? '(new since the last fix) ' : ''}${findingWords(finding)}`;
  });
}

/** Why work may not be sent back once more in this round; null when it may. */
export function loopCap(policy: Policy, round: RoundMemory): string | null {
  const { fixes, usd } = round.loop;
  const fixesMax = Math.max(policy.caps.fixes, round.granted.fixes);
  const usdMax = Math.max(policy.caps.fixUsd, round.granted.fixUsd);
  if (fixes >= fixesMax) return `work was sent back ${fixes} times in round ${round.id}, its cap`;
  if (fixes > 0 && usd >= usdMax) {
    return `sessions cost ${usd.toFixed(2)} USD since work was first sent back in round ${round.id}, the cap is ${usdMax}`;
  }
  return null;
}

/** Both sides of a disagreement in one sentence: what is found, and what the maker of the work said last. */
export function positions(
  round: RoundMemory,
  sides: { readonly finder: string; readonly findings: readonly Finding[]; readonly maker: Role },
): string {
  const { finder, findings, maker } = sides;
  const found = cut(findings.map(findingLine).join('; '));
  const said = round.said[maker];
  const answer = said === undefined || said === '' ? 'says it is done' : `says: "${cut(said)}"`;
  return `${finder} still find${finder.endsWith('s') ? '' : 's'}: ${found}; ${maker} ${answer}`;
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > positionCharsMax ? `${line.slice(0, positionCharsMax)}…` : line;
}

/** What a session adds to the memory when it has ended: its last words, where it can be continued, what it cost. */
export function remembered(
  round: RoundMemory,
  order: Order,
  ended: { readonly said: string | null; readonly sessionId: string | null; readonly costUsd: number | null },
): RoundMemory {
  const { role, agent } = order;
  const { said, sessionId, costUsd } = ended;
  return {
    ...round,
    said: said === null ? round.said : { ...round.said, [role]: said },
    threads: sessionId === null ? round.threads : { ...round.threads, [role]: { agent, sessionId } },
    loop: round.loop.fixes === 0 ? round.loop : { ...round.loop, usd: round.loop.usd + (costUsd ?? 0) },
  };
}
