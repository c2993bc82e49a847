/**
 * What a played role does to the project: writes files, runs commands, edits the handoff. Artifacts are written
 * beside and renamed; the handoff is rewritten in place, because that is what agents do and what the runner must
 * survive. Whatever cannot be done is thrown with its reason; play.ts turns it into the session's failure.
 */
import { spawn } from 'node:child_process';
import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { staysInside } from '../../protocol/artifact.ts';
import { edit } from '../../protocol/codec.ts';
import type { Escalation } from '../../protocol/escalation.ts';
import type { HandoffChange } from '../../protocol/handoff.ts';
import type { Step } from '../../protocol/scenario.ts';
import { emit, filled } from './stage.ts';
import type { Stage } from './stage.ts';

/** Longest run of one command, and what is kept of its output. */
export const runMsMax = 600_000;
export const outputCharsMax = 16_384;
/** The end of a failing command's output that goes into the failure's message, in UTF-16 units. */
const shownCharsMax = 300;
/** How long output is waited for after a command has ended: a child it left behind may hold the pipe open. */
const drainMs = 250;

type FileStep = Extract<Step, { do: 'write' | 'append' }>;

/** Writes a whole file. Text is filled in; a file named by `from` is copied byte for byte. */
export async function writeText(step: FileStep, stage: Stage): Promise<void> {
  const { path, shown } = placeOf(step.path, stage);
  emit(stage, { type: 'tool', tool: 'Write', target: shown });
  await mkdir(dirname(path), { recursive: true });
  const beside = join(dirname(path), `.${basename(path)}.play-${process.pid}`);
  await writeFile(beside, await contentOf(step, stage));
  await rename(beside, path);
}

export async function appendText(step: FileStep, stage: Stage): Promise<void> {
  const { path, shown } = placeOf(step.path, stage);
  emit(stage, { type: 'tool', tool: 'Edit', target: shown });
  await mkdir(dirname(path), { recursive: true });
  await appendFile(path, await contentOf(step, stage));
}

export async function removeFile(target: string, stage: Stage): Promise<void> {
  const { path, shown } = placeOf(target, stage);
  emit(stage, { type: 'tool', tool: 'Bash', target: `rm ${shown}` });
  await rm(path, { recursive: true, force: true });
}

/** Changes header keys, and the escalation when one is given, the way an agent's Edit tool would. */
export async function editHandoff(
  stage: Stage,
  change: HandoffChange,
  escalation: Escalation | null = null,
): Promise<void> {
  emit(stage, { type: 'tool', tool: 'Edit', target: relative(stage.project, stage.handoff) });
  const text = await readFile(stage.handoff, 'utf8');
  const edited = edit(text, fillChange(stage, change), fillEscalation(stage, escalation));
  if (!edited.ok) throw new Error(edited.problems.map(({ message }) => message).join('; '));
  await writeFile(stage.handoff, edited.text);
}

/** Runs a shell command in the project; its output becomes one text event. */
export async function runCommand(step: Extract<Step, { do: 'run' }>, stage: Stage): Promise<void> {
  const command = filled(stage, step.command);
  emit(stage, { type: 'tool', tool: 'Bash', target: command });
  const { code, output } = await shell(command, stage);
  if (output.trim() !== '') emit(stage, { type: 'text', text: output.trimEnd() });
  if (code === 0 || step.allowFail) return;
  throw new Error(`"${command}" ended with exit code ${code}: ${output.trim().slice(-shownCharsMax)}`);
}

type ShellEnd = { readonly code: number; readonly output: string };

async function shell(command: string, stage: Stage): Promise<ShellEnd> {
  const child = spawn('/bin/sh', ['-c', command], {
    cwd: stage.project,
    env: stage.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: runMsMax,
  });
  let output = '';
  const keep = (chunk: string): void => {
    output = (output + chunk).slice(-outputCharsMax);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const closed = new Promise<void>((settle) => child.once('close', () => settle()));
  const code = await new Promise<number>((settle, reject) => {
    child.once('error', reject);
    child.once('exit', (exit, signal) => settle(exit ?? (signal === null ? 1 : 128)));
  });
  await Promise.race([closed, sleep(drainMs)]);
  child.stdout.destroy();
  child.stderr.destroy();
  return { code, output };
}

async function contentOf(step: FileStep, stage: Stage): Promise<string | Buffer> {
  if (step.from === null) return filled(stage, step.text ?? '');
  return readFile(join(stage.folder, filled(stage, step.from)));
}

function placeOf(target: string, stage: Stage): { readonly path: string; readonly shown: string } {
  const shown = filled(stage, target);
  if (!staysInside(shown)) throw new Error(`"${shown}" leaves the project`);
  return { path: join(stage.project, shown), shown };
}

function fillChange(stage: Stage, change: HandoffChange): HandoffChange {
  const entries = Object.entries(change).map(([key, value]) => [
    key,
    value === null ? null : filled(stage, value),
  ]);
  return Object.fromEntries(entries) as HandoffChange;
}

function fillEscalation(stage: Stage, escalation: Escalation | null): Escalation | null {
  if (escalation === null) return null;
  const text = (value: string | null): string | null => (value === null ? null : filled(stage, value));
  return {
    ...escalation,
    id: text(escalation.id),
    question: filled(stage, escalation.question),
    options: escalation.options.map((option) => ({
      letter: option.letter,
      do: filled(stage, option.do),
      then: filled(stage, option.then),
    })),
    diagnostic: text(escalation.diagnostic),
  };
}
