/**
 * Holds the documents to the tree: every path, link and section they name is there, or is one that the code knows in a
 * user's project. They never name a machine or an address.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot, readCatalog } from '../../src/effects/catalog.ts';
import { fill, handoffNames, matches, settingsPath } from '../../src/protocol/artifact.ts';
import { coded, proseOf, textOf } from './page.ts';

const { policy } = await readCatalog(join(packageRoot, 'no-such-project'), { path: '' });

/** Whether a path that a document names is one a project may hold: the code's own, or a pattern of a role. */
function isKnown(path: string): boolean {
  if (/[*]/.test(path)) return existsSync(join(packageRoot, path.split('*')[0] ?? ''));
  const filled = path.replaceAll(/<round>|<id>/g, 'R07').replaceAll('<topic>', 'x');
  if (/^(coordination|NEXT-ROLE\.md)/.test(filled)) return isOfProject(filled);
  if (path.startsWith('.next-role')) return true;
  return existsSync(join(packageRoot, path.replace(/<[^>]*>.*$/, '')));
}

function isOfProject(path: string): boolean {
  const patterns = Object.values(policy.roles).flatMap(({ reads, hides, writes, protects, owes }) =>
    [
      ...reads.map((read) => read.path),
      ...hides,
      ...protects,
      ...writes.filter((one) => one !== '**'),
      ...owes.map((owed) => owed.path),
    ].map((one) => fill(one, { round: 'R07', role: 'x' })),
  );
  const overrides = ['coordination/roles/', 'coordination/state/', 'coordination/decisions/'];
  const all = [...handoffNames, settingsPath, ...overrides, ...patterns];
  // A folder is known when something the code knows lies in it.
  return all.some(
    (one) => matches(path, one) || one === path || (path.endsWith('/') && one.startsWith(path)),
  );
}

describe.each(['docs/SPEC.md', 'CONTRIBUTING.md', 'docs/PERFORMANCE.md', 'state/README.md'])(
  '%s',
  (document) => {
    const text = proseOf(document);

    it('names only paths that exist, or that the code knows', () => {
      const named = coded(text).filter((word) =>
        /^(?:(?:coordination|src|test|bench|state|roles|templates|docs|examples|scripts|\.next-role)\/|NEXT-ROLE\.md|state\/)\S*$/.test(
          word,
        ),
      );
      expect(named.length).toBeGreaterThan(2);
      expect(named.filter((path) => !isKnown(path))).toEqual([]);
    });

    it('links only to files and sections that are there', () => {
      const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1] ?? '');
      expect(links.length).toBeGreaterThan(0);
      const anchors = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replace(/[^\p{L}\p{N} -]/gu, '')
          .replaceAll(' ', '-'),
      );
      for (const link of links) {
        const [path = '', anchor] = link.split('#');
        if (path === '') expect(anchors).toContain(anchor);
        else expect(existsSync(join(packageRoot, document, '..', path)), link).toBe(true);
      }
    });

    it('names no machine, no address, and no path of one', () => {
      expect(text).not.toMatch(/https?:\/\/|\/(?:home|root|Users|work)\//);
    });
  },
);

describe('docs/ARCHITECTURE.md', () => {
  const text = textOf('docs/ARCHITECTURE.md');

  it('maps only files that are there', () => {
    const rows = [...text.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = '']) => coded(cell));
    expect(rows.length).toBeGreaterThan(10);
    for (const names of rows) {
      const folder = /^.*\//.exec(names[0] ?? '')?.[0] ?? '';
      for (const name of names) {
        const path = name.includes('/') ? name : `${folder}${name}`;
        expect(existsSync(join(packageRoot, 'src', path.split('*')[0] ?? '')), path).toBe(true);
      }
    }
  });

  it('names behind every invariant a test that is there', () => {
    const invariants = text.slice(text.indexOf('## Invariants')).split(/^- /m).slice(1);
    expect(invariants.length).toBeGreaterThan(5);
    for (const invariant of invariants) {
      const tests = [...invariant.matchAll(/test\/[\w./*-]+/g)].map(([path]) => path);
      expect(tests, invariant).not.toEqual([]);
      for (const path of tests) {
        expect(existsSync(join(packageRoot, path.replace(/[^/]*\*.*$/, ''))), path).toBe(true);
      }
    }
  });

  it('links only to files that are there', () => {
    for (const [, link = ''] of text.matchAll(/\]\(([^)#]+)\)/g)) {
      expect(existsSync(join(packageRoot, 'docs', link)), link).toBe(true);
    }
  });
});
