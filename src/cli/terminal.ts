/**
 * The real terminal: outputs over stdout and stderr, the area that log-update redraws, questions over readline, and
 * the two signals. It relies on the process it is given and says nothing of its own but how a second Ctrl-C ends. A
 * reader that goes away (`| head`) ends the work like an interrupt, in silence.
 */
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import type { Area } from './live.ts';
import { columnsIfUnknown, print } from './output.ts';
import type { Output } from './output.ts';
import { exits } from './shell.ts';

/** The part of `process` that is needed, so that tests can stand in for it. */
export type Streams = {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
};

export type Terminal = {
  readonly out: Output;
  readonly err: Output;
  readonly interrupts: () => AbortSignal;
  readonly openArea: () => Promise<Area | null>;
  readonly ask: (prompt: string, signal: AbortSignal) => Promise<string | null>;
  readonly canAsk: () => boolean;
};

/** Takes over the streams of a process. */
export function openTerminal(streams: Streams, env: Readonly<Record<string, string | undefined>>): Terminal {
  const stop = new AbortController();
  const out = outputOf(streams.stdout, () => stop.abort());
  const err = outputOf(streams.stderr, () => undefined);
  const isDumb = env['TERM'] === 'dumb';
  let listening = false;
  let area: Area | null = null;
  return {
    out,
    err,
    interrupts() {
      // What is redrawn in place would swallow the line that is printed then.
      if (!listening) listen(stop, err, () => area?.clear());
      listening = true;
      return stop.signal;
    },
    async openArea() {
      area = out.isTerminal && !isDumb ? await areaOf(streams.stdout) : null;
      return area;
    },
    ask: (prompt, signal) => ask(streams, prompt, signal),
    // Only when it is asked for: Node opens stdin at the first look at it.
    canAsk: () => streams.stdin.isTTY && streams.stdout.isTTY,
  };
}

function outputOf(stream: NodeJS.WriteStream, gone: () => void): Output {
  let open = true;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // EIO: the terminal itself was closed.
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    open = false;
    gone();
  });
  return {
    write: (text) => {
      if (open) stream.write(text);
    },
    get columns() {
      return stream.isTTY && stream.columns > 0 ? stream.columns : columnsIfUnknown;
    },
    isTerminal: stream.isTTY,
    // Knows NO_COLOR, FORCE_COLOR and what the terminal can do.
    colour: styleText('red', 'x', { stream }) !== 'x',
  };
}

/** The first signal asks for a graceful end, the second ends at once: sessions are processes of their own and go on. */
function listen(stop: AbortController, err: Output, clear: () => void): void {
  const on = (): void => {
    clear();
    if (stop.signal.aborted) {
      print(err, [
        'Left at once. A session that still works goes on, and the next "next-role run" takes it up.',
      ]);
      process.exit(exits.interrupted);
    }
    print(err, ['Stopping: a working session is ended gracefully. Once more leaves at once.']);
    stop.abort();
  };
  process.on('SIGINT', on);
  process.on('SIGTERM', on);
}

async function areaOf(stream: NodeJS.WriteStream): Promise<Area> {
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(stream);
  return { show: (text) => update(text), clear: () => update.clear(), close: () => update.done() };
}

async function ask(streams: Streams, prompt: string, signal: AbortSignal): Promise<string | null> {
  const lines = createInterface({ input: streams.stdin, output: streams.stdout });
  // readline takes Ctrl-C for itself while it asks; the process must hear of it as well.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const closed = new Promise<null>((resolve) => lines.once('close', () => resolve(null)));
  try {
    return await Promise.race([lines.question(prompt, { signal }), closed]);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  } finally {
    lines.close();
  }
}
