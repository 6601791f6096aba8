// What a person can say of an entry that the machine found. The three books take the same words at addresses of their own.

import { api, unwrap } from "../api.ts";

export type Corrected = "trips" | "charging-sessions" | "fuel-entries";

export interface Deeds {
  confirm: () => Promise<unknown>;
  reject: () => Promise<unknown>;
  undo: () => Promise<unknown>;
  remove: () => Promise<unknown>;
  merge: (ids: string[]) => Promise<unknown>;
  /** Fill-ups are moments: there is nothing to cut. */
  split: ((at: string) => Promise<unknown>) | null;
}

export function deedsOf(book: Corrected, carId: string, entryId: string): Deeds {
  const of = { params: { path: { carId, entryId } } };
  const car = { params: { path: { carId } } };
  switch (book) {
    case "trips":
      return {
        confirm: () => unwrap(api.POST("/api/cars/{carId}/trips/{entryId}/confirm", of)),
        reject: () => unwrap(api.POST("/api/cars/{carId}/trips/{entryId}/reject", of)),
        undo: () => unwrap(api.POST("/api/cars/{carId}/trips/{entryId}/undo", of)),
        remove: () => unwrap(api.DELETE("/api/cars/{carId}/trips/{entryId}", of)),
        merge: (ids) => unwrap(api.POST("/api/cars/{carId}/trips/merge", { ...car, body: { ids } })),
        split: (at) => unwrap(api.POST("/api/cars/{carId}/trips/{entryId}/split", { ...of, body: { at } })),
      };
    case "charging-sessions":
      return {
        confirm: () => unwrap(api.POST("/api/cars/{carId}/charging-sessions/{entryId}/confirm", of)),
        reject: () => unwrap(api.POST("/api/cars/{carId}/charging-sessions/{entryId}/reject", of)),
        undo: () => unwrap(api.POST("/api/cars/{carId}/charging-sessions/{entryId}/undo", of)),
        remove: () => unwrap(api.DELETE("/api/cars/{carId}/charging-sessions/{entryId}", of)),
        merge: (ids) => unwrap(api.POST("/api/cars/{carId}/charging-sessions/merge", { ...car, body: { ids } })),
        split: (at) => unwrap(api.POST("/api/cars/{carId}/charging-sessions/{entryId}/split", { ...of, body: { at } })),
      };
    case "fuel-entries":
      return {
        confirm: () => unwrap(api.POST("/api/cars/{carId}/fuel-entries/{entryId}/confirm", of)),
        reject: () => unwrap(api.POST("/api/cars/{carId}/fuel-entries/{entryId}/reject", of)),
        undo: () => unwrap(api.POST("/api/cars/{carId}/fuel-entries/{entryId}/undo", of)),
        remove: () => unwrap(api.DELETE("/api/cars/{carId}/fuel-entries/{entryId}", of)),
        merge: (ids) => unwrap(api.POST("/api/cars/{carId}/fuel-entries/merge", { ...car, body: { ids } })),
        split: null,
      };
  }
}
