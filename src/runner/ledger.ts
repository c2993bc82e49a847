/**
 * The ledgers of a project: its journal, read once from the start, as the sessions of each round. It takes no lock and
 * writes nothing, so it may be asked for while a round runs.
 */
import { ledgersOf } from '../domain/receipt.ts';
import type { Ledger } from '../domain/receipt.ts';
import { openJournal } from '../effects/journal.ts';
import type { Project } from '../protocol/project.ts';
import { journalPath } from './open.ts';

/** Every round's ledger, oldest first; empty without a journal. @throws JournalDamaged */
export function readLedgers(project: Project): readonly Ledger[] {
  const journal = openJournal(journalPath(project));
  try {
    return ledgersOf(journal.records());
  } finally {
    journal.close();
  }
}
