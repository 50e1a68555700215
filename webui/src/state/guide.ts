// The demonstration's accounts, given by the server in demonstration mode only.
import { shallowRef } from 'vue'
import { request } from '../wire/http'

export interface DemoAccount {
  account: string
  role: string
  display_name: string
  password: string
}

export const demoAccounts = shallowRef<DemoAccount[]>([])

/** Given to this machine only, so nothing is asked of a server elsewhere. */
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

export async function loadDemoAccounts(): Promise<void> {
  if (!LOOPBACK.has(location.hostname)) return
  const answer = await request<{ accounts?: DemoAccount[] }>('GET', 'guide')
  demoAccounts.value = answer.ok ? (answer.value.accounts ?? []) : []
}

/** A tab for another person: the account rides in the fragment, which never leaves the browser. */
export function linkAs(account: DemoAccount, page: string): string {
  return `${page}#as=${encodeURIComponent(account.account)}`
}

export function askedAccount(): string {
  const found = /^#as=(.+)$/.exec(location.hash)
  return found ? decodeURIComponent(found[1]!) : ''
}
