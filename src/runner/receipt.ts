/**
 * Keeps the receipt of a round that has ended beside its summary. It is made from decisions that stand in the journal, so writing it twice
 * writes the same; trouble is told and holds nothing up.
 */
import { receiptOf } from '../domain/receipt.ts';
import { receiptText } from '../domain/receipttext.ts';
import { explain, insideProject, readText, writeAtomic } from '../effects/files.ts';
import { receiptPath } from '../protocol/artifact.ts';
import type { OpenRound } from './open.ts';

/** Writes the receipt; null when it stands, else why it does not. */
export async function keepReceipt(
  { project, prices, ledger: running }: Pick<OpenRound, 'project' | 'prices' | 'ledger'>,
  round: string,
): Promise<string | null> {
  const path = receiptPath(round);
  try {
    const ledger = running.of(round);
    if (ledger === null) return null;
    const text = receiptText(receiptOf(ledger, prices));
    if (!insideProject(project.root, path))
      return `The receipt "${path}" was not written: a link there leaves the project`;
    if ((await readText(`${project.root}/${path}`))?.text !== text)
      await writeAtomic(`${project.root}/${path}`, text);
    return null;
  } catch (error) {
    return `The receipt "${path}" could not be written: ${explain(error)}`;
  }
}
