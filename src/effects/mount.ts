/**
 * Tells whether a folder lies on a file system that other machines, or the other side of a virtual machine, change without
 * the kernel here noticing. File events are silent there. Relies on statfs(2), and on Linux's numbers for file system types;
 * where it cannot know, it says nothing.
 */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from './files.ts';

/** From linux/magic.h and the headers of the file systems that are not in it. */
const networkTypes: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x786f4256, 'VirtualBox shared folder'],
  [0xbacbacbc, 'VMware shared folder'],
  [0x7c7c6673, 'Parallels shared folder'],
]);

/**
 * The name of the network or shared file system with this number, `null` for any other.
 *
 * @example networkKind(0x6969) // 'NFS'
 */
export function networkKind(type: number): string | null {
  return networkTypes.get(type >>> 0) ?? null;
}

/** Why events cannot be relied on for one of these folders, `null` when they can. A missing folder is judged by its parent. */
export async function networkReason(folders: readonly string[]): Promise<string | null> {
  if (process.platform !== 'linux') return null;
  for (const folder of folders) {
    const kind = networkKind(await typeOf(folder));
    if (kind !== null)
      return `"${folder}" is on a network or shared file system (${kind}), where file events are not reliable`;
  }
  return null;
}

async function typeOf(folder: string): Promise<number> {
  try {
    return (await statfs(folder)).type;
  } catch (error) {
    const parent = dirname(folder);
    return errorCode(error) === 'ENOENT' && parent !== folder ? await typeOf(parent) : 0;
  }
}
