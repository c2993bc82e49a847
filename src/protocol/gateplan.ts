/**
 * Which gates run when: the names of all gates, what each may be told, the schema of state/gates.yaml and of `gates:` in
 * the settings, and how those are laid over each other. Pure data in, pure data out; what a gate checks is in
 * domain/gates.
 */
import { z } from 'zod';
import { configurationPaths, staysInside } from './artifact.ts';
import { closed, nameWord, plainText } from './dataissue.ts';
import { severities, type Severity } from './finding.ts';
import type { Role } from './handoff.ts';

/** Every gate, in the order they run: what costs nothing comes first, what takes minutes last. */
export const gateNames = [
  'artifact-contract',
  'hidden-read',
  'write-policy',
  'grilling',
  'citations',
  'review',
  'anti-scope',
  'weakened-tests',
  'tests',
  'acceptance',
  'self-confirming-tests',
] as const;
export type GateName = (typeof gateNames)[number];

export function isGateName(text: string): text is GateName {
  return gateNames.some((name) => name === text);
}

/** What every gate may be told. */
export type GateCommon = {
  readonly off: boolean;
  /** Roles after whose sessions it runs; empty means after all. */
  readonly after: readonly Role[];
  /** No finding of it counts for more than this. */
  readonly severity: Severity;
  /** Findings of this severity, or worse, block. */
  readonly blocks: Severity;
};

/** Everything each gate may be told. */
export type GateOptions = {
  readonly 'artifact-contract': GateCommon;
  readonly grilling: GateCommon;
  /** `required`: a spec must cite existing code, also when it has no section for it. */
  readonly citations: GateCommon & { readonly required: boolean };
  readonly review: GateCommon;
  /** `protected`: patterns of paths that no session may change. */
  readonly 'anti-scope': GateCommon & { readonly protected: readonly string[] };
  readonly 'weakened-tests': GateCommon;
  /** `command`: a shell command line; null means that there is nothing to run. */
  readonly tests: GateCommon & { readonly command: string | null; readonly timeoutMinutes: number };
  /** `folder`: where the check is, relative to the project or absolute; hidden from every role. */
  readonly acceptance: GateCommon & {
    readonly command: string | null;
    readonly folder: string | null;
    readonly timeoutMinutes: number;
  };
  readonly 'hidden-read': GateCommon;
  readonly 'write-policy': GateCommon;
  /** `minutes`: for all of it; `mutantsMax`: ways of breaking changed lines that are tried. */
  readonly 'self-confirming-tests': GateCommon & { readonly minutes: number; readonly mutantsMax: number };
};

export type GatePlan = {
  /** By tier; `default` holds for a tier that is not named. */
  readonly tiers: Readonly<Record<string, readonly GateName[]>>;
  readonly options: GateOptions;
};

const everywhere: GateCommon = { off: false, after: [], severity: 'CRITICAL', blocks: 'MAJOR' };
const building: GateCommon = { ...everywhere, after: ['implementer'] };

/** In force where no file says otherwise; a test holds state/gates.yaml to it. */
export const defaultPlan: GatePlan = {
  tiers: { default: gateNames },
  options: {
    'artifact-contract': everywhere,
    'hidden-read': everywhere,
    'write-policy': everywhere,
    grilling: everywhere,
    citations: { ...everywhere, required: false },
    review: { ...everywhere, after: ['reviewer'], blocks: 'CRITICAL' },
    'anti-scope': {
      ...building,
      protected: ['coordination/PRD.md', ...configurationPaths],
    },
    'weakened-tests': building,
    tests: { ...building, command: null, timeoutMinutes: 10 },
    acceptance: { ...building, command: null, folder: null, timeoutMinutes: 10 },
    'self-confirming-tests': { ...building, minutes: 5, mutantsMax: 30 },
  },
};

/** A day: a check that takes longer is no gate. */
const minutesMax = 1_440;
const mutantsMax = 1_000;
const commonPatch = {
  off: z.boolean().optional(),
  after: z.array(nameWord).optional(),
  severity: z.enum(severities).optional(),
  blocks: z.enum(severities).optional(),
};
const runPatch = {
  ...commonPatch,
  command: plainText.nullable().optional(),
  timeoutMinutes: z.number().positive().max(minutesMax).optional(),
};
const pattern = plainText.refine(staysInside, 'Write a path inside the project: relative, without "..".');

/** `gates:` of the settings and of state/gates.yaml; every key may be absent. */
export const gateOptionsPatch = closed({
  'artifact-contract': closed(commonPatch).optional(),
  'hidden-read': closed(commonPatch).optional(),
  'write-policy': closed(commonPatch).optional(),
  grilling: closed(commonPatch).optional(),
  citations: closed({ ...commonPatch, required: z.boolean().optional() }).optional(),
  review: closed(commonPatch).optional(),
  'anti-scope': closed({ ...commonPatch, protected: z.array(pattern).optional() }).optional(),
  'weakened-tests': closed(commonPatch).optional(),
  tests: closed(runPatch).optional(),
  acceptance: closed({ ...runPatch, folder: plainText.nullable().optional() }).optional(),
  'self-confirming-tests': closed({
    ...commonPatch,
    minutes: z.number().positive().max(minutesMax).optional(),
    mutantsMax: z.int().min(1).max(mutantsMax).optional(),
  }).optional(),
});
export type GateOptionsPatch = z.infer<typeof gateOptionsPatch>;

export const gatesFile = closed({
  tiers: z.record(nameWord, z.array(z.enum(gateNames))).optional(),
  gates: gateOptionsPatch.optional(),
});
export type GatesFile = z.infer<typeof gatesFile>;

/** Lays a file, or the settings, over a plan: tier by tier and value by value. */
export function mergePlan(plan: GatePlan, patch: GatesFile): GatePlan {
  const { options } = plan;
  const { gates = {} } = patch;
  return {
    tiers: { ...plan.tiers, ...patch.tiers },
    options: {
      'artifact-contract': lay(options['artifact-contract'], gates['artifact-contract']),
      'hidden-read': lay(options['hidden-read'], gates['hidden-read']),
      'write-policy': lay(options['write-policy'], gates['write-policy']),
      grilling: lay(options.grilling, gates.grilling),
      citations: lay(options.citations, gates.citations),
      review: lay(options.review, gates.review),
      'anti-scope': lay(options['anti-scope'], gates['anti-scope']),
      'weakened-tests': lay(options['weakened-tests'], gates['weakened-tests']),
      tests: lay(options.tests, gates.tests),
      acceptance: lay(options.acceptance, gates.acceptance),
      'self-confirming-tests': lay(options['self-confirming-tests'], gates['self-confirming-tests']),
    },
  };
}

/** The options with every value taken over that the patch has. */
function lay<T extends object>(
  base: T,
  patch: { readonly [Key in keyof T]?: T[Key] | undefined } | undefined,
): T {
  const given = Object.entries(patch ?? {}).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(given) };
}

/**
 * The gates that run after a session, in their order.
 *
 * @example gatesAfter(defaultPlan, { tier: 'full', role: 'architect' }) // ['artifact-contract', 'grilling', 'citations']
 */
export function gatesAfter(
  plan: GatePlan,
  order: { readonly tier: string; readonly role: Role },
): GateName[] {
  const named = plan.tiers[order.tier] ?? plan.tiers['default'] ?? [];
  return gateNames.filter((name) => {
    const { off, after } = plan.options[name];
    return named.includes(name) && !off && (after.length === 0 || after.includes(order.role));
  });
}
