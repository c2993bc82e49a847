/**
 * What one line of Claude Code's stream-json says about touched paths: every tool call of a message, those of
 * sub-agents too, word for word; and what was refused. Facts of 2.1.197 and 2.1.330: a refused file is named in a tool
 * result with `is_error`; 2.1.330 adds `tool_result_meta` with the permission's decision, and both list all refusals in
 * the closing result. A tool that a file rule covers is refused without an event of its own.
 */
import type { TouchMark } from '../protocol/touch.ts';
import { verbOf } from '../protocol/touch.ts';
import { asFields, asList, asText, fieldsOf } from './line.ts';
import type { Fields } from './line.ts';

/** Longest target kept, in UTF-16 units; a longer command is judged by its beginning. */
const targetCharsMax = 16_384;

/**
 * The marks of one line.
 *
 * @example claudeTouches(line) // [{ type: 'call', id: 'toolu_1', tool: 'Read', verb: 'read', target: '/p/a.md' }]
 */
export function claudeTouches(line: string): readonly TouchMark[] {
  const fields = fieldsOf(line);
  if (fields === null) return [];
  switch (fields['type']) {
    case 'assistant':
      return blocksOf(fields)
        .filter((block) => block['type'] === 'tool_use')
        .map(callOf);
    case 'user':
      return blocksOf(fields)
        .filter((block) => block['type'] === 'tool_result' && block['is_error'] === true)
        .flatMap((block) => endOf(fields, asText(block['tool_use_id'])));
    case 'system':
      return fields['subtype'] === 'permission_denied'
        ? [{ type: 'refused', id: asText(fields['tool_use_id']), tool: asText(fields['tool_name']) }]
        : [];
    case 'result':
      return asList(fields['permission_denials'])
        .map((entry) => asFields(entry) ?? {})
        .map((entry) => ({
          type: 'refused',
          id: asText(entry['tool_use_id']),
          tool: asText(entry['tool_name']),
        }));
    default:
      return [];
  }
}

function blocksOf(fields: Fields): readonly Fields[] {
  return asList(asFields(fields['message'])?.['content']).map((block) => asFields(block) ?? {});
}

function callOf(block: Fields): TouchMark {
  const tool = asText(block['name']) ?? 'unknown';
  const input = asFields(block['input']) ?? {};
  const target = ['file_path', 'notebook_path', 'path', 'command', 'pattern']
    .map((key) => asText(input[key]))
    .find((text) => text !== null);
  return {
    type: 'call',
    id: asText(block['id']),
    tool,
    verb: verbOf(tool),
    target: target?.slice(0, targetCharsMax) ?? null,
  };
}

function endOf(fields: Fields, id: string | null): readonly TouchMark[] {
  if (id === null) return [];
  const meta = asList(fields['tool_result_meta'])
    .map((entry) => asFields(entry) ?? {})
    .find((entry) => entry['id'] === id);
  const decision = asText(asFields(meta?.['permission_decision'])?.['decision']);
  return decision === 'reject' ? [{ type: 'refused', id, tool: null }] : [{ type: 'failed', id }];
}
