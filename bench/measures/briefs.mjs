// What a round's layout of briefs costs: the real Claude Code on the simulated provider, whose prompt cache counts as a
// provider's does, in our layout and in the original's, with the same work in every session. Priced by state/prices.yaml.
// The original's texts are not here: texts of their measured sizes stand in for them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { round } from '../figures.mjs';
import { environment, ours, resident, root, stage, until } from '../process.mjs';

export const about = 'A full round of the real Claude Code in our layout of briefs and in the original’s.';
export const page = 'docs/BRIEFS.md';

const roles = ['architect', 'implementer', 'reviewer', 'memorial'];
const routed = { architect: 'opus', implementer: 'sonnet', reviewer: 'opus', memorial: 'haiku' };
const program = join(root, 'test/e2e/clients/node_modules/.bin/claude');
/** The provider counts four bytes as a token, in every layout. */
const bytesPerToken = 4;
/**
 * The middle of what was measured on the original's own templates (system text 16.7 to 21.1 KB a role, prompt 3.3 to 4.0 KB):
 * with it the first request comes to the 18.1k tokens that were measured too.
 */
const originalBytes = { system: 18_900, prompt: 3_650 };
/** What a young project holds; the original's own memorial and handoff had grown to half a megabyte each. */
const fileBytes = { prd: 5_000, memorial: 12_000, source: 1_500, artifact: 4_000 };
const sessionMsMax = 300_000;

const arms = [
  { name: 'ours', isOurs: true, extra: false },
  { name: 'original', isOurs: false, extra: false },
  { name: 'original, opening its files', isOurs: false, extra: true },
];

export async function measure() {
  if (!existsSync(program))
    return {
      rows: [],
      figures: {},
      leftOut: ['Claude Code is not installed (node test/e2e/install-clients.mjs)'],
    };
  const rows = [];
  for (const [models, modelOf] of [
    ['opus', () => 'opus'],
    ['routed', (role) => routed[role]],
  ]) {
    for (const arm of arms) {
      const sessions = await play(arm, modelOf);
      const named = { name: arm.name, kind: arm.isOurs ? 'ours' : 'original', models };
      for (const session of sessions) rows.push({ ...named, ...session });
      rows.push({ ...named, ...totalOf(sessions) });
    }
  }
  const usd = (name, models) =>
    rows.find((row) => row.name === name && row.models === models && row.role === 'all').usd;
  const first = (name) =>
    rows.find((row) => row.name === name && row.models === 'opus' && row.role === 'architect').first;
  const toOriginal = (models, name) => round(usd('ours', models) / usd(name, models));
  return {
    rows,
    figures: {
      toOriginal: toOriginal('opus', 'original'),
      toOriginalRouted: toOriginal('routed', 'original'),
      toOriginalOpening: toOriginal('opus', 'original, opening its files'),
      toOriginalOpeningRouted: toOriginal('routed', 'original, opening its files'),
      firstToOriginal: round(first('ours') / first('original')),
    },
  };
}

/** One round; per role what was sent and what it comes to. */
async function play(arm, modelOf) {
  const folder = project(modelOf);
  const script = join(dirname(folder), `${folder.split('/').at(-1)}-script.json`);
  const ledger = script.replace('script', 'ledger');
  writeFileSync(script, JSON.stringify({ roles: turnsOf(arm) }));
  const provider = resident([...ours, 'simulate-provider', '--json', '--script', script, '--ledger', ledger]);
  try {
    const [, url] = await until('the provider to listen', () => /"url":"([^"]+)"/.exec(provider.output()));
    const env = claudeEnv(url);
    const handed = arm.isOurs ? runOurs(folder, env) : runOriginal(folder, env, modelOf);
    const entries = readFileSync(ledger, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    return roles.map((role) => sessionOf(role, handed[role], entries));
  } finally {
    await provider.end();
  }
}

function sessionOf(role, handed, entries) {
  const own = entries.filter((entry) => entry.role === role);
  if (own.length === 0) throw new Error(`The ${role} asked for nothing`);
  const bad = own.find(({ usage, status }) => usage === null || status !== 200);
  if (bad !== undefined) throw new Error(`A request of the ${role} was not served: ${JSON.stringify(bad)}`);
  const sum = (of) => own.reduce((total, { usage }) => total + of(usage), 0);
  const [{ usage: first, model }] = own;
  return {
    role,
    model,
    ...handed,
    requests: own.length,
    first: first.input + first.cacheWrite5m + first.cacheWrite1h + first.cacheRead,
    shared: first.cacheRead * bytesPerToken,
    written: sum((usage) => usage.cacheWrite5m + usage.cacheWrite1h),
    read: sum((usage) => usage.cacheRead),
    input: sum((usage) => usage.input),
    output: sum((usage) => usage.output),
    usd: own.reduce((total, entry) => total + priceOf(entry), 0),
  };
}

function totalOf(sessions) {
  const sum = (of) => sessions.reduce((total, session) => total + session[of], 0);
  const counted = [
    'system',
    'prompt',
    'requests',
    'first',
    'shared',
    'written',
    'read',
    'input',
    'output',
    'usd',
  ];
  return { role: 'all', model: '', ...Object.fromEntries(counted.map((of) => [of, sum(of)])) };
}

/** What a session does, the same in every layout; the header it found says how it is handed over. */
function turnsOf({ isOurs, extra }) {
  const status = isOurs ? 'WORKING' : 'READY';
  const path = 'coordination/NEXT-ROLE.md';
  const hand = (from, to, word = 'READY') => [
    { read: path },
    {
      edit: { path, from: `next-role: ${from}\nstatus: ${status}`, to: `next-role: ${to}\nstatus: ${word}` },
    },
  ];
  const reads = (...paths) => paths.map((each) => ({ read: each }));
  const spec = 'coordination/specs/Q-R01-SPEC.md';
  const sidecar = 'coordination/specs/Q-R01-SPEC-AUDIT.md';
  const report = 'coordination/reviews/REVIEWER-REPORT-R01.md';
  const memorial = 'coordination/MEMORIAL.md';
  const lesson = 'CONFIRMATION | tdd-discipline | tests came first | R01 | implementer';
  const work = {
    architect: [
      ...reads('src/part1.js', 'src/part2.js'),
      ...owed('architect'),
      ...hand('architect', 'implementer'),
    ],
    implementer: [
      ...reads('src/part1.js', 'src/part3.js'),
      { write: { path: 'src/new.test.js', text: filler('test', fileBytes.source) } },
      { write: { path: 'src/new.js', text: filler('new', fileBytes.source) } },
      { run: 'ls src' },
      ...hand('implementer', 'reviewer'),
    ],
    reviewer: [
      ...reads('src/new.js', 'src/new.test.js'),
      { run: 'ls src' },
      ...owed('reviewer'),
      ...hand('reviewer', 'memorial'),
    ],
    memorial: [
      { read: memorial },
      { edit: { path: memorial, from: '# Memorial\n', to: `# Memorial\n\n${lesson}\n` } },
      ...owed('memorial').filter(({ write }) => write.path !== memorial),
      ...hand('memorial', 'human', 'ROUND-COMPLETE'),
    ],
  };
  const own = {
    architect: reads('coordination/PRD.md', memorial),
    implementer: reads(spec),
    reviewer: reads('coordination/PRD.md', spec, sidecar),
    memorial: reads(spec, sidecar, report),
  };
  return Object.fromEntries(
    roles.map((role) => {
      const turns = [...(extra ? own[role] : []), ...work[role]];
      return [role, [{ turns, say: 'Done.' }]];
    }),
  );
}

/** The files a role owes in the full tier, with the headings they owe: read from its shipped contract. */
function owed(role) {
  const [, front] = readFileSync(join(root, `roles/${role}.md`), 'utf8').split(/^---$/m);
  return parse(front)
    .owes.filter(({ tiers = ['full'] }) => tiers.includes('full'))
    .map(({ path, sections = [] }) => {
      const words = (title) => (title === 'Grilling' ? grilled : filler(title, 300));
      const text = sections.map((title) => `## ${title}\n\n${words(title)}\n`).join('\n');
      const more = Math.max(0, fileBytes.artifact - text.length);
      return {
        write: { path: path.replace('{round}', 'R01'), text: `# R01\n\n${filler('whole', more)}\n${text}` },
      };
    });
}

const grilled = [
  '- CRITICAL if it is wrong: the first line of the work.',
  '- Will surprise the next role: nothing that was looked for.',
  '- Could have been caught earlier: nothing that was found.',
].join('\n');

/** The project before the round; the models stand in its header. */
function project(modelOf) {
  const folder = mkdtempSync(join(stage, 'briefs-'));
  const put = (path, text) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const models = roles.map((role) => `${role}=${modelOf(role)}`).join(', ');
  put(
    'coordination/NEXT-ROLE.md',
    `---\nround: R01\ntier: full\nmodels: ${models}\nnext-role: architect\nstatus: READY\n---\n\n## Directive\n\n${filler('directive', 600)}\n`,
  );
  put('coordination/PRD.md', `# PRD\n\n${filler('wish', fileBytes.prd)}`);
  put('coordination/MEMORIAL.md', `# Memorial\n\n${filler('memorial', fileBytes.memorial)}`);
  for (const n of [1, 2, 3]) put(`src/part${n}.js`, filler(`part${n}`, fileBytes.source));
  put(
    'coordination/next-role.yaml',
    JSON.stringify({
      agent: 'claude',
      agents: { claude: { kind: 'claude', run: program, env: ['HOME'] } },
      commit: false,
      secondOpinion: 'never',
    }),
  );
  spawnSync('git', ['init', '--quiet', folder]);
  return folder;
}

function claudeEnv(url) {
  const config = mkdtempSync(join(stage, 'claude-'));
  return {
    HOME: config,
    CLAUDE_CONFIG_DIR: config,
    CLAUDE_CODE_TMPDIR: config,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: 'sk-dummy-for-tests',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_MAX_RETRIES: '1',
  };
}

/** The round as a user runs it; gives the bytes of each role's texts, from the manifests. */
function runOurs(folder, env) {
  finished([...ours, 'run'], folder, env);
  const { sessions } = JSON.parse(finished([...ours, 'audit', 'R01', '--json'], folder));
  return Object.fromEntries(
    sessions.map(({ manifest: { role, parts } }) => {
      const system = parts.find(({ name }) => name === 'system').bytes;
      return [role, { system, prompt: parts.reduce((sum, { bytes }) => sum + bytes, 0) - system }];
    }),
  );
}

/** What a command printed; it must end well. */
function finished([command, ...args], cwd, env = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: environment(env),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: sessionMsMax,
  });
  if (status !== 0)
    throw new Error(`"${args.slice(0, 3).join(' ')}" ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

/** The original's command line: common and role text in one append, every default tool, permissions bypassed. */
function runOriginal(folder, env, modelOf) {
  for (const role of roles) {
    const system = filler(`discipline of the ${role}`, originalBytes.system);
    const prompt = `You work as the ${role}.\nRole: ${role} · Round: R01\n`;
    const argv = [
      ...[program, '-p', `${prompt}${filler(`task of the ${role}`, originalBytes.prompt - prompt.length)}`],
      ...['--permission-mode', 'bypassPermissions', '--model', modelOf(role), '--max-turns', '60'],
      ...['--append-system-prompt', system, '--exclude-dynamic-system-prompt-sections'],
    ];
    finished(argv, folder, { ...env, IS_SANDBOX: '1' });
  }
  const text = readFileSync(join(folder, 'coordination/NEXT-ROLE.md'), 'utf8');
  if (!text.includes('status: ROUND-COMPLETE')) throw new Error(`The round is not complete:\n${text}`);
  return Object.fromEntries(roles.map((role) => [role, originalBytes]));
}

const sheet = parse(readFileSync(join(root, 'state/prices.yaml'), 'utf8'), { merge: true }).models;

/** USD of one request, at the newest price that has begun; every prompt here is of the shortest tier. */
function priceOf({ model, usage }) {
  const today = new Date().toISOString().slice(0, 10);
  const prices = sheet[model]?.prices.findLast(({ from = '' }) => String(from) <= today);
  if (prices === undefined) throw new Error(`state/prices.yaml has no price of ${model}`);
  const classes = ['input', 'cacheWrite5m', 'cacheWrite1h', 'cacheRead', 'output'];
  return classes.reduce((sum, each) => sum + (usage[each] * prices[each]) / 1e6, 0);
}

/** Words of a given size that differ by their name. */
function filler(name, bytes) {
  const line = `// The ${name} keeps to what is written here and does nothing beyond it, step by step.\n`;
  return line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
}

export const columns = [
  ['layout', ({ name, models }) => `${name} (${models})`],
  ['role', ({ role }) => role],
  ['requests', ({ requests }) => requests],
  ['system bytes', ({ system }) => system],
  ['prompt bytes', ({ prompt }) => prompt],
  ['tokens of both', ({ system, prompt }) => Math.ceil((system + prompt) / bytesPerToken)],
  ['tokens of the first request', ({ first }) => first],
  ['bytes of it cached already', ({ shared }) => shared],
  ['tokens written', ({ written }) => written],
  ['read', ({ read }) => read],
  ['answered', ({ output }) => output],
  ['USD', ({ usd }) => usd],
];
