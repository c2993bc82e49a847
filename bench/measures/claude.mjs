// A round with the real Claude Code on a provider that answers at once (`next-role simulate-provider`, loopback): what a
// user's round takes when the model takes nothing. The same four command lines, bare in a shell loop and by us. Each first
// asks Claude Code once and then does the no-op agent's work, so that both leave the same files.
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { interleaved, ratio, spread } from '../figures.mjs';
import { noop, ours, resident, root, stage, until } from '../process.mjs';
import { fill, roles } from '../project.mjs';
import { commandCase } from '../cases/round.mjs';

export const about = 'A round of four sessions of the real Claude Code on a provider without latency.';

const program = join(root, 'test/e2e/clients/node_modules/.bin/claude');

export async function measure({ n, tell, budgetMs }) {
  if (!existsSync(program))
    return {
      rows: [],
      figures: {},
      leftOut: ['Claude Code is not installed (node test/e2e/install-clients.mjs)'],
    };
  const provider = resident([...ours, 'simulate-provider', '--json']);
  try {
    const listening = await until('the provider to listen', () => /"url":"([^"]+)"/.exec(provider.output()));
    const config = mkdtempSync(join(stage, 'claude-'));
    const variables = {
      HOME: config,
      CLAUDE_CONFIG_DIR: config,
      CLAUDE_CODE_TMPDIR: config,
      ANTHROPIC_BASE_URL: listening[1],
      ANTHROPIC_API_KEY: 'sk-dummy-for-tests',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_MAX_RETRIES: '1',
    };
    const settings = Object.entries(variables).map(([name, value]) => `${name}='${value}'`);
    const ask = (stamps, role) =>
      `env ${settings.join(' ')} '${program}' -p 'Say that you are ready.' >/dev/null </dev/null || exit 1
       BENCH_LOG='${stamps}' ${noop.map((word) => `'${word}'`).join(' ')} ${role}`;
    const bare = fill(mkdtempSync(join(stage, 'bare-')));
    const cases = [
      commandCase({
        name: 'sh loop of claude -p',
        kind: 'limit',
        project: bare,
        argv: () => [
          'sh',
          '-c',
          `for role in ${roles.join(' ')}; do ${ask(bare.stampsAt, '"$role"')} || exit 1; done`,
        ],
      }),
      {
        name: 'next-role run',
        kind: 'ours',
        run() {
          const project = fill(mkdtempSync(join(stage, 'ours-')));
          const path = join(project.folder, 'coordination/next-role.yaml');
          const line = JSON.stringify(ask(project.stampsAt, '"$NEXT_ROLE_ROLE"'));
          writeFileSync(
            path,
            readFileSync(path, 'utf8').replace(/run: .*/, () => `run: ${line}`),
          );
          return commandCase({
            name: 'next-role run',
            kind: 'ours',
            project,
            argv: () => [...ours, 'run'],
          }).run();
        },
      },
    ];
    const results = await interleaved(cases, n ?? 7, tell, budgetMs);
    const of = (name) => results[name].map(({ wallMs }) => wallMs);
    const rows = cases.map(({ name, kind }) => ({
      name,
      kind,
      wallMs: spread(of(name)),
      toBare: ratio(of(name), of('sh loop of claude -p')),
    }));
    return { rows, figures: { toBare: rows[1].toBare } };
  } finally {
    await provider.end();
  }
}

export const columns = [
  ['case', ({ name }) => name],
  ['wall ms', ({ wallMs }) => wallMs],
  ['/ bare loop', ({ toBare }) => toBare],
];
export const picture = {
  title: 'A round of four real Claude Code sessions, no model latency',
  unit: 'ms',
  of: ({ wallMs }) => wallMs.median,
};
