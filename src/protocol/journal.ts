/**
 * One line of the journal, and the two small contracts that let the same machine run on a laptop or on a fleet: the
 * store that keeps decisions, and the runner that works orders. Both have one conformance suite under test/.
 */
import type { Effect, MachineEvent } from './event.ts';
import type { Command, Exit, Order } from './session.ts';

/** What we keep of the machine: never the library's own snapshot. `context` is the machine's, opaque here. */
export type StoredState = {
  readonly version: string;
  readonly value: string;
  readonly context: unknown;
};

/** A decision before it is stored. */
export type JournalEntry = {
  readonly event: MachineEvent;
  readonly state: StoredState;
  readonly effects: readonly Effect[];
};

/** A decision as stored: numbered from 1 without gaps, chained by hash. */
export type JournalRecord = JournalEntry & {
  readonly seq: number;
  /** SHA-256 (hex) over the previous record's hash and this line's body. */
  readonly hash: string;
};

/** What a journal says at start-up. */
export type Loaded = {
  readonly last: JournalRecord | null;
  /** A torn last line that was set aside: where it is kept now, and how long it was. */
  readonly torn: { readonly path: string; readonly bytes: number } | null;
};

/** When a record must survive a power cut: before anything else is done, or within a moment. */
export type Durable = 'now' | 'soon';

/**
 * Keeps decisions. `append` returns only when the record, and all before it, is durable; with `soon`, when it survives the
 * end of this process, and it is durable with the next one or within a moment. It throws when it could not, and keeps nothing.
 */
export type Store = {
  load(): Loaded;
  append(entry: JournalEntry, when?: Durable): JournalRecord;
  close(): void;
};

/** A journal that cannot be trusted: a bad line followed by good ones. */
export class JournalDamaged extends Error {
  readonly path: string;
  readonly byte: number;
  constructor(path: string, byte: number, why: string) {
    super(
      `The journal "${path}" is damaged at byte ${byte}: ${why}. Move it away to start from NEXT-ROLE.md alone.`,
    );
    this.name = 'JournalDamaged';
    this.path = path;
    this.byte = byte;
  }
}

/** How the session's process ended, and what it left running. */
export type SessionEnd = {
  readonly exit: Exit;
  readonly ms: number;
  /** Processes reaped after the end, by the run marker in their environment. */
  readonly leftovers: number;
  /** Whether the process was found alive and adopted instead of started. */
  readonly adopted: boolean;
  /** Whether a process of it was ever started; where not, it has left nothing. */
  readonly begun: boolean;
};

/** How a session is watched while it runs. */
export type SessionWatch = {
  /** Called for each complete line of stdout, in order, from the first line on, also after an adoption. */
  line(text: string): void;
  /** Bytes of stdout so far; called at least once a second while it grows. */
  bytes(total: number): void;
};

/**
 * Works orders. `ensure` is idempotent by order id: it starts the session, or adopts a living one, or reports the end
 * of one that has ended already. `prepare` is called only when it must be started.
 */
export type Runner = {
  ensure(order: Order, prepare: () => Promise<Command>, watch: SessionWatch): Promise<SessionEnd>;
  /** Ends a session gracefully, then by force; resolves when nothing of it is left. Nothing to do is fine. */
  stop(orderId: string, why: Extract<Exit, { type: 'stopped' }>['why']): Promise<void>;
};
