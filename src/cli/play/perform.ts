/**
 * Performs one step of a scenario on a stage and says how to go on. Each step announces itself as the tool call a
 * real agent would make. A step that cannot be done throws its reason; nothing is retried.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from '../../protocol/scenario.ts';
import { chosen } from './decision.ts';
import { appendText, editHandoff, removeFile, runCommand, writeText } from './hands.ts';
import { corruptHeader, flood, hang, ignoreSignals, leaveBehind } from './misbehave.ts';
import { emit, filled } from './stage.ts';
import type { Stage } from './stage.ts';

/** How the play goes on after a step. */
export type Next =
  | { readonly type: 'go' | 'linger' | 'no-done' }
  | { readonly type: 'said'; readonly text: string }
  | { readonly type: 'exit'; readonly code: number };

const go: Next = { type: 'go' };
const failedCode = 1;

/** Performs one step. Throws an Error with the reason when it cannot be done. */
export async function perform(step: Step, stage: Stage): Promise<Next> {
  switch (step.do) {
    case 'say':
    case 'raw':
    case 'stderr':
      return speak(step.do, filled(stage, step.text), stage);
    case 'write':
      await writeText(step, stage);
      return go;
    case 'append':
      await appendText(step, stage);
      return go;
    case 'delete':
      await removeFile(step.path, stage);
      return go;
    case 'run':
      await runCommand(step, stage);
      return go;
    case 'handoff':
      await editHandoff(stage, step.change);
      return go;
    case 'escalate':
      await editHandoff(stage, { status: 'ESCALATE' }, step.escalation);
      return go;
    case 'pause':
      await sleep(step.ms);
      return go;
    case 'exit':
      return { type: 'exit', code: step.code };
    case 'flood':
      await flood(stage, step.bytes);
      return go;
    case 'fail': {
      const resetsAt = step.resetsInMs === null ? null : Date.now() + step.resetsInMs;
      emit(stage, { type: 'failure', class: step.class, message: filled(stage, step.message), resetsAt });
      return { type: 'exit', code: failedCode };
    }
    case 'misbehave':
      return misbehave(step.how, stage);
    case 'when':
      return (await chosen(stage, step)) ? performAll(step.steps, stage) : go;
    default:
      return step satisfies never;
  }
}

/** The steps of a `when`: one that ends the play ends it; of several that only say how it ends, the last counts. */
async function performAll(steps: readonly Step[], stage: Stage): Promise<Next> {
  let last: Next = go;
  for (const step of steps) {
    const next = await perform(step, stage);
    if (next.type === 'exit') return next;
    if (next.type !== 'go') last = next;
  }
  return last;
}

function speak(how: 'say' | 'raw' | 'stderr', text: string, stage: Stage): Next {
  if (how === 'raw') {
    stage.write(text);
    return go;
  }
  if (how === 'stderr') {
    process.stderr.write(`${text}\n`);
    return go;
  }
  emit(stage, { type: 'text', text });
  return { type: 'said', text };
}

async function misbehave(how: Extract<Step, { do: 'misbehave' }>['how'], stage: Stage): Promise<Next> {
  switch (how) {
    case 'ignore-sigterm':
      ignoreSignals();
      return hangUp();
    case 'hang':
      return hangUp();
    case 'linger':
    case 'no-done':
      return { type: how };
    case 'corrupt-header':
      await corruptHeader(stage);
      return go;
    case 'background':
    case 'hold-stdout':
      leaveBehind(how);
      return go;
    default:
      return how satisfies never;
  }
}

async function hangUp(): Promise<Next> {
  await hang();
  return { type: 'exit', code: failedCode };
}
