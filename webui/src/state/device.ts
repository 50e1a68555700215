// This phone's own key. It signs what the crew does (protocols/act_signature.py) and cannot be read out, only used;
// the server learns it at sign-in. Browsers have it on https pages alone: elsewhere acts go unsigned, and it is said.
import { keepValue, keptValue } from './kept'

interface Key {
  pair: CryptoKeyPair
  id: string
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const
const COMPONENTS = '("@method" "@path" "content-digest" "ganying-act")'

let present: Key | undefined

export const canSign = isSecureContext && typeof crypto.subtle === 'object'

const slot = (account: string): string => `device:${account}`
const base64 = (bytes: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(bytes)))

export interface OfferedKey {
  public_key: string
  name: string
}

/** The key to offer at sign-in, made anew where the account has none on this phone. */
export async function offeredKey(account: string): Promise<OfferedKey | undefined> {
  if (!canSign) return undefined
  let pair = (await keptValue<Key>(slot(account)))?.pair
  pair ??= await crypto.subtle.generateKey(ALGORITHM, false, ['sign'])
  present = { pair, id: '' }
  return { public_key: base64(await crypto.subtle.exportKey('raw', pair.publicKey)), name: deviceName() }
}

/** The server took the key under this id. False: the browser would not keep it. */
export async function keepKey(account: string, id: string): Promise<boolean> {
  if (!present) return false
  present = { ...present, id }
  return keepValue(slot(account), present)
}

/** The key of a session that was opened before this page was loaded. */
export async function loadKey(account: string): Promise<void> {
  present = await keptValue<Key>(slot(account))
}

export function forgetKey(): void {
  present = undefined
}

function deviceName(): string {
  const agent = navigator.userAgent
  const system = /Android|iPhone|iPad|Windows|Mac OS X|Linux/.exec(agent)?.[0] ?? ''
  const model = /Android [\d.]+; ([^;)]+)/.exec(agent)?.[1] ?? ''
  const browser = /(Edg|Firefox|Chrome|Safari)\//.exec(agent)?.[1]?.replace('Edg', 'Edge') ?? ''
  return [model && model !== 'K' ? model : system, browser].filter(Boolean).join(' · ').slice(0, 120)
}

export interface Signed {
  digest: string
  act: string
  input: string
  signature: string
}

/** Sign one act: its path and body, this phone's count and its clock at the press. Undefined: there is no key. */
export async function sign(path: string, body: string, seq: number, at_ms: number): Promise<Signed | undefined> {
  if (!present?.id) return undefined
  const text = new TextEncoder()
  const digest = `sha-256=:${base64(await crypto.subtle.digest('SHA-256', text.encode(body)))}:`
  const act = actHeader(seq, at_ms)
  const params = `${COMPONENTS};keyid="${present.id}";alg="ecdsa-p256-sha256"`
  const base = `"@method": POST\n"@path": ${path}\n"content-digest": ${digest}\n"ganying-act": ${act}\n"@signature-params": ${params}`
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, present.pair.privateKey, text.encode(base))
  return { digest, act, input: `act=${params}`, signature: `act=:${base64(signature)}:` }
}

export function actHeader(seq: number, at_ms: number): string {
  return `seq=${seq}, at=${Math.round(at_ms)}`
}

/** The headers of an act as it leaves; unsigned where there is no key. */
export function actHeaders(signed: Signed | undefined, seq: number, at_ms: number): Record<string, string> {
  const sent = { 'Ganying-Sent': String(Date.now()) }
  if (!signed) return { ...sent, 'Ganying-Act': actHeader(seq, at_ms) }
  return {
    ...sent,
    'Content-Digest': signed.digest,
    'Ganying-Act': signed.act,
    'Signature-Input': signed.input,
    Signature: signed.signature,
  }
}
