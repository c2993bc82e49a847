import { describe, expect, it } from 'vitest';
import { redactor } from '../../src/effects/redact.ts';

describe('redactor()', () => {
  it('removes the longer secret whole when a shorter one begins it', () => {
    const redact = redactor({ A_KEY: 'abcdefgh', B_KEY: 'abcdefgh-and-more', C_SECRET: '$& $1 $$$$' });
    expect(redact('x abcdefgh-and-more y abcdefgh z $& $1 $$$$')).toBe(
      'x [redacted] y [redacted] z [redacted]',
    );
  });

  it('finds a value also as it is spelled inside JSON', () => {
    const value = 'line one\n"two"';
    expect(redactor({ DB_PASSWORD: value })(JSON.stringify({ said: value }))).toBe('{"said":"[redacted]"}');
  });

  it('takes names that look secret, and leaves places, short values and other names alone', () => {
    const env = {
      HOME: '/home/someone',
      LANGUAGE: 'en_GB.UTF-8',
      SSH_KEY_FILE: '/home/someone/.ssh/id',
      PIN_TOKEN: '1234',
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG',
      NPM_CREDENTIALS: 'user:pass-of-mine',
    };
    const text =
      '/home/someone en_GB.UTF-8 /home/someone/.ssh/id 1234 wJalrXUtnFEMI/K7MDENG user:pass-of-mine';
    expect(redactor(env)(text)).toBe(
      '/home/someone en_GB.UTF-8 /home/someone/.ssh/id 1234 [redacted] [redacted]',
    );
  });

  it.each([
    `sk-ant-api03-${'a1B2'.repeat(10)}`,
    `ghp_${'Ab1'.repeat(12)}`,
    `github_pat_${'Ab1_'.repeat(10)}`,
    `glpat-${'Ab1-'.repeat(6)}`,
    'xoxb-1234567890-abcdefghij',
    'AKIAIOSFODNN7EXAMPLE',
    `AIza${'Ab1-'.repeat(9)}`,
    `npm_${'Ab1'.repeat(12)}`,
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl',
    '-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----',
  ])('knows the shape of a token wherever it comes from: %s', (token) => {
    expect(redactor({})(`curl -H "x-api-key: ${token}" x`)).toBe('curl -H "x-api-key: [redacted]" x');
  });

  it('leaves hashes, ids and paths as they are', () => {
    const text = `${'0123456789abcdef'.repeat(4)} R07.1-implementer-k3x9 src/disk-usage-of-the-whole-machine.ts task-sk-1`;
    expect(redactor({})(text)).toBe(text);
  });
});
