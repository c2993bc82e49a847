/** A limit as the projects of one machine know it of one another: of an account, or of one model alone. */
import { describe, expect, it } from 'vitest';
import { modelNamed } from '../../src/domain/modelchoice.ts';
import { newRound } from '../../src/domain/round.ts';
import { orderFor } from '../../src/domain/route.ts';
import type { Order } from '../../src/protocol/session.ts';
import { knownLimit, shareLimit } from '../../src/runner/limits.ts';
import { testPolicy } from '../rig/policy.ts';

const request = {
  role: 'architect',
  dispatchId: 'in',
  at: 1,
  kind: 'work',
  feedback: [],
  because: '',
} as const;
const now = 1_000_000;

/** What each of these orders meets after one of the model opus met a limit with these words. */
async function met(message: string, orders: readonly Partial<Order>[]): Promise<readonly boolean[]> {
  // The agent's name keeps the cases apart: an agent that the settings do not know is its own account.
  const agent = `agent of: ${message}`;
  const order = { ...orderFor(testPolicy(), newRound('R01', 'full'), request), agent, model: 'opus' };
  const here = { policy: testPolicy(), project: { root: '/p' } } as unknown as Parameters<
    typeof knownLimit
  >[0];
  const limit = { class: 'rate-limited', message, since: now, seen: now, until: now + 60_000 } as const;
  await shareLimit(here, { kind: 'share', order: { ...order, fallbacks: [] }, limit }, () => undefined);
  const at = { at: now + 1, insist: false };
  const found = orders.map((more) => knownLimit(here, { ...order, ...more }, at));
  return (await Promise.all(found)).map((one) => one !== null);
}

describe('a limit that another project met', () => {
  const orders = [
    { model: 'opus', fallbacks: [] },
    { model: 'opus', fallbacks: ['sonnet'] },
    { model: 'sonnet', fallbacks: [] },
  ];

  it('of one model holds back no other, and no order that can go on with another', async () => {
    expect(await met('the seven_day_opus limit is used up', orders)).toEqual([true, false, false]);
  });

  it('of the account holds back every order', async () => {
    expect(await met('the five_hour limit is used up', orders)).toEqual([true, true, true]);
  });

  it('is lifted for a model by a human who insists', async () => {
    expect(await met('the opus limit', [{ fallbacks: [] }])).toEqual([true]);
  });

  it('is of the model that the words name, not of whose models they are', () => {
    expect(modelNamed('Claude usage limit reached', ['claude-opus-5', 'claude-sonnet-5'])).toBeNull();
    expect(modelNamed('Sonnet is at its limit', ['claude-opus-5', 'claude-sonnet-5'])).toBe(
      'claude-sonnet-5',
    );
  });
});
