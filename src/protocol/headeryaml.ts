/**
 * Parses the YAML between the fences of front matter: gray-matter with its engine replaced by the `yaml` package, in
 * the failsafe schema, so that every value stays the text a person wrote. gray-matter is always called with options
 * (without them it caches, and hides a broken header the second time), and its executable engines only throw. A block
 * that nests deeply is refused unparsed: the yaml package can end the whole process on one.
 */
import matter from 'gray-matter';
import { isAlias, isDocument, isMap, isNode, isPair, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, ParsedNode } from 'yaml';
import type { Raw } from './header.ts';
import { tooDeep } from './nesting.ts';

/** Opening brackets in one header. */
const bracketsMax = 100;
/** Ends the block handed to gray-matter, whose own idea is "any line that starts with three dashes". */
const closing = '---\0';

type YamlFault = {
  readonly message: string;
  /** Offset in the block; 0 when the whole block is meant. */
  readonly offset: number;
};
export type Parsed =
  | { readonly ok: true; readonly document: Document.Parsed | null }
  | { readonly ok: false; readonly fault: YamlFault };

function refuse(): never {
  throw new Error('executable front matter is never run');
}

const engines = {
  yaml: (block: string) => ({
    document: parseDocument(block, {
      schema: 'failsafe',
      resolveKnownTags: false,
      stringKeys: true,
      // Pairwise in the library; ours is linear: scanOf() for the header's own keys, repeatedKey() for nested ones.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    }),
  }),
  javascript: refuse,
  js: refuse,
  json: refuse,
  coffee: refuse,
  coffeescript: refuse,
  cson: refuse,
  toml: refuse,
};

/**
 * Parses a block. `document` is null when the block holds nothing but blanks and comments.
 *
 * @example parseHeaderYaml('status: READY\n').ok // true
 */
export function parseHeaderYaml(block: string): Parsed {
  const early = untouchable(block);
  if (early !== null) return { ok: false, fault: early };
  let document: unknown;
  try {
    const text = `---\n${block}\n${closing}`;
    document = matter(text, { language: 'yaml', engines, delimiters: ['---', closing] }).data['document'];
  } catch (error) {
    // Neither library was seen to throw on what passes the bounds above, but neither promises it.
    return {
      ok: false,
      fault: { message: error instanceof Error ? error.message : String(error), offset: 0 },
    };
  }
  if (!isDocument(document)) return { ok: true, document: null };
  // gray-matter hands the block over behind one line feed; offsets are one too high.
  const parsed = document as Document.Parsed;
  const error = parsed.errors.find((found) => !isBackquoted(found, block));
  if (error === undefined) return { ok: true, document: parsed };
  // An unclosed bracket or quote is noticed at the end of the block; the person must look at the last line with words.
  const offset = Math.min(Math.max(0, error.pos[0] - 1), Math.max(0, block.trimEnd().length - 1));
  return { ok: false, fault: { message: error.message, offset } };
}

/** A value in backquotes is an error in YAML, but the parser reads it as the text it is; so do we. */
function isBackquoted(
  error: { readonly code: string; readonly pos: readonly [number, number] },
  block: string,
): boolean {
  return error.code === 'BAD_SCALAR_START' && block[error.pos[0] - 1] === '`';
}

/** What must not reach the parser at all. */
function untouchable(block: string): YamlFault | null {
  const nul = block.indexOf('\0');
  if (nul !== -1) return { message: 'a NUL character', offset: nul };
  const end = /(?<![^\n])\.\.\.(?=\s|$)/.exec(block);
  if (end !== null) return { message: 'a line of "..." ends the YAML document early', offset: end.index };
  return tooDeep(block, bracketsMax);
}

/**
 * A parsed value as plain nested text. Aliases are never resolved: `*READY*` is the emphasised word it looks like.
 * Offsets of nodes are one higher than those of the block, see parseHeaderYaml().
 */
export function rawOf(block: string, node: unknown): Raw {
  if (isAlias(node)) return node.range ? block.slice(node.range[0] - 1, node.range[1] - 1) : '';
  if (isScalar(node)) return typeof node.value === 'string' ? node.value : '';
  if (isSeq(node)) return node.items.map((item) => rawOf(block, item));
  if (!isMap(node)) return '';
  return {
    entries: node.items.map((pair) => [
      isScalar(pair.key) ? String(pair.key.value) : '',
      rawOf(block, pair.value),
    ]),
  };
}

/** A key that stands twice in one map at or below a node: its name, and where in the block it comes again. */
export function repeatedKey(node: unknown): { readonly name: string; readonly offset: number } | null {
  const seen = new Set<string>();
  if (!isMap(node) && !isSeq(node)) return null;
  for (const item of node.items) {
    if (isPair(item) && isScalar(item.key)) {
      const name = String(item.key.value);
      if (seen.has(name)) return { name, offset: (item.key.range?.[0] ?? 1) - 1 };
      seen.add(name);
    }
    const below = repeatedKey(isPair(item) ? item.value : item);
    if (below !== null) return below;
  }
  return null;
}

/** Where the text of a value ends in its block: without the blanks, line breaks and comments behind it. */
export function contentEnd(block: string, node: ParsedNode | null, otherwise: number): number {
  if (node === null) return otherwise;
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    const last: unknown = node.items.at(-1);
    const end = isPair(last) ? (last.value ?? last.key) : last;
    return isNode(end) ? contentEnd(block, end as ParsedNode, otherwise) : otherwise;
  }
  const end = node.range[1] - 1;
  return node.range[0] - 1 + block.slice(node.range[0] - 1, end).trimEnd().length;
}
