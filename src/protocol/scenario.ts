/**
 * A scenario: what the scripted agent does in each role, visit by visit. This file turns its YAML into steps, or into
 * diagnostics with the line of each mistake. It relies on datafile.ts for the parsing and never plays anything: the
 * player is cli/commands/play.ts.
 *
 *     about: One happy round.
 *     roles:
 *       architect:
 *         - - write: { path: 'coordination/specs/Q-{round}-SPEC.md', from: architect/spec.md }
 *           - handoff: { next-role: implementer, status: READY }
 *         - - say: Nothing to add on my second visit.
 */
import { z } from 'zod';
import { staysInside } from './artifact.ts';
import { readData } from './datafile.ts';
import { closed } from './dataissue.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Escalation, Option } from './escalation.ts';
import type { HandoffChange, Role } from './handoff.ts';
import { failureClasses } from './session.ts';
import type { FailureClass } from './session.ts';

/** Longest pause of one step, and the most that `flood` prints. */
export const pauseMsMax = 600_000;
export const floodBytesMax = 2_000_000_000;

/** Ways in which a real agent was seen to misbehave. */
export const misbehaviours = [
  'hang', // prints nothing more and never ends
  'ignore-sigterm', // the same, and only SIGKILL ends it
  'linger', // says it is done and does not exit
  'no-done', // exits 0 without saying it is done
  'corrupt-header', // leaves a handoff that cannot be parsed
  'background', // leaves a process in a session of its own behind
  'hold-stdout', // leaves a child behind that keeps stdout open
] as const;
export type Misbehaviour = (typeof misbehaviours)[number];

/** One thing the player does. Texts may hold `{round}`, `{role}`, `{visit}` and `{tier}`. */
export type Step =
  | { readonly do: 'say' | 'raw' | 'stderr'; readonly text: string }
  /** Exactly one of text and from is set; `from` is relative to the scenario file's folder. */
  | {
      readonly do: 'write' | 'append';
      readonly path: string;
      readonly text: string | null;
      readonly from: string | null;
    }
  | { readonly do: 'delete'; readonly path: string }
  | { readonly do: 'run'; readonly command: string; readonly allowFail: boolean }
  | { readonly do: 'handoff'; readonly change: HandoffChange }
  | { readonly do: 'escalate'; readonly escalation: Escalation }
  | { readonly do: 'pause'; readonly ms: number }
  | { readonly do: 'exit'; readonly code: number }
  | { readonly do: 'misbehave'; readonly how: Misbehaviour }
  | { readonly do: 'flood'; readonly bytes: number }
  | {
      readonly do: 'fail';
      readonly class: FailureClass;
      readonly message: string;
      readonly resetsInMs: number | null;
    }
  /** Plays its steps only where a decision of the round chose `answer`; `id` names one escalation, null any. */
  | {
      readonly do: 'when';
      readonly answer: string;
      readonly id: string | null;
      readonly steps: readonly Step[];
    };

export type Scenario = {
  readonly about: string;
  /** Per role, one list of steps per visit; the last one repeats. */
  readonly roles: Readonly<Record<Role, readonly (readonly Step[])[]>>;
};

/** What a scenario file says: a scenario, or null beside at least one error. */
export type ScenarioReading = {
  readonly scenario: Scenario | null;
  readonly diagnostics: readonly Diagnostic[];
};

const path = z.string().refine(staysInside, { error: 'Write a relative path without "..".' });

const fileText = closed({ path, text: z.string().optional(), from: path.optional() }).refine(
  (file) => (file.text === undefined) !== (file.from === undefined),
  {
    error: 'Write exactly one of "text" and "from".',
  },
);

const run = z.union(
  [z.string().min(1), closed({ command: z.string().min(1), allowFail: z.boolean().optional() })],
  {
    error: 'Write a shell command, or {command, allowFail}.',
  },
);

const escalate = closed({
  question: z.string().min(1),
  options: z
    .record(
      z.string(),
      z.union([z.string(), closed({ do: z.string(), then: z.string().optional() })], {
        error: 'Write a text, or {do, then}.',
      }),
    )
    .optional(),
  recommended: z.string().optional(),
  default: z.string().optional(),
  deadline: z.string().optional(),
  diagnostic: z.string().optional(),
  id: z.string().optional(),
});

const misbehave = z.union(
  [
    z.enum(misbehaviours),
    closed({ flood: z.int().min(1).max(floodBytesMax) }),
    closed({
      fail: closed({
        class: z.enum(failureClasses),
        message: z.string(),
        resetsInMs: z.int().min(0).optional(),
      }),
    }),
  ],
  {
    error: `Write one of ${misbehaviours.join(', ')}, or {flood: bytes}, or {fail: {class, message, resetsInMs}}.`,
  },
);

const stepShape = {
  say: z.string(),
  raw: z.string(),
  stderr: z.string(),
  write: fileText,
  append: fileText,
  delete: path,
  run,
  handoff: z.record(z.string(), z.string().nullable()),
  escalate,
  pause: z.number().min(0).max(pauseMsMax),
  exit: z.int().min(0).max(255),
  misbehave,
  when: closed({ answer: z.string().min(1), id: z.string().optional() }),
};
const stepNames = Object.keys(stepShape).join(', ');

const step: z.ZodType<Step> = z.lazy(() =>
  closed({ ...stepShape, steps: z.array(step) })
    .partial()
    .transform((raw, context): Step => {
      const names = Object.keys(raw).filter((name) => name !== 'steps');
      const [name] = names;
      if (names.length !== 1 || (name === 'when') !== (raw.steps !== undefined)) {
        const message = `Write exactly one of ${stepNames} ("when" stands beside "steps").`;
        // An unknown key has been reported already, with the nearest spelling.
        if (context.issues.length === 0) context.addIssue({ code: 'custom', message });
        return z.NEVER;
      }
      return stepOf(raw) ?? z.NEVER;
    }),
);

const scenarioShape = closed({
  about: z.string().default(''),
  roles: z.record(z.string(), z.array(z.array(step)).min(1)),
});

type RawStep = { readonly [K in keyof typeof stepShape]?: z.infer<(typeof stepShape)[K]> | undefined } & {
  readonly steps?: readonly Step[] | undefined;
};

/** The tagged step of a raw one-key map. */
function stepOf(raw: RawStep): Step | null {
  if (raw.say !== undefined) return { do: 'say', text: raw.say };
  if (raw.raw !== undefined) return { do: 'raw', text: raw.raw };
  if (raw.stderr !== undefined) return { do: 'stderr', text: raw.stderr };
  if (raw.write !== undefined) return { do: 'write', ...fileOf(raw.write) };
  if (raw.append !== undefined) return { do: 'append', ...fileOf(raw.append) };
  if (raw.delete !== undefined) return { do: 'delete', path: raw.delete };
  if (raw.run !== undefined) {
    if (typeof raw.run === 'string') return { do: 'run', command: raw.run, allowFail: false };
    return { do: 'run', command: raw.run.command, allowFail: raw.run.allowFail ?? false };
  }
  if (raw.handoff !== undefined) return { do: 'handoff', change: raw.handoff };
  if (raw.escalate !== undefined) return { do: 'escalate', escalation: escalationOf(raw.escalate) };
  if (raw.pause !== undefined) return { do: 'pause', ms: raw.pause };
  if (raw.exit !== undefined) return { do: 'exit', code: raw.exit };
  if (raw.misbehave !== undefined) return misbehaviourOf(raw.misbehave);
  if (raw.when !== undefined) {
    return { do: 'when', answer: raw.when.answer, id: raw.when.id ?? null, steps: raw.steps ?? [] };
  }
  return null;
}

function fileOf(file: z.infer<typeof fileText>): { path: string; text: string | null; from: string | null } {
  return { path: file.path, text: file.text ?? null, from: file.from ?? null };
}

function misbehaviourOf(raw: z.infer<typeof misbehave>): Step {
  if (typeof raw === 'string') return { do: 'misbehave', how: raw };
  if ('flood' in raw) return { do: 'flood', bytes: raw.flood };
  return {
    do: 'fail',
    class: raw.fail.class,
    message: raw.fail.message,
    resetsInMs: raw.fail.resetsInMs ?? null,
  };
}

function escalationOf(raw: z.infer<typeof escalate>): Escalation {
  const options = Object.entries(raw.options ?? {}).map(([letter, option]): Option =>
    typeof option === 'string'
      ? { letter, do: option, then: '' }
      : { letter, do: option.do, then: option.then ?? '' },
  );
  return {
    id: raw.id ?? null,
    question: raw.question,
    options,
    recommended: raw.recommended ?? null,
    default: raw.default ?? null,
    deadline: raw.deadline ?? null,
    diagnostic: raw.diagnostic ?? null,
  };
}

/**
 * Reads a scenario file. It never throws.
 *
 * @example parseScenario('roles: { reviewer: [[{ say: hello }]] }').scenario?.roles['reviewer']?.length // 1
 */
export function parseScenario(text: string): ScenarioReading {
  const reading = readData(text, scenarioShape);
  if (!reading.ok) return { scenario: null, diagnostics: reading.diagnostics };
  return { scenario: reading.value, diagnostics: [] };
}

/** The steps of a role's nth visit (from 1); null when the scenario has no script for the role. */
export function stepsFor(scenario: Scenario, role: Role, visit: number): readonly Step[] | null {
  if (!Object.hasOwn(scenario.roles, role)) return null;
  const visits = scenario.roles[role] ?? [];
  return visits[Math.min(Math.max(visit, 1), visits.length) - 1] ?? null;
}
