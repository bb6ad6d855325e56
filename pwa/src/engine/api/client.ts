import type { AreaNode } from '../face'
import type { Wire } from '../wire'
import { follow } from './events'
import type { Api, ApprovalResult, Refusal, Reminder, VisitDetail, VisitPage, VisitRow } from './types'

export function client(wire: Wire, base: string): Api {
  const post = <T>(path: string, body: unknown) => wire.send<T>(path, { method: 'POST', body })
  const one = (id: string) => `/api/visits/${encodeURIComponent(id)}`
  return {
    visits: {
      list: (filter = {}, signal) => wire.send<VisitPage>(`/api/visits${query(filter)}`, { signal }),
      get: (id, signal) => wire.send<VisitDetail>(one(id), { signal }),
      approve: (id, rev) => post<VisitRow>(`${one(id)}/approve`, { rev }),
      return: (id, rev, note) => post<VisitRow>(`${one(id)}/return`, { rev, note }),
      async approveMany(items) {
        const answer = await post<readonly ApprovalResult[] | { items: readonly ApprovalResult[] }>('/api/visits/approve', { items })
        return 'items' in answer ? answer.items : answer
      },
      events: (listener, onState) => follow(wire, '/api/visits/events', 'visit', listener, onState),
    },
    areas: {
      list: async (options = {}) => (await wire.send<{ areas: AreaNode[] }>(`/api/areas${query(options)}`)).areas,
    },
    reminders: {
      list: async (state = 'unread') => (await wire.send<{ items: Reminder[] }>(`/api/reminders?state=${state}`)).items,
      read: (id) => post(`/api/reminders/${encodeURIComponent(id)}/read`, {}),
    },
    photos: {
      url: (id) => `${base}/api/photos/${encodeURIComponent(id)}`,
      thumbnail: (id) => `${base}/api/photos/${encodeURIComponent(id)}/thumbnail`,
    },
    refusals: {
      list: async () => (await wire.send<{ items: Refusal[] }>('/api/refusals')).items,
      discard: (id) => post(`/api/refusals/${encodeURIComponent(id)}/discard`, {}),
    },
    households: {
      async looked(id, field) {
        await post(`/api/households/${encodeURIComponent(id)}/looked`, { field }).catch(() => undefined)
      },
    },
  }
}

function query(values: object): string {
  const pairs = Object.entries(values as Record<string, unknown>).filter(([, value]) => value !== undefined && value !== '')
  const text = new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString()
  return text === '' ? '' : `?${text}`
}
