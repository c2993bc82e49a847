/**
 * Compiles modules of src/effects for tests that need a second process, which has to be plain JavaScript on Node 20. The
 * result lies below node_modules, so that packages resolve as they do for the source. Types are not checked here.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));

export type Compiled = { readonly folder: string; dispose(): void };

/** Compiles `src/<name>` and everything it imports from src, into a fresh folder with the same layout. */
export function compile(...names: readonly string[]): Compiled {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'next-role-'));
  const done = new Set<string>();
  const waiting = names.map((name) => join(root, 'src', name));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (done.has(path)) continue;
    done.add(path);
    const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    });
    const target = join(folder, path.slice(join(root, 'src').length)).replace(/\.ts$/, '.js');
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
    for (const [, specifier] of outputText.matchAll(/(?:from |import\()["'](\.[^"']*)\.js["']/g)) {
      waiting.push(resolve(dirname(path), `${specifier ?? ''}.ts`));
    }
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  return { folder, dispose: () => rmSync(folder, { recursive: true, force: true }) };
}
