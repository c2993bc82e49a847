/**
 * The check that no role is shown: what stands in $NEXT_ROLE_WORK, held against section 11 of semver.org. It lies in
 * coordination/acceptance/ of the project that compare.mjs makes, which every role's contract hides. Its last line is the
 * score that `next-role compare` reads; it exits with 0 when every check passes.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const chain = (
  '0.0.4 1.0.0-0.3.7 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 ' +
  '1.0.0-x.7.z.92 1.0.0-x-y-z.4 1.0.0 1.9.0 1.10.0 1.11.0 2.0.0 2.1.0 2.1.1 9007199254740992.0.0 9007199254740993.0.0'
).split(' ');
const same = [
  ['1.0.0-alpha+001', '1.0.0-alpha'],
  ['1.0.0+20130313144700', '1.0.0+21AF26D3'],
  ['1.0.0-beta+exp.sha.5114f85', '1.0.0-beta'],
];
const strangers = [undefined, null, 1, {}, []];

const work = process.env.NEXT_ROLE_WORK ?? '.';
const { compareSemver } = await import(pathToFileURL(join(work, 'src/compare-semver.js')).href).catch(() => ({}));

const refuses = (value) => {
  try {
    compareSemver('1.0.0', value);
    return false;
  } catch (error) {
    return error instanceof TypeError;
  }
};
const holds = (test) => {
  try {
    return typeof compareSemver === 'function' && test();
  } catch {
    return false; // It threw where it must not: the check is not passed.
  }
};
const checks = [
  ...chain.slice(1).map((higher, at) => [`${chain[at]} < ${higher}`, () => compareSemver(chain[at], higher) === -1]),
  ...chain.slice(1).map((higher, at) => [`${higher} > ${chain[at]}`, () => compareSemver(higher, chain[at]) === 1]),
  ...same.map(([a, b]) => [`${a} = ${b}`, () => compareSemver(a, b) === 0]),
  ...strangers.map((value) => [`${String(value) || '[]'} is refused`, () => refuses(value)]),
  ['a list is sorted', () => [...chain].reverse().sort(compareSemver).join() === chain.join()],
];
const failed = checks.filter(([, test]) => !holds(test)).map(([name]) => name);
for (const name of failed) console.log(`not so: ${name}`);
console.log(`score ${checks.length - failed.length}/${checks.length}`);
process.exitCode = failed.length === 0 ? 0 : 1;
