/** The ways in which editors put a new text into a file, for journeys that answer or edit as a person would. */
import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';

/** Where the text is cut when it is saved in two chunks, and the pause between them. */
const chunk = { chars: 40, pauseMs: 10 };

export const saves: readonly (readonly [string, (path: string, text: string) => void])[] = [
  ['in place', (path, text) => writeFileSync(path, text)],
  [
    'by rename',
    (path, text) => {
      writeFileSync(`${path}.tmp`, text);
      renameSync(`${path}.tmp`, path);
    },
  ],
  [
    'in two chunks',
    (path, text) => {
      truncateSync(path, 0);
      appendFileSync(path, text.slice(0, chunk.chars));
      setTimeout(() => appendFileSync(path, text.slice(chunk.chars)), chunk.pauseMs);
    },
  ],
];
