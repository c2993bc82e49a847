/**
 * What the simulated provider plays, as a person writes it: a YAML or JSON file with the turns of each role. Turns are
 * written for no agent in particular; the provider spells them in the tools of the client that asks. Only the schema
 * and its reading; a mistake is a diagnostic with its line.
 */
import { z } from 'zod';
import { closed, nameWord, plainText } from './dataissue.ts';
import { readData } from './datafile.ts';
import type { Diagnostic } from './diagnostic.ts';

/** Ways in which a provider fails, for `fail:`. */
export const providerFailures = [
  'rate-limit',
  'usage-limit',
  'overloaded',
  'server-error',
  'auth',
  'credit',
  'too-long',
  'bad-request',
  'cut', // the connection is reset in the middle of an answer
  'end', // the answer ends in the middle as if it were whole
  'stall', // the answer stops in the middle and the connection stays open
  'hang', // nothing is ever sent
  'garbage', // status 200 and no answer
] as const;
export type ProviderFailure = (typeof providerFailures)[number];

const tokens = z.int().min(0).max(100_000_000);
const delayMsMax = 3_600_000;

const fail = closed({
  kind: z.enum(providerFailures),
  /** How many requests fail before one is answered; for ever when absent. */
  times: z.int().min(1).max(1_000).optional(),
  /** A word of the model's id: only requests for such a model fail. */
  model: plainText.optional(),
  /** Seconds. */
  retryAfter: z.number().min(0).optional(),
  /** Epoch seconds at which a used-up limit is free again. */
  resetsAt: z.int().min(0).optional(),
});

const turn = closed({
  say: plainText.optional(),
  read: plainText.optional(),
  /** With the text itself, or the path of a file that holds it, relative to the script. */
  write: z
    .union([closed({ path: plainText, text: z.string() }), closed({ path: plainText, from: plainText })])
    .optional(),
  edit: closed({ path: plainText, from: plainText, to: z.string() }).optional(),
  run: plainText.optional(),
  /** A tool of one client, as that client spells it. */
  call: closed({
    name: plainText,
    input: z.union([z.string(), z.record(z.string(), z.unknown())]),
  }).optional(),
  fail: fail.optional(),
  /** Tokens of thinking in this answer. */
  thoughts: tokens.optional(),
  usage: closed({
    input: tokens.optional(),
    cacheWrite5m: tokens.optional(),
    cacheWrite1h: tokens.optional(),
    cacheRead: tokens.optional(),
    output: tokens.optional(),
  }).optional(),
  delayMs: z.int().min(0).max(delayMsMax).optional(),
});
export type ScriptTurn = z.infer<typeof turn>;

const part = closed({
  /** Words that must be in the prompt; the first part that fits is played. */
  when: plainText.optional(),
  turns: z.array(turn).max(1_000),
  /** What the model says at the end. */
  say: plainText,
});
export type ScriptPart = z.infer<typeof part>;

const scriptFile = closed({
  about: z.string().optional(),
  roles: z.record(nameWord, z.array(part).min(1)),
  /** For prompts that name no role, such as a title a program asks for itself; "ok" when absent. */
  other: plainText.optional(),
});
export type ModelScriptFile = z.infer<typeof scriptFile>;

type Reading =
  | { readonly ok: true; readonly script: ModelScriptFile }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * Reads the text of a script.
 *
 * @example readModelScript('roles: { reviewer: [{ turns: [], say: Fine. }] }').ok // true
 */
export function readModelScript(text: string): Reading {
  const reading = readData(text, scriptFile);
  if (!reading.ok) return reading;
  return { ok: true, script: reading.value };
}

/** The files that hold what turns write. */
export function textFiles({ roles }: ModelScriptFile): readonly string[] {
  const writes = Object.values(roles).flatMap((parts) =>
    parts.flatMap(({ turns }) => turns.map(({ write }) => write)),
  );
  return [
    ...new Set(writes.flatMap((write) => (write !== undefined && 'from' in write ? [write.from] : []))),
  ];
}

/** The script with the texts of its files in their places; one that is not given is empty. */
export function withTexts(script: ModelScriptFile, texts: Readonly<Record<string, string>>): ModelScriptFile {
  const filled = ({ write, ...turn }: ScriptTurn): ScriptTurn => {
    if (write === undefined || 'text' in write) return write === undefined ? turn : { ...turn, write };
    return { ...turn, write: { path: write.path, text: texts[write.from] ?? '' } };
  };
  const roles = Object.entries(script.roles).map(([role, parts]): [string, readonly ScriptPart[]] => [
    role,
    parts.map((each) => ({ ...each, turns: each.turns.map(filled) })),
  ]);
  return { ...script, roles: Object.fromEntries(roles) as ModelScriptFile['roles'] };
}
