/**
 * Whether steps were made in the order that survives a power cut: every record is synced before the world sees anything
 * that follows from it (a new handoff, a session), a new content before its name, and between two things that the world sees
 * stands a record that orders the second. What only looks, and keeps notes of ours, may come before the sync.
 */
import { readFileSync } from 'node:fs';
import type { CountedStep } from './crash.ts';

type Step = Pick<CountedStep, 'name' | 'what'>;

const isJournal = ({ what }: Step): boolean => what.endsWith('/journal.jsonl');
const isHandoff = ({ what }: Step): boolean => what.includes('.NEXT-ROLE.md.nr-');

/** Every breach of the order, in words; none is the proof. */
export function breachesOf(steps: readonly Step[]): readonly string[] {
  const breaches: string[] = [];
  const unsynced = new Set<string>();
  let journalOpen = false;
  let recordsSinceSeen = 0;
  const seen = (words: string): void => {
    if (recordsSinceSeen === 0) breaches.push(`${words} without a record since the last thing the world saw`);
    recordsSinceSeen = 0;
  };
  for (const step of steps) {
    const { name, what } = step;
    const words = `${name} ${what}`;
    if (journalOpen && (isHandoff(step) || name === 'spawn'))
      breaches.push(`${words} before the record was synced`);
    if (/write/i.test(name)) {
      if (isJournal(step)) journalOpen = true;
      else unsynced.add(what);
    } else if (/sync/i.test(name)) {
      unsynced.delete(what);
      if (isJournal(step)) {
        journalOpen = false;
        recordsSinceSeen += 1;
      }
    } else if (/^rename/.test(name)) {
      if (unsynced.has(what) && what.includes('.nr-'))
        breaches.push(`${words} before its content was synced`);
      if (isHandoff(step)) seen(words);
    } else if (name === 'spawn') {
      seen(words);
    }
  }
  return breaches;
}

/** The steps of the runner itself in what `strace -f -y` wrote; everything that it started is left out. */
export function stepsOfStrace(path: string): readonly Step[] {
  const foreign = new Set<string>();
  const waiting = new Map<string, Step>();
  const steps: Step[] = [];
  let isFirst = true;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (foreign.has(pid)) continue;
    const resumed = /^<\.\.\. \w+ resumed>/.test(rest);
    // A sync counts when it is done, everything else when it begins.
    const step = resumed ? (waiting.get(pid) ?? null) : stepIn(rest);
    waiting.delete(pid);
    if (step === null) continue;
    if (step.name === 'spawn') {
      if (!isFirst) foreign.add(pid);
      if (!isFirst && rest.includes('"next-role-session"')) steps.push(step);
      isFirst = false;
      continue;
    }
    if (rest.endsWith('<unfinished ...>') && /sync/.test(step.name)) waiting.set(pid, step);
    else if (!resumed || /sync/.test(step.name)) steps.push(step);
  }
  return steps;
}

function stepIn(call: string): Step | null {
  const [, name = '', words = ''] = /^(\w+)\((.*)$/.exec(call) ?? [];
  switch (name) {
    case 'write':
    case 'pwrite64':
    case 'fdatasync':
    case 'fsync': {
      const what = /^\d+<([^>]*)>/.exec(words)?.[1] ?? '';
      return what.startsWith('/') && !what.includes('/.next-role/logs/') ? { name, what } : null;
    }
    case 'rename':
      return { name, what: /^"([^"]*)"/.exec(words)?.[1] ?? '' };
    case 'execve':
      return { name: 'spawn', what: /^"([^"]*)"/.exec(words)?.[1] ?? '' };
    default:
      return null;
  }
}
