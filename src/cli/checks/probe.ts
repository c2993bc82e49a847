/**
 * What `doctor --probe` asks of each installed agent: one tiny session, with its result and its cost. The only check
 * that asks a model, and so the only one that is paid.
 */
import { chooseModel } from '../../domain/modelchoice.ts';
import { newRound } from '../../domain/round.ts';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentOf } from '../../agents/index.ts';
import { costOf } from '../../domain/cost.ts';
import { dollars, moneyOf } from '../../domain/money.ts';
import { findProgram } from '../../effects/environment.ts';
import { factKinds } from '../../protocol/agentfacts.ts';
import type { AgentSettings, Policy } from '../../protocol/policy.ts';
import type { PriceSheet } from '../../protocol/prices.ts';
import { tokensOf, sumUsage } from '../../protocol/usage.ts';
import type { Probe } from '../../runner/probe.ts';
import { probe } from '../../runner/probe.ts';
import { counted } from '../quantity.ts';
import type { Shell } from '../shell.ts';
import { oneLine } from '../text.ts';
import { fault, fine } from './check.ts';
import type { Check } from './check.ts';

type Catalog = { readonly policy: Policy; readonly prices: PriceSheet };

/** One session after the other: they are paid, and a laptop has few cores. */
export async function probeAgents(shell: Shell, catalog: Catalog, cwd: string): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const settings of Object.values(catalog.policy.agents)) {
    if (!isInstalled(settings, shell, cwd)) continue;
    const model = modelOf(catalog.policy, settings.name);
    checks.push(
      checkOf(settings.name, model, await probed(settings, model, shell), catalog.prices, shell.now()),
    );
  }
  return checks;
}

function isInstalled(settings: AgentSettings, shell: Shell, cwd: string): boolean {
  if (!factKinds.some((kind) => kind === settings.kind)) return false;
  const program = settings.run ?? agentOf(settings.kind).program ?? '';
  return findProgram(program, shell.env['PATH'], cwd) !== null;
}

/** A model that some role works on with this agent; else the agent's own default. */
function modelOf(policy: Policy, agent: string): string | null {
  const roles = Object.entries(policy.assignments).filter(([, assignment]) => assignment.agent === agent);
  const [role] = roles.at(-1) ?? [];
  return role === undefined ? null : chooseModel(policy, newRound('R00', policy.defaultTier), role).model;
}

async function probed(settings: AgentSettings, model: string | null, shell: Shell): Promise<Probe> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'next-role-probe-')));
  try {
    return await probe(settings, { folder, model, self: shell.self, env: shell.env });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

function checkOf(agent: string, model: string | null, seen: Probe, prices: PriceSheet, at: number): Check {
  const name = `probe ${agent}`;
  const { outcome, ms } = seen;
  const words = `${model ?? 'its own model'} in ${(ms / 1000).toFixed(1)} s, ${costWords(seen, prices, at)}`;
  if (outcome.type === 'done') return fine(name, `answered: ${words}`);
  const why = outcome.type === 'failed' ? `${outcome.class}: ${oneLine(outcome.message)}` : outcome.type;
  return fault(name, `${why} (${words})`, remedyOf(outcome.type === 'failed' ? outcome.class : '', agent));
}

/** Our price where the sheet has one, else the agent's own figure, else that nobody knows. */
function costWords({ usage, reportedUsd }: Probe, prices: PriceSheet, at: number): string {
  if (usage === null) return 'cost unknown';
  const tokens = counted(tokensOf(sumUsage(usage.models.map((row) => row.usage))), 'token');
  const { usd, atLeast } = costOf(usage, prices, at);
  if (usd !== null) return `${tokens}, ${atLeast ? 'at least ' : ''}${dollars(usd)}`;
  return `${tokens}, ${reportedUsd === null ? 'unpriced' : `${dollars(moneyOf(reportedUsd))} by its own figure`}`;
}

function remedyOf(failure: string, agent: string): string {
  switch (failure) {
    case 'auth':
      return `Log in to ${agent}, or set its key`;
    case 'quota':
    case 'rate-limited':
      return 'Wait for the limit, or name another agent in coordination/next-role.yaml';
    case 'network':
    case 'overloaded':
    case 'stalled':
      return 'Look at the network and the provider, then run next-role doctor --probe again';
    default:
      return `Run ${agent} by hand; its flags and the words of its failures are in state/agents.yaml: next-role eject`;
  }
}
