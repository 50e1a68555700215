// Problems in words: what went wrong, and what would make it possible.
import type { Problem } from '../wire/http'
import { t } from '../text'
import { possible, whoMay, type Subject } from './acts'
import { word } from '../text'

export interface Words {
  headline: string
  detail: string
  remedy: string
}

export function inWords(problem: Problem, subject?: Subject, state?: string, action?: string): Words {
  const known = t.problem as unknown as Record<string, string>
  const headline = known[problem.code] ?? `${t.problem.UNEXPECTED} (${problem.code})`
  const detail = [problem.field ? t.problem.field(problem.field) : '', problem.detail].filter(Boolean).join(' · ')
  return { headline, detail, remedy: remedyOf(problem, subject, state, action) }
}

function remedyOf(problem: Problem, subject?: Subject, state?: string, action?: string): string {
  if (!subject) return ''
  const words = t[`${subject}Action`] as Record<string, string>
  if (problem.code === 'NOT_NOW' && state) {
    const names = possible(subject, state).map((name) => word(words, name))
    return names.length ? `${t.problem.possible}: ${names.join(' / ')}` : ''
  }
  if (problem.code === 'FORBIDDEN' && action) {
    const roles = whoMay(subject, action).map((role) => word(t.role, role))
    return roles.length ? `${t.problem.possible}: ${roles.join(' / ')}` : ''
  }
  return ''
}
