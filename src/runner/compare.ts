/**
 * Runs the arms of a comparison: the same commit, settings, prompts and PRD, worked in different ways, each repetition in a
 * git worktree of its own under .next-role/compare/. An ordinary run does the work; only the tier
 * differs. The user's own files are never written to. What has anything in it is kept.
 */
import { agentOf } from '../agents/index.ts';
import type { Arm, ArmRun } from '../domain/compare.ts';
import { receiptOf } from '../domain/receipt.ts';
import { scoreOf } from '../domain/score.ts';
import { isOneThread } from '../domain/thread.ts';
import { readCatalog } from '../effects/catalog.ts';
import { keptOutput } from '../effects/check.ts';
import { readText, writeAtomic } from '../effects/files.ts';
import { projectAt } from '../effects/project.ts';
import { addWorktree, headOf, prefixOf, removeWorktree } from '../effects/worktree.ts';
import type { Project } from '../protocol/project.ts';
import { specPath } from './gatecase.ts';
import { gateOnDemand } from './gateondemand.ts';
import { readInputs } from './inputs.ts';
import { readLedgers } from './ledger.ts';
import { run, type RunOptions } from './run.ts';

export const armNames = ['roles', 'single', 'workflow'] as const;
export type ArmName = (typeof armNames)[number];

/** What a repetition is about to do, or has done, in words for a person. */
export type ArmNews = { readonly arm: ArmName; readonly repetition: number; readonly text: string };

export type ArmsRequest = {
  readonly project: Project;
  /** The PRD of every arm; absolute. */
  readonly spec: string;
  /** A finished spec that every arm is given in place of its first role's turn; absolute. Null: each writes its own. */
  readonly frozenSpec: string | null;
  readonly arms: readonly ArmName[];
  readonly repetitions: number;
  /** Name of this comparison's folder. */
  readonly stamp: string;
  readonly tell: (news: ArmNews) => void;
} & Pick<RunOptions, 'publish' | 'signal' | 'self'>;

export type ArmsEnd =
  | {
      readonly type: 'ran';
      /** The arms of which at least one repetition finished. */
      readonly arms: readonly Arm[];
      /** Repetitions that did not finish, and why; they are in no figure. */
      readonly unfinished: readonly string[];
      /** Worktrees that hold work; absolute. */
      readonly kept: readonly string[];
    }
  | { readonly type: 'refused'; readonly message: string; readonly hint: string };

/** How each arm works: its tier, and whether its sessions share one conversation. */
const ways: Readonly<Record<ArmName, { readonly tier: string; readonly oneThread: boolean }>> = {
  roles: { tier: 'full', oneThread: false },
  single: { tier: 'solo', oneThread: false },
  workflow: { tier: 'full', oneThread: true },
};
const round = 'R01';

/** Runs every repetition of every arm, one after the other; the arms take turns, so that time of day falls on all. */
export async function runArms(request: ArmsRequest): Promise<ArmsEnd> {
  const { project, arms, repetitions, signal } = request;
  const prd = await readText(request.spec);
  if (prd === null)
    return {
      type: 'refused',
      message: `There is no file "${request.spec}"`,
      hint: 'Name the PRD with --spec',
    };
  const frozen = request.frozenSpec === null ? null : await readText(request.frozenSpec);
  if (request.frozenSpec !== null && frozen === null)
    return {
      type: 'refused',
      message: `There is no file "${request.frozenSpec}"`,
      hint: 'Name the spec with --frozen-spec',
    };
  const commit = await headOf(project.root);
  if (commit === null)
    return {
      type: 'refused',
      message: 'Each arm works in a git worktree, and there is no commit here',
      hint: 'git init, then git add and git commit',
    };
  const runs = new Map<ArmName, ArmRun[]>();
  const unfinished: string[] = [];
  const kept: string[] = [];
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    for (const arm of arms) {
      if (signal.aborted) continue;
      const name = `${arm}-${repetition}`;
      const tree = `${project.own}/compare/${request.stamp}/${name}`;
      const trouble = await addWorktree(project.root, tree, commit);
      if (trouble !== null)
        return {
          type: 'refused',
          message: `git could not make a worktree: ${trouble}`,
          hint: 'git worktree list',
        };
      request.tell({ arm, repetition, text: 'started' });
      const done = await runArm(request, { arm, tree, prd: prd.text, frozen: frozen?.text ?? null });
      if ('why' in done) unfinished.push(`${name}: ${done.why}`);
      else {
        runs.set(arm, [...(runs.get(arm) ?? []), done]);
        await writeAtomic(`${tree}.json`, `${JSON.stringify(done.receipt, null, 2)}\n`);
      }
      request.tell({ arm, repetition, text: 'why' in done ? done.why : 'finished' });
      if (!(await removeWorktree(project.root, tree, commit))) kept.push(tree);
    }
  }
  const finished = arms.flatMap((name): readonly Arm[] => {
    const [first, ...rest] = runs.get(name) ?? [];
    return first === undefined ? [] : [{ name, runs: [first, ...rest] }];
  });
  return { type: 'ran', arms: finished, unfinished, kept };
}

/** Why the roles of a project cannot share one conversation, in words; null when they can. */
export async function threadTrouble(project: Project): Promise<string | null> {
  const { policy } = await readCatalog(project.root);
  const roles = policy.tiers[ways.workflow.tier]?.roles ?? [];
  const stiff = roles.flatMap((role) => {
    const agent = policy.agents[policy.assignments[role]?.agent ?? ''];
    return agent === undefined || agentOf(agent.kind).resumes ? [] : [`${agent.name} (${role})`];
  });
  if (stiff.length === 0) return null;
  return `an agent of kind "command" or "scripted" cannot go on with a conversation: ${stiff.join(', ')}`;
}

type Ground = {
  readonly arm: ArmName;
  readonly tree: string;
  readonly prd: string;
  readonly frozen: string | null;
};

async function runArm(
  request: ArmsRequest,
  { arm, tree, prd, frozen }: Ground,
): Promise<ArmRun | { readonly why: string }> {
  const folder = `${tree}/${await prefixOf(request.project.root)}`.replace(/\/$/, '');
  const { policy, prices } = await readCatalog(folder);
  const { tier, oneThread } = ways[arm];
  // Who would write the spec has nothing left to do.
  const first = policy.tiers[tier]?.roles[frozen === null ? 0 : 1];
  if (first === undefined) return { why: `the tier "${tier}" is not in the data of this commit` };
  await writeAtomic(`${folder}/coordination/PRD.md`, prd);
  if (frozen !== null) await writeAtomic(`${folder}/${specPath(round)}`, frozen);
  await writeAtomic(
    `${folder}/coordination/NEXT-ROLE.md`,
    `---\nround: ${round}\nnext-role: ${first}\nstatus: READY\ntier: ${tier}\n---\n\n## Directive\n\nBuild what coordination/PRD.md describes.\n`,
  );
  const project = await projectAt(folder);
  if (project === null) return { why: 'its worktree is no project' };
  const end = await run(project, {
    publish: request.publish,
    signal: request.signal,
    self: request.self,
    until: ({ rest }) => rest !== null,
    oneThread,
  });
  if (end.type !== 'rest' || end.situation.state !== 'finished')
    return {
      why:
        end.type === 'rest'
          ? `it rests in "${end.situation.state}": next-role why --dir ${folder}`
          : end.type,
    };
  const ledger = readLedgers(project).find((each) => each.round === round);
  if (ledger === undefined) return { why: 'its journal has no session' };
  if (oneThread && !isOneThread(ledger.work.map(({ order }) => order)))
    return { why: 'its sessions were no single conversation: an agent named no session to go on with' };
  const receipt = receiptOf(ledger, prices, await readInputs(project, ledger));
  return { receipt, acceptance: await acceptanceOf(project) };
}

/** How much of the hidden check passes on what stands there; null where no check is configured. */
async function acceptanceOf({ root, own }: Project): Promise<ArmRun['acceptance']> {
  const { policy } = await readCatalog(root);
  const { command, folder: check } = policy.gates.options.acceptance;
  if (command === null && check === null) return null;
  const report = await gateOnDemand({
    folder: root,
    round,
    only: ['acceptance'],
    since: null,
    spec: null,
    tests: null,
  });
  const [gate] = report.type === 'ran' ? report.gates : [];
  if (gate === undefined) return null;
  return scoreOf(await keptOutput(`${own}/gates/gate-acceptance.txt`), gate.pass);
}
