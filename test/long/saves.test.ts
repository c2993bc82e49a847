/** 200 saves in each way that editors and tools have: none is missed, none is dispatched twice. */
import { afterAll, describe, expect, it } from 'vitest';
import { editors } from '../rig/editors.ts';
import { removeProjects } from '../rig/journey.ts';
import { roundsUpTo, saveRounds } from '../rig/saving.ts';

afterAll(removeProjects);

const saves = 200;

describe('a save', () => {
  it.each(editors.map((editor) => [editor.name, editor.how, editor] as const))(
    'by %s (%s) is taken up once, 200 times in a row',
    async (_name, _how, editor) => {
      expect(await saveRounds(editor, saves)).toEqual(roundsUpTo(saves));
    },
  );
});
