/** One message: what it is, and all that happened to it, in order. */
import type { ComponentChildren } from 'preact'
import { after, time } from '../format.ts'
import type { DeliveryReport, Message, WebhookDelivery } from './answers.ts'
import { useAsked } from './asked.ts'
import { Answer, Confirmed, Panel, Said, State, type Tone, useDoing } from './parts.tsx'
import { api } from './server.ts'

interface Whole {
  readonly message: Message
  readonly reports: readonly DeliveryReport[]
  readonly webhooks: readonly WebhookDelivery[]
}

async function readWhole(id: string): Promise<Whole> {
  const [message, { delivery_reports }, { deliveries }] = await Promise.all([
    api<Message>(`/messages/${id}`),
    api<{ delivery_reports: DeliveryReport[] }>(`/messages/${id}/delivery-reports`),
    api<{ deliveries: WebhookDelivery[] }>(`/messages/${id}/webhook-deliveries`),
  ])
  return { message, reports: delivery_reports, webhooks: deliveries }
}

export function MessagePage({ id }: { readonly id: string }) {
  const asked = useAsked(id, () => readWhole(id))
  const doing = useDoing()
  return (
    <>
      <p>
        <a href="#/messages">All messages</a>
      </p>
      <Said doing={doing} />
      <Answer asked={asked}>
        {(whole) => (
          <>
            <Panel
              title={`Message ${id}`}
              actions={
                <>
                  <button type="button" onClick={asked.again}>
                    Refresh
                  </button>
                  {['queued', 'scheduled'].includes(whole.message.status) ? (
                    <Confirmed
                      label="Cancel message"
                      question="It will not be sent."
                      confirm="Cancel it"
                      onConfirmed={() =>
                        doing.run(async () => {
                          await api(`/messages/${id}/cancel`, 'POST')
                          asked.again()
                          return 'It is canceled.'
                        })
                      }
                    />
                  ) : null}
                </>
              }
            >
              <Facts message={whole.message} />
            </Panel>
            <Panel title="Timeline">
              <ol class="timeline">
                {eventsOf(whole).map((event) => (
                  <li key={event.key} class={event.tone}>
                    <time dateTime={event.at}>{time(event.at)}</time>
                    <span class="quiet">{after(whole.message.accepted_at, event.at)}</span>
                    <span>
                      <b>{event.what}</b> {event.detail}
                    </span>
                  </li>
                ))}
              </ol>
            </Panel>
          </>
        )}
      </Answer>
    </>
  )
}

function Facts({ message }: { readonly message: Message }) {
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    ['Status', <State key="status" word={message.status} />],
    ['Recipient', message.phone],
    ['Sender', message.sender_id ?? '–'],
    [
      'Customer',
      <a key="customer" href={`#/customers/${message.customer_id}`}>
        {String(message.customer_id)}
      </a>,
    ],
    ['Lane', message.lane],
    ['Provider', message.provider ?? '–'],
    ['Provider’s id', message.provider_message_id ?? '–'],
    ['Attempts', String(message.attempts)],
    ['Segments', `${message.segments} (${message.encoding})`],
    ['Price', message.price ?? '–'],
    ['Expires', time(message.expires_at)],
    ['Text', message.message ?? 'redacted'],
  ]
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

const reportTones: Readonly<Record<string, Tone>> = { sent: 'plain', delivered: 'good' }

interface TimelineEvent {
  readonly key: string
  readonly at: string
  readonly what: string
  readonly detail: string
  readonly tone: Tone
}

export function eventsOf({ message, reports, webhooks }: Whole): TimelineEvent[] {
  const events: TimelineEvent[] = [
    {
      key: 'accepted',
      at: message.accepted_at,
      what: 'Accepted',
      detail: `into the ${message.lane} lane`,
      tone: 'plain',
    },
    ...message.failures.map(
      (failure): TimelineEvent => ({
        key: `failure ${failure.attempt} ${failure.provider} ${failure.at}`,
        at: failure.at,
        what: `Attempt ${failure.attempt} failed`,
        detail: `${failure.provider ?? ''}: ${failure.kind}, ${failure.code}: ${failure.detail}`,
        tone: 'bad',
      }),
    ),
    ...reports.map(
      (report, index): TimelineEvent => ({
        key: `report ${index}`,
        at: report.received_at,
        what: `Report: ${report.status}`,
        detail: [report.provider, report.error_code, report.detail].filter(Boolean).join(' · '),
        tone: reportTones[report.status] ?? 'warn',
      }),
    ),
    ...webhooks.map(
      (delivery): TimelineEvent => ({
        key: `webhook ${delivery.id}`,
        at: delivery.attempted_at ?? delivery.next_attempt_at ?? message.accepted_at,
        what: `Webhook ${delivery.event_type}`,
        detail: `${delivery.status} after ${delivery.attempts} attempts${answerOf(delivery)}`,
        tone: delivery.status === 'delivered' ? 'good' : 'warn',
      }),
    ),
  ]
  if (message.sent_at !== null) {
    events.push({
      key: 'sent',
      at: message.sent_at,
      what: 'Sent',
      detail: `taken by ${message.provider ?? 'a provider'}`,
      tone: 'good',
    })
  }
  if (message.final_at !== null) {
    events.push({
      key: 'final',
      at: message.final_at,
      what: `Final: ${message.status}`,
      detail: '',
      tone: message.status === 'delivered' ? 'good' : 'bad',
    })
  }
  return events.sort((a, b) => a.at.localeCompare(b.at))
}

function answerOf({ response_status, error_code }: WebhookDelivery): string {
  const answer = response_status === null ? error_code : String(response_status)
  return answer === null ? '' : ` (${answer})`
}
