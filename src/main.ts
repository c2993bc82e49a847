#!/usr/bin/env node
/**
 * Argv in, exit code out. `--version` is answered without loading anything else, because scripts ask for it often.
 * Everything more is in cli/start.ts; the process ends by itself once nothing is left to do, and soon in any case.
 */
import { fileURLToPath } from 'node:url';

const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
  const { version } = await import('./cli/version.ts');
  process.stdout.write(`${version()}\n`);
} else {
  const { start } = await import('./cli/start.ts');
  process.exitCode = await start({
    argv,
    env: process.env,
    cwd: process.cwd(),
    self: [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url)],
    streams: process,
  });
  // A run that had to end beside a living session (a full disk) must not wait for that session.
  setTimeout(() => process.exit(), 2_000).unref();
}
