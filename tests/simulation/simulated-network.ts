/** Calls of simulated processes to servers: they take time, break off, fail, and end with the process that made them. */
import type { VirtualTime } from './virtual-time.ts'

/** One process of the gateway, as far as the network sees it. */
export interface SimulatedProcess {
  readonly name: string
  /** After a SIGKILL nothing of it is heard any more, and nothing reaches it. */
  alive: boolean
}

/** One server, as far as the network sees it. */
export interface SimulatedServer {
  /** Calls are refused while it is down. */
  up: boolean
  /** Of the calls that reach it, the share whose answer is lost: it did what it was asked to, and nobody knows. */
  lostAnswers: number
  /** Of the calls, the share that is refused. */
  refused: number
  /** How long a call is on its way, at most. */
  delayMsMax: number
}

export type CallError = () => Error

export interface Call<T> {
  readonly server: SimulatedServer
  /** What the server does; it runs at the moment the call reaches it. */
  readonly run: () => Promise<T> | T
  /** What it is, for the log of a seed that is looked at. */
  readonly what: string
  readonly refusal: CallError
  readonly breakOff: CallError
}

/** Never settles for a process that has died. */
export function call<T>(
  time: VirtualTime,
  from: SimulatedProcess,
  { server, run, what, refusal, breakOff }: Call<T>,
  log: (line: string) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (!from.alive) return
    const answer = (settle: () => void): void =>
      time.after(time.random() * server.delayMsMax, () => {
        if (from.alive) settle()
      })
    time.after(time.random() * server.delayMsMax, () => {
      // A request that is on its way when its process dies may or may not arrive.
      if (!from.alive && time.random() < 0.5) return
      if (!server.up || time.random() < server.refused) {
        log(`${from.name}: ${what}: refused`)
        answer(() => reject(refusal()))
        return
      }
      const isLost = time.random() < server.lostAnswers
      log(`${from.name}: ${what}${isLost ? ': the answer is lost' : ''}`)
      Promise.resolve(run()).then(
        (result) => answer(() => (isLost ? reject(breakOff()) : resolve(result))),
        (error: unknown) => answer(() => reject(error)),
      )
    })
  })
}
