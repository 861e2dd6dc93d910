/** What the main thread and the engine's worker say to each other. */

export type WorkerCommand =
  | { readonly kind: 'create'; readonly directory: string }
  | { readonly kind: 'serve'; readonly directory: string; readonly socketFile: string }
  | { readonly kind: 'stop' }

export type WorkerEvent =
  | { readonly kind: 'created' | 'serving' | 'stopped' }
  | { readonly kind: 'warning'; readonly message: string }
  /** The last word: the engine is gone. */
  | { readonly kind: 'failed'; readonly message: string }
