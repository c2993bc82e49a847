/**
 * Which gates run when: the names of all gates, what each may be told, the schema of state/gates.yaml and of `gates:` in
 * the settings, and how those are laid over each other. Pure data in, pure data out; what a gate checks is in
 * domain/gates.
 */
import { z } from 'zod';
import { closed, nameWord } from './dataissue.ts';
import { severities, type Severity } from './finding.ts';
import type { Role } from './handoff.ts';

/** Every gate, in the order they run: what costs nothing comes first. */
export const gateNames = ['artifact-contract'] as const;
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
export type GateOptions = { readonly 'artifact-contract': GateCommon };

export type GatePlan = {
  /** By tier; `default` holds for a tier that is not named. */
  readonly tiers: Readonly<Record<string, readonly GateName[]>>;
  readonly options: GateOptions;
};

const common: GateCommon = { off: false, after: [], severity: 'CRITICAL', blocks: 'MAJOR' };

/** In force where no file says otherwise; a test holds state/gates.yaml to it. */
export const defaultPlan: GatePlan = {
  tiers: { default: gateNames },
  options: { 'artifact-contract': common },
};

const commonPatch = {
  off: z.boolean().optional(),
  after: z.array(nameWord).optional(),
  severity: z.enum(severities).optional(),
  blocks: z.enum(severities).optional(),
};

/** `gates:` of the settings and of state/gates.yaml; every key may be absent. */
export const gateOptionsPatch = closed({ 'artifact-contract': closed(commonPatch).optional() });
export type GateOptionsPatch = z.infer<typeof gateOptionsPatch>;

export const gatesFile = closed({
  tiers: z.record(nameWord, z.array(z.enum(gateNames))).optional(),
  gates: gateOptionsPatch.optional(),
});
export type GatesFile = z.infer<typeof gatesFile>;

/** Lays a file, or the settings, over a plan: tier by tier and value by value. */
export function mergePlan(plan: GatePlan, patch: GatesFile): GatePlan {
  const { gates } = patch;
  return {
    tiers: { ...plan.tiers, ...patch.tiers },
    options: {
      'artifact-contract': mergeCommon(plan.options['artifact-contract'], gates?.['artifact-contract']),
    },
  };
}

type CommonPatch = NonNullable<GateOptionsPatch['artifact-contract']>;

function mergeCommon(base: GateCommon, patch: CommonPatch | undefined): GateCommon {
  return {
    off: patch?.off ?? base.off,
    after: patch?.after ?? base.after,
    severity: patch?.severity ?? base.severity,
    blocks: patch?.blocks ?? base.blocks,
  };
}

/**
 * The gates that run after a session, in their order.
 *
 * @example gatesAfter(defaultPlan, { tier: 'full', role: 'architect' }) // ['artifact-contract']
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
