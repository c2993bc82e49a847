/**
 * What a run tells the outside world: one stream of notices from one publish point, read by the terminal, the log and
 * later the server. A notice is a value; it never asks for anything.
 */
import type { Diagnostic } from './diagnostic.ts';
import type { Effect, MachineEvent } from './event.ts';
import type { StoredState } from './journal.ts';
import type { Order, SessionEvent } from './session.ts';

export type Notice = { readonly at: number; readonly project: string } &
  /** A decision was journalled: the event, where it led, and what will be done about it. */
  (
    | {
        readonly type: 'decided';
        readonly seq: number;
        readonly event: MachineEvent;
        readonly state: StoredState;
        readonly effects: readonly Effect[];
      }
    /** A session process is running; its folder holds prompt, manifest, stdout and stderr. */
    | {
        readonly type: 'session-started';
        readonly order: Order;
        readonly folder: string;
        readonly promptBytes: number;
      }
    | { readonly type: 'session-event'; readonly order: Order; readonly event: SessionEvent }
    /** At least once a second while a session runs. */
    | {
        readonly type: 'session-pulse';
        readonly order: Order;
        readonly elapsedMs: number;
        readonly idleMs: number;
        readonly bytes: number;
        readonly last: string | null;
      }
    /** Something about a file that a person should read. */
    | { readonly type: 'problem'; readonly file: string; readonly diagnostics: readonly Diagnostic[] }
    /** How the project's files are watched; `polling` says why in `reason`. */
    | { readonly type: 'watching'; readonly mode: 'events' | 'polling'; readonly reason: string | null }
    /** Anything else worth one line, for a person. */
    | { readonly type: 'remark'; readonly level: 'info' | 'warning'; readonly text: string }
  );

/** A notice before the publish point stamps time and project on it. */
export type Unstamped = Notice extends infer N
  ? N extends Notice
    ? Omit<N, 'at' | 'project'>
    : never
  : never;

export type Publish = (notice: Notice) => void;
