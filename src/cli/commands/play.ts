/**
 * `next-role play <scenario>`: the hidden command that plays one role of a scenario file, as the process of the
 * scripted agent. It reads the order from NEXT_ROLE_* variables, does what the steps say in the project folder, and
 * prints our own session events as JSON lines. It starts no model and knows nothing of the runner that started it.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseScenario, stepsFor } from '../../protocol/scenario.ts';
import type { Scenario, Step } from '../../protocol/scenario.ts';
import { hang } from '../play/misbehave.ts';
import { perform } from '../play/perform.ts';
import { emit, stageOf } from '../play/stage.ts';
import type { Stage, WriteLine } from '../play/stage.ts';

/** Exit codes of the player. A step `exit: n` adds its own. */
const finished = 0;
const failed = 1;
const wrongUsage = 64;

/**
 * Plays the role of NEXT_ROLE_ROLE from the scenario file in `argv[0]`; resolves to the exit code.
 *
 * @example await play(['scripted/scenario.yaml'], process.env) // 0, after {"type":"done",…} was printed
 */
export async function play(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  write: WriteLine = (line) => void process.stdout.write(`${line}\n`),
): Promise<number> {
  const [file = ''] = argv;
  const stage = stageOf(env, write, dirname(resolve(file)));
  if (file === '') {
    return refuse(stage, 'No scenario file is named; set agents.<name>.scenario in the settings', wrongUsage);
  }
  const read = await readScenario(file);
  if (!read.ok) return refuse(stage, read.why, failed);
  const { role, visit } = stage;
  const steps = stepsFor(read.scenario, role, visit);
  if (steps === null) {
    const known = Object.keys(read.scenario.roles).join(', ');
    const why = `The scenario "${file}" has no script for the role "${role}" (it has: ${known}); add roles.${role} to it`;
    return refuse(stage, why, failed);
  }
  try {
    return await playSteps(stage, read.scenario, steps);
  } catch (error) {
    // A missing file, a refused path, a failing command: the session's failure, as with any agent.
    return refuse(stage, reasonOf(error), failed);
  }
}

async function playSteps(stage: Stage, scenario: Scenario, steps: readonly Step[]): Promise<number> {
  emit(stage, { type: 'started', sessionId: stage.sessionId, model: stage.model });
  let closing = scenario.about;
  let lingers = false;
  let silent = false;
  for (const step of steps) {
    const next = await perform(step, stage);
    if (next.type === 'exit') return next.code;
    if (next.type === 'said') closing = next.text;
    if (next.type === 'linger') lingers = true;
    if (next.type === 'no-done') silent = true;
  }
  if (silent) return finished;
  emit(stage, { type: 'done', text: closing, costUsd: 0, turns: steps.length, denied: [] });
  if (lingers) await hang();
  return finished;
}

type ScenarioFile =
  { readonly ok: true; readonly scenario: Scenario } | { readonly ok: false; readonly why: string };

async function readScenario(file: string): Promise<ScenarioFile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return { ok: false, why: `The scenario "${file}" cannot be read: ${reasonOf(error)}` };
  }
  const { scenario, diagnostics } = parseScenario(text);
  if (scenario !== null) return { ok: true, scenario };
  const lines = diagnostics.map(({ line, message, hint }) => `${file}:${line}: ${message} ${hint}`);
  return { ok: false, why: lines.join('\n') };
}

function refuse(stage: Stage, why: string, code: number): number {
  emit(stage, { type: 'failure', class: 'failed', message: why, resetsAt: null });
  process.stderr.write(`${why}\n`);
  return code;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
