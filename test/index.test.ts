import { describe, expect, it } from 'vitest';
import * as library from '../src/index.ts';
import { testPolicy } from './rig/policy.ts';

describe('the library', () => {
  it('exports what its page promises, and nothing by accident', () => {
    expect(Object.keys(library).sort()).toEqual([
      'JournalDamaged',
      'decode',
      'describe',
      'edit',
      'findProject',
      'initialState',
      'inspectText',
      'look',
      'machineVersion',
      'readCatalog',
      'replay',
      'replayFile',
      'resume',
      'run',
      'step',
    ]);
  });

  it('does what the examples of its docstrings say', async () => {
    const text = 'STATUS: READY\nNEXT-ROLE: REVIEWER\nCURRENT-ROUND: R07\n';
    expect(library.decode(text).handoff?.role).toBe('reviewer');
    expect(library.edit('STATUS: READY\n', { status: 'PAUSED' })).toEqual({
      ok: true,
      text: 'STATUS: PAUSED\n',
    });
    expect(library.inspectText(text, testPolicy()).decision.runs).toBe('reviewer');
    expect(library.replay([])).toMatchObject({ records: 0, differences: [] });
    expect(library.initialState().value).toBe('reading');
    expect(await library.findProject('/')).toBeNull();
  });
});
