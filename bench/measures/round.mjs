// A whole no-op round of four roles, cold: launch, work, end. Every case must leave the same files.
import { interleaved, median, ratio, spread } from '../figures.mjs';
import { legacyName } from '../cases/legacy.mjs';
import { oursName, roundCases } from '../cases/round.mjs';

export const about =
  'One cold no-op round of four roles: wall and processor time, launch to first agent, gap between roles.';

export async function measure({ quick, peers, n, tell, budgetMs }) {
  const cases = roundCases({ peers: peers && !quick });
  const kept = quick
    ? cases.filter(({ name }) => /^(C posix|Node spawn|node -e|next-role)/.test(name))
    : cases;
  const results = await interleaved(kept, n ?? (quick ? 3 : 15), tell, budgetMs);
  const works = new Set(
    Object.values(results)
      .flat()
      .map(({ work }) => work)
      .filter((work) => work !== null),
  );
  if (works.size !== 1) throw new Error(`The cases left different work: ${[...works].join(', ')}`);
  const of = (name, figure) => results[name].map((its) => its[figure]);
  const bare = 'C posix_spawn chain' in results ? 'C posix_spawn chain' : 'sh for loop';
  const node = 'Node spawn chain';
  const rows = kept.map(({ name, kind }) => ({
    name,
    kind,
    wallMs: spread(of(name, 'wallMs')),
    cpuMs: spread(of(name, 'cpuMs')),
    launchMs: startsNone(results[name]) ? null : spread(of(name, 'launchMs')),
    gapMs: startsNone(results[name]) ? null : spread(of(name, 'gapMs').flat()),
    rssMiB: results[name][0].rssMiB === null ? null : spread(of(name, 'rssMiB')).max,
    wallToBare: ratio(of(name, 'wallMs'), of(bare, 'wallMs')),
    wallToNode: ratio(of(name, 'wallMs'), of(node, 'wallMs')),
    cpuToNode: ratio(of(name, 'cpuMs'), of(node, 'cpuMs')),
    launchToNode: startsNone(results[name]) ? null : ratio(of(name, 'launchMs'), of(node, 'launchMs')),
    gapToNode: startsNone(results[name])
      ? null
      : ratio(of(name, 'gapMs').map(median), of(node, 'gapMs').map(median)),
  }));
  return {
    rows,
    work: [...works][0],
    baseline: { bare, node },
    leftOut: cases.leftOut ?? [],
    figures: {
      ...Object.fromEntries(
        rows
          .filter(({ kind }) => kind === 'ours')
          .flatMap((row) => [
            ['cpuToNode', row.cpuToNode],
            ['launchToNode', row.launchToNode],
            ['wallToNode', row.wallToNode],
          ]),
      ),
      legacyToOurs: legacyName in results ? ratio(of(legacyName, 'wallMs'), of(oursName, 'wallMs')) : null,
    },
  };
}

/** A case that starts no agent has no first one, and no gap. */
const startsNone = ([first]) => first.launchMs === null;

export const columns = [
  ['case', ({ name }) => name],
  ['wall ms', ({ wallMs }) => wallMs],
  ['cpu ms', ({ cpuMs }) => cpuMs],
  ['launch → 1st agent ms', ({ launchMs }) => launchMs],
  ['gap ms', ({ gapMs }) => gapMs],
  ['peak MiB', ({ rssMiB }) => rssMiB],
  ['wall / bare chain', ({ wallToBare }) => wallToBare],
  ['cpu / Node chain', ({ cpuToNode }) => cpuToNode],
  ['launch / Node chain', ({ launchToNode }) => launchToNode],
];
export const picture = {
  title: 'One no-op round of four roles, wall time',
  unit: 'ms',
  of: ({ wallMs }) => wallMs.median,
};
