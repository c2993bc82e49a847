/** The README's claims that can be held to the code: commands parse, words and files exist, the numbers are right. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from '../../src/cli/program.ts';
import { packageRoot } from '../../src/effects/catalog.ts';
import { decode } from '../../src/protocol/codec.ts';
import { statuses } from '../../src/protocol/handoff.ts';
import { readSettings } from '../../src/protocol/settings.ts';
import { line, outputTo } from '../cli/shell.ts';
import { coded, fencesOf, proseOf, textOf } from './page.ts';

const readme = textOf('README.md');
const fences = fencesOf(readme);
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'docs/ARCHITECTURE.md',
  'docs/SPEC.md',
  'CONTEXT.md',
  'CHANGELOG.md',
];

/** The next-role command lines of a text: in shell blocks and in back-quotes. */
function commandsIn(page: string): readonly string[] {
  const text = textOf(page);
  const blocks = fencesOf(text).filter(({ info }) => info === 'sh');
  const lines = blocks.flatMap((block) => block.text.split('\n').map((line) => line.replace(/\s+#.*$/, '')));
  const quoted = coded(proseOf(page));
  return [...new Set([...lines, ...quoted].map((line) => line.trim()))].filter((line) =>
    /^next-role [a-z]/.test(line),
  );
}

/** Cut as a shell would. */
const words = (line: string): readonly string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');

describe('the README', () => {
  it.each(pages.flatMap((page) => commandsIn(page).map((line) => [page, line] as const)))(
    'and %s name only command lines that the program reads: %s',
    async (_page, line) => {
      const said: string[] = [];
      const output = outputTo(said);
      const execute = (): Promise<number> => Promise.resolve(7);
      expect(await parse(words(line).slice(1), { out: output, err: output, execute }), said.join('')).toBe(7);
    },
  );

  it('has every status in its table, and no other', () => {
    const rows = readme.split('\n').filter((line) => /^\| `[A-Z]/.test(line));
    expect(rows.flatMap((row) => coded(row.split('|')[1])).sort()).toEqual([...statuses].sort());
  });

  it('shows a handoff that decodes without a remark', () => {
    const [block] = fences.filter(({ info }) => info === 'md');
    expect(decode(block?.text ?? '').diagnostics).toEqual([]);
  });

  it('names the two set-up commands that package.json and .ci/run have', () => {
    const scripts = (JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }).scripts;
    expect(readme).toContain('npm ci && npm run demo -- --answer A');
    expect(readme).toContain('npm ci && npm test');
    expect(textOf('.ci/run')).toContain('npm ci && npm test');
    expect(scripts['demo']).toBe('node dist/bin/next-role.cjs demo');
    expect(scripts['prepare']).toBe('npm run build');
  });

  it.each(pages)('and %s link only to what is there', (page) => {
    for (const [, target = ''] of textOf(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^https?:/.test(target)) continue;
      const path = normalize(join(dirname(page), target));
      expect(existsSync(join(packageRoot, path)), `${page} → ${target}`).toBe(true);
    }
  });

  it('links to headings that are there', () => {
    for (const [, file = '', anchor = ''] of readme.matchAll(/\]\(([^)#\s]+)#([^)]+)\)/g)) {
      const anchors = textOf(file)
        .split('\n')
        .filter((line) => line.startsWith('#'))
        .map((line) =>
          line
            .replace(/^#+ /, '')
            .toLowerCase()
            .replace(/[^\w\- ]/g, '')
            .replaceAll(' ', '-'),
        );
      expect(anchors, `${file}#${anchor}`).toContain(anchor);
    }
  });

  it('has a page for every decision it numbers', () => {
    const numbers = readdirSync(join(packageRoot, 'docs/adr')).map((name) => Number(name.slice(0, 4)));
    expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, at) => at + 1));
  });

  it('gives the figures of the corpus that the program gives', async () => {
    const corpus = (half: string): string => join(packageRoot, 'test/corpus/routing', half);
    const counts = ['built', 'graded'].map(
      (half) => readdirSync(corpus(half)).filter((name) => name.endsWith('.md')).length,
    );
    const { out } = await line(packageRoot, ['route', '--corpus', 'test/corpus/routing/graded'], 120);
    const [, of, right] = /: (\d+) directives, (\d+) right/.exec(out) ?? [];
    const [, less = 'none'] = /✗ (\d+) would get too little care/.exec(out) ?? [];
    const [, more] = /(\d+) would get more care than needed/.exec(out) ?? [];
    const words = readme.replace(/\s+/g, ' ');
    expect(words).toContain(
      `${(counts[0] ?? 0) + (counts[1] ?? 0)} labelled directives come with the source`,
    );
    expect(words).toContain(`built on ${counts[0]} of them, and are graded on the other ${of}`);
    expect(words).toContain(
      `gets ${right} right, gives ${more} more care than needed and ${less} too little`,
    );
  });

  it('shows settings of an agent of one’s own that the program reads', () => {
    const [block] = fences.filter(({ info }) => info === 'yaml');
    const { settings, diagnostics } = readSettings(block?.text ?? '', { roles: [], tiers: [] });
    expect(diagnostics).toEqual([]);
    expect(settings).toMatchObject({ agent: 'mine', agents: { mine: { kind: 'command' } } });
  });

  it('installs Claude Code as doctor says and as the end-to-end tests do', () => {
    const name = '@anthropic-ai/claude-code';
    expect(readme).toContain(`npm install -g ${name}`);
    expect(textOf('src/cli/checks/machine.ts')).toContain(`npm install -g ${name}`);
    expect(textOf('test/e2e/clients/package.json')).toContain(`"${name}"`);
  });

  it('keeps its demo in the words that the demo prints', () => {
    // The journey of the demo compares the whole run; here the receipt’s last line is held to its source.
    expect(readme).toContain('Orchestration tokens: 0');
    expect(textOf('src/cli/screens/end.ts') + textOf('src/cli/receipt.ts')).toContain(
      'Orchestration tokens: 0',
    );
  });
});
