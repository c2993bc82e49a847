/**
 * Orders version strings by Semantic Versioning 2.0.0, section 11. Numbers are compared as text, so that no digit of a
 * long one is lost. Build metadata is checked for its form and then has no say. A string that is not a version stands
 * before every version, so that a list with a mistyped entry can still be sorted.
 */

const number = '(?:0|[1-9][0-9]*)';
const identifier = `(?:${number}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`;
const build = '[0-9A-Za-z-]+';
const version = new RegExp(
  `^(${number})\\.(${number})\\.(${number})` +
    `(?:-(${identifier}(?:\\.${identifier})*))?` +
    `(?:\\+${build}(?:\\.${build})*)?$`,
);
const digitsOnly = /^[0-9]+$/;

/**
 * -1 when `a` stands before `b`, 1 when it stands after it, 0 when neither; fit for Array.prototype.sort.
 * Strings that are not versions stand before all versions, among themselves in code unit order.
 *
 * @param {string} a
 * @param {string} b
 * @returns {-1 | 0 | 1}
 * @throws {TypeError} when either argument is not a string
 * @example compareSemver('1.0.0-rc.1', '1.0.0') // -1
 */
export function compareSemver(a, b) {
  const left = parse(a);
  const right = parse(b);
  if (left === null && right === null) return compareTexts(a, b);
  if (left === null || right === null) return left === null ? -1 : 1;
  return compareLists(left.core, right.core) || comparePrereleases(left.prerelease, right.prerelease);
}

/** Null when the string is not a version. */
function parse(value) {
  if (typeof value !== 'string') throw new TypeError(`expected a string, got ${typeof value}`);
  const match = version.exec(value);
  if (match === null) return null;
  const [, major, minor, patch, prerelease] = match;
  return { core: [major, minor, patch], prerelease: prerelease?.split('.') ?? [] };
}

/** An empty list means a release, which stands after all of its pre-releases. */
function comparePrereleases(a, b) {
  if (a.length === 0 || b.length === 0) return Math.sign(b.length - a.length);
  return compareLists(a, b);
}

/** The first difference decides; without one, the longer list is the higher. */
function compareLists(a, b) {
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const order = compareIdentifiers(a[at], b[at]);
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

function compareIdentifiers(a, b) {
  const aIsNumber = digitsOnly.test(a);
  const bIsNumber = digitsOnly.test(b);
  if (aIsNumber && bIsNumber) return compareNumbers(a, b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  return compareTexts(a, b);
}

/** Without leading zeros the longer number is the greater, and among equally long ones text order is number order. */
function compareNumbers(a, b) {
  if (a.length !== b.length) return a.length < b.length ? -1 : 1;
  return compareTexts(a, b);
}

/** By code unit, which is ASCII order for everything a version may hold. */
function compareTexts(a, b) {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
