/**
 * An agent's own record of a session, kept in a folder of the agent's, and how it is read. A second witness: it tells
 * what a session used that was killed before it could say, and how long each prompt was. Types only.
 */
import type { SessionUsage } from './usage.ts';

/** One file of a record; `path` is relative to the agent's own folder. */
export type TranscriptFile = { readonly path: string; readonly text: string };

/** What a reader is told of the session. */
export type TranscriptOf = {
  /** Epoch milliseconds of its start: what is older is an earlier process's. */
  readonly since: number;
  /** The models that the session's stream named as its own. */
  readonly own: readonly string[];
};

/** Where an agent keeps its own record of a session, and how it is read. Pure: effects/transcript.ts finds the files. */
export type Transcript = {
  /** The agent's own folder: what the variable says, else this folder of the user's home. */
  readonly home: { readonly variable: string; readonly folder: string };
  /** Patterns of the session's files below it; `*` is anything but a slash. */
  paths(sessionId: string): readonly string[];
  /**
   * What the files say; null when they say nothing of this session. Requests before `since` (epoch ms) are an earlier
   * process's. `own` are the models the session's stream named as its own.
   */
  read(files: readonly TranscriptFile[], of: TranscriptOf): SessionUsage | null;
};
