import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  digestOf,
  digestText,
  explain,
  insideProject,
  readText,
  replaceIf,
  textBytesMax,
  writeAtomic,
} from '../../src/effects/files.ts';
import { isTemporary } from '../../src/effects/temporary.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'nr-files-')));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

/** Lowers the largest file size this process may write, so that a write comes back short, as on a full disk. */
async function withFileSizeLimit<T>(bytes: number, work: () => Promise<T>): Promise<T> {
  const limit = (value: string) =>
    execFileSync('prlimit', [`--pid=${process.pid}`, `--fsize=${value}:`], { stdio: 'ignore' });
  limit(String(bytes));
  try {
    return await work();
  } finally {
    limit('unlimited');
  }
}
const canLimit = (() => {
  try {
    return (
      execFileSync('prlimit', ['--fsize', '--noheadings', '-o', 'HARD']).toString().trim() === 'unlimited'
    );
  } catch {
    return false;
  }
})();

describe('readText()', () => {
  it('gives the text and the digest of the bytes', async () => {
    const path = join(folder, 'a.md');
    writeFileSync(path, '\ufeffSTATUS: READY\r\n');
    expect(await readText(path)).toEqual({
      text: '\ufeffSTATUS: READY\r\n',
      digest: sha256('\ufeffSTATUS: READY\r\n'),
    });
    expect(await digestOf(path)).toBe(sha256('\ufeffSTATUS: READY\r\n'));
    expect(digestText('\ufeffSTATUS: READY\r\n')).toBe(await digestOf(path));
  });

  it('answers null for a file that is not there, also below a file', async () => {
    writeFileSync(join(folder, 'a'), '');
    expect(await readText(join(folder, 'none'))).toBeNull();
    expect(await readText(join(folder, 'a/b'))).toBeNull();
    expect(await digestOf(join(folder, 'none'))).toBeNull();
  });

  it('reads a file of several chunks whole', async () => {
    const path = join(folder, 'big');
    const text = 'zwölf Boxkämpfer\n'.repeat(20_000);
    writeFileSync(path, text);
    expect(await readText(path)).toEqual({ text, digest: sha256(text) });
    expect(await digestOf(path)).toBe(sha256(text));
  });

  it('takes exactly 16 MiB and refuses one byte more with the limit in the message', async () => {
    const path = join(folder, 'big');
    writeFileSync(path, '');
    truncateSync(path, textBytesMax);
    expect((await readText(path))?.text.length).toBe(textBytesMax);
    truncateSync(path, textBytesMax + 1);
    await expect(readText(path)).rejects.toThrow(/larger than 16 MiB/);
    expect(await digestOf(path)).toBe(sha256(Buffer.alloc(textBytesMax + 1)));
  });

  it('refuses a folder and a named pipe instead of waiting on them', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(readText(join(folder, 'pipe'))).rejects.toThrow(/not a regular file/);
    await expect(readText(folder)).rejects.toThrow(/not a regular file/);
  });
});

describe('writeAtomic()', () => {
  it('creates a file and the folders above it', async () => {
    await writeAtomic(join(folder, 'a/b/c.md'), 'text');
    expect(readFileSync(join(folder, 'a/b/c.md'), 'utf8')).toBe('text');
    expect(readdirSync(join(folder, 'a/b'))).toEqual(['c.md']);
  });

  it('gives back any text, with its digest', async () => {
    const path = join(folder, 'any');
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 5000 }), async (text) => {
        await writeAtomic(path, text);
        expect(await readText(path)).toEqual({ text, digest: digestText(text) });
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the mode of the old file', async () => {
    const path = join(folder, 'a');
    for (const mode of [0o600, 0o644, 0o664, 0o755]) {
      writeFileSync(path, 'old');
      chmodSync(path, mode);
      await writeAtomic(path, 'new');
      expect(statSync(path).mode & 0o7777).toBe(mode);
    }
  });

  it('replaces the target of a symbolic link and leaves the link', async () => {
    mkdirSync(join(folder, 'real'));
    writeFileSync(join(folder, 'real/a'), 'old');
    symlinkSync('real/a', join(folder, 'link'));
    await writeAtomic(join(folder, 'link'), 'new');
    expect(readlinkSync(join(folder, 'link'))).toBe('real/a');
    expect(readFileSync(join(folder, 'real/a'), 'utf8')).toBe('new');
  });

  it('creates the target of a link that leads nowhere yet', async () => {
    mkdirSync(join(folder, 'real'));
    symlinkSync('real/later', join(folder, 'link'));
    await writeAtomic(join(folder, 'link'), 'new');
    expect(readFileSync(join(folder, 'real/later'), 'utf8')).toBe('new');
    expect(readlinkSync(join(folder, 'link'))).toBe('real/later');
  });

  it('never shows a reader half of a file', async () => {
    const path = join(folder, 'a');
    const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(200_000));
    await writeAtomic(path, texts[0]!);
    const end = { reached: false };
    const reading = (async () => {
      let reads = 0;
      for (; !end.reached; reads += 1) expect(texts).toContain((await readText(path))?.text);
      return reads;
    })();
    for (let turn = 0; turn < 60; turn += 1) await writeAtomic(path, texts[turn % 3]!);
    end.reached = true;
    expect(await reading).toBeGreaterThan(10);
  });

  it.runIf(canLimit)('leaves the old file and no temporary one when the disk takes only a part', async () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'old content');
    const error = await withFileSizeLimit(4096, () =>
      writeAtomic(path, 'x'.repeat(9000)).then(
        () => null,
        (thrown: unknown) => thrown,
      ),
    );
    expect(explain(error)).toContain(`"${path}"`);
    expect(explain(error)).toMatch(/limit/);
    expect(readFileSync(path, 'utf8')).toBe('old content');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('leaves no temporary file when the rename fails', async () => {
    mkdirSync(join(folder, 'a/inside'), { recursive: true });
    await expect(writeAtomic(join(folder, 'a'), 'new')).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('clears away what a killed writer left, or anybody a while ago, and nothing of a living one or foreign', async () => {
    const old = new Date(Date.now() - 120_000);
    const mine = `.a.nr-${process.pid.toString(16).padStart(8, '0')}ffff`;
    const names = ['.a.nr-0123456789ab', '.a.nr-notes', '.b.nr-0123456789ab'];
    for (const name of names) {
      writeFileSync(join(folder, name), '');
      utimesSync(join(folder, name), old, old);
    }
    // No process has this number: Linux gives none above 2^22.
    writeFileSync(join(folder, '.a.nr-7fffffff3210'), '');
    writeFileSync(join(folder, mine), '');
    await writeAtomic(join(folder, 'a'), 'new');
    expect(readdirSync(folder).sort()).toEqual([mine, '.a.nr-notes', '.b.nr-0123456789ab', 'a']);
    expect(names.map(isTemporary)).toEqual([true, false, true]);
  });

  it('leaves another hard link with the old content', async () => {
    writeFileSync(join(folder, 'a'), 'old');
    linkSync(join(folder, 'a'), join(folder, 'b'));
    await writeAtomic(join(folder, 'a'), 'new');
    expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('old');
  });
});

describe('replaceIf()', () => {
  it('writes when the file is the one that was read', async () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'STATUS: READY\n');
    const done = await replaceIf(path, digestText('STATUS: READY\n'), (text) =>
      text.replace('READY', 'WORKING'),
    );
    expect(done).toEqual({ type: 'written', digest: digestText('STATUS: WORKING\n') });
    expect(readFileSync(path, 'utf8')).toBe('STATUS: WORKING\n');
  });

  it('leaves a newer hand edit alone and says what it found', async () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'by hand');
    expect(await replaceIf(path, digestText('as read'), () => 'ours')).toEqual({
      type: 'lost',
      digest: digestText('by hand'),
    });
    expect(readFileSync(path, 'utf8')).toBe('by hand');
  });

  it('sees a hand edit made while the new text was being prepared', async () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'as read');
    const done = await replaceIf(path, digestText('as read'), () => {
      writeFileSync(path, 'by hand');
      return 'ours';
    });
    expect(done).toEqual({ type: 'lost', digest: digestText('by hand') });
    expect(readFileSync(path, 'utf8')).toBe('by hand');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('tells a file that went away from one that changed', async () => {
    const path = join(folder, 'a');
    expect(await replaceIf(path, digestText('as read'), () => 'ours')).toEqual({
      type: 'lost',
      digest: null,
    });
    writeFileSync(path, 'as read');
    const done = await replaceIf(path, digestText('as read'), () => {
      rmSync(path);
      return 'ours';
    });
    expect(done).toEqual({ type: 'lost', digest: null });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('creates a file that is expected to be missing, and only then', async () => {
    const path = join(folder, 'deep/a');
    expect(await replaceIf(path, null, (text) => `${text}first`)).toEqual({
      type: 'written',
      digest: digestText('first'),
    });
    expect(await replaceIf(path, null, () => 'second')).toEqual({
      type: 'lost',
      digest: digestText('first'),
    });
    expect(readFileSync(path, 'utf8')).toBe('first');
  });

  it('does not touch the disk when nothing changes', async () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'same');
    const before = statSync(path, { bigint: true });
    expect(await replaceIf(path, digestText('same'), (text) => text)).toEqual({
      type: 'written',
      digest: digestText('same'),
    });
    expect(statSync(path, { bigint: true })).toEqual({
      ...before,
      atimeNs: expect.anything() as bigint,
      atimeMs: expect.anything() as bigint,
      atime: expect.anything() as Date,
    });
  });

  it('refuses to edit bytes it could not give back', async () => {
    const path = join(folder, 'a');
    const bytes = Buffer.from([0x53, 0xff, 0xfe, 0x0a]);
    writeFileSync(path, bytes);
    const done = await replaceIf(path, sha256(bytes), (text) => `${text}more`);
    expect(done).toMatchObject({
      type: 'failed',
      message: expect.stringContaining('not valid UTF-8') as string,
    });
    expect(readFileSync(path)).toEqual(bytes);
  });

  it('reports trouble as a value', async () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'x');
    expect(await replaceIf(path, digestText('x'), () => null)).toMatchObject({ type: 'failed' });
    expect(await replaceIf(folder, digestText('x'), () => 'y')).toMatchObject({ type: 'failed' });
  });

  it.runIf(canLimit)('keeps the old file when the disk takes only a part', async () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'old');
    const done = await withFileSizeLimit(4096, () =>
      replaceIf(path, digestText('old'), () => 'x'.repeat(9000)),
    );
    expect(done).toMatchObject({ type: 'failed', message: expect.stringContaining(path) as string });
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a']);
  });
});

describe('what a killed writer left', () => {
  it('stops no write, also where nothing can be said of it', async () => {
    const path = join(folder, 'a');
    symlinkSync('.a.nr-000000abcdef', join(folder, '.a.nr-000000abcdef'));
    await writeAtomic(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
  });
});

describe('insideProject()', () => {
  it('follows links before it judges', () => {
    const project = join(folder, 'project');
    mkdirSync(join(project, 'coordination'), { recursive: true });
    mkdirSync(join(folder, 'outside'));
    symlinkSync('../outside', join(project, 'out'));
    symlinkSync('coordination', join(project, 'in'));
    symlinkSync('../outside/not-yet', join(project, 'dangling'));
    symlinkSync('loop', join(project, 'loop'));
    symlinkSync('project', join(folder, 'door'));
    const cases: readonly (readonly [string, boolean])[] = [
      ['coordination/specs/new.md', true],
      ['in/new.md', true],
      ['..hidden', true],
      ['.', true],
      [join(folder, 'door/coordination/a'), true],
      ['out', false],
      ['out/new.md', false],
      ['dangling', false],
      ['loop', false],
      ['../outside', false],
      ['in/../coordination', false],
      ['/etc/passwd', false],
      ['a\0b', false],
    ];
    for (const [path, wanted] of cases) expect([path, insideProject(project, path)]).toEqual([path, wanted]);
    expect(insideProject(join(folder, 'door'), 'coordination/a')).toBe(true);
    expect(insideProject(join(folder, 'none'), 'a')).toBe(false);
  });
});

describe('explain()', () => {
  it('names the file and a way on for each trouble with a disk', () => {
    for (const code of ['EACCES', 'EROFS', 'ENOSPC', 'EMFILE', 'EIO', 'EISDIR']) {
      const sentence = explain(Object.assign(new Error(`${code}: bad`), { code, path: '/p/NEXT-ROLE.md' }));
      expect(sentence).toContain('"/p/NEXT-ROLE.md"');
      expect(sentence).not.toContain(code);
      expect(sentence).toMatch(/(again|go on)\.$/);
    }
  });

  it('passes on what it does not know', () => {
    expect(explain(new Error('odd'))).toBe('odd');
    expect(explain('text')).toBe('text');
  });
});
