/**
 * Reads the files the policy is made of: the ones we ship, the project's overrides in coordination/roles/ and
 * coordination/state/, its settings; and looks on PATH for the agents that are installed. It starts no process and
 * writes nothing. What the files mean is decided in protocol/catalog.ts; a file that cannot be read is a diagnostic.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { coordinationDir, settingsPath } from '../protocol/artifact.ts';
import { assemble } from '../protocol/catalog.ts';
import type { FileProblems } from '../protocol/catalog.ts';
import { dataCharsMax } from '../protocol/datafile.ts';
import type { DataFile } from '../protocol/datafile.ts';
import type { Policy } from '../protocol/policy.ts';
import { readPrices } from '../protocol/prices.ts';
import type { PriceSheet } from '../protocol/prices.ts';
import { agentPrograms, packageRoot } from './packageroot.ts';
import { timesOf, withFiles } from './policykept.ts';
import { sharedParts } from './sharing.ts';

export { packageRoot };

const builtinFolders = ['roles', 'state', 'templates'] as const;
const stateNames = [
  'tiers',
  'models',
  'router',
  'limits',
  'gates',
  'agents',
  'memorial',
  'failures',
] as const;

/** Files of one folder that are looked at; more are reported. */
const folderFilesMax = 200;
/** Entries of PATH that are looked at. */
const pathEntriesMax = 500;
/** UTF-8 needs at most three bytes per UTF-16 unit: nothing that could be parsed is refused here. */
const fileBytesMax = 3 * dataCharsMax;

type CatalogOptions = {
  /** Folder with roles/ and state/ to use in place of the package's own. */
  readonly home?: string;
  /** Value of PATH; our own by default. */
  readonly path?: string;
};

export type CatalogReading = {
  readonly policy: Policy;
  /** No part of the policy: prices decide nothing by themselves, and a sheet is long. */
  readonly prices: PriceSheet;
  readonly problems: readonly FileProblems[];
};

/**
 * The policy of a project, and everything that is wrong with the files behind it. Missing overrides are fine.
 *
 * @example
 * const { policy, problems } = await readCatalog('/home/me/app');
 * policy.assignments['reviewer']; // { agent: 'claude', because: 'claude is installed', … }
 */
export async function readCatalog(project: string, options: CatalogOptions = {}): Promise<CatalogReading> {
  const home = options.home ?? packageRoot;
  const shelf = openShelf();
  const bases = [
    { root: home, folder: '' },
    { root: project, folder: `${coordinationDir}/` },
  ];
  const roles: DataFile[] = [];
  const state: Record<(typeof stateNames)[number], DataFile[]> = {
    tiers: [],
    models: [],
    router: [],
    limits: [],
    gates: [],
    agents: [],
    memorial: [],
    failures: [],
  };
  for (const { root, folder } of bases) {
    for (const name of await shelf.list(root, `${folder}roles`)) {
      if (name.endsWith('.md') && name !== 'README.md')
        roles.push(...(await shelf.read(root, `${folder}roles/${name}`)));
    }
    for (const name of stateNames)
      state[name].push(...(await shelf.read(root, `${folder}state/${name}.yaml`)));
  }
  const priceFiles = await Promise.all(
    bases.map(({ root, folder }) => shelf.read(root, `${folder}state/prices.yaml`)),
  );
  const priced = pricesIn(priceFiles.flat());
  await warnOfStrays(project, shelf);
  const [settings = null] = await shelf.read(project, settingsPath);
  const installed = await findPrograms(agentPrograms, options.path ?? process.env['PATH'] ?? '');
  const { policy, problems } = assemble({ root: project, roles, ...state, settings, installed });
  const digest = createHash('sha256').update(canonical(policy)).digest('hex');
  return {
    policy: sharedParts({ digest, ...policy }, canonical),
    prices: priced.sheet,
    problems: [...shelf.problems, ...problems, ...priced.problems],
  };
}

type Priced = ReturnType<typeof readPrices>;
let latestPrices: { readonly files: readonly DataFile[]; readonly priced: Priced } | null = null;

/** A sheet is long, and the one we ship serves almost every project of a process: the last one read is kept. */
function pricesIn(files: readonly DataFile[]): Priced {
  const isSame = ({ path, text }: DataFile, at: number): boolean =>
    latestPrices?.files[at]?.path === path && latestPrices.files[at].text === text;
  if (latestPrices?.files.length !== files.length || !files.every(isSame))
    latestPrices = { files, priced: readPrices(files) };
  return latestPrices.priced;
}

/**
 * A word that changes when a file behind a project's policy may have changed. A few looks at names and times, no
 * reading, so that it can be asked for every few seconds.
 *
 * @example catalogStamp('/p') === catalogStamp('/p') // true, while nobody edits
 */
export function catalogStamp(project: string): string {
  const paths = ['roles', 'state'].flatMap((name) => withFiles(join(project, coordinationDir, name)));
  return [join(project, settingsPath), ...paths].flatMap(timesOf).join('\n');
}

/**
 * The text of a file we ship, for `eject` and `init`; null when there is none of that name.
 *
 * @example await builtinFile('roles/reviewer.md') // '---\ntitle: Reviewer\n…'
 */
export async function builtinFile(name: string): Promise<string | null> {
  return (await builtinNames()).includes(name) ? readFile(join(packageRoot, name), 'utf8') : null;
}

/** Names of all files we ship that a project may copy: `roles/…`, `state/…`, `templates/…`, sorted. */
export async function builtinNames(): Promise<readonly string[]> {
  const listed = await Promise.all(
    builtinFolders.map(async (folder) =>
      (await readdir(join(packageRoot, folder))).map((name) => `${folder}/${name}`),
    ),
  );
  return listed.flat().sort();
}

/** Reads files one by one and remembers what could not be read. */
type Shelf = {
  readonly problems: readonly FileProblems[];
  list(root: string, folder: string): Promise<readonly string[]>;
  /** The file, or nothing when it is missing or unreadable. */
  read(root: string, path: string): Promise<readonly DataFile[]>;
  warn(file: string, message: string, hint: string): void;
};

function openShelf(): Shelf {
  const problems: FileProblems[] = [];
  const fail = (file: string, error: unknown): readonly never[] => {
    if (codeOf(error) === 'ENOENT') return [];
    const why = error instanceof Error ? error.message : String(error);
    problems.push({
      file,
      diagnostics: [
        {
          code: 'file-unreadable',
          severity: 'error',
          line: 1,
          message: `"${file}" cannot be read: ${why}.`,
          hint: 'Make it a readable text file of moderate size, or move it away.',
        },
      ],
    });
    return [];
  };
  return {
    problems,
    async list(root, folder) {
      try {
        const names = (await readdir(join(root, folder))).sort();
        if (names.length > folderFilesMax)
          fail(folder, new Error(`it holds more than ${folderFilesMax} files`));
        return names.slice(0, folderFilesMax);
      } catch (error) {
        return fail(folder, error);
      }
    },
    async read(root, path) {
      try {
        const { size } = await stat(join(root, path));
        if (size > fileBytesMax)
          return fail(path, new Error(`it has ${size} bytes, more than ${fileBytesMax}`));
        const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(join(root, path)));
        return [{ path, text }];
      } catch (error) {
        return fail(path, error);
      }
    },
    warn(file, message, hint) {
      problems.push({
        file,
        diagnostics: [{ code: 'data-invalid', severity: 'warning', line: 1, message, hint }],
      });
    },
  };
}

/** A misspelt override would be passed over in silence; say that nobody reads it. */
async function warnOfStrays(project: string, shelf: Shelf): Promise<void> {
  const known = [...stateNames, 'prices'].map((name) => `${name}.yaml`);
  const folder = `${coordinationDir}/state`;
  for (const name of await shelf.list(project, folder)) {
    if (!/\.ya?ml$/.test(name) || known.includes(name)) continue;
    shelf.warn(`${folder}/${name}`, `"${name}" is not read.`, `Valid names here: ${known.join(', ')}.`);
  }
}

/** Which of the programs are executable files on PATH. Relative entries are passed over: they depend on the folder. */
async function findPrograms(programs: readonly string[], path: string): Promise<readonly string[]> {
  const folders = path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .slice(0, pathEntriesMax);
  const found: string[] = [];
  for (const program of programs) {
    for (const folder of folders) {
      if (!(await isExecutable(join(folder, program)))) continue;
      found.push(program);
      break;
    }
  }
  return found;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch (error) {
    // Missing, not ours to run, a broken link, a NUL in PATH: whatever the reason, it is no program we can start.
    if (codeOf(error) !== null) return false;
    throw error;
  }
}

/** The code of a file system error, such as ENOENT; null for anything else. */
function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** JSON with sorted keys, so that equal policies have equal digests. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((each) => canonical(each ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, each]) => each !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}
