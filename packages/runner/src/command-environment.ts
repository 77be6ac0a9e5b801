/**
 * What the runner hands to the action and to nobody else: the inputs with their secrets, those that the job's environment
 * gives in their place, the files by which a step sets outputs, variables and PATH for those after it, its state, and the
 * tokens of the runner's own services.
 * Source: docs.github.com, "Variables reference", and actions/toolkit's core.
 */
const OF_THE_ACTION =
  /^(?:INPUT_.*|DEPLOY_(?:JUMP_)?SSH_(?:KEY|PASSPHRASE)|STATE_.*|GITHUB_(?:OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)|ACTIONS_(?:RUNTIME|ID_TOKEN|RESULTS|CACHE)_.*)$/i;

/** The environment for a command of a user: the runner's without what is the action's alone. */
export function commandEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OF_THE_ACTION.test(name)));
}
