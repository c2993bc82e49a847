/**
 * What a round was given, as digests: the PRD and the spec from the manifests of its sessions, the prompts from the
 * policy in its journal. Whatever is not on record any more, such as the folder of an old session, is null: not known.
 */
import { systemText } from '../domain/brief.ts';
import type { Ledger } from '../domain/receipt.ts';
import { digestText, readText } from '../effects/files.ts';
import { openJournal } from '../effects/journal.ts';
import { sessionFolder } from '../effects/sessionfolder.ts';
import type { Policy } from '../protocol/policy.ts';
import { journalPath, type Project } from '../protocol/project.ts';
import type { ReceiptInputs } from '../protocol/receipt.ts';
import type { OfferedPath } from '../protocol/session.ts';
import { specPath } from './gatecase.ts';

const prdPath = 'coordination/PRD.md';

/** What a round was given, as far as its journal and its sessions' folders still say. */
export async function readInputs(project: Project, { round, work }: Ledger): Promise<ReceiptInputs> {
  const manifests = await Promise.all(
    work.map(async ({ order }) =>
      offeredIn(await readText(`${sessionFolder(`${project.own}/sessions`, order.id)}/manifest.json`)),
    ),
  );
  const spec = specPath(round);
  // The first session that was offered it counts: later ones may see what an earlier one made of it.
  const first = (path: string): string | null =>
    manifests.flatMap((offered) => offered ?? []).find((each) => each.path === path)?.sha256 ?? null;
  const isWhole = manifests.length > 0 && manifests.every((offered) => offered !== null);
  const policy = policyOf(project, work[0]?.order.id ?? null);
  return {
    tier: work[0]?.order.tier ?? null,
    prd: first(prdPath),
    spec: first(spec) ?? (isWhole ? 'none' : null),
    prompts: policy === null ? null : promptsDigest(policy),
  };
}

/** Digest of all that prompts are made of beside the round's own files. */
export function promptsDigest(policy: Policy): string {
  return digestText(JSON.stringify([systemText, Object.entries(policy.roles).sort()]));
}

/** The policy in force when an order was given. */
function policyOf(project: Project, order: string | null): Policy | null {
  if (order === null) return null;
  const journal = openJournal(journalPath(project));
  try {
    let policy: Policy | null = null;
    for (const { event, effects } of journal.records()) {
      if (event.type === 'POLICY') policy = event.policy;
      if (effects.some((effect) => effect.kind === 'claim' && effect.order.id === order)) return policy;
    }
    return policy;
  } finally {
    journal.close();
  }
}

function offeredIn(file: { readonly text: string } | null): readonly OfferedPath[] | null {
  if (file === null) return null;
  try {
    const value = JSON.parse(file.text) as { readonly offered?: unknown } | null;
    return Array.isArray(value?.offered) ? value.offered.filter(isOffered) : null;
  } catch {
    // Cut off by a crash of the machine: as if it were gone.
    return null;
  }
}

function isOffered(value: unknown): value is OfferedPath {
  const each = value as Partial<OfferedPath> | null;
  return typeof each?.path === 'string' && typeof each.sha256 === 'string';
}
