/** Thrown where something that was to be trusted cannot be. Final: the same bytes will never do. */
export class TrustError extends Error {
  /** Name of the class. */
  override readonly name = "TrustError";
}
