/**
 * The version of this program, read from its package.json. Kept apart from everything else, so that `--version` loads
 * nothing but this file.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The version as it stands in package.json.
 *
 * @example version() // '0.1.0'
 */
export function version(): string {
  // Source and compiled file both lie two folders below the package.
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  const { version: value } = JSON.parse(text) as { readonly version: string };
  return value;
}
