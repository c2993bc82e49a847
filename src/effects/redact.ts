/**
 * Blacks out secrets in text that is about to be kept: the values of environment variables whose names look secret,
 * and the common shapes of tokens wherever they come from. It works on text alone and knows nothing of what is kept
 * where.
 */

export type Redact = (text: string) => string;

/** Names by which programs are handed a secret. */
const secretName = /KEY|TOKEN|SECRET|PASS(?:WORD|WD|PHRASE)|CREDENTIAL|COOKIE|PRIVATE|DSN$/i;
/** Shorter values are too likely to be ordinary words. */
const secretCharsMin = 8;
/** A place is no secret. */
const ordinary = /^[~.]?\//;
/** More variables than any environment has; the longest come first. */
const secretsMax = 500;
const blackedOut = '[redacted]';

/**
 * What the issuers of keys write in front of them. A word before the prefix is no boundary, so `disk-…` is none; hashes
 * in hexadecimal fit none of these.
 */
const tokenShapes =
  /(?<![A-Za-z0-9_-])(?:sk-[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abeprs]-[A-Za-z0-9-]{10,}|A[KS]IA[0-9A-Z]{16}|AIza[A-Za-z0-9_-]{30,}|npm_[A-Za-z0-9]{30,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,})|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,10000}?-----END [A-Z ]{0,40}PRIVATE KEY-----/g;

/**
 * A function that blacks out the secrets of an environment, as they are and as they look inside JSON.
 *
 * @example redactor({ API_KEY: 'k-12345678' })('key k-12345678') // 'key [redacted]'
 */
export function redactor(env: Readonly<Record<string, string | undefined>>): Redact {
  const secrets = Object.entries(env)
    .filter(([name]) => secretName.test(name))
    .map(([, value]) => value ?? '')
    .filter((value) => value.length >= secretCharsMin && !ordinary.test(value))
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1)]);
  // The longest first: one secret may be the beginning of another.
  const ordered = [...new Set(secrets)].sort((a, b) => b.length - a.length).slice(0, secretsMax);
  return (text) =>
    ordered
      .reduce((rest, secret) => rest.replaceAll(secret, () => blackedOut), text)
      .replace(tokenShapes, blackedOut);
}
