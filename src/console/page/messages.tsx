/** Finding messages. */
import { time } from '../format.ts'
import type { Message } from './answers.ts'
import { useListing } from './listing.ts'
import { Answer, More, State, Table } from './parts.tsx'

interface Page {
  readonly messages: readonly Message[]
  readonly next_cursor: string | null
}

const states = [
  'queued',
  'scheduled',
  'sending',
  'sent',
  'delivered',
  'undelivered',
  'failed',
  'expired',
  'canceled',
  'unknown',
]

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function MessagesPage() {
  const { asked, search: find, more } = useListing<Page>('/messages')

  function search(event: Event & { readonly currentTarget: HTMLFormElement }): void {
    event.preventDefault()
    const { what, ...others } = Object.fromEntries(new FormData(event.currentTarget))
    const wanted = String(what).trim()
    if (idPattern.test(wanted)) location.hash = `#/messages/${wanted.toLowerCase()}`
    else find([...Object.entries(others), ['recipient', wanted]])
  }

  return (
    <>
      <form class="search" aria-label="Messages" onSubmit={search}>
        <label class="wide">
          Recipient or message id
          <input name="what" type="search" placeholder="+491701234567" />
        </label>
        <label>
          Status
          <select name="status">
            <option value="">any</option>
            {states.map((state) => (
              <option key={state}>{state}</option>
            ))}
          </select>
        </label>
        <label>
          Lane
          <select name="lane">
            <option value="">any</option>
            <option>normal</option>
            <option>express</option>
          </select>
        </label>
        <label>
          Provider
          <input name="provider" size={10} />
        </label>
        <label>
          From (UTC)
          <input name="from" placeholder="2026-01-31T12:00:00Z" size={20} />
        </label>
        <label>
          To (UTC)
          <input name="to" placeholder="2026-01-31T13:00:00Z" size={20} />
        </label>
        <button type="submit" class="primary">
          Search
        </button>
      </form>
      <Answer asked={asked}>
        {({ messages, next_cursor }) => (
          <>
            <Table
              caption="Messages"
              empty="No message is like this."
              columns={[
                'Accepted',
                'Recipient',
                'Status',
                'Lane',
                'Provider',
                { name: 'Customer', isNumber: true },
                { name: 'Attempts', isNumber: true },
                'Id',
              ]}
              rows={messages.map((message) => ({
                key: message.id,
                cells: [
                  time(message.accepted_at),
                  message.phone,
                  <State key="status" word={message.status} />,
                  message.lane,
                  message.provider ?? '–',
                  String(message.customer_id),
                  String(message.attempts),
                  <a key="id" href={`#/messages/${message.id}`}>
                    <code>{message.id}</code>
                  </a>,
                ],
              }))}
            />
            <More cursor={next_cursor} onMore={more} />
          </>
        )}
      </Answer>
    </>
  )
}
