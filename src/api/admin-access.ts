/** Who may use the admin API: whoever has its token, and nobody while there is none. */
import { isAuthentic } from './bearer-token.ts'
import type { Problem } from './problems.ts'

/** The problem of a request that may not go on, or null. */
export type AdminAccess = (request: Request) => Problem | null

export function createAdminAccess(token: string | null): AdminAccess {
  if (token === null) return () => adminOff
  return (request) => (isAuthentic(request, token) ? null : unauthorized)
}

const adminOff: Problem = {
  kind: 'admin-off',
  detail: 'The admin API is off: no ADMIN_TOKEN is set.',
}

const unauthorized: Problem = {
  kind: 'unauthorized',
  detail: 'Send the admin token as a bearer token.',
  headers: { 'www-authenticate': 'Bearer realm="admin"' },
}
