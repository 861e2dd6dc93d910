/** The id under which a request is spoken of: the client's own when it has a safe form, or one of ours. */

const requestIdPattern = /^[A-Za-z0-9_-]{1,64}$/

export const requestIdHeader = 'x-request-id'

export function requestIdOf(request: Request): string {
  const given = request.headers.get(requestIdHeader)
  return given !== null && requestIdPattern.test(given) ? given : Bun.randomUUIDv7()
}
