import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findProgram, sessionEnvironment } from '../../src/effects/environment.ts';
import { orderOf, shell } from '../conformance/runner.ts';

describe('sessionEnvironment', () => {
  const order = orderOf('R07.1-implementer');

  it('passes on what every program needs and nothing else', () => {
    const inherit = {
      PATH: '/bin',
      HOME: '/home/me',
      LC_TIME: 'C',
      XDG_RUNTIME_DIR: '/run/me',
      GIT_AUTHOR_NAME: 'me',
      https_proxy: 'http://127.0.0.1:1',
      SSL_CERT_FILE: '/certs',
      TERM: undefined,
      PATHOLOGY: 'no',
      LC: 'no',
      OPENAI_API_KEY: 'no',
      NODE_OPTIONS: 'no',
      NEXT_ROLE_ORDER: 'of another session',
    };
    expect(sessionEnvironment(order, shell(''), '/p', inherit)).toEqual({
      PATH: '/bin',
      HOME: '/home/me',
      LC_TIME: 'C',
      XDG_RUNTIME_DIR: '/run/me',
      GIT_AUTHOR_NAME: 'me',
      https_proxy: 'http://127.0.0.1:1',
      SSL_CERT_FILE: '/certs',
      NEXT_ROLE_ORDER: 'R07.1-implementer',
      NEXT_ROLE_PROJECT: '/p',
      NEXT_ROLE_ROLE: 'implementer',
      NEXT_ROLE_ROUND: 'R07',
    });
  });

  it('passes on the names and patterns a command asks for', () => {
    const command = shell('', { passEnv: ['OPENAI_*', 'TOKEN'] });
    const inherit = { OPENAI_API_KEY: 'k', OPENAI_ORG: 'o', TOKEN: 't', TOKENS: 'no' };
    expect(sessionEnvironment(order, command, '/p', inherit)).toMatchObject({
      OPENAI_API_KEY: 'k',
      OPENAI_ORG: 'o',
      TOKEN: 't',
    });
    expect(sessionEnvironment(order, command, '/p', inherit)).not.toHaveProperty('TOKENS');
  });

  it('lets a command set what it likes but the marks', () => {
    const command = shell('', { env: { PATH: '/own', NEXT_ROLE_HANDOFF: '/h', NEXT_ROLE_ORDER: 'forged' } });
    expect(sessionEnvironment(order, command, '/p', { PATH: '/bin' })).toMatchObject({
      PATH: '/own',
      NEXT_ROLE_HANDOFF: '/h',
      NEXT_ROLE_ORDER: 'R07.1-implementer',
    });
  });
});

describe('findProgram', () => {
  const folder = mkdtempSync(join(tmpdir(), 'next-role-path-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['first', 'second', 'first/folder']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'first/plain'), '', { mode: 0o644 });
  writeFileSync(join(folder, 'second/plain'), '', { mode: 0o755 });
  writeFileSync(join(folder, 'second/folder'), '', { mode: 0o755 });
  symlinkSync('plain', join(folder, 'second/link'));
  symlinkSync('nowhere', join(folder, 'second/dangling'));
  const path = `${folder}/first:${folder}/second`;

  it('takes the first executable file of that name on the path', () => {
    expect(findProgram('plain', path, '/')).toBe(join(folder, 'second/plain'));
    expect(findProgram('folder', path, '/')).toBe(join(folder, 'second/folder'));
    expect(findProgram('link', path, '/')).toBe(join(folder, 'second/link'));
  });

  it('knows no program that is missing, dangling, a folder, or not executable', () => {
    expect(findProgram('missing', path, '/')).toBeNull();
    expect(findProgram('dangling', path, '/')).toBeNull();
    expect(findProgram('plain', `${folder}/first`, '/')).toBeNull();
    expect(findProgram(`${folder}/first/folder`, path, '/')).toBeNull();
  });

  it('takes a name with a slash, and a relative or empty entry of the path, from the session folder', () => {
    expect(findProgram('./plain', path, join(folder, 'second'))).toBe(join(folder, 'second/plain'));
    expect(findProgram('second/plain', '', folder)).toBe(join(folder, 'second/plain'));
    expect(findProgram('plain', 'second', folder)).toBe(join(folder, 'second/plain'));
    expect(findProgram('plain', ':/nowhere', join(folder, 'second'))).toBe(join(folder, 'second/plain'));
  });

  it('looks where a shell looks when there is no path', () => {
    expect(findProgram('sh', undefined, '/')).toMatch(/\/bin\/sh$/);
  });
});
