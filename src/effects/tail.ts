/**
 * Reads a growing file line by line from its beginning. Works on bytes and decodes whole lines only, so a character
 * split between two reads stays whole. Memory is one chunk and one unfinished line, however much flows. It never waits
 * for more: the caller decides when to look again, and when the file has ended.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Read in one go; several tails share the machine, and this one piece of memory, so not more. */
const chunkBytes = 256 * 1024;
const chunk = Buffer.allocUnsafeSlow(chunkBytes);
/** A longer line is cut here: no agent's protocol needs it, and one endless line must not fill the memory. */
const lineBytesMax = 4 * 1024 * 1024;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** What a session can do to its own output; anything else is trouble of ours and is thrown. */
const unreadable: readonly string[] = ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENXIO'];

export type Tail = {
  /** Reads what is there, at most about this many bytes. Returns whether it stopped at the bound, not at the end. */
  read(bytesMax: number): Promise<boolean>;
  /** Reads to the present end of the file and passes on a last line without line end: nothing will follow it. */
  finish(): Promise<void>;
  /** Bytes read so far. */
  bytes(): number;
  close(): void;
};

/**
 * Opens a tail. Lines come without their line end (`\n` or `\r\n`), in order, each once. A missing file reads as an
 * empty one.
 *
 * @example
 * const tail = openTail('.next-role/sessions/R07.1-implementer/stdout', (line) => lines.push(line));
 * await tail.read(1 << 20);
 */
export function openTail(path: string, onLine: (line: string) => void): Tail {
  let fd = openIfThere(path);
  const splitter = createSplitter(onLine);
  let position = 0;

  /** Reads until `end`, or until the file has no more; between two pieces others get a turn. */
  async function readUntil(end: number): Promise<void> {
    while (fd !== null && position < end) {
      const count = readSync(fd, chunk, 0, Math.min(chunkBytes, end - position), position);
      if (count === 0) return;
      position += count;
      splitter.push(chunk.subarray(0, count));
      if (count === chunkBytes) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  return {
    async read(bytesMax) {
      const end = position + bytesMax;
      await readUntil(end);
      return position >= end;
    },
    async finish() {
      // The size is taken once: a process that escaped every sweep could write for ever.
      await readUntil(fd === null ? 0 : fstatSync(fd).size);
      splitter.end();
    },
    bytes: () => position,
    close() {
      if (fd !== null) closeSync(fd);
      fd = null;
    },
  };
}

/** Joins chunks into lines. The chunk given to `push` may be reused afterwards. */
function createSplitter(onLine: (line: string) => void): { push(chunk: Buffer): void; end(): void } {
  let pieces: Buffer[] = [];
  let pending = 0;

  function keep(piece: Buffer): void {
    const kept = piece.subarray(0, Math.max(0, lineBytesMax - pending));
    if (kept.length === 0) return;
    pieces.push(Buffer.from(kept));
    pending += kept.length;
  }

  function emit(last: Buffer): void {
    if (pending === 0) {
      onLine(decodeLine(last.subarray(0, lineBytesMax)));
      return;
    }
    keep(last);
    const line = Buffer.concat(pieces);
    pieces = [];
    pending = 0;
    onLine(decodeLine(line));
  }

  return {
    push(chunk) {
      let from = 0;
      for (let to = chunk.indexOf(lineFeed); to !== -1; to = chunk.indexOf(lineFeed, from)) {
        emit(chunk.subarray(from, to));
        from = to + 1;
      }
      keep(chunk.subarray(from));
    },
    end() {
      if (pending > 0) emit(Buffer.alloc(0));
    },
  };
}

function decodeLine(bytes: Buffer): string {
  const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length;
  return bytes.toString('utf8', 0, end);
}

function openIfThere(path: string): number | null {
  try {
    // Non-blocking, and regular files only: a session can put anything in the place of its own output.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    return null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && unreadable.includes(String(error.code))) return null;
    throw error;
  }
}
