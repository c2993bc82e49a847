/**
 * The gates on demand: of a round of a project as it stands, or of any git repository without a project and without an
 * agent. Owed files that are not there yet are no finding here, because nobody says that their role is done. Nothing is
 * decided by what it finds, and the journal is not touched.
 */
import { readCatalog, type CatalogReading } from '../effects/catalog.ts';
import { readText } from '../effects/files.ts';
import { repositoryOf, startOfWork, gitFolderOf } from '../effects/git.ts';
import { findProject } from '../effects/project.ts';
import { openTrees, type Trees } from '../effects/trees.ts';
import type { GateResult } from '../protocol/finding.ts';
import { gateNames, mergePlan, type GateName } from '../protocol/gateplan.ts';
import type { Policy } from '../protocol/policy.ts';
import type { Project } from '../protocol/project.ts';
import { oracleOf, owedHere, specPath } from './gatecase.ts';
import { runGates, textOf, type GateCase, type OwedHere } from './gates.ts';
import { readHandoff } from './handoff.ts';
import { reportsOf } from './reports.ts';
import { readLedgers } from './ledger.ts';
import { readTrees } from './roundtrees.ts';

export type GateRequest = {
  /** Any folder of the project or repository; absolute. */
  readonly folder: string;
  readonly round: string | null;
  /** Only these gates; empty means all that the tier has. */
  readonly only: readonly GateName[];
  /** A commit, branch or tag to compare with. */
  readonly since: string | null;
  /** A spec beside the round's own; absolute. */
  readonly spec: string | null;
  /** A command in place of the configured tests. */
  readonly tests: string | null;
};

export type GateReport =
  | {
      readonly type: 'ran';
      readonly root: string;
      readonly round: string | null;
      /** What the work was compared with, in words. */
      readonly since: string;
      readonly gates: readonly GateResult[];
      readonly pass: boolean;
      readonly problems: CatalogReading['problems'];
    }
  | { readonly type: 'refused'; readonly message: string; readonly hint: string };

/** Rounds named in a refusal. */
const roundsNamedMax = 12;

/** Where a round is, or a plain repository. */
type Ground = { readonly root: string; readonly own: string; readonly project: Project | null };

/**
 * Runs the gates of what stands in a folder now.
 *
 * @example await gateOnDemand({ folder, round: null, only: [], since: null, spec: null, tests: 'npm test' })
 */
export async function gateOnDemand(request: GateRequest): Promise<GateReport> {
  const ground = await groundOf(request.folder);
  if (ground === null) {
    const message = `No project and no git repository in "${request.folder}" or above it`;
    return { type: 'refused', message, hint: 'git init, or next-role init' };
  }
  const { policy: configured, problems } = await readCatalog(ground.root);
  const tests = request.tests ?? configured.gates.options.tests.command ?? (await ownTests(ground.root));
  const policy: Policy = {
    ...configured,
    gates: mergePlan(configured.gates, { gates: { tests: { command: tests } } }),
  };
  const place = await placeInRound(ground, policy, request);
  const stranger = await unknownRound(ground, place.round, request.round);
  if (stranger !== null) return stranger;
  const trees = await openTrees(ground.root, `${ground.own}/trees`);
  const change = await changeFrom(ground, trees, place.round, request.since);
  if ('refused' in change)
    return { type: 'refused', message: change.refused, hint: 'git log --oneline, for what there is' };
  const given: GateCase = {
    root: ground.root,
    policy,
    tier: place.tier,
    owed: await owedThatAreThere(ground, policy, place),
    scopes: await scopesOf(ground, place, request.spec),
    reports: place.round === null ? [] : await reportsOf(ground, place.round),
    against: [],
    oracle: place.round === null ? null : await oracleOf(ground, place.round, false),
    change: change.facts,
    keep: `${ground.own}/gates`,
    mark: 'on-demand',
    session: null,
  };
  const gates = await runGates(given, namesFor(policy, place.tier, request.only));
  const pass = gates.every((gate) => gate.pass);
  return { type: 'ran', root: ground.root, round: place.round, since: change.words, gates, pass, problems };
}

/** A round that was asked for must have left something: its sessions in the journal, its spec, or the handoff. */
async function unknownRound(
  ground: Ground,
  round: string | null,
  asked: string | null,
): Promise<GateReport | null> {
  const { project } = ground;
  if (project === null || asked === null || round === null) return null;
  const { policy } = await readCatalog(ground.root);
  const current = (await readHandoff(project, policy)).reading.handoff?.round ?? null;
  const known = [
    ...new Set([
      ...readLedgers(project).map((ledger) => ledger.round),
      ...(current === null ? [] : [current]),
    ]),
  ];
  const hasSpec = (await textOf(`${ground.root}/${specPath(round)}`)) !== null;
  if (known.includes(round) || hasSpec) return null;
  const message = `Nothing here is known of a round "${round}"; known: ${known.slice(-roundsNamedMax).join(', ')}`;
  return { type: 'refused', message, hint: 'next-role gate' };
}

async function groundOf(folder: string): Promise<Ground | null> {
  const project = await findProject(folder);
  if (project !== null) return { root: project.root, own: project.own, project };
  const root = await repositoryOf(folder);
  const own = await gitFolderOf(folder);
  // Without a project there is no folder of ours in the tree; git has a place for what belongs to one clone.
  return root === null || own === null ? null : { root, own: `${own}/next-role`, project: null };
}

/** The gates of a tier, whatever role they usually follow. */
function namesFor(policy: Policy, tier: string, only: readonly GateName[]): readonly GateName[] {
  if (only.length > 0) return gateNames.filter((name) => only.includes(name));
  const { tiers, options } = policy.gates;
  const named = tiers[tier] ?? tiers['default'] ?? [];
  // What takes minutes is run on demand only where it is asked for by name.
  return gateNames.filter(
    (name) => named.includes(name) && !options[name].off && name !== 'self-confirming-tests',
  );
}

type InRound = { readonly round: string | null; readonly tier: string; readonly directive: string };

async function placeInRound({ project }: Ground, policy: Policy, request: GateRequest): Promise<InRound> {
  if (project === null) return { round: request.round, tier: policy.defaultTier, directive: '' };
  const { reading } = await readHandoff(project, policy);
  const { handoff } = reading;
  return {
    round: request.round ?? handoff?.round ?? null,
    tier: handoff?.tier?.toLowerCase() ?? policy.defaultTier,
    directive: handoff?.directive ?? '',
  };
}

async function owedThatAreThere(
  ground: Ground,
  policy: Policy,
  { round, tier }: InRound,
): Promise<readonly OwedHere[]> {
  if (round === null) return [];
  const owed = (policy.tiers[tier]?.roles ?? []).flatMap((role) => owedHere(policy, { round, role, tier }));
  const there = await Promise.all(
    owed.map(async ({ path }) => (await textOf(`${ground.root}/${path}`)) !== null),
  );
  return owed.filter((_, at) => there[at]);
}

async function scopesOf(ground: Ground, place: InRound, spec: string | null): Promise<readonly string[]> {
  const own = place.round === null ? null : `${ground.root}/${specPath(place.round)}`;
  const texts = await Promise.all(
    [own, spec].map(async (path) => (path === null ? null : ((await readText(path))?.text ?? null))),
  );
  return [...texts.filter((text) => text !== null), place.directive];
}

type Changed = { readonly facts: GateCase['change']; readonly words: string } | { readonly refused: string };

/** Compared with what was asked for, else with the round's start, else with where the work on this branch began. */
async function changeFrom(
  ground: Ground,
  trees: Trees | null,
  round: string | null,
  since: string | null,
): Promise<Changed> {
  if (trees === null) return { facts: 'needs git: what changed is not known without it', words: 'nothing' };
  const to = await trees.snapshot();
  if (to === null) return { facts: 'git cannot say what changed', words: 'nothing' };
  const known = ground.project === null || round === null ? null : await readTrees(ground.project, round);
  if (since === null && known !== null) {
    return { facts: { trees, from: known.start, to }, words: `the start of ${known.round}` };
  }
  const start = since ?? (await startOfWork(ground.root));
  if (start === null) return { facts: 'there is no commit to compare with', words: 'nothing' };
  const from = await trees.resolve(start);
  if (from === null) return { refused: `"${start}" is no commit, branch or tag here` };
  return { facts: { trees, from, to }, words: since ?? `commit ${start.slice(0, 8)}` };
}

/** What a person would type to test: known without settings only where the project itself says it. */
async function ownTests(root: string): Promise<string | null> {
  const manifest = await textOf(`${root}/package.json`);
  const script = /"test"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(
    /"scripts"\s*:\s*\{[^}]*\}/.exec(manifest ?? '')?.[0] ?? '',
  )?.[1];
  if (script !== undefined && !script.includes('no test specified')) return 'npm test';
  if ((await textOf(`${root}/Cargo.toml`)) !== null) return 'cargo test';
  return (await textOf(`${root}/go.mod`)) === null ? null : 'go test ./...';
}
