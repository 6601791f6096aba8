// The line of time, and what the books know of the doubt in its entries.

import { useQuery } from "@tanstack/react-query";

import { api, unwrap, type components } from "../api.ts";
import { useAskEvery } from "../live.ts";
import { doubtOfFill, doubtOfSession, doubtOfTrip, type Doubt } from "./brief.ts";

type Schemas = components["schemas"];
type Timeline = Schemas["Timeline"];

export interface Journal extends Timeline {
  /** By entry. */
  doubts: Record<string, Doubt>;
}

const DAY_MS = 86_400_000;
const LARGEST_PAGE = 200;

/** The last so many days. */
export function useJournal(carId: string, daysBack: number) {
  // To the minute, so that the question stays the same while one looks.
  const to = new Date(Math.ceil(Date.now() / 60_000) * 60_000);
  const from = new Date(to.getTime() - daysBack * DAY_MS);
  const askEvery = useAskEvery();
  return useQuery({
    queryKey: ["timeline", carId, daysBack],
    queryFn: () => ask(carId, from, to),
    refetchInterval: askEvery,
    // Of another car it would be another's.
    placeholderData: (before: Journal | undefined, query) => (query?.queryKey[1] === carId ? before : undefined),
  });
}

async function ask(carId: string, from: Date, to: Date): Promise<Journal> {
  const query = { from: from.toISOString(), to: to.toISOString() };
  const timeline = await unwrap(api.GET("/api/cars/{carId}/timeline", { params: { path: { carId }, query } }));
  const entries = timeline.days.flatMap((day) => day.entries);
  const doubts = await Promise.all(
    (Object.keys(PAGES) as DoubtfulBook[]).map((book) => {
      const first = entries.find((entry) => entry.book === book);
      return first ? doubtsSince(PAGES[book], carId, first.from) : [];
    }),
  );
  return { ...timeline, doubts: Object.fromEntries(doubts.flat().map(({ id, doubt }) => [id, doubt])) };
}

interface Known {
  id: string;
  at: string;
  doubt: Doubt;
}

interface Page {
  items: Known[];
  next?: string | null | undefined;
}

type AskPage = (carId: string, query: { limit: number; cursor?: string }) => Promise<Page>;
type DoubtfulBook = "trips" | "fuel-entries" | "charging-sessions";

/** Books whose entries may be uncertain, each at an address of its own; newest first. */
const PAGES: Record<DoubtfulBook, AskPage> = {
  trips: async (carId, query) => {
    const { items, next } = await unwrap(api.GET("/api/cars/{carId}/trips", { params: { path: { carId }, query } }));
    return { next, items: items.map((trip) => ({ id: trip.id, at: trip.startedAt, doubt: doubtOfTrip(trip) })) };
  },
  "fuel-entries": async (carId, query) => {
    const { items, next } = await unwrap(api.GET("/api/cars/{carId}/fuel-entries", { params: { path: { carId }, query } }));
    return { next, items: items.map((fill) => ({ id: fill.id, at: fill.filledAt, doubt: doubtOfFill(fill) })) };
  },
  "charging-sessions": async (carId, query) => {
    const { items, next } = await unwrap(api.GET("/api/cars/{carId}/charging-sessions", { params: { path: { carId }, query } }));
    return { next, items: items.map((session) => ({ id: session.id, at: session.startedAt, doubt: doubtOfSession(session) })) };
  },
};

async function doubtsSince(page: AskPage, carId: string, first: string): Promise<Known[]> {
  const known: Known[] = [];
  let cursor: string | null | undefined;
  do {
    const { items, next } = await page(carId, { limit: LARGEST_PAGE, ...(cursor && { cursor }) });
    known.push(...items);
    const oldest = items.at(-1)?.at;
    cursor = oldest !== undefined && Date.parse(oldest) >= Date.parse(first) ? next : null;
  } while (cursor);
  return known;
}
