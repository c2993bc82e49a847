/** Every way of saving that editors and tools have, a few times each; `npm run test:long` does 200 of each. */
import { afterAll, describe, expect, it } from 'vitest';
import { editors } from '../rig/editors.ts';
import { removeProjects } from '../rig/journey.ts';
import { roundsUpTo, saveRounds } from '../rig/saving.ts';

afterAll(removeProjects);

const saves = 2;

describe('a save', () => {
  it.concurrent.each(editors.map((editor) => [editor.name, editor.how, editor] as const))(
    'by %s (%s) is taken up once',
    async (_name, _how, editor) => {
      expect(await saveRounds(editor, saves)).toEqual(roundsUpTo(saves));
    },
  );
});
