import { describe, expect, it } from 'vitest';
import { addReport, merge, sinceBefore, usageOf } from '../../src/agents/usage.ts';
import type { ReportedUsage } from '../../src/agents/usage.ts';
import { emptyTally, fold } from '../../src/agents/tally.ts';
import type { SessionEvent } from '../../src/protocol/session.ts';
import { zeroUsage } from '../../src/protocol/usage.ts';
import type { UsageReport } from '../../src/protocol/usage.ts';

const row = (input: number, more: Partial<ReportedUsage> = {}): ReportedUsage => ({
  model: 'm',
  usage: { ...zeroUsage, input },
  requests: 1,
  reportedUsd: 0.1,
  ...more,
});
const report = (counts: UsageReport['counts'], ...models: readonly ReportedUsage[]): UsageReport => ({
  counts,
  models,
});
const said = (...reports: readonly UsageReport[]) =>
  reports
    .map((each): SessionEvent => ({ type: 'usage', report: each }))
    .reduce(fold, fold(emptyTally(), { type: 'started', sessionId: 's', model: 'm' }));

describe('usage of a stream', () => {
  it('adds steps', () => {
    const tally = said(report('step', row(1)), report('step', row(2)));
    expect(usageOf(tally, null)?.models).toEqual([
      { ...row(3, { requests: 2, reportedUsd: 0.2 }), side: false },
    ]);
    expect(tally.costUsd).toBe(0.2);
  });

  it('takes the last total, not the sum of totals', () => {
    const tally = said(report('session', row(1)), report('session', row(3)));
    expect(usageOf(tally, null)?.models).toEqual([{ ...row(3), side: false }]);
  });

  it('is unknown while nothing was said, and nothing once that was said', () => {
    expect(usageOf(said(), null)).toBeNull();
    expect(usageOf(said(report('session')), null)?.models).toEqual([]);
  });

  it('is also read from the line that says the session failed', () => {
    const failure: SessionEvent = {
      type: 'failure',
      class: 'capped',
      message: 'm',
      resetsAt: null,
      usage: report('session', row(4)),
    };
    expect(usageOf(fold(emptyTally(), failure), 'ordered')?.models[0]?.usage.input).toBe(4);
  });

  it('gives a row without a name to the model that works, else to the one that was ordered', () => {
    const nameless = report('step', row(1, { model: null }));
    expect(usageOf(said(nameless), 'ordered')?.models[0]?.model).toBe('m');
    const silent = fold(emptyTally(), { type: 'usage', report: nameless });
    expect(usageOf(silent, 'ordered')?.models[0]?.model).toBe('ordered');
    expect(usageOf(silent, null)?.models[0]?.model).toBeNull();
  });

  it('marks as side models those that never were the one that works, also after a fallback', () => {
    const fallback = fold(said(), { type: 'started', sessionId: null, model: 'n' });
    const used = report('session', row(1), row(2, { model: 'n' }), row(3, { model: 'side' }));
    const tally = fold(fallback, { type: 'usage', report: used });
    expect(usageOf(tally, null)?.models.map(({ side }) => side)).toEqual([false, false, true]);
  });

  it('does not make up a figure that one part lacks', () => {
    expect(merge([row(1), row(2, { requests: null, reportedUsd: null })])).toEqual([
      row(3, { requests: null, reportedUsd: null }),
    ]);
  });
});

describe('sinceBefore()', () => {
  it('is what a process added to its conversation', () => {
    const thread = addReport(null, report('thread', row(200, { requests: 4, reportedUsd: 0.3 })), null);
    expect(thread.isThread).toBe(true);
    expect(sinceBefore(thread.models, [row(100)])).toEqual([row(100, { requests: 3, reportedUsd: 0.2 })]);
  });

  it('keeps the row of a model that is new, and drops one that did nothing more', () => {
    expect(sinceBefore([row(5), row(7, { model: 'n' })], [row(5)])).toEqual([row(7, { model: 'n' })]);
  });
});
