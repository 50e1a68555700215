import { beforeEach, expect, test } from 'vitest'
import { following } from '../src/state/acts'
import { foreseen, MOST_WAITING, Outbox, retryAfter_ms, type Act, type Store } from '../src/state/outbox'

let kept: Map<string, string>
let store: Store
beforeEach(() => {
  kept = new Map()
  store = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  }
})

function act(key: string, action: string, version: number, taskingId = 'T'): Act {
  return {
    key, taskingId, number: 'GY-1', action, fromState: 'ordered', version, reason: '', refusal: '', done_at: '',
    pressedAt_ms: 0, seq: 1, at_ms: 0, signed: null, tries: 0, state: 'waiting', answeredAt_ms: 0, problem: null,
  }
}
const problem = { code: 'NOT_NOW', detail: '', status: 409 }

test('what waits is there again after a reload, in order, under its own keys', () => {
  const box = new Outbox(store, 'a')
  box.add(act('1', 'accept', 2))
  box.add(act('2', 'prepare', 3))
  const again = new Outbox(store, 'a')
  expect(again.waiting.map((one) => one.key)).toEqual(['1', '2'])
  expect(new Outbox(store, 'somebody else').waiting).toEqual([])
})

test('a refused act stops what was built on it, and nothing else', () => {
  const box = new Outbox(store, 'a')
  box.add(act('1', 'accept', 2))
  box.add(act('2', 'prepare', 3))
  box.add(act('3', 'accept', 2, 'OTHER'))
  box.rejected('1', problem, 5)
  expect(box.next()?.key).toBe('3')
  box.discard('1')
  expect(box.acts.map((one) => one.key)).toEqual(['3'])
})

test('an outdated version is renewed with a new key, and the acts behind it move along', () => {
  const box = new Outbox(store, 'a')
  box.add(act('1', 'accept', 2))
  box.add(act('2', 'prepare', 3))
  box.renew('1', 'new', 5)
  expect(box.acts.map((one) => [one.key, one.version])).toEqual([
    ['new', 5],
    ['2', 6],
  ])
})

test('a full outbox refuses the next press and keeps what it has', () => {
  const box = new Outbox(store, 'a')
  for (let i = 0; i < MOST_WAITING; i++) expect(box.add(act(String(i), 'accept', i))).toBe(true)
  expect(box.add(act('more', 'accept', 1))).toBe(false)
  expect(box.waiting).toHaveLength(MOST_WAITING)
})

test('spoiled storage is an empty outbox', () => {
  kept.set('ganying.outbox.a', '{"not": "a list"')
  expect(new Outbox(store, 'a').acts).toEqual([])
})

test('the crew sees the state its waiting acts lead to', () => {
  const ahead = [act('1', 'accept', 2), act('2', 'prepare', 3)]
  expect(foreseen('ordered', ahead, (state, action) => following('tasking', state, action))).toBe('preparing')
})

test('retries slow down and never stop', () => {
  expect([1, 2, 3, 4, 5, 9].map(retryAfter_ms)).toEqual([1000, 2000, 4000, 8000, 15000, 15000])
})

test('water builds on no step: refused it stops nothing, and no version moves with it', () => {
  const box = new Outbox(store, 'a')
  box.add({ ...act('1', 'drop', 9), path: 'drops' })
  box.add(act('2', 'leave', 3))
  box.add({ ...act('3', 'drop', 9), path: 'drops' })
  box.rejected('1', problem, 5)
  expect(box.next()?.key).toBe('2')
  box.renew('2', 'new', 5)
  expect(box.acts.map((one) => [one.key, one.version])).toEqual([
    ['1', 9],
    ['new', 5],
    ['3', 9],
  ])
  box.discard('1')
  expect(box.acts.map((one) => one.key)).toEqual(['new', '3'])
  expect(foreseen('working', box.acts, (state, action) => following('tasking', state, action))).toBe('returning')
  box.rejected('new', problem, 6) // but it waits behind a step that was refused: was there a flight?
  expect(box.next()).toBeUndefined()
})

test('what never left the phone is taken back without a trace, what may have left is not', () => {
  const box = new Outbox(store, 'a')
  box.add({ ...act('1', 'drop', 0), path: 'drops' })
  box.add({ ...act('2', 'drop', 0), path: 'drops' })
  box.tried('1')
  expect([box.withdraw('1'), box.withdraw('2')]).toEqual([false, true])
  expect(box.acts.map((one) => one.key)).toEqual(['1'])
})
