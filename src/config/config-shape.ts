/** The configuration as roles see it. */
import type { ProviderSettings } from '../providers/provider.ts'
import type { limits, pumpingGuard } from './keys/limit-keys.ts'
import type { accept, circuit, processing } from './keys/message-keys.ts'
import type { numbers } from './keys/number-keys.ts'
import type { postgres, redis, servers } from './keys/server-keys.ts'
import type { tracing } from './keys/tracing-keys.ts'
import type { webhooks } from './keys/webhook-keys.ts'
import type { HostAndPort } from './parsers.ts'
import type { Values } from './setting.ts'

/** A plain object type of the same fields, so that editors show them. */
type Flat<G> = Omit<G, never>

type PostgresAddress = 'writeHost' | 'writePort' | 'readHost' | 'readPort'

export interface Config extends Omit<Values<typeof servers>, 'publicUrl'> {
  /** Without a slash at its end. */
  readonly publicUrl: string
  readonly postgres: {
    /** Null: the embedded database (standalone). */
    readonly write: HostAndPort | null
    /** Equal to `write` when there is no replica. */
    readonly read: HostAndPort | null
  } & Flat<Omit<Values<typeof postgres>, PostgresAddress>>
  /** Null: the queue inside the process (standalone). */
  readonly redis: (HostAndPort & Pick<Values<typeof redis>, 'password' | 'commandTimeoutMs'>) | null
  readonly streams: { readonly normal: string; readonly express: string }
  readonly accept: Values<typeof accept>
  readonly limits: Values<typeof limits>
  readonly pumpingGuard: Values<typeof pumpingGuard>
  readonly numbers: Values<typeof numbers>

  readonly processing: Values<typeof processing> & {
    /** Of a claim's lease, the part in which it may still fail over; the last submit and its record come after it. */
    readonly roundMsMax: number
    /** A message older than this is dropped, when its day is over, before a replay of it would be final. */
    readonly replayAgeMsMax: number
  }
  readonly circuit: Values<typeof circuit>
  readonly webhooks: Values<typeof webhooks>
  readonly tracing: Values<typeof tracing>
  /** Those of the short form first, then those of the file, in its order. */
  readonly providers: readonly ProviderSettings[]
}
