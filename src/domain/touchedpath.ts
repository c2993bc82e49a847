/**
 * From what an agent wrote to a path of the project: an absolute or odd spelling of one, or the words of a command line.
 * A command is cut into words as a shell would roughly do, `cd` is followed, and each word is tried as a path. Pure, and
 * linear in the text: a model wrote it.
 */
import { isHidden } from '../protocol/access.ts';
import { matches, runnerDir } from '../protocol/artifact.ts';
import { absolutePath } from '../protocol/sealed.ts';
import type { Access } from '../protocol/session.ts';

/** Words of one command that are looked at. */
const wordsMax = 4_000;
/** Programs that open everything below a folder they are given. */
const deepReaders = ['rg', 'ag', 'ack', 'tar', 'zip', 'rsync', 'find', 'fd', 'xargs'];

/**
 * The path inside the project that a target means; null for one outside.
 *
 * @example placed('/p/src/../coordination/./PRD.md', ['/p']) // 'coordination/PRD.md'
 */
export function placed(target: string, roots: readonly string[], folder = ''): string | null {
  const text = target.trim();
  if (text === '') return null;
  if (!text.startsWith('/')) return flattened(`${folder}/${text}`);
  for (const root of [...roots].sort((a, b) => b.length - a.length)) {
    if (text === root) return '';
    if (text.startsWith(`${root}/`)) return flattened(text.slice(root.length + 1));
  }
  return null;
}

/**
 * The path that a target reaches from a folder: as `placed` has it, or absolute outside the project.
 *
 * @example reached('../checks/run.sh', ['/p']) // '/checks/run.sh'
 */
export function reached(target: string, roots: readonly string[], folder = ''): string | null {
  const text = target.trim();
  if (text === '') return null;
  const [root = ''] = roots;
  const path = absolutePath(text, folder.startsWith('/') ? folder : `${root}/${folder}`);
  return placed(path, roots) ?? path;
}

/** Without `.`, `..` and empty parts; null when it climbs out of the project. */
function flattened(path: string): string | null {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.join('/');
}

type Known = {
  readonly access: Pick<Access, 'hidden'>;
  readonly hiddenFiles: readonly string[];
  readonly roots: readonly string[];
};

/**
 * The hidden paths that a command names. `sure` is false where it only names a folder that has hidden files in it, to a
 * program that opens all of it.
 *
 * @example pathsInCommand('cat coordination/logs/a.log', known) // [{ path: 'coordination/logs/a.log', sure: true }]
 */
export function pathsInCommand(
  command: string,
  known: Known,
): readonly { readonly path: string; readonly sure: boolean }[] {
  const hits = new Map<string, boolean>();
  const hit = (path: string, sure: boolean): void => void hits.set(path, sure || hits.get(path) === true);
  let folder = '';
  for (const words of simpleCommands(withPlaces(command, known.roots))) {
    const [program = '', ...rest] = words;
    if (program === 'cd') {
      folder = reached(rest[0] ?? '', known.roots, folder) ?? folder;
      continue;
    }
    const isDeep =
      deepReaders.includes(program) ||
      (/^(?:grep|cp|ls|diff)$/.test(program) && rest.some((word) => /^-\w*[rR]/.test(word)));
    const named = words.flatMap((word) => namesOf(word)).filter((word) => !word.startsWith('-'));
    for (const word of named) {
      const path = reached(word, known.roots, folder);
      if (path === null || (isBlind(program, rest) && !path.startsWith(runnerDir))) continue;
      if (path !== '' && isHidden(known.access, path)) hit(path, true);
      else if (/[*?[]/.test(path)) for (const file of expanded(path, known)) hit(file, true);
      else if (isDeep && isAbove(path, known)) hit(path === '' ? '.' : path, false);
    }
    // Without a folder, such a program looks at the one it stands in.
    if (
      isDeep &&
      !named.slice(1).some((word) => word.includes('/') || word === '.') &&
      isAbove(folder, known)
    )
      hit(folder === '' ? '.' : folder, false);
  }
  return [...hits].map(([path, sure]) => ({ path, sure }));
}

/** A command with the variables that we give a session written out: where it stands, and its project. */
function withPlaces(command: string, roots: readonly string[]): string {
  const places: Readonly<Record<string, string>> = {
    PWD: roots[0] ?? '',
    NEXT_ROLE_PROJECT: roots.at(-1) ?? '',
  };
  const variable = /\$(?:\{(PWD|NEXT_ROLE_PROJECT)\}|(PWD|NEXT_ROLE_PROJECT)\b)/g;
  return command.replace(variable, (_, braced?: string, bare?: string) => places[braced ?? bare ?? ''] ?? '');
}

/**
 * Removes a file or puts it back without showing it: what a role must do that wrote where it may not even look. The
 * runner's own folder is not its to clear.
 */
function isBlind(program: string, [first = '']: readonly string[]): boolean {
  return program === 'rm' || (program === 'git' && ['rm', 'restore', 'checkout'].includes(first));
}

/** A word, and its parts where it is `a=b` or `rev:path`. */
function namesOf(word: string): readonly string[] {
  return [word, ...(/[=:]/.test(word) ? word.split(/[=:]/).filter((part) => part !== '') : [])];
}

/** Hidden files that a shell would put in the place of a pattern. */
function expanded(pattern: string, known: Known): readonly string[] {
  const like = pattern.replace(/\[[^\]]*\]|\?/g, '*');
  return known.hiddenFiles.filter((file) => matches(file, like) || matches(file, `${like}/**`));
}

function isAbove(folder: string, known: Known): boolean {
  if (folder.startsWith('/')) {
    const above = folder === '/' ? '/' : `${folder}/`;
    return known.hiddenFiles.length > 0 && known.roots.some((root) => root.startsWith(above));
  }
  const start = folder === '' ? '' : `${folder}/`;
  return known.hiddenFiles.some((file) => file.startsWith(start));
}

/** The words of each command of a line, without quotes; separators, pipes and substitutions part commands. */
function simpleCommands(line: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  let word = '';
  let quote = '';
  let words = 0;
  const end = (): void => {
    if (word !== '' && words < wordsMax) {
      commands.at(-1)?.push(word);
      words += 1;
    }
    word = '';
  };
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (quote !== '') {
      // A quoted script (`sh -c "cat x"`) is a command too, so blanks inside quotes part words as well.
      if (char === quote) quote = '';
      else if (/\s/.test(char)) end();
      else if (/[;|&()<>`$]/.test(char)) end();
      else word += char;
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '\\') {
      at += 1;
      word += line.charAt(at);
    } else if (/[;|&()`\n]/.test(char)) {
      end();
      commands.push([]);
    } else if (/[\s<>,{}]/.test(char)) end();
    else if (char !== '$') word += char;
  }
  end();
  return commands.filter((command) => command.length > 0);
}
