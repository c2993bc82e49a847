// One no-op round of four roles, by everybody who can run one. Each case does the same four starts and leaves the same
// files; `none` of them may keep anything of the round before but what it always keeps (a journal, a database).
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chainProgram, measured, noop, ours, root, stage } from '../process.mjs';
import { fill, freshProject, gapsOf, reset, roles, stampsOf, workOf } from '../project.mjs';
import { legacyCases } from './legacy.mjs';
import { peerCases } from './peers.mjs';

const words = noop.map((word) => `'${word}'`).join(' ');

/** A case that is one command line in the project's folder. */
export function commandCase({
  name,
  kind,
  argv,
  env = () => ({}),
  prepare = () => undefined,
  project = freshProject(),
}) {
  prepare(project);
  return {
    name,
    kind,
    async run() {
      reset(project);
      const took = await measured(argv(project), {
        cwd: project.folder,
        env: { BENCH_LOG: project.stampsAt, ...env(project) },
      });
      if (took.code !== 0) throw new Error(`${name} ended with exit code ${took.code}`);
      const stamps = stampsOf(project);
      return {
        wallMs: took.wallMs,
        cpuMs: took.cpuMs,
        rssMiB: took.rssMiB,
        launchMs: stamps[0].startMs - took.startMs,
        gapMs: gapsOf(stamps),
        work: workOf(project),
      };
    },
  };
}

/** The limits: nothing can start four programs with less. */
function bareCases() {
  const makefile = `all: four\n${roles
    .map((role, at) => `${role}: ${roles[at - 1] ?? ''}\n\t@${words} ${role}\n`)
    .join('')}.PHONY: all ${roles.join(' ')}\n`;
  const cases = [
    {
      name: 'GNU make',
      kind: 'limit',
      prepare: ({ folder }) => writeFileSync(join(folder, 'Makefile'), makefile),
      argv: () => ['make', '-s'],
    },
    {
      name: 'sh for loop',
      kind: 'limit',
      argv: () => ['sh', '-c', `for role in ${roles.join(' ')}; do ${words} "$role" || exit 1; done`],
    },
    { name: 'node -e 0 (starts nothing)', kind: 'floor', argv: () => [process.execPath, '-e', '0'] },
    {
      name: 'Node spawn chain',
      kind: 'limit',
      argv: () => [process.execPath, join(root, 'bench/agent/chain.mjs'), '1', ...noop],
    },
  ];
  const c = { name: 'C posix_spawn chain', kind: 'limit', argv: () => [chainProgram, noop[0]] };
  return (chainProgram === null ? cases : [c, ...cases]).map((its) =>
    its.kind === 'floor' ? floorCase(its) : commandCase(its),
  );
}

/** What starts no agent has no stamps and no work. */
const floorCase = ({ name, kind, argv }) => ({
  name,
  kind,
  async run() {
    const { wallMs, cpuMs, rssMiB } = await measured(argv());
    return { wallMs, cpuMs, rssMiB, launchMs: null, gapMs: [], work: null };
  },
});

/** The shell loop people write first: read the header, start what it names, until it says that it is over. */
const loop = `while :; do
  role=$(awk '/^next-role:/ {print $2}' coordination/NEXT-ROLE.md)
  status=$(awk '/^status:/ {print $2}' coordination/NEXT-ROLE.md)
  [ "$status" = ROUND-COMPLETE ] && break
  cat coordination/PRD.md coordination/NEXT-ROLE.md | ${words} "$role" || exit 1
done`;

export const oursName = 'next-role run';

function ourCases() {
  return [
    // A round of the same name that was finished is not run again; a fresh project is what a user has as well.
    {
      name: oursName,
      kind: 'ours',
      async run() {
        const project = fill(mkdtempSync(join(stage, 'ours-')));
        const its = commandCase({
          name: oursName,
          kind: 'ours',
          project,
          argv: () => [...ours, 'run'],
        });
        return its.run();
      },
    },
  ];
}

/** Every case of this machine; peers only when they are wanted. */
export function roundCases({ peers }) {
  const others = peers ? peerCases() : [];
  const cases = [
    ...bareCases(),
    commandCase({ name: 'shell while loop', kind: 'peer', argv: () => ['bash', '-c', loop] }),
    ...ourCases(),
    ...others,
    ...legacyCases(),
  ];
  return Object.assign(cases, { leftOut: others.leftOut ?? [] });
}
