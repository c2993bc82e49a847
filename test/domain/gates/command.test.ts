import { describe, expect, it } from 'vitest';
import { acceptanceGate, testsGate, trimmed, type CommandEnd } from '../../../src/domain/gates/command.ts';

const ended = (end: CommandEnd['end'], output = 'one failed\n'): CommandEnd => ({
  shown: '`npm test`',
  ms: 1_234,
  end,
  output,
});

describe('the tests and the acceptance gate', () => {
  it('are content with exit code 0 and nothing else', () => {
    expect(testsGate.judge(ended({ type: 'exited', code: 0 }))).toEqual([]);
    expect(acceptanceGate.judge(ended({ type: 'exited', code: 0 }))).toEqual([]);
  });

  it.each([
    [{ type: 'exited', code: 3 }, '`npm test` ended with exit code 3 after 1.2 s. Its output:\none failed'],
    [
      { type: 'signalled', signal: 'SIGSEGV' },
      '`npm test` was ended by SIGSEGV after 1.2 s. Its output:\none failed',
    ],
    [
      { type: 'exited', code: 143 },
      '`npm test` was ended by SIGTERM (exit code 143) after 1.2 s. Its output:\none failed',
    ],
    [{ type: 'timed-out' }, '`npm test` had not ended and was stopped after 1.2 s. Its output:\none failed'],
  ] as const)('are red after %j, with the real output', (end, text) => {
    expect(testsGate.judge(ended(end))).toMatchObject([{ id: 'tests:red', severity: 'CRITICAL', text }]);
    expect(acceptanceGate.judge(ended(end))).toMatchObject([{ id: 'acceptance:red', text }]);
  });

  it('say when there was no output', () => {
    expect(testsGate.judge(ended({ type: 'exited', code: 1 }, '\n'))[0]?.text).toContain(
      'it printed nothing',
    );
  });
});

describe('trimmed()', () => {
  it('keeps head and tail and says what is left out', () => {
    const lines = Array.from({ length: 500 }, (_, n) => `line ${n}`);
    const text = trimmed(lines.join('\n'));
    expect(text).toContain('line 0\n');
    expect(text).toContain('… 425 lines left out …');
    expect(text.endsWith('line 499')).toBe(true);
  });

  it('bounds a single line too', () => {
    expect(trimmed('x'.repeat(100_000)).length).toBeLessThan(4_200);
  });

  it('takes colours, progress bars and control characters away', () => {
    expect(trimmed('\u001b[31mred\u001b[0m\r\n10%\r100%\n\u001b]0;title\u0007a\u0008b')).toBe(
      'red\n100%\nab',
    );
  });
});
