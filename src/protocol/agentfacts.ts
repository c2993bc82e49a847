/**
 * What is known of an agent program and may change with its next version: constant arguments, environment, and how its
 * failures are named. It is data (state/agents.yaml), so that a user corrects it in coordination/state/agents.yaml
 * without a release of ours. Pure: the schema, the laying over, and the one way a failing line gets its class. Texts that
 * the model wrote are never looked at; adapters pass only fields the program itself fills.
 */
import { z } from 'zod';
import { closed } from './dataissue.ts';
import { failureClasses } from './session.ts';
import type { FailureClass } from './session.ts';

/** What a failing line is: one of the classes, or `waiting`, when the program says that it tries again by itself. */
export type LineClass = FailureClass | 'waiting';

/** A rule holds when the field is the text, or has it in it (without regard to case). */
export type FailureRule = {
  readonly field: string;
  readonly is?: string | undefined;
  readonly has?: string | undefined;
  readonly class: LineClass;
};

export type AgentFacts = {
  /** Arguments of every session, before those of the settings. */
  readonly flags: readonly string[];
  /** Environment variables of every session. */
  readonly env: Readonly<Record<string, string>>;
  /** Names, or `PREFIX_*` patterns, passed on from our own environment: the login, the gateway. */
  readonly passEnv: readonly string[];
  /** The first rule that holds decides. */
  readonly failures: readonly FailureRule[];
};

/** Of an agent of which nothing is known: shell commands, the scripted player. */
export const noFacts: AgentFacts = { flags: [], env: {}, passEnv: [], failures: [] };

/** Fields of one failing line that the program itself filled, as texts. */
export type Signs = Readonly<Record<string, string | number | null | undefined>>;

/**
 * The class of a failing line; null when no rule knows it.
 *
 * @example classify({ status: 401 }, [{ field: 'status', is: '401', class: 'auth' }]) // 'auth'
 */
export function classify(signs: Signs, rules: readonly FailureRule[]): LineClass | null {
  const found = rules.find((rule) => {
    const value = Object.hasOwn(signs, rule.field) ? signs[rule.field] : null;
    if (value === null || value === undefined) return false;
    const text = String(value);
    if (rule.is !== undefined) return text === rule.is;
    return rule.has !== undefined && text.toLowerCase().includes(rule.has.toLowerCase());
  });
  return found?.class ?? null;
}

const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'Write the name of an environment variable.');
export const envPattern = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]*\*?$/,
    'Write the name of an environment variable, or a start such as "ACME_*".',
  );
const scalar = z.union([z.string(), z.number()]).transform(String);

const rule = closed({
  field: z.string().min(1, 'Write the name of a field.'),
  is: scalar.optional(),
  has: z.string().min(1, 'Write some text.').optional(),
  class: z.enum([...failureClasses, 'waiting']),
}).refine((its) => (its.is === undefined) !== (its.has === undefined), 'Give a rule either "is" or "has".');

const rulesMax = 200;
const patch = closed({
  flags: z.array(z.string()).max(rulesMax).optional(),
  env: z.record(envName, scalar.nullable()).optional(),
  passEnv: z.array(envPattern).max(rulesMax).optional(),
  failures: z.array(rule).max(rulesMax).optional(),
}).optional();

/** The programs that have facts. A shell command and the scripted player have none. */
export const factKinds = ['claude', 'codex', 'gemini', 'opencode'] as const;
export type FactKind = (typeof factKinds)[number];

export const agentsFile = closed({ claude: patch, codex: patch, gemini: patch, opencode: patch });
export type AgentsFile = z.infer<typeof agentsFile>;

/**
 * Lays files over each other: `flags` and `passEnv` replace, `env` is laid over name by name (null takes one away), and
 * the later file's failure rules are asked first.
 */
export function joinFacts(files: readonly AgentsFile[]): Readonly<Record<FactKind, AgentFacts>> {
  const of = (kind: FactKind): AgentFacts =>
    files.reduce<AgentFacts>((facts, file) => {
      const its = file[kind];
      const env = Object.entries({ ...facts.env, ...its?.env });
      return {
        flags: its?.flags ?? facts.flags,
        env: Object.fromEntries(env.flatMap(([name, value]) => (value === null ? [] : [[name, value]]))),
        passEnv: its?.passEnv ?? facts.passEnv,
        failures: [...(its?.failures ?? []), ...facts.failures],
      };
    }, noFacts);
  return { claude: of('claude'), codex: of('codex'), gemini: of('gemini'), opencode: of('opencode') };
}
