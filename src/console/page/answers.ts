/** What the server answers, as far as the console shows it; see /openapi.json. */

export interface Session {
  readonly signed_in: boolean
  readonly version: string
  readonly who?: string
  readonly can_sign_out?: boolean
  readonly scopes?: readonly string[]
  readonly csrf_token?: string
}

export interface Provider {
  readonly name: string
  readonly weight: number
  readonly weight_configured: number
  readonly mode: 'enabled' | 'draining' | 'disabled'
  readonly note: string | null
  readonly changed_at: string | null
}

export interface Failure {
  readonly attempt: number
  readonly provider: string | null
  readonly kind: string
  readonly code: string
  readonly detail: string
  readonly at: string
}

export interface Message {
  readonly id: string
  readonly status: string
  readonly lane: string
  readonly phone: string
  readonly message: string | null
  readonly encoding: string
  readonly segments: number
  readonly price: string | null
  readonly customer_id: number
  readonly sender_id: string | null
  readonly provider: string | null
  readonly provider_message_id: string | null
  readonly attempts: number
  readonly failures: readonly Failure[]
  readonly accepted_at: string
  readonly sent_at: string | null
  readonly final_at: string | null
  readonly expires_at: string
}

export interface DeliveryReport {
  readonly status: string
  readonly provider: string | null
  readonly error_code: string | null
  readonly detail: string | null
  readonly occurred_at: string
  readonly received_at: string
}

export interface WebhookDelivery {
  readonly id: string
  readonly webhook_id?: string
  readonly event_type: string
  readonly status: string
  readonly attempts: number
  readonly attempted_at: string | null
  readonly next_attempt_at: string | null
  readonly final_at: string | null
  readonly response_status: number | null
  readonly error_code: string | null
}

export interface DeadLetter {
  readonly message_id: string
  readonly lane: string
  readonly attempts: number
  readonly provider: string | null
  readonly error_code: string
  readonly dead_at: string
  readonly replayed_at: string | null
}

export interface Customer {
  readonly id: number
  readonly name: string
  readonly created_at: string
  readonly disabled_at: string | null
  readonly settings: Readonly<Record<string, unknown>>
}

export interface ApiKey {
  readonly prefix: string
  readonly customer_id: number | null
  readonly scopes: readonly string[]
  readonly note: string | null
  readonly created_at: string
  readonly expires_at: string | null
  readonly revoked_at: string | null
  readonly last_used_at: string | null
}

export interface Webhook {
  readonly id: string
  readonly url: string
  readonly events: readonly string[] | null
  readonly disabled_at: string | null
  readonly disabled_reason: string | null
  readonly failures: number
}

export interface Setting {
  readonly name: string
  readonly value: string | null
  readonly source: string
  readonly description: string
}
