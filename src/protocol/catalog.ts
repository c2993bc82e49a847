/**
 * Puts the policy together from the files we ship, the project's overrides and its settings. Later files win: roles by
 * file name, tiers, models and limits by key. It is pure and never throws: a broken override is reported with its line
 * and what was there before stays in force, so there is always a policy to show; whether to run on it the caller decides
 * by the problems.
 */
import { agentsFile, joinFacts } from './agentfacts.ts';
import { withoutAcceptance } from './sealed.ts';
import { assign } from './assignment.ts';
import { invalid, missing, oneOf } from './dataissue.ts';
import type { LineOf } from './dataissue.ts';
import { readData } from './datafile.ts';
import type { DataFile } from './datafile.ts';
import { defaultPlan, gatesFile, mergePlan, type GatePlan, type GatesFile } from './gateplan.ts';
import type { Diagnostic } from './diagnostic.ts';
import { autoTier } from './handoff.ts';
import type {
  Backoff,
  BriefBounds,
  Caps,
  Limits,
  MemorialPolicy,
  Policy,
  RoleContract,
  Tier,
} from './policy.ts';
import { joinModels, modelsFile } from './modelfile.ts';
import { joinRouter, routerFile } from './routerfile.ts';
import { readRole } from './rolefile.ts';
import type { RoleFile } from './rolefile.ts';
import { agentsOf, budgetOf, readSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import { limitsFile, memorialFile, mergeLimits, millis, tiersFile, failuresFile } from './statefile.ts';
import type { LimitsFile, LimitsPatch, MemorialFile, TiersFile, FailuresFile } from './statefile.ts';
import type { z } from 'zod';

/** Everything the policy is made of. Within a list, later files override earlier ones. */
export type CatalogFiles = {
  /** The project's absolute path. */
  readonly root: string;
  readonly roles: readonly DataFile[];
  readonly tiers: readonly DataFile[];
  readonly models: readonly DataFile[];
  readonly router: readonly DataFile[];
  readonly limits: readonly DataFile[];
  readonly gates: readonly DataFile[];
  readonly agents: readonly DataFile[];
  readonly memorial: readonly DataFile[];
  readonly failures: readonly DataFile[];
  readonly settings: DataFile | null;
  /** Agent programs found on PATH. */
  readonly installed: readonly string[];
};

/** What is wrong with one file. */
export type FileProblems = { readonly file: string; readonly diagnostics: readonly Diagnostic[] };

export type Catalog = {
  readonly policy: Omit<Policy, 'digest'>;
  readonly problems: readonly FileProblems[];
};

type Report = (file: string, diagnostics: readonly Diagnostic[]) => void;
type Layer<T> = { readonly file: string; readonly value: T; readonly lineOf: LineOf };

const defaultTier = 'full';
/** In force only when the shipped state/limits.yaml cannot be read; a test holds the two equal. */
const ends = { lingerMs: 10_000, graceMs: 10_000, outputBytes: 256 * 1024 * 1024 };
const lastResort = {
  limits: { firstByteMs: 600_000, idleMs: 600_000, totalMs: 2_700_000, ...ends, turns: 40 } satisfies Limits,
  caps: { perRole: 4, perRound: 16, perDispatch: 3, fixes: 4, fixUsd: 25 } satisfies Caps,
  backoff: { firstMs: 5_000, factor: 3, maxMs: 120_000 } satisfies Backoff,
  memorial: {
    injectMax: 12,
    injectBytesMax: 2_000,
    stableAfter: 10,
    retiredAfter: 20,
    promoteAfter: 3,
    gates: {},
  } satisfies MemorialPolicy,
  brief: {
    inlineBytes: 6_144,
    inlineTotalBytes: 16_384,
    handoffBytes: 4_096,
    memorialBytes: 16_384,
  } satisfies BriefBounds,
};

/**
 * Assembles the policy. Its digest is left to the caller, who has a hash function.
 *
 * @example assemble({ root, roles, tiers, models, limits, gates, agents, settings: null, installed: ['claude'] }).policy.defaultTier // 'full'
 */
export function assemble(files: CatalogFiles): Catalog {
  const found = new Map<string, Diagnostic[]>();
  const report: Report = (file, diagnostics) => {
    if (diagnostics.length > 0) found.set(file, [...(found.get(file) ?? []), ...diagnostics]);
  };
  const tierLayers = readLayers(files.tiers, tiersFile, report);
  const tierNames = [...new Set(tierLayers.flatMap((layer) => Object.keys(layer.value)))];
  const roleFiles = readRoles(files.roles, tierNames, report);
  const roleNames = [...roleFiles.keys()];
  const tiers = joinTiers(tierLayers, roleNames, report);
  const limits = joinLimits(readLayers(files.limits, limitsFile, report), roleNames, report);
  const models = joinModels(readLayers(files.models, modelsFile, report).map(({ value }) => value));
  const settings = settingsOf(
    files.settings,
    { roles: roleNames, tiers: [...tiers.keys()], presets: [...models.presets.keys()] },
    report,
  );
  const facts = joinFacts(readLayers(files.agents, agentsFile, report).map((layer) => layer.value));
  const agents = agentsOf(settings, facts);
  const sources = { settings, agents, models, installed: files.installed };
  const isAuto = settings.tier === autoTier;
  const tier = isAuto ? defaultTier : (settings.tier ?? defaultTier);
  if (!tiers.has(tier)) {
    const hint = 'Install next-role again, or name the tier in coordination/state/tiers.yaml.';
    report('state/tiers.yaml', [missing(1, `The default tier "${defaultTier}" is missing`, hint)]);
  }
  const gateLayers = readLayers(files.gates, gatesFile, report);
  const gates = mergePlan(joinGates(gateLayers, [...tiers.keys()], roleNames, report), {
    gates: settings.gates,
  });
  const policy = {
    defaultTier: tier,
    autoTier: isAuto,
    roles: Object.fromEntries(
      [...roleFiles].map(([name, role]) => [
        name,
        withoutAcceptance(contractOf(role, limits, settings), gates, files.root),
      ]),
    ),
    tiers: Object.fromEntries(tiers),
    agents: Object.fromEntries(agents),
    assignments: Object.fromEntries([...roleFiles.keys()].map((name) => [name, assign(name, sources)])),
    preset: settings.preset ?? null,
    presets: Object.fromEntries(models.presets),
    selector: models.select,
    router: joinRouter(readLayers(files.router, routerFile, report).map(({ value }) => value)),
    caps: mergeCaps(limits.caps, settings.caps),
    backoff: limits.backoff,
    budget: budgetOf(settings),
    gates,
    memorial: joinMemorial(readLayers(files.memorial, memorialFile, report)),
    failures: joinFailures(readLayers(files.failures, failuresFile, report)),
    brief: limits.brief,
    interrupted: settings.interrupted ?? 'escalate',
    secondOpinion: settings.secondOpinion ?? 'high-risk',
    isolation: settings.isolation ?? 'none',
    allowDefaults: settings.escalation?.allowDefaults ?? false,
    commit: settings.commit ?? true,
  } satisfies Omit<Policy, 'digest'>;
  return { policy, problems: [...found].map(([file, diagnostics]) => ({ file, diagnostics })) };
}

function readLayers<T>(
  files: readonly DataFile[],
  schema: z.ZodType<T>,
  report: Report,
): readonly Layer<T>[] {
  return files.flatMap((file) => {
    const reading = readData(file.text, schema);
    if (reading.ok) return [{ file: file.path, value: reading.value, lineOf: reading.lineOf }];
    report(file.path, reading.diagnostics);
    return [];
  });
}

function readRoles(
  files: readonly DataFile[],
  tiers: readonly string[],
  report: Report,
): Map<string, RoleFile> {
  const roles = new Map<string, RoleFile>();
  for (const file of files) {
    const reading = readRole(file, tiers);
    if (reading.ok) roles.set(reading.role.name, reading.role);
    else report(file.path, reading.diagnostics);
  }
  return roles;
}

/** A tier that names an unknown role is left out; an earlier one of the same name then stays. */
function joinTiers(
  layers: readonly Layer<TiersFile>[],
  roles: readonly string[],
  report: Report,
): Map<string, Tier> {
  const tiers = new Map<string, Tier>();
  for (const { file, value, lineOf } of layers) {
    for (const [name, tier] of Object.entries(value)) {
      const diagnostics = tier.roles.flatMap((role, at) =>
        roles.includes(role) ? [] : [noRole(role, roles, lineOf([name, 'roles', at]))],
      );
      (tier.edges ?? []).forEach((edge, at) => {
        for (const end of ['from', 'to'] as const) {
          if (tier.roles.includes(edge[end])) continue;
          const line = lineOf([name, 'edges', at, end]);
          diagnostics.push(
            invalid(line, `"${edge[end]}" is no role of tier "${name}"`, oneOf(edge[end], tier.roles)),
          );
        }
      });
      report(file, diagnostics);
      if (diagnostics.length > 0) continue;
      const { about, edges = [], ends = 'ROUND-COMPLETE' } = tier;
      tiers.set(name, { name, about, roles: tier.roles, edges, ends });
    }
  }
  return tiers;
}

function noRole(role: string, roles: readonly string[], line: number): Diagnostic {
  const hint = `${oneOf(role, roles)} Or add coordination/roles/${role}.md.`;
  return missing(line, `"${role}" is no role`, hint);
}

type JoinedLimits = {
  readonly base: Limits;
  readonly byRole: ReadonlyMap<string, readonly LimitsPatch[]>;
  readonly caps: Caps;
  readonly backoff: Backoff;
  readonly brief: BriefBounds;
};

function joinLimits(
  layers: readonly Layer<LimitsFile>[],
  roles: readonly string[],
  report: Report,
): JoinedLimits {
  const byRole = new Map<string, LimitsPatch[]>();
  let {
    limits: base,
    caps,
    backoff,
    brief,
  }: Omit<JoinedLimits, 'base' | 'byRole'> & { limits: Limits } = lastResort;
  for (const { file, value, lineOf } of layers) {
    base = mergeLimits(base, value.default);
    caps = mergeCaps(caps, value.caps);
    backoff = {
      firstMs: millis(value.backoff?.firstSeconds, 1_000) ?? backoff.firstMs,
      factor: value.backoff?.factor ?? backoff.factor,
      maxMs: millis(value.backoff?.maxSeconds, 1_000) ?? backoff.maxMs,
    };
    brief = {
      inlineBytes: value.brief?.inlineBytes ?? brief.inlineBytes,
      inlineTotalBytes: value.brief?.inlineTotalBytes ?? brief.inlineTotalBytes,
      handoffBytes: value.brief?.handoffBytes ?? brief.handoffBytes,
      memorialBytes: value.brief?.memorialBytes ?? brief.memorialBytes,
    };
    for (const [role, patch] of Object.entries(value.roles ?? {})) {
      if (!roles.includes(role)) report(file, [noRole(role, roles, lineOf(['roles', role]))]);
      byRole.set(role, [...(byRole.get(role) ?? []), patch]);
    }
  }
  return { base, byRole, caps, backoff, brief };
}

/** A tier or a role that nobody knows is a slip: its gates would never run. */
function joinGates(
  layers: readonly Layer<GatesFile>[],
  tiers: readonly string[],
  roles: readonly string[],
  report: Report,
): GatePlan {
  return layers.reduce((plan, { file, value, lineOf }) => {
    for (const tier of Object.keys(value.tiers ?? {})) {
      if (tier === 'default' || tiers.includes(tier)) continue;
      const line = lineOf(['tiers', tier]);
      report(file, [invalid(line, `"${tier}" is no tier`, oneOf(tier, ['default', ...tiers]))]);
    }
    for (const [gate, options] of Object.entries(value.gates ?? {})) {
      (options?.after ?? []).forEach((role, at) => {
        if (!roles.includes(role)) report(file, [noRole(role, roles, lineOf(['gates', gate, 'after', at]))]);
      });
    }
    return mergePlan(plan, value);
  }, defaultPlan);
}

function mergeCaps(caps: Caps, patch: LimitsFile['caps']): Caps {
  return {
    perRole: patch?.perRole ?? caps.perRole,
    perRound: patch?.perRound ?? caps.perRound,
    perDispatch: patch?.perDispatch ?? caps.perDispatch,
    fixes: patch?.fixes ?? caps.fixes,
    fixUsd: patch?.fixUsd ?? caps.fixUsd,
  };
}

function joinMemorial(layers: readonly Layer<MemorialFile>[]): MemorialPolicy {
  return layers.reduce<MemorialPolicy>(
    (memorial, { value }) => ({
      injectMax: value.injectMax ?? memorial.injectMax,
      injectBytesMax: value.injectBytesMax ?? memorial.injectBytesMax,
      stableAfter: value.stableAfter ?? memorial.stableAfter,
      retiredAfter: value.retiredAfter ?? memorial.retiredAfter,
      promoteAfter: value.promoteAfter ?? memorial.promoteAfter,
      gates: { ...memorial.gates, ...value.gates },
    }),
    lastResort.memorial,
  );
}

/** A class named later replaces the earlier rule as a whole, so that no pause is left over from another `then`. */
function joinFailures(layers: readonly Layer<FailuresFile>[]): Policy['failures'] {
  return Object.fromEntries(layers.flatMap(({ value }) => Object.entries(value)));
}

function settingsOf(
  file: DataFile | null,
  known: Parameters<typeof readSettings>[1],
  report: Report,
): Settings {
  if (file === null) return {};
  const { settings, diagnostics } = readSettings(file.text, known);
  report(file.path, diagnostics);
  return settings;
}

/** Limits from the general to the particular: state, then the role's own file, then the settings. */
function contractOf(role: RoleFile, limits: JoinedLimits, settings: Settings): RoleContract {
  const patches = [...(limits.byRole.get(role.name) ?? []), role.limits, settings.roles?.[role.name]?.limits];
  return { ...role, limits: mergeLimits(limits.base, ...patches) };
}
