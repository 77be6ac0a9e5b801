import { FAILURE_KINDS, type FailureCode, type FailureKind } from '@deploy-actions/kit';
import { TROUBLESHOOTING } from '@deploy-actions/kit/troubleshooting';

const HEADINGS: Readonly<Record<FailureKind, string>> = {
  input: 'Something in the workflow is wrong',
  refused: 'A server or a service said no',
  unhealthy: 'It runs and is not well',
  remote: 'A command failed',
  lost: 'A connection was lost, or a run was cut off',
  busy: 'Somebody else is at work',
};

/** The page of all failures, from the kit's table. */
export function renderTroubleshooting(): string {
  const sections = (Object.keys(HEADINGS) as FailureKind[]).map((kind) => {
    const codes = (Object.keys(FAILURE_KINDS) as FailureCode[]).filter(
      (code) => FAILURE_KINDS[code] === kind,
    );
    return [`## ${HEADINGS[kind]}`, ...codes.map(section)].join('\n\n');
  });
  return `<!-- Made by npm run docs from packages/kit/src/troubleshooting.ts. -->

# Troubleshooting

Every failure has a code. The log names it below the message, which says what happened on which server; here is what a
code means in general, and what to do.

${sections.join('\n\n')}
`;
}

function section(code: FailureCode): string {
  const { meaning, remedy } = TROUBLESHOOTING[code];
  return `### \`${code}\`\n\n${meaning} ${remedy}`;
}
