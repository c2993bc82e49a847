/** The flags that most commands share. Data only; it imports nothing and runs nothing. */

export const json = { name: 'json', value: null, about: 'Print JSON for programs' } as const;
const dir = {
  name: 'dir',
  value: 'DIR',
  about: 'The project, or a folder in it (default: here, or the nearest above)',
  values: 'folder',
} as const;
export const common = [dir, json] as const;
