/**
 * An output that is certainly no terminal: a file, a pipe, the null device. It is written to by its number, because
 * making Node's stream for it takes a tenth of the time in which `status` answers.
 */
import { fstatSync, writeSync } from 'node:fs';
import type { Output } from './output.ts';
import { columnsIfUnknown } from './output.ts';
import { errorCode } from '../effects/trouble.ts';

/** The major number of /dev/null and its like on Linux; terminals have others (Documentation/admin-guide/devices.txt). */
const memoryDevices = 1;
/** Between two attempts at a pipe that is full and does not make its writers wait. */
const fullMs = 5;

/**
 * The output of a descriptor; null where it may be a terminal, or is to be coloured all the same.
 *
 * @example openPlain(1, process.env)?.write('R07 is finished\n')
 */
export function openPlain(fd: number, env: Readonly<Record<string, string | undefined>>): Output | null {
  if (env['FORCE_COLOR'] !== undefined || !isPlain(fd)) return null;
  let open = true;
  return {
    write(text) {
      const bytes = Buffer.from(text);
      for (let at = 0; open && at < bytes.length;) {
        try {
          at += writeSync(fd, bytes, at);
        } catch (error) {
          const code = errorCode(error);
          // EPIPE: the reader has seen enough (`| head`).
          if (code === 'EPIPE') open = false;
          else if (code === 'EAGAIN') pause();
          else throw error;
        }
      }
    },
    isTerminal: false,
    columns: columnsIfUnknown,
    colour: false,
  };
}

function isPlain(fd: number): boolean {
  try {
    const info = fstatSync(fd);
    const isNull =
      process.platform === 'linux' && info.isCharacterDevice() && majorOf(info.rdev) === memoryDevices;
    return info.isFile() || info.isFIFO() || isNull;
  } catch {
    // Closed: Node's own stream says what that means.
    return false;
  }
}

/** As makedev(3) puts it together. */
function majorOf(device: number): number {
  return (device >>> 8) & 0xfff;
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, fullMs);
}
