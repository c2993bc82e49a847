/**
 * The rules of all of a user's projects, in one small file of the user's configuration folder: what each project was
 * seen to violate, under a name that tells projects apart. Only the format is here.
 */
import { z } from 'zod';
import { readData } from './datafile.ts';
import type { Diagnostic } from './diagnostic.ts';

/** What one project contributes: its rules with their violations. */
export type SharedProject = {
  /** Stable name of the project: its folder's name and a hash of its path. */
  readonly project: string;
  readonly rules: readonly {
    readonly discipline: string;
    readonly role: string;
    readonly text: string;
    readonly violations: number;
  }[];
};

export type SharedRules = { readonly version: 1; readonly projects: readonly SharedProject[] };

/** Projects and rules of each that are kept; the newest stay. */
export const sharedProjectsMax = 100;
export const sharedRulesMax = 50;

const schema = z.strictObject({
  version: z.literal(1),
  projects: z.array(
    z.strictObject({
      project: z.string().min(1),
      rules: z.array(
        z.strictObject({
          discipline: z.string(),
          role: z.string(),
          text: z.string(),
          violations: z.int().min(0),
        }),
      ),
    }),
  ),
});

export type SharedReading =
  | { readonly ok: true; readonly shared: SharedRules }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export function readShared(text: string): SharedReading {
  if (text.trim() === '') return { ok: true, shared: { version: 1, projects: [] } };
  const reading = readData(text, schema);
  return reading.ok ? { ok: true, shared: reading.value } : { ok: false, diagnostics: reading.diagnostics };
}

export function writeShared(shared: SharedRules): string {
  return `${JSON.stringify(shared, null, 1)}\n`;
}
