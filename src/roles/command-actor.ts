/** Who a command of administration is done by: the user of the machine who runs it. */
import { userInfo } from 'node:os'
import type { Actor } from '../domain/audit.ts'

export function commandActor(): Actor {
  return { actor: `cli:${userName()}`, requestId: null }
}

/** In a container there may be no name for the user's number. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
