// What we ourselves write for one round, agents' streams apart: by the growth of each folder between two rounds.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ours, resident, until } from '../process.mjs';
import { freshProject, isFinished, roundText } from '../project.mjs';

export const about = 'Bytes that the orchestrator writes for a no-op round of four roles.';

export async function measure({ quick }) {
  const rounds = quick ? 2 : 10;
  const project = freshProject({ status: 'PAUSED' });
  const watching = resident([...ours, 'watch', project.folder]);
  try {
    await until('the watch to begin', () => watching.output().includes('Watching'));
    const run = async (round) => {
      writeFileSync(project.handoff, roundText(round));
      await until(`the end of ${round}`, () => isFinished(project, round));
    };
    await run('R00');
    const before = sizes(project.folder);
    const journal = join(project.folder, '.next-role/journal.jsonl');
    for (let at = 1; at <= rounds; at += 1) await run(`R0${at}`);
    const after = sizes(project.folder);
    const rows = Object.keys(after).map((name) => ({
      name,
      kind: 'ours',
      bytes: Math.round((after[name] - before[name]) / rounds),
    }));
    // As it is kept once the file is long enough (src/effects/segments.ts).
    const grown = readFileSync(journal).subarray(before.journal);
    const packed = Math.round(gzipSync(grown).length / rounds);
    rows.splice(1, 0, { name: 'the same, once it is packed away', kind: 'ours', bytes: packed });
    const own = rows.filter(({ name }) => name === 'journal' || name === 'log for people');
    const written = own.reduce((sum, { bytes }) => sum + bytes, 0);
    const log = own.find(({ name }) => name === 'log for people').bytes;
    return { rows, figures: { bytesPerRound: written, keptPerRound: packed + log } };
  } finally {
    await watching.end();
  }
}

function sizes(folder) {
  const own = join(folder, '.next-role');
  const all = readdirSync(own, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const of = (test) =>
    all
      .filter((path) => test(path.slice(own.length + 1)))
      .reduce((sum, path) => sum + statSync(path).size, 0);
  return {
    journal: of((name) => name.startsWith('journal.jsonl')),
    'log for people': of((name) => name.startsWith('logs/')),
    'sessions: prompts, manifests, orders': of((name) => name.startsWith('sessions/')),
  };
}

export const columns = [
  ['what', ({ name }) => name],
  ['bytes a round', ({ bytes }) => bytes],
];
export const picture = { title: 'Bytes written for one no-op round', unit: 'B', of: ({ bytes }) => bytes };
