import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** The user's own folders, out of the reach of tests: what next-role keeps for all projects of a person. */
const home = join(tmpdir(), `next-role-tests-${process.pid}`);
const env = { XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') };

/** Files at a time: most wait for processes, disks and clocks more than they compute. */
const waiting = availableParallelism() + 1;

/**
 * Files that put something else in a module's place, for which each needs its modules for itself. The other unit tests of
 * a worker share theirs: loading them again for each file took more than a third of the time of all of them together.
 */
const replacing = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts') && !name.includes('node_modules'))
  .map((name) => `test/${name}`)
  .filter((path) => readFileSync(path, 'utf8').includes('vi.mock('));

// With it Node 20 starts three times slower, before any code runs, and the tests start some hundred processes. Nothing
// here leaves the machine, so no certificate is asked for.
delete process.env['NODE_EXTRA_CA_CERTS'];

/**
 * Five projects. `unit` and `replacing` have no clock and few processes; `journeys` start real processes and watch real
 * files, `e2e` whole agent programs. `npm test` runs these four from one queue; `long` holds what takes more than a
 * minute, and is run by `npm run test:long` alone.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          env,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/journeys/**', 'test/e2e/**', 'test/long/**', ...replacing],
          isolate: false,
          testTimeout: 60_000,
          maxWorkers: waiting,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          env,
          name: 'replacing',
          include: replacing,
          testTimeout: 60_000,
          maxWorkers: waiting,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          env,
          name: 'journeys',
          include: ['test/journeys/**/*.test.ts'],
          testTimeout: 150_000,
          hookTimeout: 150_000,
          maxWorkers: waiting,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          env,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: ['test/e2e/clients/**'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: waiting,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          env,
          name: 'long',
          include: ['test/long/**/*.test.ts'],
          // Hundreds of rounds, each bounded by itself; on two cores the longest list takes an hour.
          testTimeout: 4 * 3_600_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
