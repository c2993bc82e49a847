/**
 * How editors and tools save a file: with the real program where the machine has it, else by the same system calls in the
 * same order (and then its name says so). Each writes the text it is given, and nothing else.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { findProgram } from '../../src/effects/environment.ts';

export type Editor = {
  readonly name: string;
  /** `real` runs the program itself, `replayed` makes its system calls. */
  readonly how: 'real' | 'replayed';
  save(project: string, path: string, text: string): void;
};

const has = (program: string): boolean => findProgram(program, process.env['PATH'], '/') !== null;

function real(name: string, program: string, save: Editor['save'], otherwise: Editor['save']): Editor {
  return has(program) ? { name, how: 'real', save } : { name, how: 'replayed', save: otherwise };
}

/** Truncated and written through the same inode, as nano, gedit, ed and a shell's `>` do. */
function inPlace(_project: string, path: string, text: string): void {
  const fd = openSync(path, 'w');
  const half = Math.ceil(text.length / 2);
  writeSync(fd, text.slice(0, half));
  writeSync(fd, text.slice(half));
  closeSync(fd);
}

/** A new file, moved over the old one. */
function byRename(temporary: (path: string) => string): Editor['save'] {
  return (_project, path, text) => {
    writeFileSync(temporary(path), text, { mode: statSync(path).mode });
    renameSync(temporary(path), path);
  };
}

/** The old file becomes the backup, a new one is made in its place. */
function viaBackup(backup: (path: string) => string): Editor['save'] {
  return (_project, path, text) => {
    renameSync(path, backup(path));
    writeFileSync(path, text);
    unlinkSync(backup(path));
  };
}

const besideOf = (path: string): string => `${path}.new`;

/** The text goes to a file first, so that no shell or editor reads meaning into it. */
function withText(path: string, text: string, work: (source: string) => void): void {
  const source = `${path}.source`;
  writeFileSync(source, text);
  try {
    work(source);
  } finally {
    rmSync(source, { force: true });
  }
}

function vim(setting: string): Editor['save'] {
  return (_project, path, text) => {
    withText(`${path}.vim`, text, (source) => {
      const commands = [`set ${setting}`, '%delete _', `read ${source}`, '1delete _', 'wq'];
      execFileSync(
        'vim',
        ['-N', '-u', 'NONE', '-i', 'NONE', '-n', '-es', ...commands.flatMap((one) => ['-c', one]), path],
        {
          stdio: 'ignore',
        },
      );
    });
  };
}

/** Keys of nano: cut a line, insert a file, write out, exit. */
const keys = { cut: '\x0b', insert: '\x12', write: '\x0f', exit: '\x18' };
const cutsMax = 60;
const typingsMax = 4;

/**
 * Types into a nano on a terminal of its own. Keys that come before it listens are lost, so it is given a moment, and more
 * of one when nothing was saved, as a person would type again.
 */
function nano(_project: string, path: string, text: string): void {
  withText(`${path}.nano`, text, (source) => {
    const typed = `${keys.cut.repeat(cutsMax)}${keys.insert}${source}\r${keys.write}\r${keys.exit}`;
    const line = `(sleep "$1"; cat; sleep "$1") | script -qec "nano --ignorercfiles '$2'" /dev/null`;
    const [, round = ''] = text.split('\n');
    for (let typing = 1; typing <= typingsMax && !readFileSync(path, 'utf8').includes(round); typing += 1) {
      execFileSync('sh', ['-c', line, 'sh', String(0.4 * typing), path], {
        input: typed,
        stdio: ['pipe', 'ignore', 'ignore'],
        env: { ...process.env, TERM: 'xterm' },
        timeout: 20_000,
      });
    }
  });
}

export const editors: readonly Editor[] = [
  real(
    'echo >',
    'sh',
    (_project, path, text) => {
      execFileSync('sh', ['-c', 'printf %s "$TEXT" >"$1"', 'sh', path], {
        env: { ...process.env, TEXT: text },
      });
    },
    inPlace,
  ),
  real(
    'sed -i',
    'sed',
    (_project, path, text) => {
      withText(path, text, (source) => execFileSync('sed', ['-i', '-e', `1r ${source}`, '-e', '1,$d', path]));
    },
    byRename(besideOf),
  ),
  real(
    'vim',
    'vim',
    vim('backupcopy=auto'),
    viaBackup((path) => `${path}~`),
  ),
  real(
    'vim with backupcopy=no',
    'vim',
    vim('backupcopy=no writebackup'),
    viaBackup((path) => `${path}~`),
  ),
  real('vim with backupcopy=yes', 'vim', vim('backupcopy=yes'), inPlace),
  real('nano', 'nano', has('script') ? nano : inPlace, inPlace),
  real(
    'ed',
    'ed',
    (_project, path, text) => {
      withText(path, text, (source) =>
        execFileSync('ed', ['-s', path], {
          input: `,d\n0r ${source}\nw\nq\n`,
          stdio: ['pipe', 'ignore', 'ignore'],
        }),
      );
    },
    inPlace,
  ),
  real(
    'git checkout',
    'git',
    (project, path, text) => {
      const git = (args: readonly string[], input?: string): string =>
        execFileSync('git', [...args], { cwd: project, input, encoding: 'utf8' }).trim();
      const name = path.slice(project.length + 1);
      const blob = git(['hash-object', '-w', '--stdin'], text);
      git(['update-index', '--add', '--cacheinfo', `100644,${blob},${name}`]);
      git(['checkout', '--quiet', '--', name]);
    },
    viaBackup(besideOf),
  ),
  real(
    'mv',
    'mv',
    (_project, path, text) => {
      writeFileSync(`${path}.new`, text);
      execFileSync('mv', ['-f', `${path}.new`, path]);
    },
    byRename(besideOf),
  ),
  real(
    'cp',
    'cp',
    (_project, path, text) => withText(path, text, (source) => execFileSync('cp', [source, path])),
    inPlace,
  ),
  {
    name: 'VS Code',
    how: 'replayed',
    // Opened with O_TRUNC, written whole, flushed with fdatasync (its disk file system provider for local files).
    save: (_project, path, text) => {
      const fd = openSync(path, 'w');
      writeSync(fd, text);
      fdatasyncSync(fd);
      closeSync(fd);
    },
  },
  { name: 'VS Code, atomic', how: 'replayed', save: byRename((path) => `${path}.vsctmp`) },
  { name: 'Emacs', how: 'replayed', save: viaBackup((path) => `${path}~`) },
  {
    name: 'JetBrains, safe write',
    how: 'replayed',
    save: (_project, path, text) => {
      writeFileSync(`${path}___jb_tmp___`, text);
      renameSync(path, `${path}___jb_old___`);
      renameSync(`${path}___jb_tmp___`, path);
      unlinkSync(`${path}___jb_old___`);
    },
  },
];
