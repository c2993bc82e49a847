/**
 * The door for receipts that come from a file: JSON that fits state/receipt.schema.json, or the first thing that does
 * not. Reads no file itself.
 */
import { z } from 'zod';
import type { Receipt } from './receipt.ts';

/** A receipt from its text; `refused` says in one line what was found. `schema` is the JSON Schema, as text. */
export function checkReceipt(
  text: string,
  schema: string,
): { readonly receipt: Receipt } | { readonly refused: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { refused: `it is not JSON (${error instanceof Error ? error.message : String(error)})` };
  }
  const fits = z.fromJSONSchema(JSON.parse(schema) as Parameters<typeof z.fromJSONSchema>[0]);
  const { error } = fits.safeParse(value);
  const [issue] = error?.issues ?? [];
  if (issue === undefined) return { receipt: value as Receipt };
  const where = issue.path.length === 0 ? 'it' : issue.path.join('.');
  return { refused: `${where}: ${issue.message}` };
}
