/**
 * Compares ways of doing the same work by what they cost: rows with min, median and max per arm, each arm's ratio to the
 * base, and where that ratio comes from: cost is requests × mean context × price of a token of context, so the three
 * ratios multiply to the ratio of the costs. Says what differs between the arms beside the way of working. Pure; a figure
 * that is unknown in one run is unknown in its row, and never 0.
 */
import type { Receipt, ReceiptInputs } from '../protocol/receipt.ts';
import { unknownInputs } from '../protocol/receipt.ts';
import { promptTokensOf } from '../protocol/usage.ts';
import type { Score } from './score.ts';

/** One repetition of one arm. */
export type ArmRun = {
  readonly receipt: Receipt;
  /** Checks of the acceptance that passed, of all; null when none was asked for. */
  readonly acceptance: Score | null;
};

export type Arm = { readonly name: string; readonly runs: readonly [ArmRun, ...ArmRun[]] };

export const rowNames = [
  'cost',
  'completion',
  'cacheCreation',
  'cacheReads',
  'requests',
  'meanContext',
  'sessionMs',
  'wallMs',
  'acceptance',
] as const;
export type RowName = (typeof rowNames)[number];

export type Spread = { readonly min: number; readonly median: number; readonly max: number };

export type CompareRow = {
  readonly row: RowName;
  /** In the order of the arms; null when it is unknown in any run of the arm. */
  readonly arms: readonly (Spread | null)[];
  /** Each arm's median by the base's; null for the base itself, and when either is unknown or the base's is 0. */
  readonly ratios: readonly (number | null)[];
};

/** Factors of an arm's ratio of costs: their product is the ratio. */
export type Factors = {
  readonly requests: number;
  readonly meanContext: number;
  /** USD per token of context, everything included: reads, writes and answers. */
  readonly price: number;
};

export type Confound = {
  readonly what: 'tier' | 'PRD' | 'spec' | 'prompts' | 'models' | 'prices';
  readonly why: string;
};

export type Comparison = {
  readonly arms: readonly { readonly name: string; readonly n: number }[];
  readonly base: string;
  readonly rows: readonly CompareRow[];
  /** In the order of the arms; null for the base and where a figure is unknown. */
  readonly decomposition: readonly (Factors | null)[];
  /** What differs, or is not known, beside the way of working; empty when the arms had the same inputs. */
  readonly confounded: readonly Confound[];
};

export type CompareOptions = {
  /** Name of the arm that ratios are taken to. */
  readonly base: string;
  /** The arms are ways of working that have tiers of their own, so these are no confound. */
  readonly tierIsTheArm: boolean;
};

/** Compares arms. The decomposition is of medians, and exact where each arm ran once. */
export function compare(arms: readonly Arm[], { base, tierIsTheArm }: CompareOptions): Comparison {
  const at = arms.findIndex(({ name }) => name === base);
  if (at < 0) throw new Error(`No arm "${base}"`);
  const rows = rowNames.map((row) => rowOf(row, arms, at));
  return {
    arms: arms.map(({ name, runs }) => ({ name, n: runs.length })),
    base,
    rows,
    decomposition: arms.map((_, each) => (each === at ? null : factorsOf(rows, each))),
    confounded: confoundsOf(arms, tierIsTheArm),
  };
}

function rowOf(row: RowName, arms: readonly Arm[], base: number): CompareRow {
  const spreads = arms.map(({ runs }) => spreadOf(runs.map((run) => valueOf(row, run))));
  const under = spreads[base]?.median ?? 0;
  return {
    row,
    arms: spreads,
    ratios: spreads.map((spread, at) =>
      at === base || spread === null || under === 0 ? null : spread.median / under,
    ),
  };
}

/** A figure of one run; null when nobody knows all of it. */
export function valueOf(row: RowName, { receipt, acceptance }: ArmRun): number | null {
  const { totals, sessions } = receipt;
  const usage = totals.unknown > 0 ? null : totals.usage;
  switch (row) {
    case 'cost':
      return totals.complete ? totals.usd : null;
    case 'completion':
      return usage?.output ?? null;
    case 'cacheCreation':
      return usage === null ? null : usage.cacheWrite5m + usage.cacheWrite1h;
    case 'cacheReads':
      return usage?.cacheRead ?? null;
    case 'requests':
      return sessions.length === 0 ? null : totals.requests;
    case 'meanContext':
      return usage === null || totals.requests === null || totals.requests === 0
        ? null
        : promptTokensOf(usage) / totals.requests;
    case 'sessionMs':
      return sessions.length === 0 ? null : totals.ms;
    case 'wallMs':
      return wallOf(sessions);
    case 'acceptance':
      return acceptance === null || acceptance.total === 0 ? null : acceptance.passed / acceptance.total;
    default:
      return row satisfies never;
  }
}

/** From the start of the first session to the end of the last: gates, waits and people's answers are in it. */
function wallOf(sessions: Receipt['sessions']): number | null {
  if (sessions.length === 0) return null;
  const from = Math.min(...sessions.map(({ endedAt, ms }) => endedAt - ms));
  return Math.max(...sessions.map(({ endedAt }) => endedAt)) - from;
}

/**
 * The least, the middle and the greatest; the middle of an even number is the mean of its two.
 *
 * @example spreadOf([3, 1, 2]) // { min: 1, median: 2, max: 3 }
 */
export function spreadOf(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  const [min] = known;
  const max = known.at(-1);
  const low = known[Math.floor((known.length - 1) / 2)];
  const high = known[Math.ceil((known.length - 1) / 2)];
  if (known.length < values.length || min === undefined || max === undefined) return null;
  return { min, median: ((low ?? min) + (high ?? max)) / 2, max };
}

function factorsOf(rows: readonly CompareRow[], at: number): Factors | null {
  const ratioOf = (name: RowName): number | null => rows.find(({ row }) => row === name)?.ratios[at] ?? null;
  const cost = ratioOf('cost');
  const requests = ratioOf('requests');
  const meanContext = ratioOf('meanContext');
  if (cost === null || requests === null || meanContext === null) return null;
  return requests === 0 || meanContext === 0
    ? null
    : { requests, meanContext, price: cost / (requests * meanContext) };
}

type Given = { readonly arm: string; readonly receipt: Receipt; readonly inputs: ReceiptInputs };

function confoundsOf(arms: readonly Arm[], tierIsTheArm: boolean): readonly Confound[] {
  const given = arms.flatMap(({ name, runs }) =>
    runs.map(({ receipt }): Given => ({ arm: name, receipt, inputs: receipt.inputs ?? unknownInputs })),
  );
  const differing = (what: Confound['what'], of: (each: Given) => string | null): readonly Confound[] =>
    difference(
      what,
      given.map((each) => ({ arm: each.arm, value: of(each) })),
    );
  // A way of working that has no spec of its own cannot have had another one.
  const specs = given.filter(({ inputs }) => !(tierIsTheArm && inputs.spec === 'none'));
  return [
    ...(tierIsTheArm ? [] : differing('tier', ({ inputs }) => inputs.tier)),
    ...differing('PRD', ({ inputs }) => inputs.prd),
    ...difference(
      'spec',
      specs.map(({ arm, inputs }) => ({ arm, value: inputs.spec })),
    ).map((each) =>
      tierIsTheArm ? { ...each, why: `${each.why}; --frozen-spec FILE gives all the same` } : each,
    ),
    ...differing('prompts', ({ inputs }) => inputs.prompts),
    ...modelsDiffer(given),
    ...differing('prices', ({ receipt }) => receipt.prices),
  ];
}

/** Figures of a digest that tell two apart. */
const digestShown = 12;

function difference(
  what: Confound['what'],
  values: readonly { readonly arm: string; readonly value: string | null }[],
): readonly Confound[] {
  const unknown = [...new Set(values.flatMap(({ arm, value }) => (value === null ? [arm] : [])))];
  if (unknown.length > 0) return [{ what, why: `not known for ${unknown.join(', ')}` }];
  if (new Set(values.map(({ value }) => value)).size <= 1) return [];
  const shown = new Set(values.map(({ arm, value }) => `${arm} ${short(value ?? '')}`));
  return [{ what, why: `differs: ${[...shown].join(', ')}` }];
}

function short(value: string): string {
  return /^[0-9a-f]{64}$/.test(value) ? value.slice(0, digestShown) : value;
}

/** By role where the arms have the same roles, else which models worked at all. */
function modelsDiffer(given: readonly Given[]): readonly Confound[] {
  const rolesOf = ({ receipt }: Given): string =>
    [...new Set(receipt.sessions.map(({ role }) => role))].sort().join(' ');
  const sameRoles = new Set(given.map(rolesOf)).size <= 1;
  const values = given.map((each) => {
    const models = each.receipt.sessions.map(({ role, agent, model }) =>
      model === null ? null : `${sameRoles ? `${role}=` : ''}${agent}/${model}`,
    );
    const isKnown = models.length > 0 && models.every((model) => model !== null);
    return { arm: each.arm, value: isKnown ? [...new Set(models)].sort().join(' ') : null };
  });
  return difference('models', values);
}
