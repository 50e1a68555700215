// Numbers and times as people read them here: 24 h Beijing time, a unit on every number.
import { t } from '../text'

const BEIJING_MS = 8 * 3600_000 // UTC+8, no daylight saving since 1991

function beijing(at_ms: number): Date {
  return new Date(at_ms + BEIJING_MS)
}

const two = (value: number): string => String(value).padStart(2, '0')

export function clockTime(at_ms: number): string {
  if (!Number.isFinite(at_ms)) return '—'
  const d = beijing(at_ms)
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`
}

export function clockMinute(at_ms: number): string {
  return clockTime(at_ms).slice(0, 5)
}

export function dateShort(at_ms: number): string {
  const d = beijing(at_ms)
  return `${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`
}

export function utcTime(at_ms: number): string {
  return `${new Date(at_ms).toISOString().slice(11, 19)} UTC`
}

/** 75_000 -> "1:15", 4_000_000 -> "1:06:40". */
export function countdown(span_ms: number): string {
  const s = Math.max(0, Math.floor(Math.abs(span_ms) / 1000))
  const h = Math.floor(s / 3600)
  const m = Math.floor((s % 3600) / 60)
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`
}

/** A length of time in at most two units: "42 s", "6 min", "1 h 44 min", "3 d". */
export function span(span_ms: number): string {
  const s = Math.max(0, Math.round(Math.abs(span_ms) / 1000))
  const u = t.time
  if (s < 90) return `${s} ${u.second}`
  const m = Math.round(s / 60)
  if (m < 60) return `${m} ${u.minute}`
  const h = Math.floor(m / 60)
  if (h < 48) return m % 60 ? `${h} ${u.hour} ${m % 60} ${u.minute}` : `${h} ${u.hour}`
  return `${Math.round(h / 24)} ${u.day}`
}

export function ago(at_ms: number, now: number): string {
  const gone = now - at_ms
  return gone < 1500 ? t.time.justNow : t.time.ago(span(gone))
}

/** "12 345" with a thin space: digits stay tabular. */
export function whole(value: number): string {
  if (!Number.isFinite(value)) return '—'
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ' ')
}

/** Bytes as people read them: "312 kB", "4.2 MB", "1.3 GB". */
export function bytes(value: number): string {
  if (!Number.isFinite(value)) return '—'
  if (value < 1e6) return `${whole(value / 1e3)} kB`
  return value < 1e9 ? `${fixed(value / 1e6, value < 1e8 ? 1 : 0)} MB` : `${fixed(value / 1e9, 1)} GB`
}

export function fixed(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '—'
}

export function metres(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? '—' : `${whole(value)} m`
}

export function distance(metres_: number): string {
  return metres_ < 950 ? `${whole(metres_)} m` : `${fixed(metres_ / 1000, metres_ < 9950 ? 1 : 0)} km`
}

export function kmh(mps: number | undefined): string {
  return mps === undefined || !Number.isFinite(mps) ? '—' : `${whole(mps * 3.6)} km/h`
}

export function lonLat(lon: number, lat: number): string {
  const ew = lon < 0 ? 'W' : 'E'
  const ns = lat < 0 ? 'S' : 'N'
  return `${Math.abs(lon).toFixed(4)}°${ew} ${Math.abs(lat).toFixed(4)}°${ns}`
}

export function litresRate(litresPerHour: number): string {
  if (!(litresPerHour > 0)) return '—'
  return `${fixed(litresPerHour / 1000, 1)} ${t.unit.tonnesPerHour}`
}

export const ROMAN = ['', 'Ⅰ', 'Ⅱ', 'Ⅲ', 'Ⅳ'] as const

export function roman(level: number): string {
  return ROMAN[level] ?? String(level)
}
