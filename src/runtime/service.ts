/**
 * The lifecycle contract of everything that runs in the background.
 */

export interface Service {
  readonly name: string
  /** Returns once the service runs; what it does next it does in the background. @throws when it cannot start */
  start(): Promise<void>
  /** Returns once it has fully stopped. Tolerates never having been started, and a second call. */
  stop(): Promise<void>
}
