import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Which floors a floor may import from, and which packages it may use. `node:` stands for every built-in module. */
const floors: Readonly<
  Record<string, { readonly below: readonly string[]; readonly packages: readonly string[] }>
> = {
  protocol: { below: [], packages: ['gray-matter', 'yaml', 'zod'] },
  domain: { below: ['protocol'], packages: ['xstate'] },
  agents: { below: ['protocol'], packages: [] },
  effects: { below: ['protocol'], packages: ['node:', 'chokidar', 'pino'] },
  runner: { below: ['domain', 'agents', 'effects', 'protocol'], packages: ['xstate'] },
  // Servers that a user starts. They know nothing of rounds, so nothing of runner and domain either.
  server: { below: ['protocol'], packages: ['node:'] },
  cli: {
    below: ['server', 'runner', 'domain', 'agents', 'effects', 'protocol'],
    packages: ['node:', 'commander', 'log-update', '@bomb.sh/tab'],
  },
  '.': { below: ['cli', 'server', 'runner', 'domain', 'agents', 'effects', 'protocol'], packages: ['node:'] },
};
/** Only these may call a codec library: the one place where text becomes meaning. */
const soleImporters: Readonly<Record<string, RegExp>> = {
  'gray-matter': /^protocol\//,
  chokidar: /^effects\/watch/,
  pino: /^effects\/log/,
  'node:child_process': /^(effects|cli\/play)\//,
};

type Edge = { readonly from: string; readonly to: string; readonly line: string };

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.split('\\').join('/'));

function importsOf(file: string): readonly Edge[] {
  const text = readFileSync(join('src', file), 'utf8');
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g;
  return [...text.matchAll(pattern)].map((match) => {
    const to = match[1] ?? match[2] ?? match[3] ?? '';
    const target = to.startsWith('.') ? normalize(join(dirname(file), to)) : to;
    return { from: file, to: target, line: match[0].trim() };
  });
}

function floorOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '.') : '.';
}

const edges = files.flatMap(importsOf);

describe('the floors', () => {
  it('are all that there is: every source file stands on a known floor', () => {
    expect(files.length).toBeGreaterThan(40);
    for (const file of files) expect(Object.keys(floors)).toContain(floorOf(file));
  });

  it('import downward only, and the wings never see one another', () => {
    const wrong = edges.filter(({ from, to }) => {
      if (!files.includes(to)) return false;
      return floorOf(from) !== floorOf(to) && !floors[floorOf(from)]?.below.includes(floorOf(to));
    });
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('keep each package on its floor', () => {
    const wrong = edges.filter(({ from, to }) => {
      if (to.endsWith('.ts')) return false;
      const name =
        to.startsWith('node:') || builtinModules.includes(to)
          ? 'node:'
          : to
              .split('/')
              .slice(0, to.startsWith('@') ? 2 : 1)
              .join('/');
      return !floors[floorOf(from)]?.packages.includes(name);
    });
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('leave each outside thing to its one hand', () => {
    const wrong = edges.filter(
      ({ from, to }) => soleImporters[to] !== undefined && !soleImporters[to].test(from),
    );
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('name every relative import with its ending and an existing file', () => {
    const wrong = edges.filter(
      ({ to }) => !to.startsWith('node:') && to.endsWith('.ts') && !files.includes(to),
    );
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('have no circle of imports that survives compilation', () => {
    const values = edges.filter(({ line, to }) => files.includes(to) && !/^(import|export) type/.test(line));
    const circles = files.filter((file) => reaches(file, file, values));
    expect(circles).toEqual([]);
  });

  it('hold no module that no entry reaches', () => {
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const edge of edges) if (edge.from === file && files.includes(edge.to)) visit(edge.to);
    };
    for (const entry of ['bin.ts', 'main.ts', 'glance.ts', 'index.ts', 'domain/draw.ts']) visit(entry);
    expect(files.filter((file) => !reached.has(file))).toEqual([]);
  });

  it('start models nowhere but in agents, and call no network anywhere: src/server listens, on loopback alone', () => {
    for (const file of files) {
      const text = readFileSync(join('src', file), 'utf8');
      expect(text, file).not.toMatch(/\bfetch\(|node:https'|node:http2'|WebSocket/);
      const taken = [...text.matchAll(/import (type )?\{([^}]*)\} from 'node:http'/g)];
      const values = taken.filter((match) => match[1] === undefined).map((match) => match[2]?.trim());
      expect(values, file).toEqual(values.length === 0 ? [] : ['createServer']);
      // Whatever else names it (import(), require, a bare import) is none of the above.
      expect(text.split("'node:http'").length - 1, file).toBe(taken.length);
      if (taken.length > 0) expect(floorOf(file), file).toBe('server');
      if (values.length > 0) expect(text, file).toMatch(/\.listen\(\w+, '127\.0\.0\.1'/);
      if (floorOf(file) === 'runner' || floorOf(file) === 'domain') {
        expect(text, file).not.toMatch(/'claude'\s*,\s*\[|anthropic/i);
      }
    }
  });
});

function reaches(from: string, goal: string, values: readonly Edge[]): boolean {
  const seen = new Set<string>();
  const open = values.filter((edge) => edge.from === from).map((edge) => edge.to);
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (file === goal) return true;
    if (seen.has(file)) continue;
    seen.add(file);
    open.push(...values.filter((edge) => edge.from === file).map((edge) => edge.to));
  }
  return false;
}

describe('the files', () => {
  it('open with what they are for, and stay readable', () => {
    for (const file of files) {
      const text = readFileSync(join('src', file), 'utf8');
      const first = text.startsWith('#!') ? text.slice(text.indexOf('\n') + 1) : text;
      expect(first.startsWith('/**'), `${file} opens with a comment`).toBe(true);
      expect(text.split('\n').length, `${file} is short`).toBeLessThanOrEqual(350);
      expect(relative('src', join('src', file)), file).not.toMatch(/manager|helper|util|service|common/);
    }
  });

  it('switch no check off', () => {
    for (const file of files) {
      const text = readFileSync(join('src', file), 'utf8');
      expect(text, file).not.toMatch(/@ts-(ignore|nocheck|expect-error)|eslint-disable|\bas any\b/);
    }
  });
});
