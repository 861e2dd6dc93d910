/** What an API process counts of what comes in. Labels are configured providers and fixed words only. */
import { Counter, type Registry } from 'prom-client'

export interface InboundMetrics {
  readonly received: Counter<'provider'>
  readonly repeated: Counter
  readonly stored: Counter<'provider' | 'action'>
  readonly unrouted: Counter
  readonly unauthorized: Counter<'provider' | 'reason'>
}

export function createInboundMetrics(registry: Registry): InboundMetrics {
  const registers = [registry]
  return {
    received: new Counter({
      name: 'sms_inbound_received_total',
      help: 'Messages and parts that providers brought, valid ones.',
      labelNames: ['provider'],
      registers,
    }),
    repeated: new Counter({
      name: 'sms_inbound_repeated_total',
      help: 'Of these, those that had come before.',
      registers,
    }),
    stored: new Counter({
      name: 'sms_inbound_messages_total',
      help: 'Inbound messages stored, whole ones.',
      labelNames: ['provider', 'action'],
      registers,
    }),
    unrouted: new Counter({
      name: 'sms_inbound_unrouted_total',
      help: 'Of these, those that no route takes.',
      registers,
    }),
    unauthorized: new Counter({
      name: 'sms_inbound_unauthorized_total',
      help: "Requests with inbound messages whose credentials are missing or wrong. An unknown provider's have no name.",
      labelNames: ['provider', 'reason'],
      registers,
    }),
  }
}
