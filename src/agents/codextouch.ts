/**
 * What one line of Codex's `exec --json` says about touched paths: commands, whole, as they start, and the files of a
 * change once it is made. Facts of 0.169.0: a command that a policy refused completes with the status "declined".
 */
import type { TouchMark } from '../protocol/touch.ts';
import { verbOf } from '../protocol/touch.ts';
import { asFields, asList, asText, fieldsOf } from './line.ts';

/**
 * The marks of one line.
 *
 * @example codexTouches('{"type":"item.started","item":{"id":"i1","type":"command_execution","command":"ls"}}')
 */
export function codexTouches(line: string): readonly TouchMark[] {
  const fields = fieldsOf(line);
  const item = asFields(fields?.['item']);
  if (fields === null || item === null) return [];
  const id = asText(item['id']);
  const tool = asText(item['type']) ?? '';
  const verb = verbOf(tool);
  if (verb === 'run' && fields['type'] === 'item.started') {
    return [{ type: 'call', id, tool, verb, target: asText(item['command']) }];
  }
  if (fields['type'] !== 'item.completed') return [];
  if (item['status'] === 'declined') return [{ type: 'refused', id, tool }];
  if (verb === 'write' && item['status'] !== 'failed') {
    return asList(item['changes']).map((change) => ({
      type: 'call',
      id: null,
      tool,
      verb,
      target: asText(asFields(change)?.['path']),
    }));
  }
  return tool === 'mcp_tool_call' ? [{ type: 'call', id, tool, verb, target: null }] : [];
}
