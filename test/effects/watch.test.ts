import { execFile } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { networkKind, networkReason } from '../../src/effects/mount.ts';
import { burstMs, createSettler } from '../../src/effects/settle.ts';
import type { Watch, WatchOptions } from '../../src/effects/watch.ts';
import { paced, watchFiles } from '../../src/effects/watch.ts';
import { compile } from './compiled.ts';

const run = promisify(execFile);
const canLimit = existsSync('/usr/bin/prlimit');

let project: string;
let folder: string;
let path: string;
const open: Watch[] = [];
beforeEach(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'nr-watch-')));
  folder = join(project, 'coordination');
  path = join(folder, 'NEXT-ROLE.md');
  mkdirSync(folder);
  writeFileSync(path, 'first');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((watch) => watch.close()));
  rmSync(project, { recursive: true, force: true });
});

function read(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** A caller as it is meant to be: it reads at every hint, and at no other time. */
async function follow(file: string, options?: WatchOptions) {
  let seen = read(file);
  let hints = 0;
  let wake: () => void = () => undefined;
  const onHint = (): void => {
    hints += 1;
    seen = read(file);
    wake();
  };
  const watch = await watchFiles([file], onHint, options);
  open.push(watch);
  return {
    watch,
    hints: () => hints,
    /** Resolves when the content was seen, fails with what was seen instead after `boundMs`. */
    async sees(wanted: string | null, boundMs = 6000): Promise<void> {
      const until = performance.now() + boundMs;
      while (seen !== wanted && performance.now() < until) {
        await Promise.race([new Promise<void>((done) => (wake = done)), delay(until - performance.now())]);
      }
      expect(seen).toBe(wanted);
    },
  };
}

const onlyEvents: WatchOptions = { statEveryMs: 3_600_000, rereadEveryMs: 3_600_000 };

const saves: Readonly<Record<string, (text: string) => void | Promise<void>>> = {
  'in place': (text) => writeFileSync(path, text),
  'renamed over': (text) => {
    writeFileSync(join(folder, '.tmp'), text);
    renameSync(join(folder, '.tmp'), path);
  },
  'moved away and created, as vim does': (text) => {
    renameSync(path, `${path}~`);
    writeFileSync(path, text);
    unlinkSync(`${path}~`);
  },
  'in two chunks 10 ms apart': async (text) => {
    const fd = openSync(path, 'w');
    writeSync(fd, text.slice(0, 3));
    await delay(10);
    writeSync(fd, text.slice(3));
    closeSync(fd);
  },
  'emptied first and filled 40 ms later': async (text) => {
    writeFileSync(path, '');
    await delay(40);
    writeFileSync(path, text);
  },
  'deleted and created': async (text) => {
    unlinkSync(path);
    await delay(5);
    writeFileSync(path, text);
  },
};

const upheavals: Readonly<Record<string, (text: string) => void | Promise<void>>> = {
  'a folder swapped by rename': (text) => {
    mkdirSync(`${folder}.new`);
    writeFileSync(join(`${folder}.new`, 'NEXT-ROLE.md'), text);
    renameSync(folder, `${folder}.old`);
    renameSync(`${folder}.new`, folder);
    rmSync(`${folder}.old`, { recursive: true });
  },
  'a folder removed and made again': async (text) => {
    rmSync(folder, { recursive: true });
    await delay(10);
    mkdirSync(folder);
    writeFileSync(path, text);
  },
  'a folder moved away, changed, and moved back': (text) => {
    renameSync(folder, `${folder}.away`);
    writeFileSync(join(`${folder}.away`, 'NEXT-ROLE.md'), text);
    renameSync(`${folder}.away`, folder);
  },
  'a folder moved away and back a little later': async (text) => {
    renameSync(folder, `${folder}.away`);
    await delay(150);
    writeFileSync(join(`${folder}.away`, 'NEXT-ROLE.md'), text);
    renameSync(`${folder}.away`, folder);
  },
  'the same size with the old time put back': (text) => {
    const { atime, mtime, size } = statSync(path);
    writeFileSync(path, text.padEnd(size));
    utimesSync(path, atime, mtime);
  },
};

describe('watchFiles()', () => {
  for (const [style, save] of Object.entries({ ...saves, ...upheavals })) {
    it(`leads a reader to the final content of a save: ${style}`, { timeout: 120_000 }, async () => {
      const reader = await follow(path);
      expect(reader.watch).toMatchObject({ mode: 'events', reason: null });
      for (let turn = 0; turn < 20; turn += 1) {
        await save(`content ${100 + turn}`);
        await reader.sees(read(path));
      }
    });
  }

  for (const [style, save] of Object.entries(saves)) {
    it(`needs no clock, only events, for a save: ${style}`, { timeout: 120_000 }, async () => {
      const reader = await follow(path, onlyEvents);
      for (let turn = 0; turn < 20; turn += 1) {
        await save(`content ${100 + turn}`);
        await reader.sees(`content ${100 + turn}`);
      }
    });
  }

  const beginnings: typeof upheavals = {
    ...upheavals,
    'a folder that was missing at the start': (text) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path, text);
    },
  };
  for (const [name, change] of Object.entries(beginnings)) {
    it(`has events again, and need not wait for its clock, after ${name}`, async () => {
      if (name.includes('missing')) rmSync(folder, { recursive: true });
      const statEveryMs = 1500;
      const reader = await follow(path, { statEveryMs, rereadEveryMs: 3_600_000 });
      await change('upheaval');
      await reader.sees(read(path));
      let start = 0;
      for (let turn = 0; turn < 8; turn += 1) {
        // The first saves may fall into the reopening, and have to wait for the clock.
        if (turn === 3) start = performance.now();
        writeFileSync(path, `turn ${turn}`);
        await reader.sees(`turn ${turn}`);
      }
      // Without events, at least two of the five others would have waited for a whole turn of the clock each.
      expect(performance.now() - start).toBeLessThan(1.5 * statEveryMs);
    });
  }

  it('sees a file come, go and come again', async () => {
    rmSync(path);
    const reader = await follow(path);
    for (let turn = 0; turn < 5; turn += 1) {
      writeFileSync(path, `turn ${turn}`);
      await reader.sees(`turn ${turn}`);
      rmSync(path);
      await reader.sees(null);
    }
  });

  it('notices a folder that was missing at the start', async () => {
    rmSync(folder, { recursive: true });
    const reader = await follow(path);
    mkdirSync(folder);
    await delay(20);
    writeFileSync(path, 'here');
    await reader.sees('here');
    writeFileSync(path, 'and again');
    await reader.sees('and again');
  });

  it('follows a symbolic link to its target, and to a new target', async () => {
    const elsewhere = join(project, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'a'), 'a');
    writeFileSync(join(elsewhere, 'b'), 'b');
    rmSync(path);
    symlinkSync(join(elsewhere, 'a'), path);
    const reader = await follow(path);
    writeFileSync(join(elsewhere, 'a'), 'a changed');
    await reader.sees('a changed');
    symlinkSync(join(elsewhere, 'b'), `${path}.new`);
    renameSync(`${path}.new`, path);
    await reader.sees('b');
    writeFileSync(join(elsewhere, 'b'), 'b changed');
    await reader.sees('b changed');
  });

  it('gives a hint now and then without any sign', async () => {
    const reader = await follow(path, { statEveryMs: 3_600_000, rereadEveryMs: 20 });
    const before = reader.hints();
    const until = performance.now() + 5000;
    while (reader.hints() < before + 3 && performance.now() < until) await delay(5);
    expect(reader.hints()).toBeGreaterThanOrEqual(before + 3);
  });

  it('hints more rarely at rest, and as often as before while its caller is alert or events are missing', async () => {
    const clocks: WatchOptions = { statEveryMs: 3_600_000, rereadEveryMs: 20 };
    const others = ['alert', 'unwatched'].map((name) => join(project, name, 'NEXT-ROLE.md'));
    mkdirSync(join(project, 'alert'));
    const [resting, alert, unwatched] = await Promise.all([
      follow(path, clocks),
      follow(others[0]!, { ...clocks, isAlert: () => true }),
      follow(others[1]!, clocks),
    ]);
    // A busy machine drops hints of all three alike.
    const until = performance.now() + 10_000;
    while (resting.hints() < 20 && performance.now() < until) await delay(5);
    expect(alert.hints()).toBeGreaterThan(2 * resting.hints());
    expect(unwatched.hints()).toBeGreaterThan(2 * resting.hints());
    const before = resting.hints();
    writeFileSync(path, 'a save');
    const start = performance.now();
    while (resting.hints() < before + 6 && performance.now() < start + 10_000) await delay(5);
    // 30 and 120 ms after the save, and then every 20 ms again: at rest they were 160 ms apart.
    expect(performance.now() - start).toBeLessThan(5 * 160);
  });

  it('is quiet about files it was not asked for', async () => {
    const reader = await follow(path, {
      statEveryMs: 20,
      rereadEveryMs: 3_600_000,
      settleMs: 5,
      secondLookMs: 10,
    });
    for (let turn = 0; turn < 10; turn += 1) writeFileSync(join(folder, `other-${turn}.md`), 'x');
    writeFileSync(path, 'second');
    await reader.sees('second');
    expect(reader.hints()).toBeLessThanOrEqual(4);
  });

  it('keeps two watchers on two projects apart', async () => {
    const other = join(project, 'other/coordination');
    mkdirSync(other, { recursive: true });
    const one = await follow(path, onlyEvents);
    const two = await follow(join(other, 'NEXT-ROLE.md'), onlyEvents);
    writeFileSync(join(other, 'NEXT-ROLE.md'), 'two');
    await two.sees('two');
    expect(one.hints()).toBe(0);
    await one.watch.close();
    writeFileSync(join(other, 'NEXT-ROLE.md'), 'two again');
    await two.sees('two again');
    expect(one.hints()).toBe(0);
  });

  it('keeps two watchers on the same file alive when one of them closes', async () => {
    const one = await follow(path, onlyEvents);
    const two = await follow(path, onlyEvents);
    writeFileSync(path, 'both');
    await Promise.all([one.sees('both'), two.sees('both')]);
    await one.watch.close();
    writeFileSync(path, 'only two');
    await two.sees('only two');
  });

  it('leaves no timer, no watch and no hint behind after close()', async () => {
    const handles = () =>
      process.getActiveResourcesInfo().filter((name) => /FSEvent|FSReq|Timeout/.test(name)).length;
    const before = handles();
    const reader = await follow(path);
    expect(handles()).toBeGreaterThan(before);
    writeFileSync(path, 'second');
    await reader.watch.close();
    await reader.watch.close();
    const hints = reader.hints();
    const until = performance.now() + 5000;
    while (handles() > before && performance.now() < until) await new Promise((next) => setImmediate(next));
    expect(handles()).toBeLessThanOrEqual(before);
    expect(reader.hints()).toBe(hints);
  });

  it.runIf(canLimit)('goes on by polling, and says why, when no more watches are to be had', async () => {
    const built = compile('effects/watch.ts');
    try {
      writeFileSync(join(built.folder, 'child.js'), withoutWatches);
      const { stdout } = await run(process.execPath, [join(built.folder, 'child.js'), path], {
        timeout: 25_000,
      });
      expect(stdout.split('\n').map((line): unknown => JSON.parse(line))).toEqual([
        { changed: 'polling' },
        {
          mode: 'polling',
          reason: expect.stringContaining('raise "fs.inotify.max_user_instances"') as string,
        },
        { seen: 'second' },
        { closed: true },
      ]);
    } finally {
      built.dispose();
    }
  });
});

/** Uses up every file descriptor, so that the kernel hands out no watch; prints what happens then, one JSON a line. */
const withoutWatches = `
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import 'chokidar';
import { watchFiles } from './effects/watch.js';
const path = process.argv[2];
const lines = [];
const taken = [];
const say = (value) => lines.push(JSON.stringify(value));
let finish;
const finished = new Promise((done) => (finish = done));
const onHint = () => {
  if (readFileSync(path, 'utf8') === 'second') finish('second');
};
execFileSync('prlimit', ['--pid=' + process.pid, '--nofile=64:']);
try {
  for (;;) taken.push(openSync('/dev/null'));
} catch (error) {
  if (error.code !== 'EMFILE') throw error;
}
const options = { rereadEveryMs: 3600000, onModeChange: (mode) => say({ changed: mode }) };
const watch = await watchFiles([path], onHint, options);
for (const fd of taken) closeSync(fd);
say({ mode: watch.mode, reason: watch.reason });
writeFileSync(path, 'second');
say({ seen: await finished });
await watch.close();
say({ closed: true });
process.stdout.write(lines.join('\\n'));
`;

describe('paced()', () => {
  it('doubles a period while that stays a quarter of the rest, and no more often than allowed', () => {
    const at = (quietMs: number) => paced(500, { quietMs, doublingsMax: 4 });
    expect([0, 3_999, 4_000, 16_000, 31_999, 32_000, 3_600_000].map(at)).toEqual([
      500, 500, 1_000, 4_000, 4_000, 8_000, 8_000,
    ]);
  });
});

describe('createSettler()', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('looks twice after the last touch, and not in between', () => {
    const looks: number[] = [];
    const settler = createSettler({ settleMs: 40, secondLookMs: 60 }, () => looks.push(performance.now()));
    const start = performance.now();
    settler.touch('a');
    settler.touch('a');
    vi.advanceTimersByTime(39);
    settler.touch('a');
    vi.advanceTimersByTime(1_000);
    expect(looks.map((at) => at - start)).toEqual([79, 139]);
  });

  it('does not wait for the end of a burst that has none', () => {
    let looks = 0;
    const settler = createSettler({ settleMs: 1000, secondLookMs: 1000 }, () => (looks += 1));
    for (let at = 0; at < burstMs; at += 5) {
      expect(looks).toBe(0);
      settler.touch('a');
      vi.advanceTimersByTime(5);
    }
    expect(looks).toBe(1);
    settler.close();
  });

  it('calls nobody after close()', () => {
    let looks = 0;
    const settler = createSettler({ settleMs: 1, secondLookMs: 1 }, () => (looks += 1));
    settler.touch('a');
    settler.touch('b');
    vi.advanceTimersByTime(1);
    expect(looks).toBe(2);
    settler.touch('c');
    settler.close();
    vi.advanceTimersByTime(1_000);
    expect(looks).toBe(2);
  });
});

describe('networkKind()', () => {
  it('knows the file systems that others change behind our back, and no local one', () => {
    for (const type of [0x6969, 0xff534d42, 0xff534d42 | 0, 0x01021997, 0x65735546]) {
      expect(networkKind(type)).not.toBeNull();
    }
    for (const ext4OverlayTmpfsBtrfs of [0xef53, 0x794c7630, 0x01021994, 0x9123683e]) {
      expect(networkKind(ext4OverlayTmpfsBtrfs)).toBeNull();
    }
  });

  it('judges a folder that is not there yet by its parent', async () => {
    expect(await networkReason([join(project, 'not/yet')])).toBeNull();
    expect(await networkReason(['/proc'])).toBeNull();
  });
});
