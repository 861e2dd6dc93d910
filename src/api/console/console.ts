/** The console's server side as one part of the API. */
import type { FiguresBoard } from '../../figures/figures-board.ts'
import type { Counters } from '../../limits/counters.ts'
import type { Queue } from '../../queue/queue.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Access } from '../caller.ts'
import type { KeyCache } from '../key-cache.ts'
import type { ReadJson } from '../request-body.ts'
import type { Route } from '../route.ts'
import type { ClassifyDatabaseError } from '../store-failure.ts'
import { consoleRoutes, type ShownSetting } from './console-routes.ts'
import { type ConsoleSessionOptions, createConsoleSessions } from './console-session.ts'
import { createLive } from './live.ts'
import { createLiveStream } from './live-stream.ts'
import { createSignIn } from './sign-in.ts'

/** What it needs that the API has not of itself. */
export interface ConsoleSettings {
  readonly board: Pick<FiguresBoard, 'read'>
  readonly store: ConsoleSessionOptions['store']
  /** Whether somebody on this machine gets in without a key, while there is none. */
  readonly opensLocally: boolean
  readonly configuration: () => readonly ShownSetting[]
}

export interface ConsoleOptions extends ConsoleSettings {
  readonly routes: readonly Route[]
  readonly access: Access
  readonly keys: KeyCache
  readonly adminToken: string | null
  readonly counters: Pick<Counters, 'take'>
  readonly queue: Pick<Queue, 'depth'>
  readonly providers: () => readonly { readonly name: string }[]
  readonly readJson: ReadJson
  readonly classify: ClassifyDatabaseError
  readonly logger: Logger
  readonly clock: Clock
  readonly version: string
}

export interface Console {
  readonly routes: readonly Route[]
  start(): Promise<void>
  /** Ends the answers that are open. */
  turnAway(): void
  stop(): Promise<void>
}

export function createConsole(options: ConsoleOptions): Console {
  const sessions = createConsoleSessions(options)
  const stream = createLiveStream(options.logger)
  const live = createLive({ ...options, stream })
  const signIn = createSignIn({ ...options, sessions })
  return {
    routes: consoleRoutes({ ...options, sessions, signIn, live, stream }),
    start: () => live.start(),
    turnAway: () => stream.close(),
    async stop() {
      stream.close()
      await live.stop()
    },
  }
}
