/** A mistake of the person at the terminal, or something that must be installed: its message is all they need. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
