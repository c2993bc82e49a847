/**
 * Argv in, exit code out: everything but `--version`, which bin.ts answers. Everything more is in cli/start.ts; the
 * process ends by itself once nothing is left to do, and soon in any case.
 */
import { start } from './cli/start.ts';

const [, self = ''] = process.argv;

void start({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  self: [process.execPath, ...process.execArgv, self],
  streams: process,
}).then((code) => {
  process.exitCode = code;
  // A run that had to end beside a living session (a full disk) must not wait for that session.
  setTimeout(() => process.exit(), 2_000).unref();
});
