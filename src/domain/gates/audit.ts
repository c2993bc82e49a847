/**
 * The two gates of the audit: what a session opened that is hidden from its role, and what it wrote that is not its
 * role's to write. Their facts are the findings of domain/audit.ts; each gate takes its own.
 */
import type { Finding } from '../../protocol/finding.ts';
import type { Gate } from './gate.ts';

export const hiddenRead: Gate<readonly Finding[]> = {
  name: 'hidden-read',
  judge: (findings) => findings.filter(({ gate }) => gate === 'hidden-read'),
};

export const writePolicy: Gate<readonly Finding[]> = {
  name: 'write-policy',
  judge: (findings) => findings.filter(({ gate }) => gate === 'write-policy'),
};
