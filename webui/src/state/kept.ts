// What a phone keeps across a closed browser: IndexedDB, because a key that cannot be read out can be kept nowhere else
// and because it says when something is really on the flash. Without it (a private window) the page works, and says so.
const NAME = 'ganying'
const STORE = 'kept'

let opening: Promise<IDBDatabase> | undefined

function database(): Promise<IDBDatabase> {
  opening ??= new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1)
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE)
    asked.onsuccess = () => done(asked.result)
    asked.onerror = () => failed(asked.error)
  })
  return opening
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((done, failed) => {
    request.onsuccess = () => done(request.result)
    request.onerror = () => failed(request.error)
  })
}

export async function keptValue<T>(key: string): Promise<T | undefined> {
  try {
    const db = await database()
    return (await settled(db.transaction(STORE).objectStore(STORE).get(key))) as T | undefined
  } catch {
    return undefined
  }
}

/** False: it could not be kept. Written through to the flash before it says true. */
export async function keepValue(key: string, value: unknown): Promise<boolean> {
  try {
    const db = await database()
    const change = db.transaction(STORE, 'readwrite', { durability: 'strict' })
    if (value === undefined) change.objectStore(STORE).delete(key)
    else change.objectStore(STORE).put(value, key)
    await new Promise((done, failed) => {
      change.oncomplete = done
      change.onerror = change.onabort = () => failed(change.error)
    })
    return true
  } catch {
    return false
  }
}

export async function wipeKept(): Promise<void> {
  try {
    const db = await database()
    await settled(db.transaction(STORE, 'readwrite').objectStore(STORE).clear())
  } catch {
    // nothing was kept
  }
}

/** Texts that are read at once and kept behind: what the outbox needs of a store. Writes leave in their order. */
export class KeptTexts {
  private readonly texts = new Map<string, string>()
  private last: Promise<unknown> = Promise.resolve()

  static async open(...keys: string[]): Promise<KeptTexts> {
    const made = new KeptTexts()
    for (const key of keys) {
      const found = await keptValue<string>(key)
      if (typeof found === 'string') made.texts.set(key, found)
    }
    return made
  }

  getItem(key: string): string | null {
    return this.texts.get(key) ?? null
  }

  setItem(key: string, value: string): void {
    this.texts.set(key, value)
    this.last = this.last.then(() => keepValue(key, value))
  }

  removeItem(key: string): void {
    this.texts.delete(key)
    this.last = this.last.then(() => keepValue(key, undefined))
  }

  /** Once all that was set is on the flash. */
  async written(): Promise<void> {
    await this.last
  }
}
