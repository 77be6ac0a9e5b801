/**
 * Variables that `docker stack deploy` is run with. It puts its own value in the place of one that is empty or has none
 * (docker/cli, cli/compose/loader/loader.go, updateEnvironment); so nothing else may stand in its environment.
 */
export const STACK_CLI_VARIABLES = ['PWD', 'HOME', 'PATH', 'DOCKER_HOST', 'DOCKER_CONFIG'] as const;

/**
 * What Swarm fills in by itself: https://docs.docker.com/reference/cli/docker/service/create/#create-services-using-templates.
 * Nobody writes these for another template.
 */
const PLACEHOLDER =
  /(\{\{-?\s*\.(?:Service\.(?:ID|Name|Labels)|Node\.(?:ID|Hostname|Platform\.(?:OS|Architecture))|Task\.(?:ID|Name|Slot))\s*-?\}\})/;

/**
 * The value of a variable as Swarm must be told it: it reads each as a template (swarmkit, template/expand.go), so a `{{` that
 * is not one of its own placeholders is written as the constant that yields it.
 */
export function envText(value: string): { text: string; placeholders: string[] } {
  const parts = value.split(PLACEHOLDER);
  const text = parts
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/\{\{|\{$/g, '{{"$&"}}')))
    .join('');
  return {
    text: value.includes('{{') ? text : value,
    placeholders: parts.filter((_, index) => index % 2 === 1),
  };
}
