/** Whether the name of a variable says that its value is secret. */
export function isSecretName(name: string): boolean {
  return /token|secret|passw|session|cookie|csrf|api-?key/i.test(name);
}
