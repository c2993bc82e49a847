/** What every page of ours must be: whole, and in need of nothing from outside. */
import { expect } from 'vitest';

/** Expects every element that is opened to be closed, in order. */
export function expectWhole(page: string): void {
  const stack: string[] = [];
  for (const [, slash, name = '', rest = ''] of page.matchAll(/<(\/?)([a-z]\w*)\b([^>]*)>/g)) {
    if (name === 'meta' || rest.endsWith('/')) continue;
    if (slash === '/') expect(stack.pop()).toBe(name);
    else stack.push(name);
  }
  expect(stack).toEqual([]);
}

/** Expects no script, no picture, no address, and a policy that forbids them. */
export function expectSelfContained(page: string): void {
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(page).not.toMatch(/<script|<link|<img|src=|href=|url\(|@import|https?:/);
}
