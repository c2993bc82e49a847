// How long it takes until the state is known, by the length of the journal; and log volume is beside it in log.mjs.
// The journals are real lines of a real round, chained again and again.
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { interleaved, ratio, round, spread } from '../figures.mjs';
import { measured, ours, root, stage } from '../process.mjs';
import { fill, freshProject } from '../project.mjs';

export const about = 'Start-up against a journal of 10 to 100,000 rounds.';

/** Rounds that are really written. */
const writtenMax = 500;

export async function measure({ quick, n, tell, budgetMs }) {
  const { encodeLine, firstLink } = await import(join(root, 'dist/effects/journalline.js'));
  const { openJournal, readLast } = await import(join(root, 'dist/effects/journal.js'));
  const model = freshProject();
  await measured([...ours, 'run'], { cwd: model.folder });
  const records = [...openJournal(join(model.folder, '.next-role/journal.jsonl')).records()];
  // The first record holds the whole policy; it is written once, not once a round.
  const round1 = records.filter(({ event }) => event.type !== 'POLICY');
  /** As the journal itself has it: whole where nothing is to be done, else what changed since the record before. */
  const encode = (all, at, link) => {
    const before = at === 0 || all[at].effects.length === 0 ? null : all[at - 1].state;
    return encodeLine(all[at], link, before);
  };
  const cases = [];
  for (const rounds of quick ? [10, 1_000] : [10, 1_000, 100_000]) {
    const project = fill(mkdtempSync(join(stage, 'long-')));
    await measured([...ours, 'run'], { cwd: project.folder });
    const path = join(project.folder, '.next-role/journal.jsonl');
    rmSync(path);
    writeFileSync(path, '');
    // At start-up only the end of a journal is read; so all but the last rounds of a long one may be a hole in the file.
    const written = Math.min(rounds, writtenMax);
    const perRound = round1.reduce((sum, _, at) => sum + encode(round1, at, firstLink).bytes.length, 0);
    const hole = (rounds - written) * perRound;
    let link = hole === 0 ? firstLink : { seq: (rounds - written) * round1.length, hash: 'a'.repeat(64) };
    truncateSync(path, hole);
    if (hole > 0) appendFileSync(path, '\n');
    for (let at = 0; at < written; at += 1) {
      const chunk = [];
      const all = at === 0 && hole === 0 ? records : round1;
      for (let record = 0; record < all.length; record += 1) {
        const line = encode(all, record, link);
        link = line.record;
        chunk.push(line.bytes);
      }
      appendFileSync(path, Buffer.concat(chunk));
    }
    const bytes = statSync(path).size;
    cases.push({
      name: `${rounds.toLocaleString('en')} rounds`,
      kind: 'ours',
      rounds,
      bytes,
      run: async () => {
        const startMs = performance.now();
        const last = readLast(path);
        const readMs = performance.now() - startMs;
        if (last?.state.value !== 'finished') throw new Error(`The journal ends in ${last?.state.value}`);
        const { wallMs, code } = await measured([...ours, 'status'], { cwd: project.folder });
        if (code !== 0) throw new Error(`status ended with ${code}`);
        return { readMs, wallMs };
      },
    });
    tell(cases.length, 3);
  }
  const results = await interleaved(cases, n ?? (quick ? 5 : 15), tell, budgetMs);
  const [base] = cases;
  const rows = cases.map(({ name, kind, bytes }) => ({
    name,
    kind,
    mib: round(bytes / 1024 / 1024),
    readMs: spread(results[name].map(({ readMs }) => readMs)),
    statusMs: spread(results[name].map(({ wallMs }) => wallMs)),
    toShort: ratio(
      results[name].map(({ wallMs }) => wallMs),
      results[base.name].map(({ wallMs }) => wallMs),
    ),
  }));
  const last = rows.at(-1);
  return { rows, figures: { readMs: last.readMs.median, toShort: last.toShort } };
}

export const columns = [
  ['journal', ({ name }) => name],
  ['MiB', ({ mib }) => mib],
  ['state known ms', ({ readMs }) => readMs],
  ['status ms', ({ statusMs }) => statusMs],
  ['status / status at 10 rounds', ({ toShort }) => toShort],
];
export const picture = {
  title: 'State known after opening the journal, median',
  unit: 'ms',
  of: ({ readMs }) => readMs.median,
};
