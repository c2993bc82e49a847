/** Every gate in a real round: what it holds is not gone on without, and what is mended is. */
import { afterAll, describe, it } from 'vitest';
import { gateNames } from '../../src/protocol/gateplan.ts';
import { playGate } from '../rig/gate-journeys.ts';
import { removeProjects } from '../rig/journey.ts';

afterAll(removeProjects);

describe('a round whose session breaks what a gate holds', () => {
  it.each(gateNames)(
    '%s: rests with the finding and its place, and goes through once it is mended',
    playGate,
  );
});
