// Builds dist/: the library and its types with tsc, file by file, and the program as one bundle with a small first
// file, and a second, small bundle for the question that is asked most (src/glance.ts). The bundles hold the packages they
// use, are plain ASCII (V8 then keeps it at one byte a character), and keep the lines of their source, so that a stack in a
// report can be read.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { parseDocument } from 'yaml';

const root = fileURLToPath(new URL('../', import.meta.url));
const bin = `${root}dist/bin`;

/**
 * What a package brings along and we never run: zod's messages in other languages (ours are in protocol/dataissue.ts),
 * gray-matter's own YAML parser, in whose place protocol/headeryaml.ts and rolefile.ts put the `yaml` package, and what pino
 * writes to files and threads with: effects/log.ts gives it lines to write to, and Node's modules for threads are large.
 */
const leftOut = [
  { from: /zod\/v4\/classic\/external\.js$/, id: /locales\/index\.js$/, code: 'export {};' },
  {
    from: /gray-matter\/lib\/engines\.js$/,
    id: /^js-yaml$/,
    code: `const replaced = () => { throw new Error('js-yaml is not part of this build'); };
      module.exports = { safeLoad: replaced, safeDump: replaced };`,
  },
  {
    from: /pino\/(?:pino|lib\/tools)\.js$/,
    id: /^(?:\.\/lib\/transport|\.\/transport|sonic-boom)$/,
    code: `module.exports = class { constructor() { throw new Error('pino\\'s own files are not part of this build'); } };`,
  },
  { from: /pino\/lib\/tools\.js$/, id: /^worker_threads$/, code: `module.exports = { isMainThread: true };` },
];
const without = {
  name: 'without',
  resolveId(id, importer = '') {
    const at = leftOut.findIndex((part) => part.from.test(importer) && part.id.test(id));
    return at < 0 ? null : `\0without-${at}`;
  },
  load: (id) => leftOut[Number(/^\0without-(\d+)$/.exec(id)?.[1])]?.code ?? null,
};

/** In the place of src/protocol/parsed.ts, what the shipped texts say; asked of the library that was just built. */
async function parsedTexts() {
  const { parsedTexts: texts } = await import(`${root}dist/protocol/parsed.js`);
  const { readCatalog } = await import(`${root}dist/effects/catalog.js`);
  const asked = new Set([readFileSync(`${root}templates/next-role.yaml`, 'utf8')]);
  texts.get = (text) => void asked.add(text);
  const empty = mkdtempSync(`${tmpdir()}/next-role-build-`);
  await readCatalog(empty);
  rmSync(empty, { recursive: true });
  return [...asked].map((text) => [text, parseDocument(text).toJS() ?? {}]);
}
const withParsed = {
  name: 'with-parsed',
  load: (id) =>
    id.endsWith('/src/protocol/parsed.ts')
      ? `export const parsedTexts = new Map(JSON.parse(${JSON.stringify(JSON.stringify(parsed))}));`
      : null,
};

/** Bundles one entry; every module runs when it is first imported, also by `import()`. */
async function bundle(entry, define) {
  const build = await rolldown({
    cwd: root,
    input: { entry: `src/${entry}.ts` },
    platform: 'node',
    plugins: [without, withParsed],
    // gray-matter holds an eval for front matter in JavaScript; protocol/headeryaml.ts replaces that engine.
    checks: { eval: false },
    transform: { target: 'node20', define },
  });
  const { output } = await build.generate({ format: 'cjs', codeSplitting: false, comments: false });
  await build.close();
  const [chunk] = output;
  if (output.length !== 1) throw new Error(`${entry} was to be one file, not ${output.length}`);
  const packages = chunk.moduleIds.flatMap((id) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []);
  return {
    code: ascii(entry === 'bin' ? chunk.code : lazyBuiltins(chunk.code)),
    packages: [...new Set(packages)].sort(),
  };
}

/**
 * Node's own modules are loaded when they are first used. The bundler asks for all of them at the top, and some (zlib,
 * net, child_process) take as long as a whole small command.
 */
function lazyBuiltins(code) {
  const loads = [];
  const rest = code
    .replace(
      /^let (node_\w+) = require\("(node:[\w/]+)"\);\n(\1 = __toESM\(\1, 1\);\n)?/gm,
      (_, name, id, asModule) => {
        loads.push([name, asModule ? `__toESM(require("${id}"), 1)` : `require("${id}")`]);
        return '';
      },
    )
    // The same module asked for once more inside a package.
    .replace(/^\s+(?:var|let|const) node_\w+ = require\("\w+"\);$/gm, '');
  const names = new Set(loads.map(([name]) => name));
  const lines = loads.map(([name, load]) => `later("${name}", () => ${load});`);
  const head = `const builtins = {};
const later = (name, load) => Object.defineProperty(builtins, name, {
  configurable: true,
  get() {
    const value = load();
    Object.defineProperty(builtins, name, { value });
    return value;
  },
});
${lines.join('\n')}
`;
  return (
    head + rest.replace(/(?<![\w.$])node_\w+\b/g, (name) => (names.has(name) ? `builtins.${name}` : name))
  );
}

const ascii = (code) =>
  code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

const tsc = spawnSync(
  process.execPath,
  [`${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.build.json'],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

const parsed = await parsedTexts();
const main = await bundle('main', {});
const glance = await bundle('glance', {});
// What bin.ts compiles: a function, as Node makes one of every CommonJS file.
const compiled = ({ code }) => `(function (exports, require, module, __filename, __dirname) {${code}\n})\n`;
const digestOf = (program) => createHash('sha256').update(program).digest('hex').slice(0, 12);
const programs = { main: compiled(main), glance: compiled(glance) };
const bundleDigest = digestOf(programs.main);
const glanceDigest = digestOf(programs.glance);
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const first = await bundle('bin', {
  packageVersion: JSON.stringify(version),
  bundleDigest: JSON.stringify(bundleDigest),
  glanceDigest: JSON.stringify(glanceDigest),
});

mkdirSync(bin, { recursive: true });
for (const [name, program] of Object.entries(programs)) put(`${name}.cjs`, program);
put('next-role.cjs', first.code);
chmodSync(`${bin}/next-role.cjs`, 0o755);
put('LICENSES.txt', licences(main.packages));
// Code that V8 kept of other builds; the first start of each command keeps it anew.
for (const name of existsSync(`${bin}/cache`) ? readdirSync(`${bin}/cache`) : [])
  if (![bundleDigest, glanceDigest].some((digest) => name.startsWith(digest)))
    rmSync(`${bin}/cache/${name}`, { recursive: true, force: true });

/** By rename, so that a start meanwhile reads the old file or the new one. */
function put(name, text) {
  writeFileSync(`${bin}/${name}.new`, text);
  renameSync(`${bin}/${name}.new`, `${bin}/${name}`);
}

/** Whoever ships a copy of these packages owes their readers the licences. */
function licences(folders) {
  const parts = folders.map((folder) => {
    const { name, version: its, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    return `${name} ${its} (${license})\n\n${file === undefined ? '' : readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
  });
  return `The file main.cjs beside this one holds code of these packages.\n\n${parts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}
