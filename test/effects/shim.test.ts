import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  decodeStatus,
  readClaim,
  readExit,
  readStop,
  requestStop,
  withdrawStop,
} from '../../src/effects/shim.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'next-role-shim-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('decodeStatus', () => {
  it.each([
    [0, { type: 'exited', code: 0 }],
    [1, { type: 'exited', code: 1 }],
    [127, { type: 'exited', code: 127 }],
    [128, { type: 'exited', code: 128 }],
    [130, { type: 'signalled', signal: 'SIGINT' }],
    [137, { type: 'signalled', signal: 'SIGKILL' }],
    [143, { type: 'signalled', signal: 'SIGTERM' }],
    [255, { type: 'exited', code: 255 }],
  ])('reads %i as a shell means it', (code, exit) => {
    expect(decodeStatus(code)).toEqual(exit);
  });
});

describe('the files of a session', () => {
  it('readClaim() tells no claim, half a claim and a whole one apart', () => {
    const whole = '{"pid":4711,"startTime":"815","bootId":"b"}\n';
    expect(readClaim(folder)).toBeNull();
    for (let length = 0; length < whole.length - 1; length += 1) {
      writeFileSync(join(folder, 'claim'), whole.slice(0, length));
      expect(readClaim(folder)).toBe('half');
    }
    writeFileSync(join(folder, 'claim'), whole);
    expect(readClaim(folder)).toEqual({ pid: 4711, startTime: '815', bootId: 'b' });
  });

  it('readExit() takes what is no exit for none', () => {
    for (const text of ['', '{"code":', 'null', '[]', '{"code":"0"}', '{}']) {
      writeFileSync(join(folder, 'exit'), text);
      expect(readExit(folder)).toBeNull();
    }
    writeFileSync(join(folder, 'exit'), '{"code":139}\n');
    expect(readExit(folder)).toEqual({ type: 'signalled', signal: 'SIGSEGV' });
  });

  it('requestStop() keeps the first reason until it is withdrawn', () => {
    expect(readStop(folder)).toBeNull();
    expect(requestStop(folder, 'idle')).toBe(true);
    expect(requestStop(folder, 'paused')).toBe(false);
    expect(readStop(folder)).toBe('idle');
    withdrawStop(folder);
    expect(readStop(folder)).toBeNull();
    expect(requestStop(folder, 'paused')).toBe(true);
    expect(readStop(folder)).toBe('paused');
  });

  it('readStop() takes a request whose word was cut off for an interruption', () => {
    writeFileSync(join(folder, 'stop'), '');
    expect(readStop(folder)).toBe('interrupted');
  });

  it('requestStop() stands in memory when the folder is gone', () => {
    rmSync(folder, { recursive: true });
    expect(requestStop(folder, 'paused')).toBe(true);
    expect(readStop(folder)).toBeNull();
  });
});
