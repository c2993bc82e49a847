/** The facts of the gates `hidden-read` and `write-policy`: one audit of a session, judged by both. */
import { unproven } from '../domain/audit.ts';
import type { Gate, Judged } from '../domain/gates/gate.ts';
import { sessionFolder } from '../effects/sessionfolder.ts';
import type { Finding } from '../protocol/finding.ts';
import { firstPaths } from '../protocol/remark.ts';
import { manifestFile } from '../protocol/sessionrecord.ts';
import { auditOrder, recordPath, type Audited, type AuditPlace } from './audit.ts';

/** The session whose work is checked, and where it is kept. */
export type AuditedSession = AuditPlace & { readonly round: string; readonly order: string };

/** Two gates judge one audit. */
const audits = new WeakMap<AuditedSession, Promise<Audited | null>>();

/** Where there is no session there is nothing to hold the work to; one that is not on record proves nothing. */
export async function judgeAudit(
  gate: Gate<readonly Finding[]>,
  session: AuditedSession | null,
): Promise<Judged> {
  if (session === null) return { findings: [], note: 'no session to audit' };
  const audited = await auditOnce(session);
  if (audited === null) {
    const folder = sessionFolder(session.sessions, session.order).slice(session.sessions.length + 1);
    return { findings: gate.judge([unproven(recordPath(session, folder, manifestFile))]), note: null };
  }
  return { findings: gate.judge(audited.findings), note: noteOn(audited) };
}

function auditOnce(session: AuditedSession): Promise<Audited | null> {
  const known = audits.get(session);
  if (known !== undefined) return known;
  const audit = auditOrder(session, session.round, session.order);
  audits.set(session, audit);
  return audit;
}

function noteOn({ isWhole, changes }: Audited): string | null {
  if (!isWhole) return 'the stream is too long to be read to its end';
  if (changes === null) return 'what stood on disk before the session is not known';
  if (!changes.whole) return 'the project has too many files to compare them all';
  const { unread = [] } = changes;
  return unread.length === 0
    ? null
    : `what changed in ${firstPaths(unread)} is not known: it could not be read`;
}
