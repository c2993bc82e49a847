import { describe, expect, it } from 'vitest';
import { isHidden, mayWrite } from '../../src/protocol/access.ts';
import { defaultPlan, mergePlan, type GateOptionsPatch } from '../../src/protocol/gateplan.ts';
import { sealedPattern, withoutAcceptance } from '../../src/protocol/sealed.ts';
import { contract } from '../rig/policy.ts';

const sealed = (acceptance: NonNullable<GateOptionsPatch['acceptance']>, role = contract('implementer')) =>
  withoutAcceptance(role, mergePlan(defaultPlan, { gates: { acceptance } }), '/home/me/app');

describe('sealedPattern()', () => {
  it.each([
    ['checks', 'checks/'],
    ['./checks//', 'checks/'],
    ['a/../checks', 'checks/'],
    ['/home/me/app/checks', 'checks/'],
    ['../checks', '/home/me/checks/'],
    ['/srv/checks', '/srv/checks/'],
    // Nothing can be hidden that holds the project itself.
    ['.', null],
    ['..', null],
    ['/', null],
  ])('%s: %s', (folder, pattern) => {
    expect(sealedPattern('/home/me/app', folder)).toBe(pattern);
  });
});

describe('withoutAcceptance()', () => {
  it.each(['checks', '/home/me/app/checks/'])('hides and protects %s, however it is written', (folder) => {
    const role = sealed({ folder }, contract('implementer', { writes: ['**'] }));
    expect(isHidden({ hidden: role.hides }, 'checks/run.sh')).toBe(true);
    expect(isHidden({ hidden: role.hides }, 'coordination/next-role.yaml')).toBe(true);
    const access = { writable: role.writes, protected: role.protects, owed: [], handoff: '' };
    expect(mayWrite(access, 'checks/run.sh')).toBe(false);
    expect(mayWrite(access, 'src/a.ts')).toBe(true);
  });

  it('leaves its folder to the role that owes the check in it, and everything as it is without a check', () => {
    const owes = [{ path: 'coordination/acceptance/{round}/run.sh', tiers: [], sections: [] }];
    const oracle = sealed({ folder: 'coordination/acceptance' }, contract('oracle', { owes }));
    expect(oracle.hides).toEqual(['coordination/next-role.yaml']);
    expect(oracle.protects).toEqual([]);
    expect(sealed({}).hides).toEqual([]);
    expect(sealed({ folder: 'checks', off: true }).hides).toEqual([]);
  });
});
