/**
 * Opening a question: giving an escalation its id and remembering who asked. A question stays open until a human edit,
 * or a default that the human configured, answers it; while it is open no session starts.
 */
import type { Escalation } from '../protocol/escalation.ts';
import { human, type HandoffFacts, type Role } from '../protocol/handoff.ts';
import type { Context, OpenQuestion, RoundMemory } from './round.ts';

/** An escalation whose file names nothing at all. */
const wordless: Escalation = {
  id: null,
  question: 'The file says ESCALATE without a question.',
  options: [],
  recommended: null,
  default: null,
  deadline: null,
  diagnostic: null,
};

/** The open question of a handoff that says ESCALATE: the one we know, or a new one with an id of its own. */
export function openQuestion(
  context: Context,
  fingerprint: string | null,
  handoff: HandoffFacts,
): OpenQuestion {
  const escalation = handoff.escalation ?? wordless;
  const known = context.question;
  if (known !== null)
    return { ...known, fingerprint, escalation, moves: movesFor(known, escalation), refused: null };
  const role = askingRole(context, handoff);
  return {
    id: freshId(context, escalation.id, role),
    role,
    fingerprint,
    escalation,
    moves: null,
    refused: null,
    budget: false,
  };
}

/** Letters keep their moves while they still offer the same; a human may put the question itself into other words. */
function movesFor(known: OpenQuestion, now: Escalation): OpenQuestion['moves'] {
  const offers = ({ options }: Escalation): string =>
    JSON.stringify(options.map((option) => [option.letter, option.do]));
  return offers(known.escalation) === offers(now) ? known.moves : null;
}

/** The id that was written, unless an earlier question of the round had it: its decision must not be overwritten. */
function freshId(context: Context, written: string | null, role: Role): string {
  const used = context.round?.decisions.some(({ id }) => id === written) ?? false;
  return written === null || used ? questionId(context, role) : written;
}

/** The memory after a question was opened. */
export function opened(round: RoundMemory): RoundMemory {
  return { ...round, escalations: round.escalations + 1 };
}

/**
 * The memory after a session's question: words that stand in the operator's section already are no answer to it,
 * unless a human has saved the file since that session ended.
 */
export function asked(context: Context): RoundMemory | null {
  if (context.round === null) return null;
  const round = opened(context.round);
  return context.leftAnswer?.late === true ? round : { ...round, wordsSeen: context.words };
}

/** `<round>-<role>-<n>`, counted over the round. */
export function questionId(context: Context, role: Role): string {
  const round = context.round?.id ?? 'R00';
  return `${round}-${role}-${(context.round?.escalations ?? 0) + 1}`;
}

/** Who asked: the role the runner left in the header, else the role in the question's id, else the human. */
function askingRole(context: Context, handoff: HandoffFacts): Role {
  if (context.order !== null) return context.order.role;
  if (handoff.role !== null && handoff.role !== human) return handoff.role;
  const named = /-([a-z][a-z-]*)-\d+$/.exec(handoff.escalation?.id ?? '')?.[1];
  return named ?? human;
}
