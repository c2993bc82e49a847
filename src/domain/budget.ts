/**
 * Budgets: what has been spent, and whether the next session may start. Pure, and part of the machine's memory, so it is
 * the same after a restart. Amounts are whole micro-dollars and tokens. What a session will come to is told from its
 * role's sessions so far, so that a budget stops before the session that would pass it, not after.
 */
import type { SessionReport } from '../protocol/event.ts';
import type { Bound, Budget, Policy } from '../protocol/policy.ts';
import type { Order } from '../protocol/session.ts';
import { sumUsage, tokensOf } from '../protocol/usage.ts';
import { dollars } from './money.ts';

/** What some sessions came to. */
export type Amount = {
  readonly sessions: number;
  readonly microUsd: number;
  readonly tokens: number;
  /** Sessions that have no price, and those of which nobody knows the tokens; a human's word takes them back to 0. */
  readonly unpriced: number;
  readonly unknown: number;
  /** Those that are fully known, and their tokens: what a mean is made of. Only grows. */
  readonly known: { readonly sessions: number; readonly tokens: number };
};

export type Spent = {
  readonly project: Amount;
  /** By role, over the project: what a session of that role comes to. */
  readonly roles: Readonly<Record<string, Amount>>;
  /** A day in UTC, `YYYY-MM-DD`. */
  readonly day: { readonly date: string; readonly amount: Amount };
  readonly round: {
    readonly id: string;
    readonly amount: Amount;
    readonly roles: Readonly<Record<string, Amount>>;
  };
  /** A human allowed the next session over the budget; the claim of that session uses it up. */
  readonly pass: boolean;
};

const nothing: Amount = {
  sessions: 0,
  microUsd: 0,
  tokens: 0,
  unpriced: 0,
  unknown: 0,
  known: { sessions: 0, tokens: 0 },
};

export const nothingSpent: Spent = {
  project: nothing,
  roles: {},
  day: { date: '', amount: nothing },
  round: { id: '', amount: nothing, roles: {} },
  pass: false,
};

/** The memory after one more session. */
export function spend(
  spent: Spent,
  order: Order,
  event: { readonly at: number } & Pick<SessionReport, 'usage' | 'priced'>,
): Spent {
  const { usage, priced } = event;
  const tokens = usage === null ? 0 : tokensOf(sumUsage(usage.models.map((row) => row.usage)));
  const isKnown = usage !== null && priced.microUsd !== null;
  const add = (amount: Amount | undefined): Amount => {
    const before = amount ?? nothing;
    const { known } = before;
    return {
      sessions: before.sessions + 1,
      microUsd: before.microUsd + (priced.microUsd ?? 0),
      tokens: before.tokens + tokens,
      unpriced: before.unpriced + (usage !== null && priced.microUsd === null ? 1 : 0),
      unknown: before.unknown + (usage === null ? 1 : 0),
      known: isKnown ? { sessions: known.sessions + 1, tokens: known.tokens + tokens } : known,
    };
  };
  const date = dayOf(event.at);
  const round = spent.round.id === order.round ? spent.round : { ...nothingSpent.round, id: order.round };
  return {
    ...spent,
    project: add(spent.project),
    roles: { ...spent.roles, [order.role]: add(spent.roles[order.role]) },
    day: { date, amount: add(spent.day.date === date ? spent.day.amount : undefined) },
    round: {
      id: order.round,
      amount: add(round.amount),
      roles: { ...round.roles, [order.role]: add(round.roles[order.role]) },
    },
  };
}

/** A human allowed one session over the budget, and knows of what could not be counted. */
export function allowed(spent: Spent): Spent {
  const told = (amount: Amount): Amount => ({ ...amount, unpriced: 0, unknown: 0 });
  const each = (roles: Spent['roles']): Spent['roles'] =>
    Object.fromEntries(Object.entries(roles).map(([role, amount]) => [role, told(amount)]));
  return {
    project: told(spent.project),
    roles: each(spent.roles),
    day: { ...spent.day, amount: told(spent.day.amount) },
    round: { ...spent.round, amount: told(spent.round.amount), roles: each(spent.round.roles) },
    pass: true,
  };
}

/** A session that is about to be started, at `at` (epoch ms); two where a second opinion is worked beside it. */
type Coming = { readonly roles: readonly string[]; readonly round: string; readonly at: number };

type Ordered = Pick<Order, 'role' | 'round'> & { readonly companion?: Pick<Order, 'role'> };

function comingOf({ role, round, companion }: Ordered, at: number): Coming {
  return { roles: companion === undefined ? [role] : [role, companion.role], round, at };
}

type Scope = {
  readonly name: string;
  readonly bound: Bound;
  readonly amount: Amount;
  /** Those of the coming sessions that count in it. */
  readonly roles: readonly string[];
};

/** Every budget that the coming sessions would be counted in, with what has been spent of it. */
function scopesOf(budget: Budget, spent: Spent, of: Coming): readonly Scope[] {
  const { roles } = of;
  const round = spent.round.id === of.round ? spent.round : nothingSpent.round;
  const day = spent.day.date === dayOf(of.at) ? spent.day.amount : nothing;
  return [
    ...roles.map((role) => ({
      name: `${role} in round ${of.round}`,
      bound: budget.roles[role] ?? budget.role,
      amount: round.roles[role] ?? nothing,
      roles: [role],
    })),
    { name: `round ${of.round}`, bound: budget.round, amount: round.amount, roles },
    { name: `the day ${dayOf(of.at)} (UTC)`, bound: budget.day, amount: day, roles },
    { name: 'the project', bound: budget.project, amount: spent.project, roles },
  ];
}

/** What speaks against starting a session, in words with the figures; empty when nothing does. */
function objections(budget: Budget, spent: Spent, of: Coming): readonly string[] {
  return scopesOf(budget, spent, of).flatMap(({ name, bound, amount, roles }) => {
    const typical = typicalOf(spent, roles);
    const next = (come: string): string =>
      typical === null ? '' : `, and ${oneOrTwo(roles)} to ${come} (${typical.from})`;
    const found: string[] = [];
    const needsMoney = bound.microUsd !== null;
    if (amount.unknown > 0 && (needsMoney || bound.tokens !== null)) {
      found.push(
        `the budget of ${name} cannot be counted: nobody knows what ${sessions(amount.unknown)} used`,
      );
    }
    if (amount.unpriced > 0 && needsMoney) {
      found.push(
        `the budget of ${name} cannot be counted in money: ${sessions(amount.unpriced)} worked on a model without a price`,
      );
    }
    if (bound.microUsd !== null && isOver(amount.microUsd, typical?.microUsd ?? 0, bound.microUsd)) {
      const spentUsd = usd(amount.microUsd);
      found.push(
        `the budget of ${name} is ${usd(bound.microUsd)}: ${spentUsd} is spent${next(usd(typical?.microUsd ?? 0))}`,
      );
    }
    if (bound.tokens !== null && isOver(amount.tokens, typical?.tokens ?? 0, bound.tokens)) {
      const come = next(String(typical?.tokens ?? 0));
      found.push(`the budget of ${name} is ${bound.tokens} tokens: ${amount.tokens} are spent${come}`);
    }
    return found;
  });
}

/** A budget of 0 allows nothing; else the last token of it may be spent. */
function isOver(amount: number, next: number, bound: number): boolean {
  return amount >= bound || amount + next > bound;
}

/**
 * What is left in the narrowest budget of money, in USD, where it is enforced; null without one, and for a session that a
 * human allowed to pass it. Two sessions that are worked at once have half of it each.
 */
export function capUsd(
  policy: Pick<Policy, 'budget'>,
  spent: Spent,
  order: Ordered & Pick<Order, 'kind'>,
  at: number,
): number | null {
  const { budget } = policy;
  const of = comingOf(order, at);
  const isOneOfTwo = order.companion !== undefined || order.kind === 'opinion';
  // One that is started although something speaks against it is one that a human let pass.
  if (budget.mode !== 'enforce' || objections(budget, spent, of).length > 0) return null;
  const left = scopesOf(budget, spent, { ...of, roles: [order.role] }).flatMap(({ name, bound, amount }) => {
    if (bound.microUsd === null) return [];
    const whole = bound.microUsd - amount.microUsd;
    return [isOneOfTwo && !name.startsWith(`${order.role} in`) ? Math.floor(whole / 2) : whole];
  });
  return left.length === 0 ? null : Math.min(...left) / 1e6;
}

type Typical = { readonly microUsd: number; readonly tokens: number; readonly from: string };

/** What sessions of these roles come to together; null where one of them has no history. */
function typicalOf(spent: Spent, roles: readonly string[]): Typical | null {
  const each = roles.map((role) => meanOf(spent, role));
  const known = each.filter((mean) => mean !== null);
  if (known.length < each.length) return null;
  return {
    microUsd: known.reduce((total, { microUsd }) => total + microUsd, 0),
    tokens: known.reduce((total, { tokens }) => total + tokens, 0),
    from: [...new Set(known.map(({ from }) => from))].join('; '),
  };
}

function oneOrTwo(roles: readonly string[]): string {
  return roles.length === 1
    ? `a session of ${roles[0] ?? ''} comes`
    : `sessions of ${roles.join(' and ')} come`;
}

/** The mean of the role's counted sessions, else of all; null with no history. */
function meanOf(spent: Spent, role: string): Typical | null {
  for (const [amount, whose] of [
    [spent.roles[role] ?? nothing, `its sessions`],
    [spent.project, 'all sessions'],
  ] as const) {
    const { sessions: counted, tokens } = amount.known;
    if (counted === 0) continue;
    return {
      microUsd: Math.round(amount.microUsd / counted),
      tokens: Math.round(tokens / counted),
      from: `the mean of ${whose} so far, ${counted}`,
    };
  }
  return null;
}

/** What is told, and stops nobody, where the project only audits its budgets. */
export function budgetWarnings(
  policy: Pick<Policy, 'budget'>,
  spent: Spent,
  order: Ordered,
  at: number,
): readonly string[] {
  if (policy.budget.mode !== 'audit') return [];
  return objections(policy.budget, spent, comingOf(order, at));
}

/** Why the next session must not start; null when it may. Only where the project wants its budgets enforced. */
export function budgetStop(
  policy: Pick<Policy, 'budget'>,
  spent: Spent,
  order: Ordered,
  at: number,
): string | null {
  if (policy.budget.mode !== 'enforce' || spent.pass) return null;
  const found = objections(policy.budget, spent, comingOf(order, at));
  return found.length === 0 ? null : found.join('; ');
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function usd(microUsd: number): string {
  return dollars(BigInt(microUsd) * 1_000_000n);
}

function sessions(count: number): string {
  return count === 1 ? '1 session' : `${count} sessions`;
}
