/**
 * An escalation is a bounded question to the human: lettered options with consequences, perhaps a recommendation, a
 * default and a deadline. It stands in the handoff's front matter, or in the escalation section of a bare-header file.
 */

export type Option = {
  /** One capital letter, or the option's word as written. */
  readonly letter: string;
  /** What would be done. */
  readonly do: string;
  /** What follows from it; empty when the file does not say. */
  readonly then: string;
};

export type Escalation = {
  /** Written id, else null: the runner then gives one (`<round>-<role>-<n>`). */
  readonly id: string | null;
  readonly question: string;
  /** May be empty: an escalation without options is still an escalation, answered in words. */
  readonly options: readonly Option[];
  readonly recommended: string | null;
  readonly default: string | null;
  /** ISO 8601, as written; null when absent. */
  readonly deadline: string | null;
  readonly diagnostic: string | null;
};

/** How an answer reached us. */
export type AnswerVia = 'header' | 'section' | 'ready-without-answer' | 'default';

/** One answer of a human (or the configured default) to one escalation. */
export type Answer = {
  readonly escalationId: string;
  /** The chosen letter; null when the human answered in words or not at all. */
  readonly choice: string | null;
  /** The human's own words; null when none. */
  readonly words: string | null;
  readonly via: AnswerVia;
};
