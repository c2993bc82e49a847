/**
 * Real clients on the simulated provider, and their books: what the sessions of a journey are said to have used, what the
 * provider says it served, and what that costs, added up here on its own from the text of the price sheet.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { parse } from 'yaml';
import type { MachineEvent } from '../../src/protocol/event.ts';
import type { ScriptPart } from '../../src/protocol/modelscript.ts';
import type { Project } from '../../src/protocol/project.ts';
import { promptTokensOf, sumUsage, usageClasses } from '../../src/protocol/usage.ts';
import type { Usage } from '../../src/protocol/usage.ts';
import { startModelApi } from '../../src/server/provider/api.ts';
import type { ModelApi } from '../../src/server/provider/api.ts';
import type { ModelScript } from '../../src/server/provider/exchange.ts';
import type { LedgerEntry } from '../../src/server/provider/ledger.ts';
import { clientEnv, clientSettings } from './clients.ts';
import type { ClientName } from './clients.ts';
import { artifactsOf, handoff, makeProject } from './journey.ts';
import type { Journey, ProjectOptions } from './journey.ts';

const before = { ...process.env };
const closers: (() => Promise<void> | void)[] = [];
/** The environment as it was, and whatever was opened closed. */
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  for (const name of Object.keys(process.env))
    if (!(name in before)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
});

/** Closes something when the test is over. */
export function atEnd(close: () => Promise<void> | void): void {
  closers.push(close);
}

/** Writes what the role owes, then hands over; the second step must be asked for twice. */
export function works(role: string, header: string, when?: string): ScriptPart {
  const writes = artifactsOf(role).map((step) => ({
    write: step['write'] as { path: string; text: string },
  }));
  const hand = { edit: { path: 'coordination/NEXT-ROLE.md', from: 'status: WORKING', to: header } };
  const again = { kind: 'overloaded', times: 1 } as const;
  const turns = [...writes, { ...hand, thoughts: 9, fail: again }];
  return { ...(when === undefined ? {} : { when }), turns, say: `${role} is done.` };
}

/** Tiers in which an implementer owes no spec of its own. */
const tiers =
  'pair: { about: Two., roles: [implementer, reviewer] }\none: { about: One., roles: [implementer] }\n';

export type Opened = { readonly api: ModelApi; readonly project: Project };

/** A project whose roles are all played by one client; null leaves the model to the client. */
export async function open(
  name: ClientName,
  script: ModelScript,
  tier: 'pair' | 'one',
  model: string | null,
  more: Pick<ProjectOptions, 'files' | 'settings'> = {},
): Promise<Opened> {
  const home = mkdtempSync(join(tmpdir(), `next-role-${name}-`));
  atEnd(() => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  const api = await startModelApi(script, { accounting: true });
  atEnd(() => api.close());
  const roles = model === null ? {} : { roles: { implementer: { model }, reviewer: { model } } };
  const project = await makeProject({
    scenario: {},
    git: true,
    handoff: handoff({ tier, 'next-role': 'implementer' }),
    files: { 'coordination/state/tiers.yaml': tiers, ...more.files },
    settings: {
      agent: name,
      agents: { [name]: clientSettings(name, api.url) },
      ...roles,
      ...more.settings,
    },
  });
  Object.assign(process.env, clientEnv(name, api.url, home));
  return { api, project };
}

export type Told = Pick<Journey, 'notices'>;
export type Ended = Extract<MachineEvent, { type: 'ENDED' }>;

export function endings({ notices }: Told): readonly Ended[] {
  return notices.flatMap((notice) =>
    notice.type === 'decided' && notice.event.type === 'ENDED' ? [notice.event] : [],
  );
}

/** What sessions together are said to have used, by model. */
export function told(ended: readonly Pick<Ended, 'usage'>[]): Readonly<Record<string, Usage>> {
  const rows = ended.flatMap(({ usage }) => usage?.models ?? []);
  const models = [...new Set(rows.map(({ model }) => model ?? 'unknown'))];
  return Object.fromEntries(
    models.map((name) => [
      name,
      sumUsage(rows.filter(({ model }) => (model ?? 'unknown') === name).map(({ usage }) => usage)),
    ]),
  );
}

type SheetRow = Partial<Record<keyof Usage, number>> & {
  readonly from?: string | Date;
  readonly over?: readonly (Partial<Record<keyof Usage, number>> & { readonly promptTokens: number })[];
};

/**
 * What the provider's entries cost in whole pico-dollars, by state/prices.yaml as it is written: each request at the
 * newest price that has begun, and at the rates of its own prompt's length. It shares no code with src/domain/cost.ts.
 */
export function servedPico(entries: readonly Pick<LedgerEntry, 'model' | 'usage'>[]): bigint {
  const { models } = parse(readFileSync('state/prices.yaml', 'utf8'), { merge: true }) as {
    models: Record<string, { prices: readonly SheetRow[] }>;
  };
  const today = new Date().toISOString().slice(0, 10);
  return entries.reduce((sum, { model, usage }) => {
    if (usage === null) return sum;
    const row = models[model]?.prices.findLast(({ from = '' }) => String(from) <= today);
    if (row === undefined) throw new Error(`state/prices.yaml has no price of ${model}`);
    const rates = row.over?.findLast(({ promptTokens }) => promptTokensOf(usage) > promptTokens) ?? row;
    return usageClasses.reduce((cost, each) => {
      if (usage[each] === 0) return cost;
      const rate = rates[each];
      if (rate === undefined) throw new Error(`${model} has no price of ${each}`);
      return cost + BigInt(usage[each]) * BigInt(Math.round(rate * 1e6));
    }, sum);
  }, 0n);
}
