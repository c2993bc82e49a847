/**
 * Reads the files of a labelled corpus: the markdown files of a folder, and of the folders directly in it, each of them a
 * split of its own. Only reads; what the files mean is decided elsewhere.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFile } from '../protocol/datafile.ts';
import { readText } from './files.ts';

/** Files of one split, and splits of one corpus, that are looked at. */
const filesMax = 2_000;
const splitsMax = 20;

export type CorpusSplit = { readonly name: string; readonly files: readonly DataFile[] };

/** The splits of a corpus folder, sorted by name; those without a directive are left out. Throws on a missing folder. */
export async function readCorpus(folder: string): Promise<readonly CorpusSplit[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const splits = ['', ...folders.sort().slice(0, splitsMax)].map(async (name) => ({
    name: name === '' ? '.' : name,
    files: await filesOf(join(folder, name)),
  }));
  return (await Promise.all(splits)).filter(({ files }) => files.length > 0);
}

async function filesOf(folder: string): Promise<readonly DataFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md') && name !== 'README.md').sort();
  const files: DataFile[] = [];
  for (const name of names.slice(0, filesMax)) {
    const file = await readText(join(folder, name));
    if (file !== null) files.push({ path: join(folder, name), text: file.text });
  }
  return files;
}
