/**
 * The stage of one played role: where it plays, as whom, and how it is heard. Everything comes from the NEXT_ROLE_*
 * variables that the scripted agent sets; nothing is remembered between two sessions.
 */
import { resolve } from 'node:path';
import { fill, handoffNames } from '../../protocol/artifact.ts';
import type { SessionEvent } from '../../protocol/session.ts';

/** Takes one line of output, without its line end. */
export type WriteLine = (line: string) => void;

export type Stage = {
  readonly project: string;
  readonly handoff: string;
  /** The scenario file's folder. */
  readonly folder: string;
  readonly role: string;
  readonly round: string;
  readonly visit: number;
  readonly tier: string;
  readonly sessionId: string | null;
  readonly model: string | null;
  readonly env: NodeJS.ProcessEnv;
  readonly write: WriteLine;
};

/** The stage that an environment describes. The project is the working directory, as for any agent. */
export function stageOf(env: NodeJS.ProcessEnv, write: WriteLine, folder: string): Stage {
  const project = process.cwd();
  const visit = Number(env['NEXT_ROLE_VISIT'] ?? '1');
  return {
    project,
    handoff: resolve(project, env['NEXT_ROLE_HANDOFF'] ?? handoffNames[0]),
    folder,
    role: env['NEXT_ROLE_ROLE'] ?? '',
    round: env['NEXT_ROLE_ROUND'] ?? '',
    visit: Number.isInteger(visit) && visit > 0 ? visit : 1,
    tier: env['NEXT_ROLE_TIER'] ?? '',
    sessionId: env['NEXT_ROLE_SESSION'] ?? null,
    model: env['NEXT_ROLE_MODEL'] || null,
    env,
    write,
  };
}

export function emit(stage: Stage, event: SessionEvent): void {
  stage.write(JSON.stringify(event));
}

/** A scenario's text with `{round}`, `{role}`, `{visit}` and `{tier}` filled in. */
export function filled(stage: Stage, text: string): string {
  const { round, role, visit, tier } = stage;
  return fill(text, { round, role, visit: String(visit), tier });
}
