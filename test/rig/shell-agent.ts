/**
 * A project whose roles are worked by one small shell script: a session takes milliseconds, so that a round can be run
 * hundreds of times. Each session leaves a line in `.next-role/ran.log` that only it can leave; the implementer asks once.
 */
import type { Project } from '../../src/protocol/project.ts';
import { artifactsOf, makeProject, type Step } from './journey.ts';

/** What a good full round with one question leaves in `.next-role/ran.log`. */
export const ranInOrder = 'architect 1\nimplementer 1\nimplementer 2\nreviewer 1\nmemorial 1\n';

const roles = ['architect', 'implementer', 'reviewer', 'memorial'];

/** Sessions edit the header by the rename of `sed -i`, as tools do. */
const script = `
set -e
handoff=$NEXT_ROLE_HANDOFF
echo "$NEXT_ROLE_ROLE $NEXT_ROLE_VISIT" >>.next-role/ran.log
propose() { sed -i -e "s/^next-role: .*/next-role: $1/" -e "s/^status: .*/status: $2/" "$handoff"; }
if [ "$NEXT_ROLE_ROLE-$(grep -c '^implementer' .next-role/ran.log)" = implementer-1 ]; then
  sed -i -e 's/^status: .*/status: ESCALATE\\nescalation:\\n  question: A or B?\\n  options:\\n    A: { do: a, then: "" }\\n    B: { do: b, then: "" }/' "$handoff"
  exit 0
fi
cp -R "owed/$NEXT_ROLE_ROLE/." .
case $NEXT_ROLE_ROLE in
  architect) propose implementer READY ;;
  implementer) propose reviewer READY ;;
  reviewer) propose memorial MERGE-READY ;;
  memorial) propose human ROUND-COMPLETE ;;
esac
`;

function owedFiles(): Readonly<Record<string, string>> {
  const names = (text: string, role: string): string =>
    text.replaceAll('{round}', 'R01').replaceAll('{role}', role).replaceAll('{visit}', '1');
  const files = roles.flatMap((role) =>
    artifactsOf(role).map((step: Step) => {
      const { path, text } = step['write'] as { path: string; text: string };
      return [`owed/${role}/${names(path, role)}`, names(text, role)] as const;
    }),
  );
  return Object.fromEntries(files);
}

/** A full-tier project at its start, in a git repository unless said otherwise. */
export function makeShellProject(more: { readonly git?: boolean } = {}): Promise<Project> {
  return makeProject({
    scenario: {},
    git: more.git ?? true,
    settings: { agent: 'shell', agents: { shell: { kind: 'command', run: 'sh agent.sh' } } },
    files: { 'agent.sh': script, ...owedFiles() },
  });
}
