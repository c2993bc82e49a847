/**
 * Orders version strings by Semantic Versioning 2.0.0, section 11. Numbers are compared as text, so that no digit of a
 * long one is lost. Build metadata is checked for its form and then has no say. A string that is not a version is
 * refused with a TypeError that names it.
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
 *
 * @param {string} a
 * @param {string} b
 * @returns {-1 | 0 | 1}
 * @throws {TypeError} when either argument is not a version
 * @example compareSemver('1.0.0-rc.1', '1.0.0') // -1
 */
export function compareSemver(a, b) {
  const left = parse(a);
  const right = parse(b);
  return compareLists(left.core, right.core) || comparePrereleases(left.prerelease, right.prerelease);
}

function parse(value) {
  const match = typeof value === 'string' ? version.exec(value) : null;
  if (match === null) {
    const found = typeof value === 'string' ? JSON.stringify(value) : typeof value;
    throw new TypeError(`expected a version such as "1.4.0", got ${found}`);
  }
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

/** By code unit, which is ASCII order here: the pattern lets no other character in. */
function compareTexts(a, b) {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
