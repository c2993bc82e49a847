/**
 * The records that the runner keeps in a session's folder for its audit, and how they are read back: the manifest, what
 * the project held before, and what was different afterwards. Reading narrows once, here; a record that is not of this
 * shape (an older version's, a damaged one) is null, and the audit says that there is no proof.
 */
import { z } from 'zod';
import type { Manifest } from './session.ts';
import type { FileChange } from './touch.ts';

/** Names in a session's folder. */
export const manifestFile = 'manifest.json';
export const beforeFile = 'before.json';
export const changesFile = 'changes.json';

/** A manifest with what the runner adds to it: digests of the texts, and the files that were hidden when it began. */
export type SealedManifest = Manifest & {
  readonly systemSha256: string;
  readonly promptSha256: string;
  readonly hiddenFiles: readonly string[];
  /** Folder the session worked in, when it is not the project's own. */
  readonly isolated: string | null;
  /** The tree that the round is compared with; missing where git cannot say. */
  readonly start?: string | undefined;
  /** Of a session in a copy: digests of what the project itself was configured by when it began, by path. */
  readonly configuration?: Readonly<Record<string, string>> | undefined;
};

/**
 * What was different after a session; `whole` is false where the tree was too large to be compared. `unread` are the files
 * and folders that could not be read: nothing is known of what changed there.
 */
export type Changes = {
  readonly files: readonly FileChange[];
  readonly whole: boolean;
  readonly unread?: readonly string[] | undefined;
  /** Of a session in a copy: what was different in what the project itself is configured by. */
  readonly project?: readonly FileChange[] | undefined;
  /** Records of these names the session had changed or removed, or made itself; they were put back. */
  readonly rewritten?: readonly string[] | undefined;
};

const texts = z.array(z.string());
const manifest = z.object({
  order: z.string(),
  role: z.string(),
  round: z.string(),
  tier: z.string(),
  agent: z.string(),
  model: z.string().nullable(),
  offered: z.array(
    z.object({
      path: z.string(),
      sha256: z.string(),
      bytes: z.number(),
      as: z.enum(['path', 'text']),
    }),
  ),
  hidden: texts,
  writable: texts,
  protected: texts,
  owed: texts,
  handoff: z.string(),
  beside: texts.optional(),
  tools: texts,
  parts: z.array(z.object({ name: z.string(), bytes: z.number() })),
  systemSha256: z.string(),
  promptSha256: z.string(),
  hiddenFiles: texts,
  isolated: z.string().nullable(),
  start: z.string().optional(),
  configuration: z.record(z.string(), z.string()).optional(),
}) satisfies z.ZodType<SealedManifest>;

const digest = z.string().nullable();
const fileChanges = z.array(z.object({ path: z.string(), before: digest, after: digest }));
const changes = z.object({
  files: fileChanges,
  project: fileChanges.optional(),
  whole: z.boolean(),
  unread: texts.optional(),
  rewritten: texts.optional(),
}) satisfies z.ZodType<Changes>;

const tree = z.object({
  files: z.record(z.string(), z.string()),
  whole: z.boolean(),
  unread: texts.optional(),
});

export type TreeRecord = z.infer<typeof tree>;

export const readManifest = (text: string | null): SealedManifest | null => read(manifest, text);
export const readChanges = (text: string | null): Changes | null => read(changes, text);
export const readTree = (text: string | null): TreeRecord | null => read(tree, text);

function read<T>(schema: z.ZodType<T>, text: string | null): T | null {
  if (text === null) return null;
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
