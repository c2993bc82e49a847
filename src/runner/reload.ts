/**
 * Settings, roles or tiers that were edited while a project is run: read again when their files changed. A broken file
 * leaves the last good policy in force and is told, and so does one that a session left and was not to write. The policy
 * itself changes by an event, as everything does.
 */
import { catalogStamp } from '../effects/catalog.ts';
import { isError } from '../protocol/diagnostic.ts';
import type { MachineEvent } from '../protocol/event.ts';
import type { Unstamped } from '../protocol/notice.ts';
import { configurationLeft } from './guard.ts';
import { readPolicy, type OpenRound } from './open.ts';

type Means = {
  readonly say: (notice: Unstamped) => void;
  readonly now: () => number;
  /** Asked once files have changed: whether what they say now may count. They are looked at again later if not. */
  readonly mayCount?: () => Promise<boolean>;
};

/** The policy as its files are now, as an event; null when it is the one in force, cannot be read, or may not count. */
export async function reload(
  round: OpenRound,
  { say, now, mayCount }: Means,
): Promise<Extract<MachineEvent, { type: 'POLICY' }> | null> {
  const stamp = catalogStamp(round.project.root);
  if (stamp === round.stamp || stamp === round.held || (await mayCount?.()) === false) return null;
  if (await isHeld(round, stamp, say)) return null;
  const { policy, prices, problems } = await readPolicy(round.project, round.oneThread);
  if (stamp === round.stamp) return null;
  round.stamp = stamp;
  for (const { file, diagnostics } of problems) say({ type: 'problem', file, diagnostics });
  if (problems.some(({ diagnostics }) => diagnostics.some(isError))) return null;
  round.prices = prices;
  return policy.digest === round.policy.digest ? null : { type: 'POLICY', at: now(), policy };
}

/** Whether a session left what the files say now. Told once, and looked at again when one of them changes. */
async function isHeld(round: OpenRound, stamp: string, say: Means['say']): Promise<boolean> {
  const { project, policy, state } = round;
  const here = state.context.round;
  if (here === null) return false;
  const place = { root: project.root, sessions: `${project.own}/sessions`, policy };
  const left = await configurationLeft(place, here.id);
  if (left.length === 0) return false;
  if (round.held === stamp) return true;
  round.held = stamp;
  say({ type: 'remark', level: 'warning', text: heldText(left) });
  return true;
}

function heldText(paths: readonly string[]): string {
  const names = paths.map((path) => `"${path}"`).join(', ');
  return (
    `A session changed ${names}, which is not a session's to change, so the settings stay as they were. ` +
    'Put it back, or edit it yourself: what you save counts.'
  );
}
