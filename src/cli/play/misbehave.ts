/**
 * The ways in which real agents were seen to misbehave, on purpose and with bounds: hangs end after ten minutes and
 * processes left behind after one, so that a test that fails to clean up leaves nothing for long.
 */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { emit } from './stage.ts';
import type { Stage } from './stage.ts';

export const hangMsMax = 600_000;
export const leftBehindSeconds = 60;
/** Bytes of one line of a flood, its line end included. */
const floodLineBytes = 65_536;

/** Does nothing for as long as the bound allows. */
export async function hang(): Promise<void> {
  await sleep(hangMsMax);
}

/** From here on only SIGKILL ends this process. */
export function ignoreSignals(): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
}

/** Leaves a sleeper behind: in a session of its own, or in ours with our stdout open. */
export function leaveBehind(how: 'background' | 'hold-stdout'): void {
  const stdout = how === 'hold-stdout' ? 'inherit' : 'ignore';
  // `detached` is setsid: a kill of our process group does not reach it.
  const detached = how === 'background';
  spawn('sleep', [String(leftBehindSeconds)], { detached, stdio: ['ignore', stdout, 'ignore'] }).unref();
}

/** Prints about this many bytes of lines that mean nothing. */
export async function flood(stage: Stage, bytes: number): Promise<void> {
  const frame = '{"type":"noise","pad":""}\n'.length;
  for (let left = bytes; left > 0; left -= floodLineBytes) {
    const pad = 'x'.repeat(Math.max(0, Math.min(left, floodLineBytes) - frame));
    stage.write(`{"type":"noise","pad":"${pad}"}`);
    // Lets a signal through between two lines.
    await turn();
  }
}

/** Leaves a handoff as a careless edit does: a header that no parser can read above an untouched body. */
export async function corruptHeader(stage: Stage): Promise<void> {
  emit(stage, { type: 'tool', tool: 'Write', target: relative(stage.project, stage.handoff) });
  const text = await readFile(stage.handoff, 'utf8');
  const header = `---\nround: ${stage.round}\nnext-role: [reviewer\nstatus: READY\n---\n`;
  await writeFile(stage.handoff, `${header}\n${text.replace(/^---\n[\s\S]*?\n---\n/, '')}`);
}
