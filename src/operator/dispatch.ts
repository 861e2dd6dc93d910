/** One request to its handler. Submits are found by their path alone, without a router. */
import { errorAnswer } from './answers.ts'
import type { Identity } from './identity.ts'
import type { SubmitContext } from './submit.ts'
import { submit } from './submit.ts'

type Handler = (request: Request) => Response | Promise<Response>

/** `POST /<identity>` is a submit; everything else goes to `otherwise`. */
export function dispatcher(
  context: SubmitContext,
  identities: ReadonlyMap<string, Identity>,
  otherwise: Handler,
): Handler {
  const byPath = new Map([...identities].map(([name, identity]) => [`/${name}`, identity]))
  return function dispatch(request) {
    const identity = byPath.get(pathOf(request.url))
    if (identity === undefined) return otherwise(request)
    if (request.method === 'POST') return submit(context, identity, request)
    return errorAnswer(405, 'method_not_allowed', 'submits are POSTed', { allow: 'POST' })
  }
}

/** The path of an absolute URL, without building a URL object. */
export function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  const query = url.indexOf('?', start)
  return query === -1 ? url.slice(start) : url.slice(start, query)
}
