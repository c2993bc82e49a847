/** 200 saves in each way that editors and tools have: none is missed, none is dispatched twice. */
import { afterAll, describe, expect, it } from 'vitest';
import { sampleEvery } from '../rig/crash.ts';
import { editors } from '../rig/editors.ts';
import { removeProjects } from '../rig/journey.ts';
import { roundsUpTo, saveRounds } from '../rig/saving.ts';

afterAll(removeProjects);

const saves = Math.ceil(200 / sampleEvery);

describe('a save', () => {
  // Each waits for the watch most of its time.
  it.concurrent.each(editors.map((editor) => [editor.name, editor.how, editor] as const))(
    'by %s (%s) is taken up once, every time',
    async (_name, _how, editor) => {
      expect(await saveRounds(editor, saves)).toEqual(roundsUpTo(saves));
    },
  );
});
