import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isYounger, sessionFolder, writeSession } from '../../src/effects/sessionfolder.ts';
import { orderOf, shell } from '../conformance/runner.ts';

describe('sessionFolder', () => {
  it('keeps ordinary ids readable and spells out what a file system would misread', () => {
    expect(sessionFolder('/s', 'R07a.12-implementer')).toBe('/s/R07a.12-implementer');
    expect(sessionFolder('/s', '../../etc')).toBe('/s/%2E.%2F..%2Fetc');
    expect(sessionFolder('/s', '..')).toBe('/s/%2E.');
    expect(sessionFolder('/s', 'Prüfung 1')).toBe('/s/Pr%C3%BCfung%201');
  });

  it('gives every order a folder of its own, directly below, with a name any file system takes', () => {
    const id = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom('', '.', '..', '/', '%2E.'),
    );
    fc.assert(
      fc.property(id, id, (one, other) => {
        const folder = sessionFolder('/s', one);
        expect(dirname(folder)).toBe('/s');
        expect(basename(folder)).toMatch(/^[A-Za-z0-9_%-][A-Za-z0-9._%-]{0,250}$/);
        const same = Buffer.from(one).equals(Buffer.from(other));
        expect(sessionFolder('/s', other) === folder).toBe(same);
      }),
    );
  });
});

describe('isYounger', () => {
  it('believes no time that was set by hand, nor a change that saved nothing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'next-role-session-'));
    const [file, exit, none] = ['file', 'exit', 'none'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const hour = (by: number): Date => new Date(Date.now() + by * 3_600_000);
    writeFileSync(file, 'a');
    // Until the clock of the file system has moved on.
    do writeFileSync(exit, 'b');
    while (statSync(exit).ctimeMs <= statSync(file).ctimeMs);
    expect(isYounger(exit, file)).toBe(true);
    expect(isYounger(file, exit)).toBe(false);
    do utimesSync(file, hour(-1), hour(-1));
    while (statSync(file).ctimeMs <= statSync(exit).ctimeMs);
    expect(isYounger(file, exit)).toBe(false);
    expect([isYounger(none, exit), isYounger(file, none)]).toEqual([false, false]);
    rmSync(folder, { recursive: true });
  });

  it('believes no time in the future of one that was there before', () => {
    const folder = mkdtempSync(join(tmpdir(), 'next-role-session-'));
    const [file, exit] = [join(folder, 'file'), join(folder, 'exit')];
    writeFileSync(file, 'a');
    utimesSync(file, new Date(Date.now() + 3_600_000), new Date(Date.now() + 3_600_000));
    do writeFileSync(exit, 'b');
    while (statSync(exit).ctimeMs <= statSync(file).ctimeMs);
    expect(isYounger(file, exit)).toBe(false);
    rmSync(folder, { recursive: true });
  });
});

describe('writeSession', () => {
  it('replaces a file as a whole, so that who reads the old one keeps it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'next-role-session-'));
    const session = join(folder, 'a');
    mkdirSync(session);
    writeSession(session, orderOf('a'), shell('', { stdin: 'the first prompt' }));
    const reader = openSync(join(session, 'stdin'), 'r');
    writeSession(session, orderOf('a'), shell('', { stdin: 'x' }));
    expect(readFileSync(reader, 'utf8')).toBe('the first prompt');
    expect(readFileSync(join(session, 'stdin'), 'utf8')).toBe('x');
    expect(readdirSync(session).sort()).toEqual(['order.json', 'stderr', 'stdin', 'stdout']);
    rmSync(folder, { recursive: true });
  });
});
