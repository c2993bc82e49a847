/** The JSON Schemas of state/ for their tests: as data, as a check, and the reasons why a value does not fit. */
import { z } from 'zod';
import type { Escalation } from '../../src/protocol/escalation.ts';
import { question } from '../rig/facts.ts';
import { textOf } from './page.ts';

export type Schema = {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
};

/** A schema of ours, and the check that zod makes of it. */
export function openSchema(path: string): { readonly schema: Schema; readonly fits: z.ZodType } {
  const schema = JSON.parse(textOf(path)) as Schema;
  return { schema, fits: z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]) };
}

/** Why a value does not fit; empty when it does. */
export function misfits(schema: z.ZodType, value: unknown): readonly string[] {
  const { error } = schema.safeParse(value);
  return error?.issues.map((issue) => `${issue.path.join('.')}: ${JSON.stringify(issue)}`) ?? [];
}

/** An escalation with every key. */
export const asked: Escalation = {
  ...question,
  id: 'R07-architect-1',
  default: 'A',
  deadline: '2026-11-23T09:00:00Z',
  diagnostic: 'coordination/diagnostics/DIAGNOSTIC-R07-x.md',
};
