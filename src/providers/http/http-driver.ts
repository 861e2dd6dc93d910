/**
 * The HTTP driver: one POST a message, as docs/provider-contract.md describes it. Connections are kept alive and shared by the
 * runtime's client; redirects are not followed, so that a provider cannot send messages elsewhere.
 */
import type { SubmitOutcome } from '../../domain/submit-outcome.ts'
import type { ProviderDriver, ProviderSettings, Submission } from '../provider.ts'
import { classifyFailure, classifyResponse } from './http-outcome.ts'
import { readBounded } from './read-bounded.ts'

export interface HttpDriverOptions {
  readonly settings: ProviderSettings
  /** Where the provider shall post its delivery reports. */
  readonly callbackUrl: string
}

/** More of a response than this is not read: no provider's answer is that long. */
const responseBytesMax = 65_536

export function createHttpDriver({ settings, callbackUrl }: HttpDriverOptions): ProviderDriver {
  /** Submits under way, by the signal that breaks them off: one listener for thousands of them. */
  const underWay = new WeakMap<AbortSignal, Set<AbortController>>()

  function underWayOf(signal: AbortSignal): Set<AbortController> {
    let controllers = underWay.get(signal)
    if (controllers === undefined) {
      const made = new Set<AbortController>()
      signal.addEventListener('abort', () => {
        for (const controller of made) controller.abort()
      })
      underWay.set(signal, made)
      controllers = made
    }
    return controllers
  }

  async function submit(submission: Submission, signal: AbortSignal): Promise<SubmitOutcome> {
    const abort = new AbortController()
    const controllers = underWayOf(signal)
    controllers.add(abort)
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      abort.abort()
    }, settings.timeoutMs)
    try {
      if (signal.aborted) abort.abort()
      const response = await fetch(settings.url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          // A Structured Field string (RFC 8941 §3.3.3), hence the quotes; the same on every re-send.
          'idempotency-key': `"${submission.reference}"`,
          ...(submission.traceparent === undefined ? {} : { traceparent: submission.traceparent }),
        },
        body: JSON.stringify({
          to: submission.recipient,
          from: submission.senderId ?? undefined,
          text: submission.text,
          reference: submission.reference,
          callback_url: callbackUrl,
        }),
        signal: abort.signal,
      })
      return classifyResponse(response, await readBounded(response, responseBytesMax))
    } catch (error) {
      return classifyFailure(error, { timedOut, timeoutMs: settings.timeoutMs })
    } finally {
      clearTimeout(timer)
      controllers.delete(abort)
    }
  }

  return { submit, close: () => Promise.resolve() }
}
