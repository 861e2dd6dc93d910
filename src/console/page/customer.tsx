/** One customer: settings, account, keys and webhooks. */
import { useState } from 'preact/hooks'
import { time } from '../format.ts'
import type { ApiKey, Customer, Webhook } from './answers.ts'
import { useAsked } from './asked.ts'
import { KeysPanel } from './keys.tsx'
import { Answer, Confirmed, Panel, Said, State, Table, useDoing } from './parts.tsx'
import { api, Refusal, wordsOf } from './server.ts'

interface Account {
  readonly balance: string
  readonly credit: string
  readonly available: string
}

export function CustomerPage({ id }: { readonly id: string }) {
  const asked = useAsked(id, () => api<Customer>(`/customers/${encodeURIComponent(id)}`))
  return (
    <>
      <p>
        <a href="#/customers">All customers</a>
      </p>
      <Answer asked={asked}>
        {(customer) => (
          <>
            <CustomerPanel customer={customer} onChanged={asked.again} />
            <Keys customerId={customer.id} />
            <Webhooks customerId={customer.id} />
          </>
        )}
      </Answer>
    </>
  )
}

function CustomerPanel(props: { readonly customer: Customer; readonly onChanged: () => void }) {
  const { customer, onChanged } = props
  const { id, name, created_at, disabled_at, settings } = customer
  const doing = useDoing()

  function order(word: string): void {
    doing.run(async () => {
      await api(`/customers/${id}/${word}`, 'POST')
      onChanged()
      return `${name} is ${word}d, in every process within five seconds.`
    })
  }

  return (
    <Panel
      title={name}
      actions={
        disabled_at === null ? (
          <Confirmed
            label="Disable"
            question={`All keys of ${name} are refused from then on.`}
            confirm={`Disable ${name}`}
            isDisabled={doing.isUnderWay}
            onConfirmed={() => order('disable')}
          />
        ) : (
          <button type="button" disabled={doing.isUnderWay} onClick={() => order('enable')}>
            Enable
          </button>
        )
      }
    >
      <Said doing={doing} />
      <dl class="facts">
        <div>
          <dt>Id</dt>
          <dd>{id}</dd>
        </div>
        <div>
          <dt>State</dt>
          <dd>
            <State word={disabled_at === null ? 'enabled' : 'disabled'} />
          </dd>
        </div>
        <div>
          <dt>Since</dt>
          <dd>{time(created_at)}</dd>
        </div>
        <div>
          <dt>Balance</dt>
          <dd>
            <Balance customerId={id} />
          </dd>
        </div>
      </dl>
      <h3>Settings</h3>
      <pre>{JSON.stringify(settings, null, 2)}</pre>
    </Panel>
  )
}

/** Asked for on demand: that there is none is an error to the API, and to the browser. */
function Balance({ customerId }: { readonly customerId: number }) {
  const [shown, setShown] = useState<string | null>(null)
  if (shown !== null) return <>{shown}</>
  const show = (): void => {
    readAccount(customerId).then(
      (account) => setShown(account.shown),
      (error: unknown) => setShown(wordsOf(error)),
    )
  }
  return (
    <button type="button" onClick={show}>
      Show
    </button>
  )
}

/** Who has no account pays nothing. */
async function readAccount(id: number): Promise<{ shown: string }> {
  try {
    const { balance, credit } = await api<Account>(`/account?customer_id=${id}`)
    return { shown: credit === '0' ? balance : `${balance}, and ${credit} of credit` }
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return { shown: 'no account' }
    throw error
  }
}

function Keys({ customerId }: { readonly customerId: number }) {
  const asked = useAsked(String(customerId), () =>
    api<{ keys: ApiKey[] }>(`/keys?customer_id=${customerId}&limit=1000`),
  )
  return (
    <Answer asked={asked}>
      {({ keys }) => (
        <KeysPanel title="API keys" customerId={customerId} keys={keys} onChanged={asked.again} />
      )}
    </Answer>
  )
}

function Webhooks({ customerId }: { readonly customerId: number }) {
  const asked = useAsked(String(customerId), () =>
    api<{ webhooks: Webhook[] }>(`/webhooks?customer_id=${customerId}&limit=1000`),
  )
  const doing = useDoing()

  function order(id: string, word: 'enable' | 'disable' | 'test', done: string): void {
    doing.run(async () => {
      await api(`/webhooks/${id}/${word}`, 'POST')
      asked.again()
      return done
    })
  }

  return (
    <Panel title="Webhooks">
      <Said doing={doing} />
      <Answer asked={asked}>
        {({ webhooks }) => (
          <Table
            caption="Webhooks"
            empty="There is none."
            columns={['Address', 'Events', 'State', { name: 'Failures', isNumber: true }, '']}
            rows={webhooks.map((webhook) => ({
              key: webhook.id,
              cells: [
                webhook.url,
                webhook.events?.join(', ') ?? 'all',
                webhook.disabled_at === null ? 'enabled' : `disabled: ${webhook.disabled_reason}`,
                String(webhook.failures),
                <span key="actions" class="actions">
                  {webhook.disabled_at === null ? (
                    <>
                      <button
                        type="button"
                        onClick={() => order(webhook.id, 'test', 'A test is on its way.')}
                      >
                        Test
                      </button>
                      <button
                        type="button"
                        onClick={() => order(webhook.id, 'disable', 'It gets nothing more.')}
                      >
                        Disable
                      </button>
                    </>
                  ) : (
                    <button
                      type="button"
                      onClick={() => order(webhook.id, 'enable', 'It is told again.')}
                    >
                      Enable
                    </button>
                  )}
                </span>,
              ],
            }))}
          />
        )}
      </Answer>
    </Panel>
  )
}
