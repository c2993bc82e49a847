/** Where this package is, and the programs of the agents it can drive. Nothing is looked at here. */
import { join } from 'node:path';

/** The folder of this package. Source and compiled file both lie two folders below it. */
export const packageRoot: string = join(import.meta.dirname, '../../');

export const agentPrograms = ['claude', 'codex', 'gemini', 'opencode'] as const;
