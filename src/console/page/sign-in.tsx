/** For whoever has a key. */
import { useState } from 'preact/hooks'
import { Said, useDoing } from './parts.tsx'
import { ask } from './server.ts'

export function SignInPage(props: { readonly version: string; readonly onSignedIn: () => void }) {
  const [key, setKey] = useState('')
  const doing = useDoing()

  function signIn(event: Event): void {
    event.preventDefault()
    doing.run(async () => {
      await ask('/console/sign-in', 'POST', { key })
      props.onSignedIn()
      return 'Signed in.'
    })
  }

  return (
    <main class="sign-in">
      <h1>SMS Gateway</h1>
      <form onSubmit={signIn}>
        <label>
          API key or admin token
          <input
            type="password"
            name="key"
            autocomplete="current-password"
            required
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary" disabled={doing.isUnderWay}>
          Sign in
        </button>
      </form>
      <Said doing={doing} />
      <p class="quiet">
        A key with the scope admin:{' '}
        <code>sms-gateway keys create --staff --scope send read admin</code>. Version{' '}
        {props.version}.
      </p>
    </main>
  )
}
