/**
 * What the YAML texts we ship say, by their exact text: filled in when the program is built (scripts/build.mjs), empty in
 * the source and in the library. Parsing them anew took a third of every start. A file that differs in one byte is not
 * in it, so nothing here can be out of date.
 */
export const parsedTexts: ReadonlyMap<string, unknown> = new Map();
