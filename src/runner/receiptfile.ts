/**
 * Receipts from files, as `next-role cost --json` prints them. What a file says is checked against
 * state/receipt.schema.json before any of it is believed.
 */
import { builtinFile } from '../effects/catalog.ts';
import { explain, readText } from '../effects/files.ts';
import type { Receipt } from '../protocol/receipt.ts';
import { checkReceipt } from '../protocol/receiptcheck.ts';

const schemaPath = 'state/receipt.schema.json';

export type ReceiptReading = { readonly receipt: Receipt } | { readonly refused: string };

/** Reads one receipt; `path` is absolute. */
export async function readReceipt(path: string): Promise<ReceiptReading> {
  try {
    const file = await readText(path);
    if (file === null) return { refused: `There is no file "${path}"` };
    const schema = await builtinFile(schemaPath);
    if (schema === null) throw new Error(`${schemaPath} is not in the package`);
    const checked = checkReceipt(file.text, schema);
    return 'refused' in checked ? { refused: `${path} is no receipt: ${checked.refused}` } : checked;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return { refused: explain(error) };
    throw error;
  }
}
