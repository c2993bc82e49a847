/**
 * Settings, roles or tiers that were edited while a project is run: read again when their files changed. A broken file
 * leaves the last good policy in force and is told. The policy itself changes by an event, as everything does.
 */
import { catalogStamp } from '../effects/catalog.ts';
import { isError } from '../protocol/diagnostic.ts';
import type { MachineEvent } from '../protocol/event.ts';
import type { Unstamped } from '../protocol/notice.ts';
import { readPolicy, type OpenRound } from './open.ts';

type Means = {
  readonly say: (notice: Unstamped) => void;
  readonly now: () => number;
  /** Asked once files have changed: whether what they say now may count. They are looked at again later if not. */
  readonly mayCount?: () => Promise<boolean>;
};

/** The policy as its files are now, as an event; null when it is the one in force, or cannot be read. */
export async function reload(
  round: OpenRound,
  { say, now, mayCount }: Means,
): Promise<Extract<MachineEvent, { type: 'POLICY' }> | null> {
  const stamp = catalogStamp(round.project.root);
  if (stamp === round.stamp || (await mayCount?.()) === false) return null;
  const { policy, prices, problems } = await readPolicy(round.project, round.oneThread);
  if (stamp === round.stamp) return null;
  round.stamp = stamp;
  for (const { file, diagnostics } of problems) say({ type: 'problem', file, diagnostics });
  if (problems.some(({ diagnostics }) => diagnostics.some(isError))) return null;
  round.prices = prices;
  return policy.digest === round.policy.digest ? null : { type: 'POLICY', at: now(), policy };
}
