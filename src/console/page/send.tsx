/** A test message: what it would be on the air, where it would go, and sending it. */
import { useState } from 'preact/hooks'
import { Notice, Panel, useDoing } from './parts.tsx'
import { api } from './server.ts'

interface Preview {
  readonly encoding: string
  readonly segments: number
  readonly recipient?: { readonly phone: string; readonly country: string | null }
}

export function SendPage() {
  const [phone, setPhone] = useState('')
  const [text, setText] = useState('')
  const [customer, setCustomer] = useState('1')
  const [sender, setSender] = useState('')
  const [isExpress, setExpress] = useState(false)
  const [sentId, setSentId] = useState<string | null>(null)
  const doing = useDoing()

  const body = {
    phone: phone.trim(),
    message: text,
    customer_id: Number(customer),
  }

  function preview(): void {
    doing.run(async () => {
      const { encoding, segments, recipient } = await api<Preview>(
        '/messages/preview',
        'POST',
        body,
      )
      const where =
        recipient === undefined
          ? ''
          : ` to ${recipient.phone} (${recipient.country ?? 'unknown country'})`
      return `${segments} ${segments === 1 ? 'segment' : 'segments'} of ${encoding}${where}.`
    })
  }

  function send(event: Event): void {
    event.preventDefault()
    setSentId(null)
    doing.run(async () => {
      const path = isExpress ? '/messages/express' : '/messages'
      const { id, status } = await api<{ id: string; status: string }>(path, 'POST', {
        ...body,
        ...(sender.trim() === '' ? {} : { sender_id: sender.trim() }),
      })
      setSentId(id)
      return `Accepted: ${status}.`
    })
  }

  return (
    <Panel title="A test message">
      <form class="stacked" onSubmit={send}>
        <label>
          Recipient
          <input
            type="tel"
            required
            placeholder="+491701234567"
            value={phone}
            onInput={(event) => setPhone(event.currentTarget.value)}
          />
        </label>
        <label>
          Text
          <textarea
            required
            rows={4}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <div class="row">
          <label>
            Customer
            <input
              type="number"
              min="1"
              required
              value={customer}
              onInput={(event) => setCustomer(event.currentTarget.value)}
            />
          </label>
          <label>
            Sender id
            <input
              placeholder="the default"
              value={sender}
              onInput={(event) => setSender(event.currentTarget.value)}
            />
          </label>
          <label class="check">
            <input
              type="checkbox"
              checked={isExpress}
              onChange={(event) => setExpress(event.currentTarget.checked)}
            />
            Express
          </label>
        </div>
        <div class="actions">
          <button type="button" disabled={doing.isUnderWay} onClick={preview}>
            Preview
          </button>
          <button type="submit" class="primary" disabled={doing.isUnderWay}>
            Send
          </button>
        </div>
      </form>
      {doing.said === null ? null : <Notice tone={doing.said.tone}>{doing.said.text}</Notice>}
      {sentId === null ? null : (
        <p>
          See what becomes of it:{' '}
          <a href={`#/messages/${sentId}`}>
            <code>{sentId}</code>
          </a>
        </p>
      )}
    </Panel>
  )
}
