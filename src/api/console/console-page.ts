/** The console's page and what it is made of, built when this module is and embedded in the executable. */
import { consoleScript, consoleStyle } from '../../console/bundle.ts' with { type: 'macro' }
import type { Asset } from '../assets.ts'

const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>SMS Gateway</title>
    <link rel="icon" href="/console/assets/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/console/assets/console.css">
  </head>
  <body>
    <div id="console"></div>
    <noscript>The console needs JavaScript.</noscript>
    <script type="module" src="/console/assets/console.js"></script>
  </body>
</html>
`

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1c6e5b"/><path d="M8 9h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-9l-5 4v-4H8a2 2 0 0 1-2-2v-9a2 2 0 0 1 2-2z" fill="#fff"/></svg>
`

export const consolePage: Asset = {
  type: 'text/html; charset=utf-8',
  source: { text: html },
  isPage: true,
}

export const consoleAssets: ReadonlyMap<string, Asset> = new Map([
  [
    'console.js',
    { type: 'text/javascript; charset=utf-8', source: { text: consoleScript() }, isPage: true },
  ],
  [
    'console.css',
    { type: 'text/css; charset=utf-8', source: { text: consoleStyle() }, isPage: true },
  ],
  ['icon.svg', { type: 'image/svg+xml', source: { text: icon } }],
])

/** Nothing from elsewhere, nothing inline, no frame around the page, no form that is sent by the browser itself. */
export const consoleContentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')
