/** `next-role status`: one line per project. Takes no lock and starts nothing. */
import { look } from '../../runner/look.ts';
import { showStatus } from '../showstatus.ts';
import type { Command } from '../shell.ts';

export const status: Command = (shell, input) => showStatus(shell, input, (project) => look(project));
