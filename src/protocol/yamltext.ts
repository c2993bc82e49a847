/**
 * Writes text as YAML that reads back as the same text, in our failsafe schema and in every other: what a stricter or
 * older reader could take for a number, a date, a boolean or markup is put in double quotes, on one line. Nothing here
 * ever folds or re-wraps.
 */

/** Plain words that YAML 1.1 or 1.2 readers turn into something else than text. */
const words = new Set(['true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n', 'null']);
/** Starts with a letter, `_`, `/` or `(`, and holds nothing that markup, comments, maps or flow collections need. */
const plain = /^[\p{L}_/(][^\p{C}\p{Z}:#"'`,[\]{}&*!|>%@\\]*(?: [^\p{C}\p{Z}:#"'`,[\]{}&*!|>%@\\]+)*$/u;
/** What JSON leaves as it is and a YAML reader may not: controls, line and paragraph separators, the BOM, noncharacters. */
const unsafe = /[\u007f-\u009f\u00ad\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * @example yamlText('implementer') // 'implementer'
 * @example yamlText('0123') // '"0123"'
 */
export function yamlText(value: string): string {
  if (plain.test(value) && !words.has(value.toLowerCase())) return value;
  return JSON.stringify(value).replace(
    unsafe,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
