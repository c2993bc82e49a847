/**
 * What each state wants done: effects are a function of the state alone. So a restarted runner needs no list of
 * unfinished work: it asks for the wishes of the last state and compares them with the world.
 */
import type { Effect } from '../protocol/event.ts';
import type { Policy } from '../protocol/policy.ts';
import type { StateName } from './state.ts';
import type { Context, Verdict } from './round.ts';

/** The effects of a state, in the order they are to be started. */
export function wanted(policy: Policy, value: StateName, context: Context): readonly Effect[] {
  const { order, verdict, digest } = context;
  switch (value) {
    case 'reading':
      return [{ kind: 'read' }];
    case 'claiming':
      return order === null || digest === null
        ? []
        : [{ kind: 'claim', order, expect: digest, insist: verdict.type === 'dispatch' && verdict.insist }];
    case 'working':
      return order === null ? [] : [{ kind: 'dispatch', order }];
    case 'stopping':
      return order === null
        ? []
        : [
            { kind: 'dispatch', order },
            { kind: 'stop', order, why: context.stopping ?? 'interrupted' },
          ];
    case 'settling':
      return order === null ? [] : [{ kind: 'settle', order }];
    case 'gating':
      return order === null ? [] : [{ kind: 'gate', order }];
    case 'writing': {
      if (verdict.type !== 'write' || digest === null) return [];
      const { change, escalation, decision, commit } = verdict;
      return [{ kind: 'write', expect: digest, change, escalation, decision, commit }];
    }
    case 'cooling':
      return verdict.type === 'cool' ? [...shares(verdict), { kind: 'wake', at: verdict.until }] : [];
    case 'parked': {
      const deadline = deadlineOf(policy, context);
      return deadline === null ? [] : [{ kind: 'wake', at: deadline }];
    }
    case 'stalled':
      return verdict.type === 'stall' && verdict.retryAt !== null
        ? [{ kind: 'wake', at: verdict.retryAt }]
        : [];
    case 'deciding':
    case 'unreadable':
    case 'finished':
      return [];
    default:
      return value satisfies never;
  }
}

/** A limit that this project met itself is told to the others. */
function shares({ order, until, why, wait }: Extract<Verdict, { type: 'cool' }>): readonly Effect[] {
  if (wait?.shared !== true || wait.elsewhere !== null) return [];
  const { class: kind, since, seen } = wait;
  return [{ kind: 'share', order, limit: { class: kind, message: why, since, seen, until } }];
}

/** When the open question's default will be taken, epoch ms; null when there is none or the settings forbid it. */
export function deadlineOf(policy: Pick<Policy, 'allowDefaults'>, context: Context): number | null {
  const asking = context.verdict.type === 'park' && context.verdict.kind === 'escalation';
  const escalation = context.question?.escalation;
  if (!policy.allowDefaults || !asking || escalation === undefined) return null;
  if (escalation.default === null || escalation.deadline === null) return null;
  if (!escalation.options.some((option) => option.letter === escalation.default)) return null;
  const deadline = Date.parse(escalation.deadline);
  return Number.isNaN(deadline) ? null : deadline;
}
