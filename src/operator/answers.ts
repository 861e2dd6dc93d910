/** What goes back to the client, for every fate of a submit. */
import type { Random } from './randomness.ts'

const jsonInit = { headers: { 'content-type': 'application/json' } }

export function takenAnswer(messageId: string): Response {
  return new Response(`{"message_id":"${messageId}"}`, jsonInit)
}

/** The contract's error body. */
export function errorAnswer(
  status: number,
  errorCode: string,
  detail: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ error_code: errorCode, detail }, { status, headers })
}

/** A body that breaks the contract, of one of several kinds; the status is 200. */
export function malformedAnswer(messageId: string, random: Random): Response {
  const kinds = malformedBodies.length
  const body = malformedBodies[Math.floor(random() * kinds)] ?? malformedBodies[0]
  return new Response(body(messageId), jsonInit)
}

/** In turn: empty, cut short, another format, no id, an id of another type, an array, an empty id. */
export const malformedBodies = [
  () => '',
  (messageId: string) => `{"message_id":"${messageId}`,
  () => '<html><body>OK</body></html>',
  () => '{"status":"ok"}',
  () => '{"message_id":{"value":null}}',
  (messageId: string) => `["${messageId}"]`,
  () => '{"message_id":""}',
] as const

/**
 * Resets the connection (TCP RST) without a byte of an answer: `Bun.serve` does so when the body's stream
 * fails before its first chunk. Erring with no reason keeps it from printing one.
 */
export function resetAnswer(): Response {
  const broken = new ReadableStream({
    start(controller) {
      controller.error()
    },
  })
  return new Response(broken)
}
