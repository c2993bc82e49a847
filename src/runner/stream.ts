/** What a session prints, as it comes: folded into one tally, and told on with a sign of life. Decides nothing. */
import { emptyTally, fold } from '../agents/tally.ts';
import type { Unstamped } from '../protocol/notice.ts';
import type { AgentSettings } from '../protocol/policy.ts';
import type { Agent, Order, SessionEvent } from '../protocol/session.ts';

/** Folds a session's lines and remembers its last sign of life. */
export function createStream(
  { agent, settings }: { readonly agent: Agent; readonly settings: AgentSettings },
  order: Order,
  say: (notice: Unstamped) => void,
) {
  const startedAt = performance.now();
  let tally = emptyTally();
  let bytes = 0;
  let lastAt = startedAt;
  let last: string | null = null;
  return {
    line(text: string): void {
      const event = agent.read(text, settings.facts);
      tally = fold(tally, event);
      lastAt = performance.now();
      last = signOfLife(event) ?? last;
      if (event.type !== 'noise') say({ type: 'session-event', order, event });
    },
    bytes(total: number): void {
      if (total !== bytes) lastAt = performance.now();
      bytes = total;
    },
    pulse(): void {
      const now = performance.now();
      const elapsedMs = Math.round(now - startedAt);
      say({ type: 'session-pulse', order, elapsedMs, idleMs: Math.round(now - lastAt), bytes, last });
    },
    tally: () => tally,
  };
}

/** What the live line shows of an event; null when it says nothing new. */
function signOfLife(event: SessionEvent): string | null {
  switch (event.type) {
    case 'tool':
      return event.target === null ? event.tool : `${event.tool} ${event.target}`;
    case 'denied':
      return `denied: ${event.tool}`;
    case 'waiting':
      return `waiting: ${event.reason}`;
    case 'failure':
      return event.message;
    case 'started':
      return 'started';
    case 'done':
      return 'done';
    case 'text':
    case 'usage':
    case 'noise':
      return null;
    default:
      return event satisfies never;
  }
}
