/** What a session was given, as its folder keeps it: nothing at all, unless said. */
import type { SealedManifest } from '../../src/protocol/sessionrecord.ts';

export function sealedManifest(its: Partial<SealedManifest>): SealedManifest {
  return {
    order: '',
    role: '',
    round: 'R01',
    tier: 'full',
    agent: 'scripted',
    model: null,
    offered: [],
    hidden: [],
    writable: [],
    protected: [],
    owed: [],
    handoff: 'coordination/NEXT-ROLE.md',
    tools: [],
    parts: [],
    systemSha256: '',
    promptSha256: '',
    hiddenFiles: [],
    isolated: null,
    ...its,
  };
}
