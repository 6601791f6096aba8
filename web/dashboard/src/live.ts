// News of the person's cars, as they happen. A stream with a token in its head, which EventSource cannot send.

import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";

import { accessToken, useSignedIn } from "./session.ts";

/** How long until the next attempt, where a stream ended or never began. */
const SHORTEST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** Where news come by themselves, lists are still read anew now and then: a stream may be cut without a word. */
const ASK_SELDOM_MS = 120_000;
const ASK_OFTEN_MS = 15_000;

let isLive = false;
let listeners: (() => void)[] = [];

function setLive(now: boolean): void {
  if (now === isLive) return;
  isLive = now;
  listeners.forEach((listener) => listener());
}

/** How often what may change is asked for. */
export function useAskEvery(): number {
  const live = useSyncExternalStore(
    (listener) => {
      listeners = [...listeners, listener];
      return () => {
        listeners = listeners.filter((other) => other !== listener);
      };
    },
    () => isLive,
  );
  return live ? ASK_SELDOM_MS : ASK_OFTEN_MS;
}

/** Follows the person's cars as long as somebody is signed in and looks. */
export function useNews(): void {
  const isSignedIn = useSignedIn();
  const queries = useQueryClient();
  useEffect(() => {
    if (!isSignedIn) return;
    const leaving = new AbortController();
    void follow(queries, leaving.signal);
    return () => leaving.abort();
  }, [isSignedIn, queries]);
}

async function follow(queries: QueryClient, left: AbortSignal): Promise<void> {
  let wait = SHORTEST_WAIT_MS;
  while (!left.aborted) {
    try {
      const answer = await fetch("/api/live", { headers: { Authorization: `Bearer ${accessToken() ?? ""}` }, signal: left });
      if (answer.ok && answer.body) {
        wait = SHORTEST_WAIT_MS;
        setLive(true);
        await hear(answer.body, queries);
      }
    } catch {
      // Away, or cut off: lists are asked for more often until it is back.
    }
    setLive(false);
    if (left.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

async function hear(body: ReadableStream<Uint8Array>, queries: QueryClient): Promise<void> {
  let rest = "";
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop() ?? "";
    const cars = events.flatMap((event) => /^data: ?(.+)$/m.exec(event)?.[1] ?? []);
    if (cars.length > 0) {
      void queries.invalidateQueries({
        predicate: ({ queryKey }) => queryKey[0] === "cars" || queryKey[0] === "notifications" || cars.some((car) => queryKey.includes(car)),
      });
    }
  }
}
