/**
 * One thing that `doctor` looked at: what it found, and the remedy where something is wrong. Values only.
 */

export type Check = {
  readonly name: string;
  readonly state: 'good' | 'warn' | 'bad';
  readonly words: string;
  /** What to do about it; null when nothing is to be done. */
  readonly remedy: string | null;
};

export function fine(name: string, words: string): Check {
  return { name, state: 'good', words, remedy: null };
}

/** Something a round can live with. */
export function caution(name: string, words: string, remedy: string): Check {
  return { name, state: 'warn', words, remedy };
}

/** Something that keeps a round from running. */
export function fault(name: string, words: string, remedy: string): Check {
  return { name, state: 'bad', words, remedy };
}
