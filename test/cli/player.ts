/**
 * The player as a real process: Node 20 cannot run TypeScript, so the few files it needs are translated into a
 * temporary folder, beside a link to our node_modules. Types are checked elsewhere.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folders = ['src/protocol', 'src/cli/commands', 'src/cli/play'] as const;
const entry = `import { play } from './src/cli/commands/play.js';
process.exitCode = await play(process.argv.slice(2), process.env);
`;

export type Player = { readonly entry: string; remove(): void };

/** Builds the player; `entry` is what node runs with the scenario's path as its argument. */
export function buildPlayer(): Player {
  const folder = mkdtempSync(join(tmpdir(), 'nr-player-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const name of folders) {
    const files = readdirSync(join(root, name)).filter((file) => file.endsWith('.ts'));
    for (const file of name === 'src/cli/commands' ? ['play.ts'] : files) translate(folder, join(name, file));
  }
  writeFileSync(join(folder, 'main.js'), entry);
  return { entry: join(folder, 'main.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function translate(folder: string, file: string): void {
  const { outputText } = ts.transpileModule(readFileSync(join(root, file), 'utf8'), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  const path = join(folder, file.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, outputText);
}
