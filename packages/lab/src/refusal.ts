/** The lab cannot be had on this machine. The message is one sentence that says what to install or to grant. */
export class LabRefusal extends Error {
  override name = 'LabRefusal';
}
