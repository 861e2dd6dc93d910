/** What customers can be told of, and the words for it: Standard Webhooks 1.0, "Event types". */
import { finalStates } from './message-state.ts'

/** States of a message that are announced, each as an event of its own. */
export const announcedStates = ['sent', ...finalStates] as const

/** What an endpoint may choose from. */
export const webhookEventTypes = [
  ...announcedStates.map((state) => `message.${state}` as const),
  'message.received',
] as const
export type WebhookEventType = (typeof webhookEventTypes)[number]

/** Sent on request only, whatever the endpoint has chosen. */
export const testEventType = 'webhook.test'

/** Endpoints of one customer. */
export const webhookEndpointsMax = 10

/** Why an endpoint gets nothing: by order, it answered 410, everything failed for too long, or too much waited. */
export const disabledReasons = ['requested', 'gone', 'failing', 'backlog'] as const
export type DisabledReason = (typeof disabledReasons)[number]
