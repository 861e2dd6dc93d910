/** The console: who is signed in, the navigation, and the page that the address names. */
import { useEffect, useState } from 'preact/hooks'
import type { Session } from './answers.ts'
import { useAsked } from './asked.ts'
import { CustomerPage } from './customer.tsx'
import { CustomersPage } from './customers.tsx'
import { DeadLettersPage } from './dead-letters.tsx'
import { type Live, useLive } from './live.ts'
import { MessagePage } from './message.tsx'
import { MessagesPage } from './messages.tsx'
import { OverviewPage } from './overview.tsx'
import { Notice } from './parts.tsx'
import { ProvidersPage } from './providers.tsx'
import { SendPage } from './send.tsx'
import { ask, beginSession } from './server.ts'
import { SettingsPage } from './settings.tsx'
import { SignInPage } from './sign-in.tsx'

const pages = [
  ['overview', 'Overview'],
  ['providers', 'Providers'],
  ['messages', 'Messages'],
  ['dead-letters', 'Dead letters'],
  ['customers', 'Customers'],
  ['send', 'Send a test'],
  ['settings', 'Settings'],
] as const

export function App() {
  const asked = useAsked('session', () => ask<Session>('/console/session'))
  const session = asked.value
  if (session === null) {
    return (
      <main class="sign-in">
        {asked.error === null ? <p>Loading …</p> : <Notice tone="bad">{asked.error}</Notice>}
        {asked.error === null ? null : (
          <button type="button" onClick={asked.again}>
            Try again
          </button>
        )}
      </main>
    )
  }
  if (!session.signed_in) return <SignInPage version={session.version} onSignedIn={asked.again} />
  beginSession(session.csrf_token ?? '', asked.again)
  return <Console session={session} onSignedOut={asked.again} />
}

function Console(props: { readonly session: Session; readonly onSignedOut: () => void }) {
  const { session, onSignedOut } = props
  const live = useLive()
  const [name = '', ...rest] = useAddress()
  const title = pages.find(([page]) => page === name)?.[1] ?? 'Overview'
  useEffect(() => {
    document.title = `${title} – SMS Gateway`
  }, [title])

  function signOut(): void {
    void ask('/console/sign-out', 'POST').finally(onSignedOut)
  }

  return (
    <>
      <button type="button" class="skip" onClick={focusContent}>
        Skip to the content
      </button>
      <header class="top">
        <span class="brand">SMS Gateway</span>
        <nav aria-label="Pages">
          {pages.map(([page, label]) => (
            <a
              key={page}
              href={`#/${page}`}
              {...(label === title ? { 'aria-current': 'page' as const } : {})}
            >
              {label}
            </a>
          ))}
        </nav>
        <div class="who">
          <span class={live.isConnected ? 'pulse on' : 'pulse'}>
            {live.isConnected ? 'live' : 'not connected'}
          </span>
          <span class="quiet">{session.who}</span>
          {session.can_sign_out ? (
            <button type="button" onClick={signOut}>
              Sign out
            </button>
          ) : null}
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        <h1>{title}</h1>
        <Page name={name} rest={rest} live={live} session={session} />
      </main>
      <footer class="quiet">version {session.version} · times are UTC</footer>
    </>
  )
}

function Page(props: {
  readonly name: string
  readonly rest: readonly string[]
  readonly live: Live
  readonly session: Session
}) {
  const { name, rest, live } = props
  const [id] = rest
  switch (name) {
    case 'providers':
      return <ProvidersPage live={live} />
    case 'messages':
      return id === undefined ? <MessagesPage /> : <MessagePage key={id} id={id} />
    case 'dead-letters':
      return <DeadLettersPage />
    case 'customers':
      return id === undefined ? <CustomersPage /> : <CustomerPage key={id} id={id} />
    case 'send':
      return <SendPage />
    case 'settings':
      return <SettingsPage live={live} />
    default:
      return <OverviewPage live={live} />
  }
}

/** The parts of the address after `#/`. */
function useAddress(): readonly string[] {
  const read = (): string[] => location.hash.replace(/^#\/?/, '').split('/').filter(Boolean)
  const [address, setAddress] = useState(read)
  useEffect(() => {
    const change = (): void => setAddress(read())
    addEventListener('hashchange', change)
    return () => removeEventListener('hashchange', change)
  }, [])
  return address
}

/** No link: the address names the page. */
function focusContent(): void {
  document.getElementById('content')?.focus()
}
