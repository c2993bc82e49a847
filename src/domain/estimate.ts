/**
 * What the next round may cost, from the project's own history: per role the median over the rounds in which it worked,
 * of all its sessions in that round together. It says how many rounds it knows, and has no opinion without one. Pure.
 */
import type { Receipt } from '../protocol/receipt.ts';
import { sumUsage, tokensOf } from '../protocol/usage.ts';
import { sumUsd } from './receipt.ts';

export type RoleEstimate = {
  readonly role: string;
  /** Rounds in which the role worked and all of its sessions have a price. */
  readonly rounds: number;
  /** Medians; null without such a round. */
  readonly usd: number | null;
  readonly tokens: number | null;
};

export type Estimate = {
  readonly roles: readonly RoleEstimate[];
  /** The sum over the roles; null when one of them has no history. */
  readonly usd: number | null;
  readonly tokens: number | null;
};

/** The estimate of a round with these roles. */
export function estimate(receipts: readonly Receipt[], roles: readonly string[]): Estimate {
  const rows = roles.map((role): RoleEstimate => {
    const known = receipts.flatMap(({ sessions }) => {
      const mine = sessions.filter((session) => session.role === role);
      const usages = mine.map(({ usage }) => usage).filter((usage) => usage !== null);
      const usd = sumUsd(mine.map((session) => session.usd));
      const isKnown = usd !== null && mine.every((session) => session.usd !== null);
      return isKnown ? [{ usd, tokens: tokensOf(sumUsage(usages)) }] : [];
    });
    return {
      role,
      rounds: known.length,
      usd: median(known.map(({ usd }) => usd)),
      tokens: median(known.map(({ tokens }) => tokens)),
    };
  });
  const isWhole = rows.every(({ rounds }) => rounds > 0);
  return {
    roles: rows,
    usd: isWhole ? sumUsd(rows.map(({ usd }) => usd)) : null,
    tokens: isWhole ? rows.reduce((total, { tokens }) => total + (tokens ?? 0), 0) : null,
  };
}

/**
 * The middle value, the lower one of two; null of nothing.
 *
 * @example median([3, 1, 2]) // 2
 */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? null;
}
