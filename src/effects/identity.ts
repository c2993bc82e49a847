/** Facts about this process that decisions must not look up themselves: fresh ids, and whether it runs as root. */
import { randomUUID } from 'node:crypto';

export function freshUuid(): string {
  return randomUUID();
}

/** Whether we run as root, where some agents refuse some flags. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}
