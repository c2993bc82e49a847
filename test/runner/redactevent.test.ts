import { describe, expect, it } from 'vitest';
import { redactor } from '../../src/effects/redact.ts';
import { redactEvent } from '../../src/runner/redactevent.ts';
import { ended, facts, question, read } from '../rig/facts.ts';
import { testPolicy } from '../rig/policy.ts';

const secret = 'k-secret-1234';
const redact = redactor({ API_KEY: secret, ROLE_TOKEN: 'architect', NAME_KEY: 'R01-key-1' });

describe('redactEvent()', () => {
  it('blacks out what models, providers and hands wrote, before the machine sees it', () => {
    const asks = {
      ...question,
      question: `Is ${secret} right?`,
      options: [{ letter: 'A', do: secret, then: secret }],
    };
    const events = [
      ended(
        'o',
        { type: 'failed', class: 'auth', message: `bad key ${secret}`, resetsAt: null },
        { denied: [`Bash(echo ${secret})`] },
      ),
      read(facts({ status: 'ESCALATE', escalation: asks, operatorDecision: secret, statusNote: secret })),
      { type: 'FAILED', at: 1, doing: 'write', message: secret } as const,
    ];
    for (const event of events) {
      const text = JSON.stringify(redactEvent(event, redact));
      expect(text).not.toContain(secret);
      expect(text).toContain('[redacted]');
    }
  });

  it('keeps what the machine decides by, even where a variable holds the same word', () => {
    const event = read(facts({ role: 'architect', round: 'R01-key-1', dispatch: 'R01-key-1' }));
    const after = redactEvent(event, redact);
    expect(after).toMatchObject({ digest: event.digest, dispatchId: event.dispatchId });
    expect(after).toMatchObject({
      handoff: { role: 'architect', round: 'R01-key-1', dispatch: 'R01-key-1' },
    });
    const policy = testPolicy();
    expect(redactEvent({ type: 'POLICY', at: 1, policy }, redact)).toEqual({ type: 'POLICY', at: 1, policy });
  });
});
